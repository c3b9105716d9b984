//! Kernels chosen by measuring, and what `hil inspect` measures.

mod cli_common;

use std::fs;
use std::path::Path;
use std::process::Output;

use cli_common::*;
use serde_json::Value;

const SCENARIO: &str = "name: tuned
task: vww
candidates:
  - { name: small, network: mobilenetv1, width: 0.25, resolution: 32, classes: 2 }
boards: [nucleo-l4r5zi]
engines:
  - tinyengine
  - tinyengine: { tune: true, tuning_log: tuning.jsonl }
measure: { inputs: 1, repeats: 1, warmup: 0 }
";

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", text(&output.stderr)))
}

fn run(folder: &Path, scenario: &str) -> Output {
    let results = folder.join("results");
    let output = hil(&["run", scenario, "--out", results.to_str().expect("a path"), "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    output
}

/// Cycles of each row, by engine.
fn cycles(output: &Output, engine: &str) -> u64 {
    let value = json(output);
    let rows = value["rows"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["engine"] == engine).unwrap_or_else(|| panic!("{engine}: {value}"));
    row["median_cycles"].as_f64().unwrap_or_else(|| panic!("cycles: {row}")) as u64
}

#[test]
fn a_tuned_run_times_once_and_survives_what_happens_to_its_log() {
    if !has_compiler() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = scenario(folder.path(), SCENARIO);
    let log = folder.path().join("tuning.jsonl");
    let first = run(folder.path(), &scenario);
    let (tuned, estimated) = (cycles(&first, "tinyengine-latency-tuned"), cycles(&first, "tinyengine"));
    assert!(tuned <= estimated + estimated / 100, "{tuned} of {estimated}");
    let kept = fs::read_to_string(&log).expect("a log");
    assert!(kept.lines().count() > 4 && kept.contains("\"kernel\":\"general\""), "{kept}");
    let told = kept.lines().skip(1).filter(|line| line.contains("\"nanojoules\":")).count();
    assert_eq!(told, kept.lines().count() - 1, "the power of the board is known: {kept}");
    let second = run(folder.path(), &scenario);
    assert_eq!(fs::read_to_string(&log).expect("a log"), kept, "what is timed would be added");
    assert_eq!(cycles(&second, "tinyengine-latency-tuned"), tuned);

    let cut = &kept[..kept.len() - 20];
    fs::write(&log, cut).expect("written");
    let third = run(folder.path(), &scenario);
    let message = text(&third.stderr);
    assert!(message.contains("1 of its lines cannot be read; what they said is timed anew"), "{message}");
    assert_eq!(cycles(&third, "tinyengine-latency-tuned"), tuned);
    run(folder.path(), &scenario);

    fs::write(&log, "somebody's notes\n").expect("written");
    let fourth = run(folder.path(), &scenario);
    assert!(text(&fourth.stderr).contains("not a tuning log of this version"), "{}", text(&fourth.stderr));
    assert_eq!(fs::read_to_string(&log).expect("notes"), "somebody's notes\n");
    assert_eq!(cycles(&fourth, "tinyengine-latency-tuned"), tuned);
}

#[test]
fn inspect_measures_layers_and_what_optimisations_buy() {
    if !has_compiler() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).to_str().expect("a path").to_string();
    let (svg, html) = (file("arena.svg"), file("plan.html"));
    let model = "builtin:mobilenetv1,width=0.25,resolution=32,classes=2";
    let output =
        hil(&["inspect", model, "--board", "nucleo-l4r5zi", "--measure", "--json", "--svg", &svg, "--html", &html]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let measured = &json(&output)["measured"];
    assert_eq!(measured["provenance"], "emulated");
    let steps = measured["steps"].as_array().expect("steps");
    assert!(steps.len() > 20 && steps.iter().all(|step| step["cycles"].as_u64() > Some(0)));
    let ablation = measured["ablation"].as_array().expect("an ablation");
    let number = |at: usize, key: &str| ablation[at][key].as_u64().unwrap_or_else(|| panic!("{}", ablation[at]));
    let last = ablation.len() - 1;
    assert!(number(1, "cycles") < number(0, "cycles"), "specialised kernels are faster");
    assert!(number(last - 1, "sram_bytes") < number(0, "sram_bytes"), "the form of least SRAM");
    assert!(number(last, "flash_bytes") < number(0, "flash_bytes"), "the form of least flash");
    assert_eq!(number(last - 2, "cycles"), measured["cycles"].as_f64().expect("cycles") as u64, "all of them");
    assert!(fs::read_to_string(&svg).expect("a picture").starts_with("<svg "));
    assert!(fs::read_to_string(&html).expect("a page").contains("What each optimisation buys"));
    let message = failure(&["inspect", model, "--measure"], 2);
    assert!(message.contains("--board"), "{message}");
}
