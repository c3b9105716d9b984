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
    assert_eq!(scenario.measure, Measure { repeats: 5, ..Measure::default() });
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
         (known: name, task, candidates, boards, engines, prebuilt, \
         compare_to, measure, constraints, gates, search)",
    );
    refused(
        "repeats: 5",
        "repeat: 5",
        "s.yaml:11:3: measure: unknown key `repeat`; did you mean `repeats`? (known: inputs, repeats, warmup, windows, window_seconds)",
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

const IMAGES: &str = "\
name: test
task: vww
prebuilt:
  - image: a.bin
    board: nucleo-l4r5zi
    protocol: mlperf-tiny
    model: ic01
";

#[track_caller]
fn refused_image(from: &str, to: &str, expected: &str) {
    assert!(IMAGES.contains(from), "{from}");
    assert_eq!(read(&IMAGES.replacen(from, to, 1)).unwrap_err().to_string(), expected);
}

#[test]
fn images_need_neither_candidates_nor_engines() {
    let scenario = read(IMAGES).expect("a scenario");
    let image = &scenario.prebuilt[0];
    assert_eq!((image.name.as_str(), image.baud, image.window), ("a", 115_200, 10.0));
    assert_eq!(image.image, Path::new("folder/a.bin"));
    assert!(scenario.candidates.is_empty() && image.network.is_none());
    // With candidates, everything that they need must be there.
    let half = IMAGES.replace("task: vww\n", "task: vww\nboards: [nucleo-l4r5zi]\n");
    assert_eq!(read(&half).unwrap_err().to_string(), "s.yaml:1:1: missing field `candidates`");
}

#[test]
fn a_mistake_in_an_image_is_told_its_place() {
    refused_image(
        "a.bin",
        "a.uf2",
        "s.yaml:4:12: a.uf2 is no image; it must end with .elf, .axf, .out, .hex, .ihex, .bin",
    );
    refused_image(
        "nucleo-l4r5zi",
        "nucleo-l4r5",
        "s.yaml:5:12: unknown board `nucleo-l4r5`; did you mean `nucleo-l4r5zi`? (known: nucleo-l4r5zi, stm32f746g-disco)",
    );
    refused_image(
        "model: ic01",
        "model: ic02",
        "s.yaml:7:12: unknown model `ic02`; did you mean `ic01`? (known: vww01, ic01, kws01, ad01); for a model of your own \
         say its `input: { bytes: …, element: … }`",
    );
    refused_image(
        "model: ic01",
        "model: ic01\n    input: { bytes: 4, element: int8 }",
        "s.yaml:8:12: `input` is for models that MLPerf Tiny does not define; `ic01` is one that it does",
    );
    refused_image(
        "model: ic01",
        "model: own\n    input: { bytes: 6, element: float32 }",
        "s.yaml:8:12: 6 bytes are no whole number of float32",
    );
    refused_image("model: ic01", "model: ic01\n    baud: 1", "s.yaml:8:11: `baud` is 1; it must be 300 to 12000000");
    refused_image(
        "model: ic01",
        "model: ic01\n    window: 0",
        "s.yaml:8:13: `window` is 0 s; it must be 0.02 to 1800 s",
    );
    refused_image(
        "model: ic01",
        "model: ic01\n    window: .nan",
        "s.yaml:8:13: `window` is NaN s; it must be 0.02 to 1800 s",
    );
    refused_image(
        "model: ic01",
        "model: ic01\n    files: 5",
        "s.yaml:8:12: `files` says how much of a `dataset` is used, and there is none",
    );
    refused_image(
        "image: a.bin",
        "image: a.elf\n    address: 0x08000000",
        "s.yaml:5:14: `address` goes with a .bin; a .elf says its addresses itself",
    );
    refused_image(
        "protocol: mlperf-tiny",
        "protocol: mlperf",
        "s.yaml:6:15: prebuilt[0].protocol: unknown value `mlperf`; did you mean `mlperf-tiny`? (known: mlperf-tiny)",
    );
    let twice = format!("{IMAGES}  - {{ image: b/a.hex, board: nucleo-l4r5zi, protocol: mlperf-tiny, model: ic01 }}\n");
    assert_eq!(
        read(&twice).unwrap_err().to_string(),
        "s.yaml:8:5: a second image for nucleo-l4r5zi is called `a`; give one of them another `name`"
    );
}

#[test]
fn a_library_of_the_users_is_an_engine() {
    let own = "engines: [tinyengine, tflm, { tflm: { lib: lib/x.a, include: [inc, /abs] } }]\ncompare_to: tflm-own";
    let scenario = read(&TEXT.replace("engines: [tinyengine]", own)).expect("a scenario");
    let Engine::Tflm(library) = &scenario.engines[2] else { panic!("{:?}", scenario.engines) };
    assert_eq!((library.name.as_str(), library.lib.as_path()), ("tflm-own", Path::new("folder/lib/x.a")));
    assert_eq!(library.include, [Path::new("folder/inc"), Path::new("/abs")]);
    assert_eq!(scenario.compare_to.as_deref(), Some("tflm-own"));
    refused(
        "[tinyengine]",
        "[{ tflm: { lib: a.a, include: [i] } }, { tflm: { lib: b.a, include: [i] } }]",
        "s.yaml:9:49: engine `tflm-own` is listed twice; give one of them another `name`",
    );
    refused(
        "[tinyengine]",
        "[{ tflm: { lib: a.a, include: [] } }]",
        "s.yaml:9:40: `include` is empty: the headers of the library are needed",
    );
    refused(
        "[tinyengine]",
        "[tinyengine]\ncompare_to: cmsis-nn",
        "s.yaml:10:13: unknown engine `cmsis-nn` (known: tinyengine)",
    );
    let message = |to: &str| read(&TEXT.replace("[tinyengine]", to)).unwrap_err().to_string();
    let typo = message("[{ tflm: { library: a.a, include: [i] } }]");
    assert!(typo.starts_with("s.yaml:9:") && typo.contains("unknown key `library`; did you mean `lib`?"), "{typo}");
    let unknown = message("[tinyengin]");
    assert!(unknown.starts_with("s.yaml:9:11: ") && unknown.contains("did you mean `tinyengine`?"), "{unknown}");
    assert!(message("[5]").contains("expected the name of an engine, `tflm: {"), "{}", message("[5]"));
}

#[test]
fn files_of_images_and_libraries_that_are_not_there_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("s.yaml");
    let message = |text: &str| {
        fs::write(&path, text).expect("a scenario");
        load(&path, KNOWN).unwrap_err().to_string()
    };
    assert!(message(IMAGES).contains("s.yaml:4:12: there is no file"), "{}", message(IMAGES));
    fs::write(folder.path().join("a.bin"), "x").expect("a file");
    let set = message(&format!("{IMAGES}    dataset: set\n"));
    assert!(set.contains("s.yaml:8:14: there is no folder"), "{set}");
    let text = TEXT.replace("  - { model: some/net.tflite }\n", "");
    let own = message(&text.replace("[tinyengine]", "[{ tflm: { lib: x.a, include: [inc] } }]"));
    assert!(own.contains("s.yaml:8:26: there is no file") && own.contains("x.a"), "{own}");
}
