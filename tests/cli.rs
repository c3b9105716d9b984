//! What the commands print, and how they fail.

use std::process::{Command, Output};

fn hil(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hil")).args(arguments).output().expect("hil runs")
}

#[test]
fn boards_as_json_is_json_alone() {
    let output = hil(&["boards", "--json"]);
    let boards: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(boards[0]["name"], "nucleo-l4r5zi");
    assert_eq!(boards[1]["clock"]["hz"], 216_000_000);
}

#[test]
fn a_file_that_is_no_network_is_a_usage_error_that_names_it() {
    let output = hil(&["inspect", "Cargo.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("Cargo.toml: not a .tflite file"));
}

#[test]
fn inspect_counts_the_operators_of_a_published_network() {
    let model = "../shared/models/mlperf_tiny/vww_96_int8.tflite";
    if !std::path::Path::new(model).exists() {
        println!("skipped: {model} is not there");
        return;
    }
    let output = hil(&["inspect", model, "--json"]);
    let network: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(network["macs"], 7_489_664);
    assert_eq!(network["operators"][0]["operator"], "conv2d");
    let table = hil(&["inspect", model]);
    assert!(String::from_utf8_lossy(&table.stdout).lines().all(|line| line.len() <= 100));
}
