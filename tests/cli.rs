//! What the commands print, and how they fail.

mod cli_common;

use cli_common::*;

#[test]
fn boards_as_json_is_json_alone() {
    let output = hil(&["boards", "--json"]);
    let boards: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(boards[0]["name"], "nucleo-l4r5zi");
    assert_eq!(boards[1]["clock"]["hz"], 216_000_000);
    assert!(output.stderr.is_empty());
}

#[test]
fn a_wrong_option_is_a_usage_error() {
    for arguments in [&["run"][..], &["fly"], &["inspect"], &["run", "s.yaml", "--jobs", "0"]] {
        assert_eq!(hil(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

#[test]
fn a_file_that_is_no_network_is_a_usage_error_that_names_it() {
    for arguments in
        [&["inspect", "Cargo.toml"][..], &["compile", "Cargo.toml", "--board", "nucleo-l4r5zi", "--out", "x"]]
    {
        let output = hil(arguments);
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        assert!(text(&output.stderr).contains("Cargo.toml: not a .tflite file"), "{}", text(&output.stderr));
    }
    let message = failure(&["inspect", "no/such.tflite"], 2);
    assert!(message.starts_with("error: no/such.tflite: "), "{message}");
}

#[test]
fn a_truncated_model_says_where_it_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let whole = model();
    for length in [0, 7, 8, 100, whole.len() / 2, whole.len() - 1] {
        let path = folder.path().join("short.tflite");
        std::fs::write(&path, &whole[..length]).expect("written");
        let message = failure(&["inspect", path.to_str().expect("a path")], 2);
        assert!(message.contains("short.tflite: "), "{length}: {message}");
    }
}

#[test]
fn an_unsupported_operator_is_named_with_index_and_tensor() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("odd.tflite");
    std::fs::write(&path, with_unsupported_operator()).expect("written");
    let message = failure(&["inspect", path.to_str().expect("a path")], 2);
    assert!(message.contains("odd.tflite: operator ") && message.contains("output `"), "{message}");
}

#[test]
fn an_unknown_board_or_network_gets_the_known_ones() {
    let message = failure(&["inspect", "builtin:mobilenetv1", "--board", "nucleo-l4r5z"], 2);
    assert!(message.contains("did you mean `nucleo-l4r5zi`?"), "{message}");
    let message = failure(&["inspect", "builtin:mobilenet"], 2);
    assert!(message.contains("unknown network `mobilenet` (known: ") && message.contains("mobilenetv1"), "{message}");
    let message = failure(&["inspect", "builtin:mobilenetv1,width=wide"], 2);
    assert!(message.contains("`wide` is no width"), "{message}");
}

#[test]
fn inspect_shows_kernels_memory_and_fit() {
    let arguments = ["inspect", "builtin:mobilenetv1,width=0.25,resolution=48,classes=2"];
    let output = hil(&[&arguments[..], &["--json"]].concat());
    let network: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let steps = network["plan"]["steps"].as_array().expect("steps");
    assert_eq!(steps[0]["kernel"], "conv");
    let macs: u64 = steps.iter().filter_map(|step| step["macs"].as_u64()).sum();
    assert_eq!(network["macs"].as_u64(), Some(macs));
    let arena = network["plan"]["arena_bytes"].as_u64().expect("bytes");
    assert!(steps.iter().all(|step| step["live_bytes"].as_u64().is_none_or(|live| live <= arena)));
    assert_eq!(network["boards"].as_array().map(Vec::len), Some(hil::board::names().len()));
    let board = &network["boards"][0];
    let left = board["sram_left"].as_u64().expect("it fits");
    assert!(left < 640 * 1024 - arena, "the firmware takes some, too");
    let table = text(&hil(&arguments).stdout);
    assert!(table.lines().all(|line| line.chars().count() <= 100), "{table}");
    assert!(table.contains("fits nucleo-l4r5zi: ") && table.contains("depthwise"), "{table}");
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
    assert!(text(&table.stdout).lines().all(|line| line.chars().count() <= 100));
}

#[test]
fn the_schema_knows_what_scenarios_may_say() {
    let output = hil(&["schema"]);
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let networks = &schema["$defs"]["RawCandidate"]["properties"]["network"]["enum"];
    assert!(networks.as_array().is_some_and(|names| names.contains(&"mobilenetv1".into())), "{networks}");
}

#[test]
fn the_rack_lists_emulated_units_of_every_board() {
    let output = hil(&["rack", "--json"]);
    let units: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let units = units.as_array().expect("units");
    for board in ["nucleo-l4r5zi", "stm32f746g-disco"] {
        assert!(units.iter().any(|unit| unit["board"] == board && unit["driver"] == "emulated"), "{board}");
    }
}

#[test]
fn the_doctor_says_what_to_install() {
    let output = hil_with(&["doctor"], &[("HIL_ARM_GCC", "/nowhere/gcc")]);
    assert_eq!(output.status.code(), Some(3));
    let table = text(&output.stdout);
    assert!(table.contains("`/nowhere/gcc` is missing") && table.contains("gcc-arm-none-eabi"), "{table}");
    let output = hil_with(&["doctor", "--json"], &[("HIL_ARM_GCC", "/nowhere/gcc")]);
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!((&value["healthy"], &value["checks"][0]["ok"]), (&false.into(), &false.into()));
}

#[test]
fn the_doctor_finds_data_sets() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("fsdd")).expect("a folder");
    let data = folder.path().display().to_string();
    let output = hil_with(&["doctor"], &[("HIL_ARM_GCC", "/nowhere/gcc"), ("HIL_DATA", &data)]);
    let table = text(&output.stdout);
    assert!(table.contains(&format!("fsdd in {data}/fsdd")), "{table}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_stdout_is_an_infrastructure_error_and_a_closed_one_is_none() {
    let full = std::fs::File::options().write(true).open("/dev/full").expect("/dev/full");
    let output = command(&["boards"]).stdout(full).output().expect("hil runs");
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output.stderr).contains("failed to write to stdout"));
    let mut child = command(&["boards"]).stdout(std::process::Stdio::piped()).spawn().expect("hil runs");
    drop(child.stdout.take());
    assert_eq!(child.wait().expect("ends").code(), Some(0));
}

#[test]
fn images_alone_are_a_scenario() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("x.bin"), [0u8; 16]).expect("written");
    let text = "name: alone\ntask: t\nprebuilt:\n  - { image: x.bin, board: nucleo-l4r5zi, protocol: mlperf-tiny, model: kws01 }\n";
    let path = folder.path().join("s.yaml");
    std::fs::write(&path, text).expect("written");
    let results = folder.path().join("results");
    let output = hil(&["run", path.to_str().expect("a path"), "--out", results.to_str().expect("a path")]);
    let said = text_of(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("x.bin") && !said.contains("hil search"), "{said}");
}

fn text_of(output: &std::process::Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}
