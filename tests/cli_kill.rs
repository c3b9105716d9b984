//! `hil run` killed without warning, as by power, goes on with `--resume`: nothing that finished is repeated, and the
//! table is the one of an undisturbed run.

mod cli_common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use cli_common::*;
use serde_json::Value;

const SCENARIO: &str = "name: killed
task: vww
candidates:
  - { name: one, network: mobilenetv1, width: 0.25, resolution: 32, classes: 2 }
  - { name: two, network: mobilenetv1, width: 0.25, resolution: 32, classes: 2, seed: 3 }
boards: [nucleo-l4r5zi, stm32f746g-disco]
engines: [tinyengine]
measure: { inputs: 1, repeats: 1, warmup: 0 }
";

fn only_run(results: &Path) -> Option<PathBuf> {
    fs::read_dir(results).ok()?.flatten().map(|e| e.path()).find(|path| path.join("run.json").exists())
}

/// Whole lines of a run's journal.
fn journal(run: &Path) -> Vec<String> {
    let text = fs::read_to_string(run.join("journal.jsonl")).unwrap_or_default();
    text.split_inclusive('\n').filter(|line| line.ends_with('\n')).map(String::from).collect()
}

#[test]
fn killed_after_any_row_it_goes_on_and_ends_with_the_same_table() {
    if !has_compiler() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = scenario(folder.path(), SCENARIO);
    let results = |name: &str| folder.path().join(name).to_str().expect("a path").to_string();
    let whole = hil(&["run", &scenario, "--out", &results("whole"), "--jobs", "1", "--json"]);
    let whole: Value = serde_json::from_slice(&whole.stdout).expect("JSON");
    assert_eq!(whole["rows"].as_array().map(Vec::len), Some(4));
    for rows in 0..=4 {
        let out = results(&format!("killed-{rows}"));
        let mut child = command(&["run", &scenario, "--out", &out, "--jobs", "1"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("hil runs");
        let since = Instant::now();
        let run = loop {
            assert!(since.elapsed() < Duration::from_secs(120), "it got nowhere");
            match only_run(Path::new(&out)) {
                Some(run) if journal(&run).len() >= rows => break run,
                _ => std::thread::sleep(Duration::from_micros(200)),
            }
        };
        child.kill().expect("killed");
        child.wait().expect("gone");
        let before = journal(&run);
        let run = run.to_str().expect("a path");
        let resumed = hil(&["run", &scenario, "--resume", run, "--jobs", "1", "--json"]);
        let resumed: Value = serde_json::from_slice(&resumed.stdout)
            .unwrap_or_else(|e| panic!("after {rows} rows: {e}: {}", text(&resumed.stderr)));
        assert_eq!(resumed["rows"], whole["rows"], "after {rows} rows");
        assert_eq!(resumed["run"]["state"], "finished");
        let after = journal(Path::new(run));
        assert_eq!(after.len(), 4, "nothing is repeated");
        // A resume writes what was there anew, in the order of the plan.
        assert!(before.iter().all(|line| after.contains(line)), "after {rows} rows");
    }
}
