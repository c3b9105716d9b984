//! The gate from the command line: accept, pass, fail with the layer's name, compare, history.

mod cli_common;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use cli_common::*;
use serde_json::Value;

const SCENARIO: &str = "name: gated
task: vww
candidates:
  - { name: one, network: mobilenetv1, width: 0.25, resolution: 32, classes: 2 }
boards: [nucleo-l4r5zi, stm32f746g-disco]
engines: [tinyengine]
measure: { inputs: 1, repeats: 1, warmup: 0 }
gates: { max_flash_increase: 64 }
";

struct Place {
    folder: tempfile::TempDir,
    scenario: String,
    results: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let scenario = scenario(folder.path(), SCENARIO);
        let results = folder.path().join("results");
        Self { folder, scenario, results }
    }

    fn results(&self) -> &str {
        self.results.to_str().expect("a path")
    }

    /// Runs the scenario; the run's folder and what the command printed.
    fn run(&self) -> (PathBuf, Output) {
        let output = hil(&["run", &self.scenario, "--out", self.results(), "--json"]);
        let runs = fs::read_dir(&self.results).expect("results").flatten().map(|e| e.path());
        let newest = runs.filter(|p| p.join("run.json").exists()).max_by_key(|p| fs::metadata(p).ok()?.created().ok());
        (newest.expect("a run"), output)
    }

    fn baseline_of(&self, board: &str) -> PathBuf {
        let mut files = fs::read_dir(self.results.join("baselines").join(board)).expect("baselines").flatten();
        files.next().expect("a baseline").path()
    }
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output.stderr)))
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a path")
}

#[test]
fn a_run_is_gated_by_what_was_accepted() {
    if !has_compiler() {
        return;
    }
    let place = Place::new();
    let (first, output) = place.run();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let states = |value: &Value| -> Vec<Value> {
        value["gate"]["rows"].as_array().expect("rows").iter().map(|row| row["state"].clone()).collect()
    };
    assert_eq!(states(&json(&output)), ["no_baseline", "no_baseline"]);

    failure(&["baseline", "accept", path(&first), "--why", "  "], 2);
    let accepted = hil(&["baseline", "accept", path(&first), "--why", "the first: reviewed", "--json"]);
    assert_eq!(json(&accepted)["written"].as_array().map(Vec::len), Some(2), "{}", text(&accepted.stderr));
    let list = hil(&["baseline", "list", "--baselines", path(&place.results.join("baselines"))]);
    assert_eq!(text(&list.stdout).matches("the first: reviewed").count(), 2, "{}", text(&list.stdout));

    let (second, output) = place.run();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let judged = json(&output);
    assert_eq!(states(&judged), ["compared", "compared"]);
    let same = |f: &Value| f["verdict"] == "same" && f["fails"] == false;
    assert!(judged["gate"]["rows"][0]["findings"].as_array().is_some_and(|fs| fs.len() == 5 && fs.iter().all(same)));
    for file in ["gate.json", "summary.md", "junit.xml", "rows.csv", "report.html"] {
        assert!(second.join(file).is_file(), "{file}");
    }

    // A baseline that was faster in its third step by 100 cycles: so the run is slower in that step.
    let file = place.baseline_of("nucleo-l4r5zi");
    let mut baseline: Vec<String> = fs::read_to_string(&file).expect("read").lines().map(String::from).collect();
    let mut steps = 0;
    for line in baseline.iter_mut().skip_while(|line| *line != "steps:") {
        if let Some(cycles) = line.strip_prefix("  cycles: ").map(|c| c.parse::<u64>().expect("cycles")) {
            steps += 1;
            if steps == 3 {
                *line = format!("  cycles: {}", cycles - 100);
            }
        }
    }
    let at = baseline.iter().position(|line| line == "cycles:").expect("cycles") + 1;
    let cycles: u64 = baseline[at].trim_start_matches("- ").parse().expect("cycles");
    baseline[at] = format!("- {}", cycles - 100);
    fs::write(&file, baseline.join("\n") + "\n").expect("written");
    let (third, output) = place.run();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let judged = json(&output);
    let finding = &judged["gate"]["rows"][0]["findings"][0];
    assert_eq!(
        (&finding["metric"], &finding["verdict"], &finding["fails"]),
        (&"cycles".into(), &"worse".into(), &true.into())
    );
    let parts = finding["parts"].as_array().expect("parts");
    assert_eq!(parts.len(), 1, "{finding:#}");
    assert!(parts[0]["name"].as_str().is_some_and(|name| name.starts_with("2: ")), "{finding:#}");

    let report = hil(&["report", path(&third)]);
    assert_eq!(report.status.code(), Some(0));
    let table = text(&report.stdout);
    assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
    assert!(table.contains("gate FAILED, 1 of 2") && table.contains("FAILS one on nucleo-l4r5zi"), "{table}");
    let page = fs::read_to_string(third.join("report.html")).expect("a page");
    let (gate, board) = (page.find("Since the baseline").expect("a section"), page.find("Layer by layer"));
    assert!(board.is_some_and(|board| gate < board), "what changed comes first");

    let compared = hil(&["compare", path(&first), path(&third), "--json"]);
    assert_eq!(json(&compared)["rows"][0]["layers"], serde_json::json!([]), "the runs themselves are equal");

    let history =
        hil(&["history", "--network", "one", "--board", "nucleo-l4r5zi", "--results", place.results(), "--json"]);
    let history = json(&history);
    assert_eq!(history["series"].as_array().map(Vec::len), Some(1), "{history:#}");
    let nights = history["series"][0]["nights"].as_array().expect("nights");
    assert_eq!((nights.len(), &history["series"][0]["steps"]), (3, &serde_json::json!([])));
    assert_eq!(nights[2]["worse"], serde_json::json!(["cycles"]));
    let table = text(&hil(&["history", "--results", place.results()]).stdout);
    assert!(table.lines().all(|line| line.chars().count() <= 100) && table.matches("no step").count() == 2, "{table}");
    assert!(table.contains("error band (emulated)"), "{table}");

    // Accepting only one board leaves the other as it is.
    let only = ["baseline", "accept", path(&third), "--only", "board=nucleo-l4r5zi", "--why", "as it should be"];
    assert_eq!(hil(&only).status.code(), Some(0));
    assert!(fs::read_to_string(&file).expect("read").contains("why: as it should be"));
    assert_eq!(place.run().1.status.code(), Some(0));
    let _ = &place.folder;
}

#[test]
fn mistakes_are_named_before_anything_is_measured() {
    let place = Place::new();
    let file = place.results.join("baselines/b.yaml");
    fs::create_dir_all(place.results.join("baselines")).expect("a folder");
    fs::write(&file, "format: 7\n").expect("written");
    let message = failure(&["run", &place.scenario, "--out", place.results()], 2);
    assert!(message.contains("b.yaml:1: ") && message.contains("newer version of hil"), "{message}");
    let message = failure(&["baseline", "accept", "nowhere", "--why", "x"], 2);
    assert!(message.contains("nowhere: not the folder of a run"), "{message}");
    let message = failure(&["history", "--metric", "speed"], 2);
    assert!(message.contains("known: cycles"), "{message}");
    let message = failure(&["history", "--provenance", "guessed"], 2);
    assert!(message.contains("known: silicon"), "{message}");
    let nothing = hil(&["history", "--results", path(&place.results.join("none"))]);
    assert_eq!((nothing.status.code(), text(&nothing.stdout).as_str()), (Some(0), "no run has such a number\n"));
}

#[test]
fn two_nightlies_of_one_store_do_not_meet() {
    let place = Place::new();
    let held = hil::results::Exclusive::take(&place.results, "gated").expect("nobody else runs it");
    let refused = hil(&["run", &place.scenario, "--out", place.results()]);
    assert_eq!(refused.status.code(), Some(3));
    let message = text(&refused.stderr);
    assert!(message.contains(&format!("process {}", std::process::id())), "{message}");
    assert!(message.contains("--wait"), "{message}");
    drop(held);
    assert_eq!(place.run().1.status.code(), Some(0));
}

/// A browser that writes down what it was told to show.
#[cfg(target_os = "linux")]
#[test]
fn report_opens_in_a_browser() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    let (run, _) = place.run();
    let tools = place.folder.path().join("tools");
    fs::create_dir(&tools).expect("a folder");
    let shown = place.folder.path().join("shown");
    let browser = tools.join("xdg-open");
    fs::write(&browser, format!("#!/bin/sh\necho \"$1\" > '{0}.part' && mv '{0}.part' '{0}'\n", shown.display()))
        .expect("written");
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).expect("a program");
    let search = format!("{}:{}", tools.display(), std::env::var("PATH").expect("a path"));
    let opened = command(&["report", path(&run), "--open"]).env("PATH", search).output().expect("hil runs");
    assert_eq!(opened.status.code(), Some(0), "{}", text(&opened.stderr));
    let patience = std::time::Instant::now();
    while !shown.exists() && patience.elapsed().as_secs() < 20 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let page = fs::read_to_string(&shown).expect("the browser was started");
    assert_eq!(page.trim(), path(&run.join("report.html")));
}
