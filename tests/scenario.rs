//! A scenario with a mistake is told where and what, and no text makes the reader panic.

use std::fs;
use std::path::Path;

use hil::scenario::*;
use proptest::prelude::*;

const KNOWN: Known<'_> = Known {
    networks: &["mobilenetv1", "mobilenetv2", "proxylessnas", "mcunet-vww0", "mcunet-vww1", "mcunet-vww2"],
    boards: &["nucleo-l4r5zi", "stm32f746g-disco"],
};

const TEXT: &str = "\
name: test
task: vww
candidates:
  - network: mobilenetv1
    width: 0.25
    resolution: 96
  - { model: some/net.tflite }
boards: [nucleo-l4r5zi]
engines: [tinyengine]
measure:
  repeats: 5
";

fn read(text: &str) -> Result<Scenario, ScenarioError> {
    parse("s.yaml", text, Path::new("folder"), KNOWN)
}

#[track_caller]
fn refused(from: &str, to: &str, expected: &str) {
    assert!(TEXT.contains(from), "{from}");
    assert_eq!(read(&TEXT.replacen(from, to, 1)).unwrap_err().to_string(), expected);
}

#[test]
fn what_is_left_out_has_its_documented_value() {
    let scenario = read(TEXT).expect("a scenario");
    assert_eq!(scenario.measure, Measure { inputs: 3, repeats: 5, warmup: 1 });
    assert_eq!(scenario.candidates[0].name, "mobilenetv1-0.25@96");
    assert_eq!(scenario.candidates[1].name, "net");
    assert_eq!(scenario.candidates[1].source, Source::File("folder/some/net.tflite".into()));
    let Source::BuiltIn(network) = &scenario.candidates[0].source else { panic!("built in") };
    assert_eq!((network.resolution, network.width, network.classes, network.seed), (Some(96), Some(0.25), None, 0));
    assert_eq!(scenario.constraints, Constraints::default());
}

#[test]
fn a_typo_in_a_key_is_told_its_place_and_the_nearest_key() {
    refused(
        "resolution: 96",
        "resolutoin: 96",
        "s.yaml:6:5: candidates[0]: unknown key `resolutoin`; did you mean `resolution`? \
         (known: name, network, model, resolution, width, classes, seed)",
    );
    refused(
        "boards:",
        "board:",
        "s.yaml:8:1: unknown key `board`; did you mean `boards`? \
         (known: name, task, candidates, boards, engines, measure, constraints, gates, search)",
    );
    refused(
        "repeats: 5",
        "repeat: 5",
        "s.yaml:11:3: measure: unknown key `repeat`; did you mean `repeats`? (known: inputs, repeats, warmup)",
    );
}

#[test]
fn an_unknown_name_is_told_its_place_the_nearest_and_all() {
    refused(
        "nucleo-l4r5zi",
        "nucleo-l4r5z",
        "s.yaml:8:10: unknown board `nucleo-l4r5z`; did you mean `nucleo-l4r5zi`? \
         (known: nucleo-l4r5zi, stm32f746g-disco)",
    );
    refused(
        "network: mobilenetv1",
        "network: mobilnetv1",
        "s.yaml:4:14: unknown network `mobilnetv1`; did you mean `mobilenetv1`? \
         (known: mobilenetv1, mobilenetv2, proxylessnas, mcunet-vww0, mcunet-vww1, mcunet-vww2)",
    );
    refused(
        "[tinyengine]",
        "[tinyengin]",
        "s.yaml:9:11: engines[0]: unknown value `tinyengin`; did you mean `tinyengine`? \
         (known: tinyengine, cmsis-nn, tflm)",
    );
}

#[test]
fn values_that_make_no_sense_are_refused_in_their_place() {
    refused("resolution: 96", "resolution: 0", "s.yaml:6:17: `resolution` is 0; it must be 1 to 1024");
    refused("width: 0.25", "width: .nan", "s.yaml:5:12: NaN is not a positive number");
    refused("width: 0.25", "width: 80", "s.yaml:5:12: a width multiplier is at most 8");
    refused("repeats: 5", "repeats: 0", "s.yaml:11:12: `repeats` is 0; it must be 1 to 10000");
    refused(
        "boards: [nucleo-l4r5zi]",
        "boards: []",
        "s.yaml:8:9: `boards` is empty: there would be nothing to measure",
    );
    refused("[nucleo-l4r5zi]", "[nucleo-l4r5zi, nucleo-l4r5zi]", "s.yaml:8:25: board `nucleo-l4r5zi` is listed twice");
    refused(
        "name: test",
        "name: ../up",
        "s.yaml:1:7: a name is 1 to 64 letters, digits, `-` or `_`: it names the run's folder",
    );
}

#[test]
fn a_candidate_is_built_in_or_a_file() {
    refused("model: some/net.tflite", "seed: 1", "s.yaml:7:5: a candidate needs `network` or `model`");
    refused("width: 0.25", "model: a.tflite", "s.yaml:5:12: a candidate has `network` or `model`, not both");
    refused(
        "net.tflite }",
        "net.tflite, classes: 2 }",
        "s.yaml:7:40: `classes` goes with `network`; a model's file says it already",
    );
    refused("net.tflite", "net.onnx", "s.yaml:7:14: some/net.onnx is not a .tflite file");
    refused(
        "{ model: some/net.tflite }",
        "{ network: mobilenetv1, width: 0.25, resolution: 96 }",
        "s.yaml:7:5: a second candidate is called `mobilenetv1-0.25@96`; give one of them another `name`",
    );
}

#[test]
fn text_that_is_no_yaml_or_no_scenario_is_placed() {
    let message = |text: &str| read(text).unwrap_err().to_string();
    assert_eq!(message("name: a\n  task: b\n"), "s.yaml:2:7: mapping values are not allowed in this context");
    assert!(message("").starts_with("s.yaml:1:1: "), "{}", message(""));
    assert_eq!(message("- 1"), "s.yaml:1:1: invalid type: sequence, expected a mapping with the keys of a scenario");
    let without = TEXT.replace("engines: [tinyengine]\n", "");
    assert_eq!(message(&without), "s.yaml:1:1: missing field `engines`");
    assert!(message(&"#".repeat(2 << 20)).contains("are no scenario"));
}

#[test]
fn files_that_are_not_there_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s.yaml");
    let message = load(&path, KNOWN).unwrap_err().to_string();
    assert!(message.starts_with(&format!("{}: failed to read the scenario: ", path.display())), "{message}");
    fs::write(&path, TEXT).expect("written");
    let model = folder.path().join("some/net.tflite");
    let expected = format!("{}:7:14: there is no file {}", path.display(), model.display());
    assert_eq!(load(&path, KNOWN).unwrap_err().to_string(), expected);
    fs::create_dir(folder.path().join("some")).expect("a folder");
    fs::write(&model, "").expect("written");
    assert!(load(&path, KNOWN).is_ok());
    fs::write(&path, b"name: x\ntask: \xff\n").expect("written");
    assert_eq!(load(&path, KNOWN).unwrap_err().to_string(), format!("{}:2:1: not UTF-8 text", path.display()));
}

#[test]
fn the_scenario_that_ships_asks_for_what_the_readme_says() {
    let scenario = load(Path::new("scenarios/vww.yaml"), KNOWN).expect("a scenario");
    assert_eq!((scenario.candidates.len(), scenario.boards.len()), (8, 2));
    let classes = |candidate: &Candidate| matches!(&candidate.source, Source::BuiltIn(b) if b.classes == Some(2));
    assert!(scenario.candidates.iter().all(classes));
}

#[test]
fn aliases_that_multiply_are_refused_soon() {
    let mut text = String::from("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for i in 1..12 {
        text += &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(","));
    }
    assert!(read(&text).is_err());
    let inside = format!("{TEXT}gates: &g\n  max_sram_increase: *g\n");
    assert!(read(&inside).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn damage_never_panics_and_errors_point_into_the_text(
        shipped in any::<bool>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0usize..6, any::<char>(), 0usize..24), 1..6),
    ) {
        let text = if shipped { fs::read_to_string("scenarios/vww.yaml").expect("it ships") } else { TEXT.into() };
        let mut text: Vec<char> = text.chars().collect();
        for (at, what, any, mark) in edits {
            let at = at.index(text.len() + 1).min(text.len().saturating_sub(1));
            let mark = "[]{}:,-&*!|>'\"%@`#?\t\n 0.".chars().nth(mark).unwrap_or('~');
            match what {
                0 => text.truncate(at),
                1 => text.insert(at.min(text.len()), any),
                2 | 3 => text.insert(at.min(text.len()), mark),
                4 if at < text.len() => drop(text.remove(at)),
                _ if at < text.len() => text[at] = mark,
                _ => {}
            }
        }
        let text: String = text.into_iter().collect();
        if let Err(error) = read(&text) {
            let ScenarioError::Invalid { line, column, .. } = &error else { panic!("{error}") };
            // What YAML takes for the end of a line; the end of the text may count as one more.
            let lines = text.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).count() + 1;
            prop_assert!((1..=lines).contains(line) && *column >= 1, "{error} in {text:?}");
            prop_assert!(error.to_string().len() < 1000, "{error}");
        }
    }
}
