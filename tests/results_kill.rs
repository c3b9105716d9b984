//! A run that is killed at any step of its writing goes on and ends with the same tables; runs of earlier versions are
//! read; two writers do not meet.

mod results_common;

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use hil::results::*;
use polars::prelude::*;
use results_common::{info, rows};

const TABLES: [&str; 2] = ["measurements.parquet", "layers.parquet"];

/// An undisturbed run.
fn whole(root: &Path) -> PathBuf {
    let mut folder = RunFolder::create(root, info()).expect("a folder");
    rows().into_iter().for_each(|row| folder.append(row).expect("appended"));
    let path = folder.path().to_path_buf();
    folder.end(RunState::Finished, None).expect("ended");
    path
}

fn tables(folder: &Path) -> [Vec<u8>; 2] {
    TABLES.map(|name| fs::read(folder.join(name)).expect(name))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a run").flatten() {
        fs::copy(entry.path(), to.join(entry.file_name())).expect("copied");
    }
}

fn edit(file: &Path, change: impl FnOnce(&mut serde_json::Value)) {
    let mut value = serde_json::from_slice(&fs::read(file).expect("read")).expect("JSON");
    change(&mut value);
    fs::write(file, value.to_string()).expect("written");
}

/// Goes on with a run and gives back how many rows were done again.
fn go_on(folder: &Path) -> usize {
    let before = read(folder).expect("readable").rows.len();
    let mut resumed = RunFolder::resume(folder).expect("resumed");
    let done: Vec<u32> = resumed.rows().iter().map(|row| row.index).collect();
    assert_eq!(done.len(), before, "what is readable is what is kept");
    let open: Vec<Measurement> = rows().into_iter().filter(|row| !done.contains(&row.index)).collect();
    let count = open.len();
    open.into_iter().for_each(|row| resumed.append(row).expect("appended"));
    resumed.end(RunState::Finished, None).expect("ended");
    count
}

#[test]
fn killed_at_any_byte_of_its_journal_it_ends_with_the_same_tables() {
    let root = tempfile::tempdir().expect("a folder");
    let path = whole(root.path());
    let (expected, journal) = (tables(&path), fs::read(path.join("journal.jsonl")).expect("a journal"));
    let ends: Vec<usize> = (0..journal.len()).filter(|at| journal[*at] == b'\n').map(|at| at + 1).collect();
    // Every place around the ends of lines, and some within.
    let around = ends.iter().flat_map(|end| [end - 1, *end, end + 1]);
    let cuts: Vec<usize> = around.chain((0..journal.len()).step_by(997)).filter(|at| *at <= journal.len()).collect();
    for (number, cut) in cuts.into_iter().enumerate() {
        let killed = root.path().join(format!("killed-{number}"));
        copy(&path, &killed);
        TABLES.iter().for_each(|name| fs::remove_file(killed.join(name)).expect("removed"));
        fs::write(killed.join("journal.jsonl"), &journal[..cut]).expect("written");
        edit(&killed.join("run.json"), |run| run["state"] = "running".into());
        let done = ends.iter().filter(|end| **end <= cut).count();
        assert_eq!(go_on(&killed), ends.len() - done, "cut at {cut}: nothing that was finished is repeated");
        assert!(tables(&killed) == expected, "cut at {cut}");
        fs::remove_dir_all(&killed).expect("removed");
    }
}

#[test]
fn killed_at_any_step_of_its_end_or_of_a_resume_it_ends_with_the_same_tables() {
    let root = tempfile::tempdir().expect("a folder");
    let path = whole(root.path());
    let expected = tables(&path);
    let running = |folder: &Path| edit(&folder.join("run.json"), |run| run["state"] = "running".into());
    let remove = |folder: &Path, name: &str| fs::remove_file(folder.join(name)).expect("removed");
    let steps: [(&str, &dyn Fn(&Path)); 7] = [
        ("before the tables", &|f| {
            running(f);
            TABLES.iter().for_each(|name| remove(f, name));
        }),
        ("a table half written beside its place", &|f| {
            running(f);
            TABLES.iter().for_each(|name| remove(f, name));
            fs::write(f.join(".layers.parquet.7.tmp"), "PAR1").expect("written");
        }),
        ("after the layers", &|f| {
            running(f);
            remove(f, "measurements.parquet");
        }),
        ("after both tables", &running),
        ("after the end", &|_| {}),
        ("a resume that wrote the journal and removed one table", &|f| {
            running(f);
            remove(f, "measurements.parquet");
        }),
        ("a resume of a run whose journal is gone", &|f| remove(f, "journal.jsonl")),
    ];
    for (number, (what, step)) in steps.into_iter().enumerate() {
        let killed = root.path().join(format!("killed-{number}"));
        copy(&path, &killed);
        step(&killed);
        assert_eq!(read(&killed).expect(what).rows, rows(), "{what}");
        assert_eq!(go_on(&killed), 0, "{what}");
        assert!(tables(&killed) == expected, "{what}");
    }
}

#[test]
fn two_processes_do_not_write_one_run() {
    let root = tempfile::tempdir().expect("a folder");
    let folder = RunFolder::create(root.path(), info()).expect("a folder");
    let path = folder.path().to_path_buf();
    let message = RunFolder::resume(&path).unwrap_err().to_string();
    assert_eq!(message, format!("{}: another process is writing this run; wait for it, or end it", path.display()));
    assert!(read(&path).is_ok(), "reading is for everybody");
    drop(folder);
    RunFolder::resume(&path).expect("resumed");
    let message = RunFolder::resume(root.path()).unwrap_err().to_string();
    assert!(message.ends_with("not the folder of a run: there is no run.json"), "{message}");
    assert_eq!(fs::read_dir(root.path()).expect("a folder").count(), 1, "nothing is left in it");
}

/// Memory as formats 1 to 3 had it.
fn by_sections(memory: &serde_json::Value) -> serde_json::Value {
    let of = |at: &str| memory.pointer(at).and_then(serde_json::Value::as_u64).expect(at);
    let (engine, runtime) = (of("/sram/engine"), of("/sram/runtime"));
    let (arena, stack, harness) = (of("/sram/arena") + engine, of("/sram/stack"), of("/sram/harness"));
    let (text, rodata) = (of("/flash/code"), of("/flash/runtime") + of("/flash/tables"));
    serde_json::json!({
        "sram": { "data": 60, "bss": runtime - 60, "arena": arena, "interpreter": engine, "stack": stack, "harness": harness },
        "flash": { "text": text, "rodata": rodata, "weights": of("/flash/weights"), "data": of("/flash/data") },
    })
}

fn columns_by_sections(folder: &Path) {
    let file = folder.join("measurements.parquet");
    let table = ParquetReader::new(Cursor::new(fs::read(&file).expect("read"))).finish().expect("a table");
    let number = |name: &str| table.column(name).expect(name).u64().expect(name).clone();
    let [arena, engine, runtime] = ["sram_arena", "sram_engine", "sram_runtime"].map(number);
    let data = &runtime - &runtime + 60;
    let columns = [
        ("sram_data", data.clone()),
        ("sram_bss", &runtime - &data),
        ("sram_arena", &arena + &engine),
        ("sram_interpreter", engine),
        ("flash_text", number("flash_code")),
        ("flash_rodata", &number("flash_runtime") + &number("flash_tables")),
    ];
    let mut table = table.clone();
    for (name, column) in columns {
        table.with_column(column.with_name(name.into()).into_column()).expect("a column");
    }
    for name in ["sram_engine", "sram_heap", "sram_runtime", "flash_tables", "flash_code", "flash_runtime"] {
        table = table.drop(name).expect("a column");
    }
    let mut bytes = Vec::new();
    ParquetWriter::new(&mut bytes).finish(&mut table).expect("written");
    fs::write(&file, bytes).expect("written");
}

/// Makes a run one of format 3.
fn as_format_3(folder: &Path) {
    edit(&folder.join("run.json"), |run| run["format"] = 3.into());
    let journal = folder.join("journal.jsonl");
    let text = fs::read_to_string(&journal).expect("a journal");
    let line = |line: &str| {
        let mut row: serde_json::Value = serde_json::from_str(line).expect("JSON");
        if let Some(memory) = row.pointer_mut("/outcome/memory").filter(|memory| !memory.is_null()) {
            *memory = by_sections(memory);
        }
        row.to_string() + "\n"
    };
    fs::write(&journal, text.lines().map(line).collect::<String>()).expect("written");
    columns_by_sections(folder);
}

/// What memory by sections says in this format: nothing of the engine's code and tables but with everybody's.
fn from_sections(mut rows: Vec<Measurement>) -> Vec<Measurement> {
    let change = |memory: &mut Memory| {
        let flash = &mut memory.flash;
        flash.code += flash.runtime + flash.tables;
        (flash.runtime, flash.tables) = (0, 0);
    };
    for row in &mut rows {
        match &mut row.outcome {
            Outcome::Ok(run) => change(&mut run.memory),
            Outcome::DoesNotFit { memory, .. } | Outcome::Mismatch { memory, .. } => change(memory),
            Outcome::Failed { memory, .. } => memory.iter_mut().for_each(change),
            Outcome::Prebuilt(_) => {}
        }
    }
    rows
}

#[test]
fn runs_of_format_3_keep_their_sums() {
    let root = tempfile::tempdir().expect("a folder");
    let path = whole(root.path());
    as_format_3(&path);
    let run = read(&path).expect("readable");
    assert_eq!((run.source, &run.rows), (Source::Parquet, &from_sections(rows())));
    for (then, now) in rows().iter().zip(&run.rows) {
        let sums = |row: &Measurement| row.memory().map(|memory| (memory.sram.peak(), memory.flash.total()));
        assert_eq!(sums(then), sums(now));
    }
    fs::remove_file(path.join("measurements.parquet")).expect("removed");
    assert_eq!(read(&path).expect("readable").rows, from_sections(rows()), "from its journal");
}

/// Takes from a run what format 1 did not have.
fn as_format_1(folder: &Path) {
    edit(&folder.join("run.json"), |run| {
        run["format"] = 1.into();
        run["info"].as_object_mut().expect("info").remove("limits").expect("limits");
    });
    let journal = folder.join("journal.jsonl");
    let text = fs::read_to_string(&journal).expect("a journal");
    let line = |line: &str| {
        let mut row: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let outcome = row["outcome"].as_object_mut().expect("an outcome");
        for later in ["cause", "step_energy_uj"] {
            outcome.remove(later);
        }
        if let Some(memory) = row.pointer_mut("/outcome/memory").filter(|memory| !memory.is_null()) {
            *memory = by_sections(memory);
            memory["sram"]
                .as_object_mut()
                .expect("SRAM")
                .retain(|name, _| !["harness", "interpreter"].contains(&name.as_str()));
        }
        row.to_string() + "\n"
    };
    fs::write(&journal, text.lines().map(line).collect::<String>()).expect("written");
    for (name, columns) in [
        ("measurements.parquet", &["cause", "sram_harness", "sram_interpreter"][..]),
        ("layers.parquet", &["energy_uj"]),
    ] {
        if name == "measurements.parquet" {
            columns_by_sections(folder);
        }
        let file = folder.join(name);
        let table = ParquetReader::new(Cursor::new(fs::read(&file).expect("read"))).finish().expect("a table");
        let mut table = columns.iter().fold(table, |table, column| table.drop(column).expect("a column"));
        let mut bytes = Vec::new();
        ParquetWriter::new(&mut bytes).finish(&mut table).expect("written");
        fs::write(&file, bytes).expect("written");
    }
}

/// What a row of format 1 says in this format: who failed is not known, and no candidate is blamed.
fn from_format_1() -> Vec<Measurement> {
    let mut all = from_sections(rows());
    let change = |memory: &mut Memory| {
        let sram = &mut memory.sram;
        sram.arena += sram.engine;
        (sram.engine, sram.harness) = (0, 0);
    };
    for row in &mut all {
        match &mut row.outcome {
            Outcome::Ok(run) => change(&mut run.memory),
            Outcome::DoesNotFit { memory, .. } | Outcome::Mismatch { memory, .. } => change(memory),
            Outcome::Failed { cause, .. } => *cause = Cause::Infrastructure,
            // That format had none.
            Outcome::Prebuilt(_) => {}
        }
    }
    all
}

#[test]
fn runs_of_format_1_are_read_and_gone_on_with() {
    let root = tempfile::tempdir().expect("a folder");
    let path = whole(root.path());
    as_format_1(&path);
    let run = read(&path).expect("readable");
    assert_eq!((run.source, run.info.limits), (Source::Parquet, Limits::default()));
    assert_eq!(run.rows, from_format_1());
    fs::remove_file(path.join("measurements.parquet")).expect("removed");
    assert_eq!(read(&path).expect("readable").rows, from_format_1(), "from its journal");
    RunFolder::resume(&path).expect("resumed").end(RunState::Finished, None).expect("ended");
    let run = fs::read_to_string(path.join("run.json")).expect("read");
    assert!(run.contains("\"format\": 4") && run.contains("\"limits\""), "{run}");
    assert_eq!(read(&path).expect("readable").rows, from_format_1());
}
