//! What is removed is old, and never what a baseline needs.

mod results_common;

use std::fs;
use std::path::{Path, PathBuf};

use hil::results::baseline::{Only, accept, images};
use hil::results::*;
use results_common::{info, rows};

fn run(root: &Path, started: &str) -> PathBuf {
    let mut folder = RunFolder::create(root, info()).expect("a folder");
    folder.append(rows().remove(0)).expect("appended");
    let path = folder.path().to_path_buf();
    folder.end(RunState::Finished, None).expect("ended");
    let file = path.join("run.json");
    let mut value: serde_json::Value = serde_json::from_slice(&fs::read(&file).expect("read")).expect("JSON");
    value["started"] = started.into();
    fs::write(&file, value.to_string()).expect("written");
    fs::create_dir(path.join("images")).expect("images");
    fs::write(path.join("images/a.elf"), [0; 1000]).expect("written");
    path
}

#[test]
fn old_runs_lose_their_images_or_go_and_baselines_keep_theirs() {
    let root = tempfile::tempdir().expect("a folder");
    let runs: Vec<PathBuf> = (0..5).map(|at| run(root.path(), &format!("2026-11-0{at}T00:00:00Z"))).collect();
    let baselines = root.path().join("baselines");
    accept(&baselines, &read(&runs[1]).expect("a run"), &Only::default(), "why").expect("accepted");
    let sweep =
        |keep, whole, dry_run| sweep(root.path(), &baselines, Retention { keep, whole, dry_run }).expect("swept");
    let paths = |removed: &[Removed]| removed.iter().map(|r| r.path.clone()).collect::<Vec<_>>();
    let images = |at: usize| runs[at].join("images");

    let would = sweep(2, false, true);
    assert_eq!((paths(&would), would[0].bytes), (vec![images(0), images(2)], 1000));
    assert!(images(0).is_dir(), "a dry run removes nothing");
    assert_eq!(sweep(2, false, false), would);
    assert!(!images(0).exists() && images(1).exists() && images(4).exists());
    assert_eq!(read(&runs[0]).expect("the numbers stay").rows.len(), 1);
    assert_eq!(sweep(2, false, false), []);

    let writing = RunFolder::resume(&runs[0]).expect("resumed");
    assert_eq!(paths(&sweep(2, true, true)), [runs[2].clone()], "not what is being written");
    drop(writing);
    assert_eq!(paths(&sweep(2, true, false)), [runs[0].clone(), runs[2].clone()]);
    assert!(!runs[0].exists() && runs[1].exists() && runs[3].exists());
    fs::create_dir(root.path().join(".going-x")).expect("a folder");
    assert_eq!(paths(&sweep(9, true, false)), [root.path().join(".going-x")], "what a killed removal left");
    assert_eq!(sweep(0, true, false).len(), 2, "all but the baseline's");
}

#[test]
fn images_that_baselines_name_are_kept_beside_the_runs_and_no_others() {
    let root = tempfile::tempdir().expect("a folder");
    let runs: Vec<PathBuf> = (0..2).map(|at| run(root.path(), &format!("2026-11-0{at}T00:00:00Z"))).collect();
    let baselines = root.path().join("baselines");
    let mut stored = read(&runs[0]).expect("a run");
    stored.rows[0].provenance = Provenance::Silicon;
    let content = b"an image".to_vec();
    stored.rows[0].image_sha256 = Some(sha256_hex(&content));
    let sha256 = sha256_hex(&content);
    let accepted = accept(&baselines, &stored, &Only::default(), "why").expect("accepted");
    assert_eq!(accepted.images, [sha256.clone()]);
    let message = images::keep(&runs[0], &sha256).unwrap_err().to_string();
    assert!(message.contains(&format!("images/{sha256}.elf")), "{message}");
    fs::write(runs[0].join(format!("images/{sha256}.elf")), &content).expect("written");
    images::keep(&runs[0], &sha256).expect("kept");
    let old = root.path().join("images").join(format!("{}.elf", sha256_hex(b"old")));
    fs::write(&old, "old").expect("written");
    let gone = sweep(root.path(), &baselines, Retention { keep: 9, whole: true, dry_run: false }).expect("swept");
    assert_eq!(gone, [Removed { path: old, bytes: 3 }]);
    let places = [root.path().to_path_buf(), runs[0].clone()];
    fs::write(root.path().join(format!("images/{sha256}.elf")), "damaged").expect("written");
    assert_eq!(images::find(&places, &sha256).expect("the run has it"), content);
    let message = images::find(&places[..1], &sha256).unwrap_err().to_string();
    assert!(message.contains("its content is not what its name says"), "{message}");
    let message = images::find(&places, &sha256_hex(b"nowhere")).unwrap_err().to_string();
    assert!(message.starts_with("it is in none of ") && message.matches(".elf").count() == 2, "{message}");
}
