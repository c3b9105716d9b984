//! `hil rack`, and `hil run` on a rack that several processes share.

mod cli_common;

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use cli_common::*;
use serde_json::Value;

const RACK: &str = "state: state
units:
  - { name: a, board: nucleo-l4r5zi, driver: emulated }
";
const SCENARIO: &str = "name: shared
task: vww
candidates:
  - { name: one, network: mobilenetv1, width: 0.25, resolution: 32, classes: 2 }
  - { name: two, network: mobilenetv1, width: 0.25, resolution: 32, classes: 2, seed: 3 }
boards: [nucleo-l4r5zi]
engines: [tinyengine]
measure: { inputs: 1, repeats: 1, warmup: 0 }
";

struct Place {
    folder: tempfile::TempDir,
    rack: String,
}

impl Place {
    fn new(rack: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rack.yaml");
        std::fs::write(&path, rack).expect("written");
        Self { rack: path.to_str().expect("a path").into(), folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().expect("a path").into()
    }

    fn status(&self) -> Value {
        let output = hil(&["rack", "status", "--rack", &self.rack, "--json"]);
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn run(&self, scenario: &str, out: &str) -> Child {
        command(&["run", scenario, "--rack", &self.rack, "--out", &self.path(out), "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("hil runs")
    }
}

fn ok_rows(child: Child) -> usize {
    let output = child.wait_with_output().expect("ended");
    let value: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output.stderr)));
    value["rows"].as_array().expect("rows").iter().filter(|row| row["status"] == "ok").count()
}

#[test]
fn mistakes_in_a_rack_are_usage_errors_with_their_place() {
    let place = Place::new(&RACK.replace("emulated", "emulator"));
    let message = failure(&["rack", "--rack", &place.rack], 2);
    assert!(message.contains("rack.yaml:3:") && message.contains("did you mean `emulated`?"), "{message}");
    let message = failure(&["rack", "check", "nobody", "--rack", &Place::new(RACK).rack], 2);
    assert!(message.contains("no unit is called `nobody`"), "{message}");
    assert!(failure(&["rack", "--rack", "/no/such/rack.yaml"], 2).contains("failed to read the rack"));
}

#[test]
fn a_rack_that_people_wrote_is_never_written_over() {
    let place = Place::new(RACK);
    let message = failure(&["rack", "scan", "--rack", &place.rack], 2);
    assert!(message.contains("is there already and left as it is"), "{message}");
    assert_eq!(std::fs::read_to_string(&place.rack).expect("there"), RACK);
}

#[test]
fn a_lock_names_who_holds_it() {
    let place = Place::new(RACK);
    assert_eq!(place.status()[0]["leased"], false);
    // What `hil rack status` made the folder of.
    let lock = std::fs::read_dir(place.folder.path().join("state")).expect("a folder").count();
    assert_eq!(lock, 0, "looking takes nothing");
}

#[test]
fn two_runs_share_one_unit_and_one_killed_leaves_it_to_the_other() {
    if !has_compiler() {
        return;
    }
    let place = Place::new(RACK);
    let scenario = scenario(place.folder.path(), SCENARIO);
    let (first, second) = (place.run(&scenario, "first"), place.run(&scenario, "second"));
    assert_eq!((ok_rows(first), ok_rows(second)), (2, 2), "both get it by turns");

    let mut killed = place.run(&scenario, "killed");
    let journal = |name: &str| {
        let runs = std::fs::read_dir(place.path(name)).into_iter().flatten().flatten();
        runs.map(|run| std::fs::read_to_string(run.path().join("journal.jsonl")).unwrap_or_default())
            .collect::<String>()
    };
    // In the midst of it, as far as can be told from outside.
    while journal("killed").is_empty() && killed.try_wait().expect("a state").is_none() {
        std::thread::sleep(Duration::from_millis(1));
    }
    killed.kill().expect("killed");
    killed.wait().expect("ended");
    assert_eq!(place.status()[0]["leased"], false, "the lock died with its owner");
    assert_eq!(ok_rows(place.run(&scenario, "after")), 2);
}

#[test]
fn a_check_tests_the_unit_and_brings_it_back() {
    if !has_compiler() {
        return;
    }
    let place = Place::new(RACK);
    // Looking makes the folder; the file of health is named as the lock is.
    hil(&["rack", "check", "--rack", &place.rack]);
    let state = place.folder.path().join("state");
    let health = std::fs::read_dir(&state).expect("a folder").flatten().map(|e| e.path());
    let health = health.into_iter().find(|path| path.extension().is_some_and(|e| e == "health")).expect("a record");
    write(&health, r#"{ "quarantined": { "reason": "it smoked", "at": 1 } }"#);
    let unit = place.status()[0].clone();
    assert_eq!((&unit["health"], &unit["reason"]), (&"quarantined".into(), &"it smoked".into()));
    let scenario = scenario(place.folder.path(), SCENARIO);
    let refused = place.run(&scenario, "refused").wait_with_output().expect("ended");
    assert_eq!(refused.status.code(), Some(3), "an infrastructure error: {}", text(&refused.stderr));

    let output = hil(&["rack", "check", "a", "--rack", &place.rack, "--json"]);
    let checked: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((output.status.code(), &checked[0]["well"]), (Some(0), &Value::Bool(true)), "{checked}");
    let tests: Vec<_> = checked[0]["tests"].as_array().expect("tests").iter().map(|t| t["what"].clone()).collect();
    assert_eq!(tests, ["flash and console", "repeatability", "clock"]);
    assert_eq!(place.status()[0]["health"], "good");
}

fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("written");
}

#[test]
fn a_unit_whose_clock_is_off_is_taken_out_of_use_and_gives_no_number() {
    if !has_compiler() {
        return;
    }
    let place =
        Place::new("state: state\nunits:\n  - { name: a, board: nucleo-l4r5zi, driver: simprobe, faults: off.yaml }\n");
    write(&place.folder.path().join("off.yaml"), "faults: [{ fault: clock, percent: 1 }]\n");
    let scenario = place.path("one.yaml");
    let one: Vec<&str> = SCENARIO.lines().filter(|line| !line.contains("name: two")).collect();
    write(Path::new(&scenario), &one.join("\n"));
    let output = place.run(&scenario, "out").wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(3), "{}", text(&output.stderr));
    let value: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(value["rows"][0]["cycles"], Value::Null, "{value}");
    let status = place.status().to_string();
    // The host's clock is the other end of the comparison, and answers late when it is busy.
    let said = status.split_once("its clock is +").and_then(|(_, rest)| rest.split_once(" % off"));
    let percent: f64 = said.and_then(|(number, _)| number.parse().ok()).unwrap_or_else(|| panic!("{status}"));
    assert!((0.8..1.2).contains(&percent), "{status}");
}
