//! The index says what the folders say, whatever happens to either.

mod gate_common;
mod results_common;

use std::fs;
use std::path::{Path, PathBuf};

use gate_common::*;
use hil::results::baseline::Key;
use hil::results::gate::{self, Gate, History as _, Metric, Settings, Thresholds, Verdict};
use hil::results::history::*;
use hil::results::*;
use results_common::{info, ok, row};

/// A run as the store writes it, moved to a name and a time of its own.
fn night(root: &Path, name: &str, started: &str, rows: &[Measurement]) -> PathBuf {
    let mut folder = RunFolder::create(root, info()).expect("a folder");
    rows.iter().for_each(|row| folder.append(row.clone()).expect("appended"));
    let made = folder.path().to_path_buf();
    folder.end(RunState::Finished, None).expect("ended");
    restart(&made, started);
    let path = root.join(name);
    fs::rename(&made, &path).expect("renamed");
    path
}

fn restart(folder: &Path, started: &str) {
    let file = folder.join("run.json");
    let mut run: serde_json::Value = serde_json::from_slice(&fs::read(&file).expect("read")).expect("JSON");
    run["started"] = started.into();
    fs::write(&file, run.to_string()).expect("written");
}

fn rows(cycles: u64) -> Vec<Measurement> {
    vec![
        row(0, "small", "nucleo-l4r5zi", ok(60_000, vec![cycles])),
        row(1, "small", "stm32f746g-disco", ok(60_000, vec![2 * cycles])),
        row(2, "other", "nucleo-l4r5zi", ok(60_000, vec![3 * cycles])),
    ]
}

fn day(at: usize) -> String {
    format!("2026-{:02}-{:02}T01:00:00Z", at / 28 + 1, at % 28 + 1)
}

fn nights(root: &Path, count: usize) {
    (0..count).for_each(|at| drop(night(root, &format!("n-{at:03}"), &day(at), &rows(1000 + at as u64))));
}

fn small() -> Query {
    Query { network: Some("small".into()), board: Some("nucleo-l4r5zi".into()), ..Query::default() }
}

fn ask(root: &Path, query: &Query) -> Answer {
    History::open(root).expect("opened").query(query).expect("an answer")
}

fn cycles(answer: &Answer) -> Vec<u64> {
    answer.entries.iter().filter_map(|e| e.median_cycles).map(|c| c as u64).collect()
}

#[test]
fn a_history_is_in_the_order_of_time_and_only_of_what_was_asked_for() {
    let root = tempfile::tempdir().expect("a folder");
    nights(root.path(), 5);
    night(root.path(), "a-first-by-name", &day(40), &rows(9999));
    for _ in 0..2 {
        assert_eq!(cycles(&ask(root.path(), &small())), [1000, 1001, 1002, 1003, 1004, 9999]);
    }
    let all = ask(root.path(), &Query::default());
    assert_eq!(all.entries.len(), 18);
    let entry = &ask(root.path(), &small()).entries[0];
    assert_eq!(
        (entry.run.as_str(), entry.started.as_str(), entry.unit.as_str()),
        ("n-000", day(0).as_str(), "emulated/nucleo-l4r5zi/0")
    );
    assert_eq!(entry.latency_ms(), Some(1000.0 * 1000.0 / 216e6));
    assert_eq!((entry.value(Metric::Sram), entry.value(Metric::Flash)), (Some(63_000.0), Some(323_100.0)));
    let none = Query { network: Some("nobody's".into()), ..Query::default() };
    assert_eq!(ask(root.path(), &none), Answer::default());
    let renode = Query { provenance: Some(Provenance::Renode), ..Query::default() };
    assert!(ask(root.path(), &renode).entries.is_empty());
}

#[test]
fn what_changes_in_the_folders_changes_in_the_answer() {
    let root = tempfile::tempdir().expect("a folder");
    nights(root.path(), 3);
    assert_eq!(cycles(&ask(root.path(), &small())), [1000, 1001, 1002]);
    fs::remove_dir_all(root.path().join("n-001")).expect("removed");
    assert_eq!(cycles(&ask(root.path(), &small())), [1000, 1002]);
    night(root.path(), "n-001", &day(1), &rows(7));
    assert_eq!(cycles(&ask(root.path(), &small())), [1000, 7, 1002]);
    restart(&root.path().join("n-000"), &day(50));
    assert_eq!(cycles(&ask(root.path(), &small())), [7, 1002, 1000]);
}

#[test]
fn a_run_that_goes_on_is_there_and_grows() {
    let root = tempfile::tempdir().expect("a folder");
    nights(root.path(), 1);
    let mut folder = RunFolder::create(root.path(), info()).expect("a folder");
    assert_eq!(cycles(&ask(root.path(), &small())), [1000]);
    folder.append(rows(77).remove(0)).expect("appended");
    assert_eq!(cycles(&ask(root.path(), &small())), [1000, 77]);
    folder.end(RunState::Finished, None).expect("ended");
    assert_eq!(cycles(&ask(root.path(), &small())), [1000, 77]);
}

#[test]
fn many_nights_are_joined_and_stay_the_same() {
    let root = tempfile::tempdir().expect("a folder");
    for at in 0..40 {
        night(root.path(), &format!("n-{at:03}"), &day(at), &rows(1000 + at as u64));
        assert_eq!(cycles(&ask(root.path(), &small())).len(), at + 1);
    }
    let segments = fs::read_dir(root.path().join(".index")).expect("an index").flatten();
    let segments = segments.filter(|e| e.path().extension().is_some_and(|e| e == "parquet")).count();
    assert!(segments <= 17, "{segments} segments");
    assert_eq!(cycles(&ask(root.path(), &small())), (1000..1040).collect::<Vec<_>>());
}

#[test]
fn a_damaged_or_foreign_index_is_built_anew() {
    let root = tempfile::tempdir().expect("a folder");
    nights(root.path(), 4);
    let expected = ask(root.path(), &small());
    let index = root.path().join(".index");
    let segment = || {
        let mut files = fs::read_dir(&index).expect("an index").flatten().map(|e| e.path());
        files.find(|p| p.extension().is_some_and(|e| e == "parquet")).expect("a segment")
    };
    let whole = fs::read(segment()).expect("read");
    let manifest = fs::read_to_string(index.join("manifest.json")).expect("read");
    for cut in [0, 10, whole.len() / 2, whole.len() - 1] {
        fs::write(segment(), &whole[..cut]).expect("written");
        assert_eq!(ask(root.path(), &small()), expected, "cut at {cut}");
        assert_eq!(ask(root.path(), &small()), expected, "after a cut at {cut}");
    }
    for text in [
        "",
        "{",
        "[]",
        "{\"format\":9}",
        &manifest.replace("\"format\":1", "\"format\":2"),
        &manifest.replace(".parquet", "/../x"),
    ] {
        fs::write(index.join("manifest.json"), text).expect("written");
        assert_eq!(ask(root.path(), &small()), expected, "{text:.40}");
    }
    fs::remove_file(segment()).expect("removed");
    assert_eq!(ask(root.path(), &small()), expected);
    fs::remove_dir_all(&index).expect("removed");
    fs::write(&index, "in the way").expect("written");
    assert_eq!(ask(root.path(), &small()), expected, "without an index at all");
}

#[test]
fn whoever_does_not_get_the_lock_reads_for_itself() {
    let root = tempfile::tempdir().expect("a folder");
    nights(root.path(), 2);
    ask(root.path(), &small());
    night(root.path(), "n-002", &day(2), &rows(1002));
    let lock = fs::File::options().write(true).open(root.path().join(".index/lock")).expect("a lock");
    lock.lock().expect("locked");
    let before = fs::read(root.path().join(".index/manifest.json")).expect("read");
    assert_eq!(cycles(&ask(root.path(), &small())), [1000, 1001, 1002]);
    assert_eq!(fs::read(root.path().join(".index/manifest.json")).expect("read"), before);
    drop(lock);
    assert_eq!(cycles(&ask(root.path(), &small())), [1000, 1001, 1002]);
    assert_ne!(fs::read(root.path().join(".index/manifest.json")).expect("read"), before);
}

#[test]
fn a_damaged_run_is_named_and_hides_no_other() {
    let root = tempfile::tempdir().expect("a folder");
    nights(root.path(), 3);
    fs::write(root.path().join("n-001/measurements.parquet"), "PAR1").expect("written");
    fs::create_dir(root.path().join("baselines")).expect("a folder");
    fs::write(root.path().join("notes.txt"), "not a run").expect("written");
    for _ in 0..2 {
        let answer = ask(root.path(), &small());
        assert_eq!(cycles(&answer), [1000, 1002]);
        let [problem] = answer.problems.as_slice() else { panic!("{:?}", answer.problems) };
        assert!(problem.contains("n-001/measurements.parquet: not a whole Parquet file"), "{problem}");
    }
    fs::remove_dir_all(root.path().join("n-001")).expect("removed");
    assert_eq!(ask(root.path(), &small()).problems, [""; 0]);
    assert_eq!(ask(&root.path().join("nowhere"), &small()), Answer::default());
}

#[test]
fn steps_of_a_history_name_their_night_and_their_commits() {
    let root = tempfile::tempdir().expect("a folder");
    for at in 0..9 {
        let mut rows = rows(if at < 6 { 1000 } else { 1010 });
        rows.iter_mut().for_each(|row| row.repeat.git = format!("commit-{at}"));
        night(root.path(), &format!("n-{at}"), &day(at), &rows);
    }
    let answer = ask(root.path(), &Query { network: Some("small".into()), ..Query::default() });
    let series = series(&answer.entries, Metric::Cycles);
    assert_eq!(series.len(), 2, "one per board");
    for series in &series {
        let [step] = series.trend.steps.as_slice() else { panic!("{:?}", series.trend) };
        assert_eq!(series.entries[step.at].run, "n-6");
        assert!((step.change - 0.01).abs() < 1e-9);
        assert_eq!(series.commits(step), ("commit-5", "commit-6"));
    }
}

#[test]
fn unlike_builds_and_units_are_series_of_their_own() {
    let root = tempfile::tempdir().expect("a folder");
    for at in 0..4u64 {
        let mut row = silicon(row(0, "small", "b", ok(60_000, vec![1000 + at])), ["u", "v"][at as usize % 2], "image");
        row.repeat.compiler = if at < 2 { "old".into() } else { "new".into() };
        night(root.path(), &format!("n-{at}"), &day(at as usize), &[row]);
    }
    let answer = ask(root.path(), &Query::default());
    assert_eq!(series(&answer.entries, Metric::Cycles).len(), 4);
}

#[test]
fn the_gate_sees_nights_since_the_baseline_and_none_that_it_found_worse() {
    let root = tempfile::tempdir().expect("a folder");
    let measured = |cycles: u64| vec![silicon(row(0, "small", "b", ok(60_000, vec![cycles])), "u", "image")];
    for at in 0..8 {
        night(root.path(), &format!("n-{at}"), &day(at), &measured(1000 + at as u64));
    }
    let mut baseline = baseline_of(&measured(1002)[0]);
    (baseline.accepted.started, baseline.accepted.run) = (day(2), "n-2".into());
    let past = |baseline: &hil::results::baseline::Baseline| -> Vec<u64> {
        let history = History::open(root.path()).expect("opened");
        let nights = Nights { history: &history, except: "n-7" };
        nights.past(&Key::of(&measured(1)[0], None), baseline, Metric::Cycles).iter().map(|p| p.value as u64).collect()
    };
    assert_eq!(past(&baseline), [1002, 1003, 1004, 1005, 1006]);
    let run = read(&root.path().join("n-5")).expect("a run");
    let mut judgement = {
        let baselines = hil::results::baseline::Baselines::of(vec![baseline.clone()]);
        let none = |_: &Key, _: &hil::results::baseline::Baseline, _: Metric| Vec::new();
        Gate::open(&run, &baselines, &none, &Thresholds::default(), Settings::default()).close()
    };
    if let gate::State::Compared { findings, .. } = &mut judgement.rows[0].state {
        findings[0].verdict = Verdict::Worse;
    }
    gate::record(&root.path().join("n-5"), &judgement).expect("recorded");
    assert_eq!(past(&baseline), [1002, 1003, 1004, 1006]);
    baseline.accepted.run = "elsewhere".into();
    assert_eq!(past(&baseline), [1002, 1002, 1003, 1004, 1006], "the baseline's own night comes first");
    fs::write(root.path().join("n-5/gate.json"), "{").expect("written");
    let problems = ask(root.path(), &Query::default()).problems;
    assert!(problems.len() == 1 && problems[0].contains("n-5/gate.json: "), "{problems:?}");
}
