//! What is stored comes back, whatever kills the process.

mod results_common;

use std::fs;
use std::path::{Path, PathBuf};

use hil::results::*;
use results_common::{info, memory, ok, row, rows};

fn stored(root: &Path, rows: &[Measurement]) -> RunFolder {
    let mut folder = RunFolder::create(root, info()).expect("a folder");
    rows.iter().for_each(|row| folder.append(row.clone()).expect("appended"));
    folder
}

fn ended(root: &Path, rows: &[Measurement]) -> PathBuf {
    let folder = stored(root, rows);
    let path = folder.path().to_path_buf();
    folder.end(RunState::Finished, None).expect("ended");
    path
}

#[test]
fn every_kind_of_row_comes_back_from_parquet_and_from_the_journal() {
    let root = tempfile::tempdir().expect("a folder");
    let path = ended(root.path(), &rows());
    let run = read(&path).expect("a run");
    assert_eq!((run.source, run.state), (Source::Parquet, RunState::Finished));
    assert_eq!(run.rows, rows());
    fs::remove_file(path.join("measurements.parquet")).expect("removed");
    let run = read(&path).expect("a run");
    assert_eq!(run.source, Source::Journal);
    assert_eq!(run.rows, rows());
}

#[test]
fn a_run_without_rows_comes_back_empty() {
    let root = tempfile::tempdir().expect("a folder");
    let run = read(&ended(root.path(), &[])).expect("a run");
    assert_eq!((run.source, run.rows.len()), (Source::Parquet, 0));
}

#[test]
fn a_killed_run_is_read_from_its_journal_and_goes_on() {
    let root = tempfile::tempdir().expect("a folder");
    let folder = stored(root.path(), &rows()[..3]);
    let path = folder.path().to_path_buf();
    drop(folder);
    let journal = path.join("journal.jsonl");
    let whole = fs::read(&journal).expect("a journal");
    let third = whole.iter().enumerate().filter(|(_, b)| **b == b'\n').nth(1).expect("two lines").0 + 1;
    for cut in [third + 1, third + 700, whole.len() - 1] {
        fs::write(&journal, &whole[..cut]).expect("written");
        let run = read(&path).expect("a run");
        assert_eq!((run.state, run.rows.as_slice()), (RunState::Running, &rows()[..2]), "cut at {cut}");
        assert!(run.torn.is_some_and(|torn| torn.contains("journal.jsonl:3: half a row")));
    }
    let mut folder = RunFolder::resume(&path).expect("resumed");
    assert_eq!(folder.rows(), &rows()[..2]);
    rows()[2..].iter().for_each(|row| folder.append(row.clone()).expect("appended"));
    folder.end(RunState::Finished, None).expect("ended");
    assert_eq!(read(&path).expect("a run").rows, rows());
}

#[test]
fn the_order_of_finishing_leaves_no_trace_in_the_tables() {
    let root = tempfile::tempdir().expect("a folder");
    let forth = ended(root.path(), &rows());
    let back = ended(root.path(), &rows().into_iter().rev().collect::<Vec<_>>());
    assert_ne!(forth, back);
    for name in ["measurements.parquet", "layers.parquet"] {
        assert!(fs::read(forth.join(name)).expect(name) == fs::read(back.join(name)).expect(name), "{name}");
    }
}

#[test]
fn a_resumed_run_that_is_killed_again_is_read_from_its_journal() {
    let root = tempfile::tempdir().expect("a folder");
    let path = ended(root.path(), &rows()[..2]);
    let mut folder = RunFolder::resume(&path).expect("resumed");
    let replaced = row(1, "small", "stm32f746g-disco", ok(50_000, vec![4_000_000]));
    folder.append(replaced.clone()).expect("appended");
    drop(folder);
    let run = read(&path).expect("a run");
    assert_eq!(run.rows, [rows()[0].clone(), replaced]);
}

#[test]
fn folders_are_named_after_scenario_and_time_and_never_shared() {
    let root = tempfile::tempdir().expect("a folder");
    let (a, b) = (stored(root.path(), &[]), stored(root.path(), &[]));
    assert_ne!(a.path(), b.path());
    assert_eq!(a.path().parent(), Some(root.path()), "a scenario's name does not lead out of the folder");
    assert!(a.id().starts_with("made-up----x-2") && a.id().contains("Z-"), "{}", a.id());
}

#[test]
fn damaged_parquet_is_an_error_that_names_the_file_and_the_way_out() {
    let root = tempfile::tempdir().expect("a folder");
    let path = ended(root.path(), &rows());
    let file = path.join("measurements.parquet");
    let whole = fs::read(&file).expect("a file");
    for cut in [0, 3, 11, whole.len() / 2, whole.len() - 1] {
        fs::write(&file, &whole[..cut]).expect("written");
        let message = read(&path).unwrap_err().to_string();
        assert!(message.contains("measurements.parquet: not a whole Parquet file"), "{message}");
        assert!(message.ends_with("to read its journal instead"), "{message}");
    }
}

#[test]
fn a_damaged_journal_names_its_line() {
    let root = tempfile::tempdir().expect("a folder");
    let folder = stored(root.path(), &rows());
    let journal = folder.path().join("journal.jsonl");
    let text = fs::read_to_string(&journal).expect("a journal").replacen("\"clock_hz\":216000000", "\"clock_hz\":0", 1);
    fs::write(&journal, text).expect("written");
    let message = read(folder.path()).unwrap_err().to_string();
    assert!(message.contains("journal.jsonl:1: ") && message.contains("the core clock is 0 Hz"), "{message}");
}

#[test]
fn other_folders_and_other_formats_are_refused_by_name() {
    let root = tempfile::tempdir().expect("a folder");
    let message = read(root.path()).unwrap_err().to_string();
    assert_eq!(message, format!("{}: not the folder of a run: there is no run.json", root.path().display()));
    fs::write(root.path().join("run.json"), "{\"format\": 9}").expect("written");
    let message = read(root.path()).unwrap_err().to_string();
    assert!(message.contains("run.json: written by a newer version of hil (format 9; "), "{message}");
    for (text, place) in
        [("{\n  \"format\": 4,,", "run.json:2:15: "), ("{\n  \"format\": 4\n}", "run.json:3:1: missing field")]
    {
        fs::write(root.path().join("run.json"), text).expect("written");
        for message in [read(root.path()).unwrap_err(), RunFolder::resume(root.path()).unwrap_err()] {
            let message = message.to_string();
            assert!(message.contains(place) && message.contains("run the scenario anew"), "{message}");
        }
    }
    fs::write(root.path().join("run.json"), "{\"format\": \"x\"}").expect("written");
    let message = read(root.path()).unwrap_err().to_string();
    assert!(message.ends_with("run.json: format \"x\" is none that hil ever wrote"), "{message}");
}

#[test]
fn a_row_that_contradicts_itself_is_not_stored() {
    let root = tempfile::tempdir().expect("a folder");
    let mut folder = stored(root.path(), &[]);
    let mut refused = |what: &str, change: &dyn Fn(&mut Measurement)| {
        let mut row = rows().remove(0);
        change(&mut row);
        let message = folder.append(row).unwrap_err().to_string();
        assert!(message.contains(what), "{message}");
    };
    fn run(row: &mut Measurement) -> &mut Run {
        match &mut row.outcome {
            Outcome::Ok(run) => run,
            other => panic!("{other:?}"),
        }
    }
    refused("without a checked output", &|row| run(row).check = None);
    refused("`renode` counts none", &|row| row.provenance = Provenance::Renode);
    refused("without its error band", &|row| row.error_band = " ".into());
    refused("7 steps timed of 6", &|row| row.steps.truncate(6));
    refused("NaN µJ", &|row| run(row).energy = Energy::Microjoules(f64::NAN));
    refused("neither memory is exceeded", &|row| {
        row.outcome = Outcome::DoesNotFit { reason: "big".into(), memory: memory(10) };
    });
    refused("memory is exceeded", &|row| row.budget.sram = 1000);
    refused("no reason", &|row| {
        row.outcome = Outcome::Failed { cause: Cause::Candidate, reason: "".into(), memory: None }
    });
    refused("without an image", &|row| row.image_sha256 = None);
    assert_eq!(fs::read(folder.path().join("journal.jsonl")).expect("a journal"), b"");
}

#[test]
fn a_latency_is_the_median_and_cannot_come_from_nothing() {
    let median = |cycles: &[u64]| Latency::new(cycles.to_vec(), 1_000_000, vec![]).expect("a latency").ms();
    assert_eq!(median(&[9000, 1000, 2000]), 2.0);
    assert_eq!(median(&[9000, 1000, 2000, 3000]), 2.5);
    assert_eq!(Latency::new(vec![], 1, vec![]), Err(LatencyError::NoInference));
    assert_eq!(Latency::new(vec![5, 0], 1, vec![]), Err(LatencyError::NoCycles));
    assert_eq!(Latency::new(vec![5], 0, vec![]), Err(LatencyError::NoClock));
}

#[test]
fn what_exceeds_the_board_is_counted_in_bytes() {
    let over = rows()[2].over_by();
    assert_eq!((over.sram, over.flash), (400_000 + 3000 - 327_680, 2_000_000 + 23_100 - 1_048_576));
    assert_eq!(rows()[0].over_by(), Excess::default());
}

fn with_energy() -> Vec<Measurement> {
    let mut rows = rows();
    if let Outcome::Ok(run) = &mut rows[0].outcome {
        run.energy = Energy::Microjoules(412.5);
        run.step_energy_uj = (1..=7).map(|i| f64::from(i) * 0.1).collect();
    }
    rows
}

#[test]
fn the_energy_of_steps_comes_back_and_must_be_of_all_of_them() {
    let root = tempfile::tempdir().expect("a folder");
    let path = ended(root.path(), &with_energy());
    assert_eq!(read(&path).expect("a run").rows, with_energy());
    fs::remove_file(path.join("measurements.parquet")).expect("removed");
    assert_eq!(read(&path).expect("a run").rows, with_energy(), "from its journal");
    for wrong in [vec![1.0; 6], vec![f64::NAN; 7], vec![0.0; 7]] {
        let mut rows = with_energy();
        if let Outcome::Ok(run) = &mut rows[0].outcome {
            run.step_energy_uj = wrong;
        }
        let mut folder = RunFolder::create(root.path(), info()).expect("a folder");
        assert!(folder.append(rows.swap_remove(0)).is_err());
    }
}

#[test]
fn a_journal_of_format_2_knows_no_energy_of_steps() {
    let root = tempfile::tempdir().expect("a folder");
    let path = ended(root.path(), &with_energy());
    fs::remove_file(path.join("measurements.parquet")).expect("removed");
    let edit = |name: &str, change: &dyn Fn(String) -> String| {
        let text = fs::read_to_string(path.join(name)).expect("read");
        fs::write(path.join(name), change(text)).expect("written");
    };
    edit("run.json", &|text| text.replace("\"format\": 4", "\"format\": 2"));
    edit("journal.jsonl", &|text| {
        let line = |line: &str| {
            let mut row: serde_json::Value = serde_json::from_str(line).expect("a row");
            if let Some(outcome) = row["outcome"].as_object_mut() {
                outcome.remove("step_energy_uj");
            }
            row.to_string() + "\n"
        };
        text.lines().map(line).collect()
    });
    assert_eq!(read(&path).expect("a run").rows, rows_without(with_energy()));
}

fn rows_without(mut rows: Vec<Measurement>) -> Vec<Measurement> {
    if let Outcome::Ok(run) = &mut rows[0].outcome {
        run.step_energy_uj.clear();
    }
    rows
}

#[test]
fn half_a_folder_is_no_run_without_rows() {
    let root = tempfile::tempdir().expect("a folder");
    let mut folder = RunFolder::create(root.path(), info()).expect("a folder");
    folder.append(rows().remove(0)).expect("appended");
    let path = folder.path().to_path_buf();
    folder.end(RunState::Finished, None).expect("ended");
    fs::remove_file(path.join("layers.parquet")).expect("removed");
    assert_eq!(read(&path).expect("the journal has it").rows.len(), 1);
    fs::remove_file(path.join("journal.jsonl")).expect("removed");
    for message in [read(&path).unwrap_err(), RunFolder::resume(&path).unwrap_err()] {
        let message = message.to_string();
        assert!(message.contains("half of the run is deleted: ") && message.contains("layers.parquet, "), "{message}");
        assert!(message.contains("journal.jsonl gone") && !message.contains("measurements.parquet"), "{message}");
    }
    assert!(path.join("measurements.parquet").exists(), "nothing is touched");
}
