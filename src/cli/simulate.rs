//! `hil rack simulate`.

use std::path::Path;

use serde_json::json;

use super::arguments::SimulateOptions;
use super::output::{columns, either};
use super::{Ended, Failure};
use crate::board::{self, Board};
use crate::rack::Driver;
use crate::rack::file::{self, InstrumentEntry, InstrumentKind, UnitEntry, Window};
use crate::rack::simprobe::FaultScript;

const HEADING: &str = "\
# Emulated boards behind emulated debug probes, made by `hil rack simulate`. They live inside the process that opens this
# file, and are blank each time.
";

pub fn run(options: &SimulateOptions, json: bool) -> Ended {
    let mut boards = boards(&options.boards)?;
    if options.boards.is_empty() && options.instrument.is_some() {
        boards.retain(|board| board.power.is_some());
    }
    let kind = options.instrument;
    if let Some(board) = boards.iter().find(|board| kind.is_some() && board.power.is_none()) {
        let problem = format!("board `{}` has no power model that an instrument could play", board.name);
        return Err(Failure::Usage(problem));
    }
    let faults = options.faults.as_deref().map(script).transpose()?;
    let entry = |number: usize, board: &Board| UnitEntry {
        name: format!("sim{number}"),
        board: board.name.clone(),
        driver: Driver::SimProbe,
        probe: None,
        usb: None,
        serial: None,
        baud: None,
        instrument: kind.map(|kind| instrument(kind, board)),
        supply_volts: kind.and(board.power.as_ref()).map(|power| power.volts),
        revision: None,
        power: None,
        labels: vec!["simulated".into()],
        notes: None,
        faults: faults.clone(),
    };
    let entries: Vec<UnitEntry> =
        boards.iter().cycle().enumerate().take(options.units.into()).map(|(n, board)| entry(n, board)).collect();
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

/// An emulated instrument; by edges where it records them.
fn instrument(kind: InstrumentKind, board: &Board) -> InstrumentEntry {
    let edges = matches!(kind, InstrumentKind::Lpm01a | InstrumentKind::Ppk2) && board.marker.is_some();
    let window = if edges { Window::Edge } else { Window::Host };
    InstrumentEntry { kind, port: Default::default(), baud: None, window, input: 0 }
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
