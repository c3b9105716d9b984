//! `hil run` from a scenario to a report, and what ends it early.

mod cli_common;

use std::path::{Path, PathBuf};

use cli_common::*;
use serde_json::Value;

const SMALL: &str = "name: small
task: vww
candidates:
  - { name: one, network: mobilenetv1, width: 0.25, resolution: 32, classes: 2 }
  - { name: two, network: mobilenetv1, width: 0.25, resolution: 32, classes: 2, seed: 3 }
boards: [nucleo-l4r5zi, stm32f746g-disco]
engines: [tinyengine]
measure: { inputs: 2, repeats: 2, warmup: 1 }
";

fn json(output: &std::process::Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output.stderr)))
}

/// The only run in `results`.
fn only_run(results: &Path) -> PathBuf {
    let paths = std::fs::read_dir(results).expect("results").map(|e| e.expect("an entry").path());
    let mut runs: Vec<_> = paths.filter(|path| path.join("run.json").is_file()).collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs.remove(0)
}

struct Place {
    folder: tempfile::TempDir,
    scenario: String,
    results: String,
}

impl Place {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let scenario = scenario(folder.path(), text);
        let results = folder.path().join("results").to_str().expect("a path").into();
        Self { folder, scenario, results }
    }

    fn run(&self, more: &[&str]) -> std::process::Output {
        hil(&[&["run", &self.scenario, "--out", &self.results], more].concat())
    }
}

#[test]
fn mistakes_in_a_scenario_name_line_column_and_the_nearest_word() {
    for (wrong, right, place) in [
        ("boards: [nucleo-l4r5z, stm32f746g-disco]", "did you mean `nucleo-l4r5zi`?", ":6:10: "),
        ("bords: [nucleo-l4r5zi]", "did you mean `boards`?", ":6:1: "),
    ] {
        let text: String = SMALL
            .lines()
            .map(|line| if line.starts_with("boards") { wrong } else { line })
            .collect::<Vec<_>>()
            .join("\n");
        let place_of = Place::new(&text);
        let output = place_of.run(&[]);
        let message = cli_common::text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(message.contains(right) && message.contains(&format!("s.yaml{place}")), "{message}");
        assert!(!Path::new(&place_of.results).exists(), "nothing is made of it");
    }
}

#[test]
fn a_missing_compiler_ends_it_before_a_folder_is_made() {
    let place = Place::new(SMALL);
    let output = hil_with(&["run", &place.scenario, "--out", &place.results], &[("HIL_ARM_GCC", "/nowhere/gcc")]);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{message}");
    assert!(message.contains("`/nowhere/gcc` is missing") && message.contains("apt-get install"), "{message}");
    assert!(!Path::new(&place.results).exists());
}

#[test]
fn a_run_is_verified_reported_and_repeatable() {
    if !has_compiler() {
        return;
    }
    let place = Place::new(SMALL);
    let output = place.run(&["--json", "--jobs", "2"]);
    let first = json(&output);
    assert_eq!(output.status.code(), Some(0), "{first:#}");
    let rows = first["rows"].as_array().expect("rows");
    assert_eq!(rows.len(), 4);
    for row in rows {
        assert_eq!((&row["status"], &row["check"]["inputs"]), (&"ok".into(), &2.into()), "{row:#}");
        assert_eq!(row["provenance"], "emulated");
        assert!(row["error_band"].as_str().is_some_and(|band| !band.is_empty()));
        assert!(row["latency_ms"].as_f64().is_some_and(|ms| ms > 0.0));
        let instructions = row["instructions"].as_u64().expect("an emulator counts");
        let cycles = row["median_cycles"].as_f64().expect("cycles");
        assert!(instructions > 100_000 && cycles > instructions as f64 * 0.4, "{instructions}, {cycles}");
        assert_eq!(row["layers"].as_array().map(Vec::len), Some(30));
    }
    let run = only_run(Path::new(&place.results));
    for file in ["run.json", "measurements.parquet", "layers.parquet", "report.html", "journal.jsonl"] {
        assert!(run.join(file).is_file(), "{file}");
    }
    assert_eq!(std::fs::read_dir(run.join("images")).expect("images").count(), 4);
    let run = run.to_str().expect("a path");
    let table = hil(&["report", run]);
    assert_eq!(table.status.code(), Some(0));
    let table = text(&table.stdout);
    assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
    assert!(table.contains("fastest: ") && table.contains("error band (emulated)"), "{table}");
    // Once more, with other parallelism: the same numbers, and nothing is compiled.
    let second = json(&place.run(&["--json", "--jobs", "1"]));
    assert_eq!(first["rows"], second["rows"]);
    std::fs::remove_dir_all(run).expect("removed");
    let other = only_run(Path::new(&place.results));
    let compared = hil(&["compare", other.to_str().expect("a path"), other.to_str().expect("a path"), "--json"]);
    let compared: Value = json(&compared);
    assert_eq!(compared["rows"].as_array().map(Vec::len), Some(4));
    assert!(compared["rows"].as_array().is_some_and(|rows| rows.iter().all(|row| row["cycles_change"] == 0.0)));
}

#[test]
fn a_model_that_cannot_be_used_is_a_row_and_the_others_go_on() {
    if !has_compiler() {
        return;
    }
    let text = SMALL.replace(
        "boards: [nucleo-l4r5zi, stm32f746g-disco]",
        "  - { model: short.tflite }\n  - { model: odd.tflite }\nboards: [nucleo-l4r5zi]",
    );
    let place = Place::new(&text);
    let whole = model();
    std::fs::write(place.folder.path().join("short.tflite"), &whole[..whole.len() / 2]).expect("written");
    std::fs::write(place.folder.path().join("odd.tflite"), with_unsupported_operator()).expect("written");
    let output = place.run(&["--json"]);
    assert_eq!(output.status.code(), Some(2));
    let value = json(&output);
    let statuses: Vec<_> = value["rows"].as_array().expect("rows").iter().map(|row| row["status"].clone()).collect();
    assert_eq!(statuses, ["ok", "ok", "failed", "failed"]);
    let reason = |at: usize| value["rows"][at]["reason"].as_str().expect("a reason").to_string();
    assert!(reason(2).contains("short.tflite: "), "{}", reason(2));
    assert!(reason(3).contains("odd.tflite: operator "), "{}", reason(3));
    assert_eq!(value["rows"][2]["cause"], "candidate");
}

#[test]
fn an_exported_model_is_measured_like_the_network_it_came_from() {
    if !has_compiler() {
        return;
    }
    let text = "name: file\ntask: t\ncandidates: [{ model: m.tflite }]\nboards: [nucleo-l4r5zi]\n\
                engines: [tinyengine]\nmeasure: { inputs: 2, repeats: 2, warmup: 1 }\n";
    let place = Place::new(text);
    std::fs::write(place.folder.path().join("m.tflite"), model()).expect("written");
    let value = json(&place.run(&["--json"]));
    assert_eq!(value["rows"][0]["status"], "ok", "{value:#}");
    let built_in = Place::new(SMALL);
    let other = json(&built_in.run(&["--json"]));
    assert_eq!(value["rows"][0]["median_cycles"], other["rows"][0]["median_cycles"]);
}

/// A file system of so many kibibytes, for one command; none where the kernel does not let us.
#[cfg(target_os = "linux")]
fn on_a_small_disk(kibibytes: u32, place: &Place) -> Option<std::process::Output> {
    let mount = format!("mount -t tmpfs -o size={kibibytes}k none \"$1\" || exit 77; shift; \"$@\"; code=$?; ");
    let script = format!("{mount} ls -R \"$4\" >&2; exit $code");
    std::fs::create_dir_all(&place.results).expect("a folder");
    let mut command = std::process::Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script, "sh", &place.results]);
    command.arg(env!("CARGO_BIN_EXE_hil")).args(["run", &place.scenario, "--out", &place.results]);
    let output = command.output().ok()?;
    if output.status.code() == Some(77) || text(&output.stderr).contains("unshare") {
        println!("skipped: a file system cannot be mounted here");
        return None;
    }
    Some(output)
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_said_and_what_to_do() {
    if !has_compiler() {
        return;
    }
    for kibibytes in [4, 16, 60] {
        let place = Place::new(SMALL);
        let Some(output) = on_a_small_disk(kibibytes, &place) else { return };
        let message = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{kibibytes} KiB: {message}");
        assert!(message.contains("the disk is full") && message.contains("free some space"), "{kibibytes}: {message}");
    }
}

/// A run that gets `signal` once a row is stored: its folder, its exit code and what it said.
#[cfg(unix)]
fn signalled(place: &Place, signal: &str) -> (PathBuf, Option<i32>, Vec<String>) {
    use std::io::{BufRead, BufReader};
    let mut child = command(&["run", &place.scenario, "--out", &place.results, "--jobs", "1"])
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("hil runs");
    let mut lines = BufReader::new(child.stderr.take().expect("stderr")).lines();
    let started = lines.next().expect("a line").expect("text");
    assert!(started.starts_with("run: "), "{started}");
    let run = only_run(Path::new(&place.results));
    let journal = run.join("journal.jsonl");
    for _ in 0..6000 {
        if std::fs::metadata(&journal).is_ok_and(|file| file.len() > 0) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let killed = std::process::Command::new("kill").args([signal, &child.id().to_string()]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    let rest = lines.map_while(Result::ok).collect();
    (run, child.wait().expect("ends").code(), rest)
}

#[cfg(unix)]
#[test]
fn ctrl_c_and_a_kill_leave_a_readable_run_that_goes_on() {
    if !has_compiler() {
        return;
    }
    let text = SMALL.replace("repeats: 2", "repeats: 100");
    let mut tables = Vec::new();
    for (signal, code, state) in [("-INT", Some(3), "interrupted"), ("-KILL", None, "running")] {
        let place = Place::new(&text);
        let (run, ended, said) = signalled(&place, signal);
        assert_eq!(ended, code, "{said:?}");
        let run = run.to_str().expect("a path");
        let advice = said.iter().any(|line| line.contains("--resume") && line.contains(run));
        assert_eq!(advice, code.is_some(), "{said:?}");
        let stored = json(&hil(&["report", run, "--json"]));
        assert_eq!(stored["run"]["state"], state);
        let finished = stored["rows"].as_array().expect("rows").len();
        assert!((1..4).contains(&finished), "{finished} rows");
        let resumed = json(&hil(&["run", &place.scenario, "--resume", run, "--json"]));
        assert_eq!(resumed["run"]["state"], "finished");
        tables.push(resumed["rows"].clone());
    }
    assert_eq!(tables[0].as_array().map(Vec::len), Some(4));
    assert_eq!(tables[0], tables[1]);
}

#[test]
fn an_image_runs_with_the_terminal_as_its_console() {
    if !has_compiler() {
        return;
    }
    use std::io::Write;
    let place = Place::new(SMALL);
    assert_eq!(place.run(&[]).status.code(), Some(0));
    let images = only_run(Path::new(&place.results)).join("images");
    let run: Value =
        serde_json::from_slice(&std::fs::read(images.parent().expect("a folder").join("run.json")).expect("run.json"))
            .expect("JSON");
    assert_eq!(run["state"], "finished");
    let report = json(&hil(&["report", images.parent().and_then(Path::to_str).expect("a path"), "--json"]));
    let row = &report["rows"][0];
    let image = images.join(format!("{}.elf", row["image_sha256"].as_str().expect("a digest")));
    let emulate = |more: &[&str], input: &[u8]| {
        let arguments = [&["emulate", image.to_str().expect("a path"), "--board", "nucleo-l4r5zi"], more].concat();
        let mut child = command(&arguments)
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("hil runs");
        child.stdin.take().expect("stdin").write_all(input).expect("written");
        child.wait_with_output().expect("ends")
    };
    let output = emulate(&[], b"name%hil info%nonsense%");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let console = text(&output.stdout);
    assert!(console.contains("m-name-dut-[hil]") && console.contains("m-hil-clock-hz-[120000000]"), "{console}");
    assert!(console.contains("e-[Unknown command: nonsense]"), "{console}");
    assert!(text(&output.stderr).contains("it waits for input, which has ended"));
    let again = emulate(&["--json"], b"name%hil info%nonsense%");
    let value = json(&again);
    assert_eq!(value["console"].as_str(), Some(console.as_str()));
    assert_eq!(value, json(&emulate(&["--json"], b"name%hil info%nonsense%")), "the same to the cycle");
    let limited = json(&emulate(&["--json", "--seconds", "0.001"], b""));
    assert_eq!(limited["ended"], "the limit of seconds");
    let wrong = hil(&["emulate", "Cargo.toml", "--board", "nucleo-l4r5zi"]);
    assert_eq!(wrong.status.code(), Some(2));
}

#[test]
fn c_is_written_for_somebody_elses_project() {
    if !has_compiler() {
        return;
    }
    let place = Place::new(SMALL);
    let out = place.folder.path().join("c");
    let out = out.to_str().expect("a path");
    let model = "builtin:mobilenetv1,width=0.25,resolution=32,classes=2";
    let output = hil(&["compile", model, "--board", "nucleo-l4r5zi", "--out", out, "--json"]);
    let value = json(&output);
    let files = value["files"].as_array().expect("files");
    assert!(files.iter().all(|file| Path::new(out).join(file.as_str().expect("a name")).is_file()), "{files:?}");
    assert!(value["bytes"]["arena"].as_u64().is_some_and(|bytes| bytes > 4096));
    assert!(!files.iter().any(|file| file == "image.elf"));
    let more = ["compile", model, "--board", "nucleo-l4r5zi", "--out", out, "--json", "--mlperf"];
    let value = json(&hil(&[&more[..], &["vww01"]].concat()));
    assert!(value["files"].as_array().is_some_and(|files| files.iter().any(|file| file == "image.elf")));
    assert!(std::fs::read(Path::new(out).join("image.elf")).is_ok_and(|image| image.starts_with(b"\x7fELF")));
    // It does not reconstruct its input.
    let refused = hil(&[&more[..], &["ad01"]].concat());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        refused.status.code() == Some(2) && said.contains("cannot take real numbers: it has 3072 inputs"),
        "{said}"
    );
}
