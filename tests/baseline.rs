//! Baselines: what is accepted comes back, what is unlike never meets, and a damaged file is named by its line.

mod gate_common;
mod results_common;

use std::fs;
use std::path::{Path, PathBuf};

use gate_common::*;
use hil::results::baseline::*;
use hil::results::{Cause, Flash, Measurement, Outcome, Provenance, Sram, UnitFacts};
use results_common::{memory, ok, row, rows};

fn accept_all(folder: &Path, rows: Vec<Measurement>) -> Acceptance {
    accept(folder, &run_of(rows), &Only::default(), "the first of its kind: # \"quoted\"").expect("accepted")
}

fn small() -> Measurement {
    row(0, "small", "nucleo-l4r5zi", ok(60_000, vec![9_000_001, 9_000_000, 9_000_004]))
}

#[test]
fn ok_rows_become_files_that_come_back_and_others_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let acceptance = accept_all(folder.path(), rows());
    assert_eq!(acceptance.written.len(), 3);
    let skipped: Vec<&str> = acceptance.skipped.iter().map(|s| s.network.as_str()).collect();
    assert_eq!(skipped, ["big", "wrong", "broken \u{1f4a5}\n\""]);
    let baselines = Baselines::load(folder.path()).expect("baselines");
    for row in rows().iter().filter(|row| row.run().is_some()) {
        let key = Key::of(row, None);
        let Found::Baseline(baseline) = baselines.find(&key) else { panic!("{} has none", row.network) };
        let expected = Baseline::of(row, key, baseline.accepted.clone()).expect("ok");
        assert_eq!(*baseline, expected);
        assert_eq!(baseline.accepted.why, "the first of its kind: # \"quoted\"");
    }
}

#[test]
fn files_are_one_value_a_line_and_the_same_each_time() {
    let baseline = baseline_of(&small());
    let text = baseline.text();
    assert_eq!(Baseline::parse(Path::new("x"), &text).expect("read"), baseline);
    assert_eq!(text, baseline.text());
    assert!(text.lines().all(|line| !line.contains('[') && !line.contains('{')), "{text}");
    let places = ["format: 2", "key:", "  network: small", "accepted:", "  why: ", "cycles:\n- 9000001\n", "steps:"];
    let found: Vec<_> = places.iter().map(|place| text.find(place).expect(place)).collect();
    assert!(found.is_sorted(), "{text}");
}

#[test]
fn accepting_again_replaces_the_file_and_needs_a_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = accept_all(folder.path(), vec![small()]);
    let faster = with_cycles(small(), vec![8_000_000], vec![]);
    let second = accept_all(folder.path(), vec![faster.clone()]);
    assert_eq!((first.written[0].1, second.written[0].1), (false, true));
    assert_eq!(first.written[0].0, second.written[0].0);
    let baselines = Baselines::load(folder.path()).expect("baselines");
    assert_eq!(baselines.iter().map(Baseline::median_cycles).collect::<Vec<_>>(), [Some(8_000_000.0)]);
    let error = accept(folder.path(), &run_of(vec![faster]), &Only::default(), " \n").unwrap_err();
    assert!(error.to_string().starts_with("no reason given"), "{error}");
}

#[test]
fn only_what_is_asked_for_is_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let only = Only { board: Some("stm32f746g-disco".into()), ..Only::default() };
    let acceptance = accept(folder.path(), &run_of(rows()), &only, "why").expect("accepted");
    assert_eq!((acceptance.written.len(), acceptance.skipped.len()), (1, 0));
    assert!(acceptance.written[0].0.starts_with(folder.path().join("stm32f746g-disco")));
    let only = Only { network: Some("wrong".into()), ..Only::default() };
    let error = accept(folder.path(), &run_of(rows()), &only, "why").unwrap_err().to_string();
    assert!(error.contains("no row that is ok and meets what was asked for"), "{error}");
}

#[test]
fn predictions_are_no_baselines() {
    let mut predicted = small();
    predicted.provenance = Provenance::Predicted;
    let folder = tempfile::tempdir().expect("a folder");
    let error = accept(folder.path(), &run_of(vec![predicted]), &Only::default(), "why").unwrap_err();
    assert!(matches!(error, BaselineError::NothingToAccept { .. }));
}

#[test]
fn whatever_part_of_the_key_differs_there_is_no_baseline_and_the_nearest_is_named() {
    let (here, baselines) = (small(), Baselines::of(vec![baseline_of(&small())]));
    let unlike = |change: &dyn Fn(&mut Key)| {
        let mut key = Key::of(&here, None);
        change(&mut key);
        match baselines.find(&key) {
            Found::Baseline(_) => panic!("{key:?} met"),
            Found::Nothing { nearest } => {
                nearest.map(|(_, differences)| differences.iter().map(ToString::to_string).collect::<Vec<_>>())
            }
        }
    };
    let newer = unlike(&|key| key.compiler = "arm-none-eabi-gcc 14.2.0".into()).expect("one is near");
    assert_eq!(newer, ["compiler: `arm-none-eabi-gcc 12.2.1` there, `arm-none-eabi-gcc 14.2.0` here"]);
    let flags = unlike(&|key| key.flags_sha256 = "00112233445566".into()).expect("one is near");
    assert!(flags[0].ends_with("there, `001122334455` here"), "{flags:?}");
    assert_eq!(unlike(&|key| key.clock_hz = None).expect("one is near").len(), 1);
    assert_eq!(unlike(&|key| key.supply = "1.8 V".into()).expect("one is near").len(), 1);
    assert_eq!(unlike(&|key| key.board_revision = "C".into()).expect("one is near").len(), 1);
    assert_eq!(unlike(&|key| key.network_sha256 = "1".into()).expect("one is near").len(), 1);
    assert_eq!(unlike(&|key| key.engine_options_sha256 = "1".into()).expect("one is near").len(), 1);
    for change in [
        (&|key: &mut Key| key.provenance = Provenance::Silicon) as &dyn Fn(&mut Key),
        &|key| key.board = "other".into(),
        &|key| key.network = "other".into(),
        &|key| key.engine = "other".into(),
    ] {
        assert_eq!(unlike(change), None);
    }
}

#[test]
fn the_nearest_is_the_one_with_fewest_differences() {
    let mut far = small();
    (far.repeat.compiler, far.repeat.flags_sha256) = ("gcc 9".into(), "9".into());
    let baselines = Baselines::of(vec![baseline_of(&far), baseline_of(&small())]);
    let mut key = Key::of(&small(), None);
    key.compiler = "gcc 14".into();
    let Found::Nothing { nearest: Some((baseline, differences)) } = baselines.find(&key) else { panic!("met") };
    assert_eq!((baseline.key.compiler.as_str(), differences.len()), ("arm-none-eabi-gcc 12.2.1", 1));
}

#[test]
fn a_key_takes_revision_supply_and_clock_from_the_boards_facts() {
    let facts = serde_json::json!({ "revision": "C", "supply": "1.8 V", "clock": { "hz": 120_000_000 } });
    let key = Key::of(&row(0, "a", "b", Outcome::DoesNotFit { reason: "r".into(), memory: memory(1) }), Some(&facts));
    assert_eq!((key.board_revision.as_str(), key.supply.as_str()), ("C", "1.8 V"));
    assert_eq!(key.clock_hz, Some(120_000_000));
    assert_eq!(Key::of(&small(), Some(&facts)).clock_hz, Some(216_000_000), "the unit's word counts first");
}

#[test]
fn units_of_one_board_have_keys_of_their_own_where_revision_or_supply_differ() {
    let mut run = run_of(vec![small()]);
    run.info.boards.insert("nucleo-l4r5zi".into(), serde_json::json!({ "supply": "direct-smps" }));
    let key = |run: &hil::results::StoredRun| Key::of(&run.rows[0], run.info.facts(&run.rows[0]).as_ref());
    let plain = key(&run);
    assert_eq!((plain.board_revision.as_str(), plain.supply.as_str()), ("unknown", "direct-smps"));
    let facts = UnitFacts { revision: Some("MB1312 C-01".into()), supply_volts: Some(1.8) };
    run.info.units.insert(run.rows[0].unit.clone(), facts);
    let known = key(&run);
    assert_eq!((known.board_revision.as_str(), known.supply.as_str()), ("MB1312 C-01", "1.8 V, direct-smps"));
    let parts: Vec<String> = known.differences(&plain).into_iter().map(|difference| difference.part).collect();
    assert_eq!(parts, ["board_revision", "supply"]);
    run.info.units = [("another unit".to_string(), UnitFacts::default())].into();
    assert_eq!(key(&run), plain, "what is known of other units says nothing");
}

#[test]
fn a_row_without_an_image_finds_the_baseline_of_what_it_would_have_been() {
    let baselines = Baselines::of(vec![baseline_of(&small())]);
    let failed = |network: &str| {
        let cause = Cause::Candidate;
        let mut row = row(0, network, "nucleo-l4r5zi", Outcome::Failed { cause, reason: "r".into(), memory: None });
        (row.repeat.flags_sha256, row.network_sha256) = (String::new(), String::new());
        let facts = serde_json::json!({ "clock": { "hz": 216_000_000 } });
        Key::of(&row, Some(&facts))
    };
    assert!(baselines.find_unbuilt(&failed("small")).is_some());
    assert!(baselines.find_unbuilt(&failed("other")).is_none());
}

fn error_of(change: impl Fn(&str) -> String) -> String {
    let text = change(&baseline_of(&small()).text());
    Baseline::parse(Path::new("results/baselines/b.yaml"), &text).unwrap_err().to_string()
}

#[test]
fn damaged_files_are_named_by_line() {
    let line = |text: &str, part: &str| text.lines().position(|l| l.contains(part)).expect(part) + 1;
    let text = baseline_of(&small()).text();
    let newer = error_of(|t| t.replace("format: 2", "format: 3\nmore: x"));
    assert!(
        newer.starts_with("results/baselines/b.yaml:2: ") && newer.contains("written by a newer version"),
        "{newer}"
    );
    let unknown = error_of(|t| t.replace("  engine: ", "  motor: "));
    let expected = format!("b.yaml:{}: ", line(&text, "  engine: "));
    assert!(unknown.contains(&expected) && unknown.contains("motor"), "{unknown}");
    let number = error_of(|t| t.replace("- 9000001", "- many"));
    assert!(number.contains(&format!("b.yaml:{}: ", line(&text, "- 9000001"))), "{number}");
    let zero = error_of(|t| t.replace("- 9000001", "- 0"));
    assert!(zero.contains(&format!("b.yaml:{}: an inference of 0 cycles", line(&text, "cycles:"))), "{zero}");
    let why = error_of(|t| t.replace("why: the first of its kind", "why: ' '"));
    assert!(why.contains(&format!("b.yaml:{}: no reason", line(&text, "why:"))), "{why}");
    for cut in [0, 1, text.len() / 2] {
        let message = error_of(|t| t[..cut].into());
        assert!(message.starts_with("results/baselines/b.yaml:"), "{message}");
    }
    assert!(error_of(|t| t.repeat(1000)).contains("no baseline; at most"));
}

#[test]
fn a_folder_with_two_files_of_one_key_or_with_no_text_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = accept_all(folder.path(), vec![small()]).written[0].0.clone();
    let copy: PathBuf = folder.path().join("z.yaml");
    fs::copy(&path, &copy).expect("copied");
    let message = Baselines::load(folder.path()).unwrap_err().to_string();
    assert!(message.starts_with(&format!("{}:3: the same key as in {}", copy.display(), path.display())), "{message}");
    fs::write(&copy, b"format: 1\nkey: \xff").expect("written");
    let message = Baselines::load(folder.path()).unwrap_err().to_string();
    assert!(message.starts_with(&format!("{}:2: not UTF-8 text", copy.display())), "{message}");
    assert_eq!(Baselines::load(&folder.path().join("none")).expect("empty").iter().count(), 0);
}

#[test]
fn names_lead_nowhere_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let hostile = row(0, "../../x\u{0}/y", "../../etc", ok(60_000, vec![28]));
    let written = accept_all(folder.path(), vec![hostile]).written;
    assert_eq!(written[0].0.parent().and_then(Path::parent), Some(folder.path()));
    assert_eq!(Baselines::load(folder.path()).expect("read").iter().count(), 1);
}

#[test]
fn a_file_that_counts_by_sections_is_read_as_far_as_they_tell() {
    let folder = tempfile::tempdir().expect("a folder");
    accept_all(folder.path(), vec![small()]);
    let path =
        fs::read_dir(folder.path()).expect("boards").flatten().map(|board| board.path()).next().expect("a board");
    let path = fs::read_dir(path).expect("files").flatten().map(|file| file.path()).next().expect("a file");
    let text = fs::read_to_string(&path).expect("text");
    let (head, rest) = text.split_once("sram:\n").expect("memory");
    let (_, tail) = rest.split_once("checked_inputs").expect("memory");
    let sections = "sram:\n  data: 4\n  bss: 60\n  arena: 1000\n  interpreter: 200\n  stack: 400\n  harness: 9\nflash:\n  text: \
                    30\n  rodata: 12\n  weights: 500\n  data: 4\n";
    let text = format!("{head}{sections}checked_inputs{tail}").replace("format: 2", "format: 1");
    let read = Baseline::parse(&path, &text).expect("a baseline");
    assert_eq!(read.sram, Sram { arena: 800, engine: 200, stack: 400, heap: 0, runtime: 64, harness: 9 });
    assert_eq!(read.flash, Flash { weights: 500, tables: 0, code: 42, runtime: 0, data: 4 });
    assert!(!read.format.splits_memory());
}
