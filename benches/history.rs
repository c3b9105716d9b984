//! How long a history takes from a store of 10,000 runs of 100 rows each: `cargo bench --bench history`.
//!
//! `HIL_STORE=DIR` makes the store there and keeps it; a store that is there already is used as it is.

#[path = "../tests/results_common/mod.rs"]
mod results_common;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hil::results::{Measurement, RunFolder, RunState, utc_text};
use results_common::{info, ok, row};

const RUNS: u64 = 10_000;
const ROWS: u32 = 100;
/// Runs that differ; the others have the rows of one of them.
const UNLIKE: u64 = 64;
/// Nights between changes of the level.
const LEVEL: u64 = 2500;
const QUERY: [&str; 4] = ["--network", "network-7", "--board", "nucleo-l4r5zi"];

fn main() {
    // Cargo asks every bench for its tests, too.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let kept = std::env::var_os("HIL_STORE").map(std::path::PathBuf::from);
    let temporary = tempfile::tempdir().expect("a folder");
    let root = kept.unwrap_or_else(|| temporary.path().to_path_buf());
    if !root.join("n-00000").exists() {
        let took = timed(|| fill(&root));
        println!("{RUNS} runs of {ROWS} rows written in {took:.2?}");
    }
    let _ = fs::remove_dir_all(root.join(".index"));
    println!("without an index    {:>10.2?}", timed(|| ask(&root, &QUERY)));
    for _ in 0..3 {
        println!("with an index       {:>10.2?}", timed(|| ask(&root, &QUERY)));
    }
    let last = root.join(format!("n-{:05}", RUNS - 1));
    let run = fs::read(last.join("run.json")).expect("read");
    fs::write(last.join("run.json"), run).expect("written");
    println!("one run has changed {:>10.2?}", timed(|| ask(&root, &QUERY)));
    println!("a board's networks  {:>10.2?}", timed(|| ask(&root, &QUERY[2..])));
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// `hil history`, as a user runs it.
fn ask(root: &Path, query: &[&str]) {
    let mut hil = Command::new(env!("CARGO_BIN_EXE_hil"));
    let status = hil.arg("history").args(query).arg("--results").arg(root).stdout(Stdio::null()).status();
    assert!(status.expect("hil runs").success());
}

fn fill(root: &Path) {
    fs::create_dir_all(root).expect("a folder");
    let made = tempfile::tempdir().expect("a folder");
    let night = |cycles: u64| {
        let mut folder = RunFolder::create(made.path(), info()).expect("a folder");
        (0..ROWS).for_each(|at| folder.append(measured(at, cycles)).expect("appended"));
        let path = folder.path().to_path_buf();
        folder.end(RunState::Finished, None).expect("ended");
        let read = |name: &str| (name.to_string(), fs::read(path.join(name)).expect("read"));
        let run: serde_json::Value = serde_json::from_slice(&read("run.json").1).expect("JSON");
        (run, ["measurements.parquet", "layers.parquet"].map(read))
    };
    // Deterministic, and no two neighbours alike.
    let nights: Vec<_> = (0..UNLIKE).map(|at| night(9_000_000 + at * 37 % UNLIKE * 100)).collect();
    let slower: Vec<_> = (0..UNLIKE).map(|at| night(9_090_000 + at * 37 % UNLIKE * 100)).collect();
    for at in 0..RUNS {
        let nights = if at / LEVEL % 2 == 0 { &nights } else { &slower };
        let (mut run, files) = nights[(at % UNLIKE) as usize].clone();
        let folder = root.join(format!("n-{at:05}"));
        fs::create_dir(&folder).expect("a folder");
        let day = std::time::UNIX_EPOCH + Duration::from_secs(900_000_000 + at * 86_400);
        run["started"] = utc_text(day).into();
        fs::write(folder.join("run.json"), run.to_string()).expect("written");
        files.iter().for_each(|(name, bytes)| fs::write(folder.join(name), bytes).expect("written"));
    }
}

fn measured(at: u32, cycles: u64) -> Measurement {
    let board = ["nucleo-l4r5zi", "stm32f746g-disco"][at as usize % 2];
    row(at, &format!("network-{}", at / 2), board, ok(60_000, vec![cycles + u64::from(at)]))
}
