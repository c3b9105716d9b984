//! `hil rack simulate`.

use std::path::Path;

use serde_json::json;

use super::arguments::SimulateOptions;
use super::output::{columns, either};
use super::{Ended, Failure};
use crate::board::{self, Board};
use crate::rack::Driver;
use crate::rack::file::{self, UnitEntry};
use crate::rack::simprobe::FaultScript;

const HEADING: &str = "\
# Emulated boards behind emulated debug probes, made by `hil rack simulate`. They live inside the process that opens this
# file, and are blank each time.
";

pub fn run(options: &SimulateOptions, json: bool) -> Ended {
    let boards = boards(&options.boards)?;
    let faults = options.faults.as_deref().map(script).transpose()?;
    let entry = |number: usize| UnitEntry {
        name: format!("sim{number}"),
        board: boards[number % boards.len()].name.clone(),
        driver: Driver::SimProbe,
        probe: None,
        usb: None,
        serial: None,
        baud: None,
        instrument: None,
        supply_volts: None,
        revision: None,
        power: None,
        labels: vec!["simulated".into()],
        notes: None,
        faults: faults.clone(),
    };
    let entries: Vec<UnitEntry> = (0..usize::from(options.units)).map(entry).collect();
    let text = file::to_text(HEADING, &entries).map_err(|error| Failure::Infrastructure(error.to_string()))?;
    write(&options.out, &text, options.force)?;
    let out = options.out.display().to_string();
    let value = || {
        let units = entries.iter().map(|e| json!({ "unit": e.name, "board": e.board, "driver": e.driver.name() }));
        json!({ "file": out, "units": units.collect::<Vec<_>>() })
    };
    either(json, value, || {
        let mut rows = vec![["unit", "board", "driver"].map(String::from).to_vec()];
        rows.extend(entries.iter().map(|e| vec![e.name.clone(), e.board.clone(), e.driver.name().into()]));
        format!("{}\nwritten to {out}; measure on it with: hil run SCENARIO --rack {out}", columns(&rows, 3))
    })
}

/// The boards named, or all that a debug probe reaches.
fn boards(names: &[String]) -> Result<Vec<Board>, Failure> {
    if names.is_empty() {
        let all = board::names().into_iter().map(Board::shipped).collect::<Result<Vec<_>, _>>()?;
        return Ok(all.into_iter().filter(|board| board.probe.is_some()).collect());
    }
    let named = names.iter().map(|name| Board::shipped(name)).collect::<Result<Vec<_>, _>>()?;
    match named.iter().find(|board| board.probe.is_none()) {
        Some(board) => {
            Err(Failure::Usage(format!("board `{}` has no debug probe: its file has no `probe`", board.name)))
        }
        None => Ok(named),
    }
}

/// The script's full path, as the rack's file may lie elsewhere; it is checked now rather than at the first run.
fn script(path: &Path) -> Result<std::path::PathBuf, Failure> {
    FaultScript::load(path).map_err(|error| Failure::Usage(error.to_string()))?;
    std::fs::canonicalize(path).map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))
}

fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    use std::io::Write;
    let mut how = std::fs::OpenOptions::new();
    how.write(true).truncate(true).create(true).create_new(!force);
    let written = how.open(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Failure::Usage(format!("{} is there already; name another file by --out, or give --force", path.display()))
        }
        _ => Failure::Infrastructure(format!("{}: {error}", path.display())),
    })
}
