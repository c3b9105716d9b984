//! `hil rack`: `status` (also without a word), `scan`, `check`, `simulate`.

mod check;
mod scan;
mod status;

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::arguments::{RackCommand, RackOptions};
use super::{Ended, Failure, simulate};
use crate::board::{self, Board};
use crate::rack::{Rack, file};
use crate::report::UnitLine;

/// Rows that are worked on at a time where nobody says otherwise: one per processor.
pub fn default_jobs() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

pub fn run(options: RackOptions, json: bool) -> Ended {
    let named = options.rack.as_deref();
    match options.command {
        None | Some(RackCommand::Status) => status::run(&open(named, all_emulated)?, json),
        Some(RackCommand::Scan { replace }) => scan::run(named, replace, json),
        Some(RackCommand::Simulate(options)) => simulate::run(&options, json),
        Some(RackCommand::Check { units }) => check::run(&open(named, all_emulated)?, &units, json),
    }
}

/// The rack of the file that is named, or of the user's; where there is none, `otherwise`.
pub fn open(named: Option<&Path>, otherwise: impl FnOnce() -> Result<Rack, Failure>) -> Result<Rack, Failure> {
    let path: PathBuf = match named {
        Some(path) => path.into(),
        None => match file::default_path().filter(|path| path.is_file()) {
            Some(path) => path,
            None => return otherwise(),
        },
    };
    let rack = file::load(&path, &board::names())?;
    Ok(Rack::open(&path, &rack)?)
}

/// Units for all of `boards`, emulated ones where there is no rack, and how many rows to work on at a time.
pub fn open_for(boards: &[Board], named: Option<&Path>, jobs: Option<u16>) -> Result<(Rack, usize), Failure> {
    let fewest = jobs.map_or_else(default_jobs, usize::from);
    let rack = open(named, || Ok(Rack::emulated(boards, fewest)))?;
    let units = rack.status();
    if let Some(board) = boards.iter().find(|board| !units.iter().any(|unit| unit.board == board.name)) {
        let mut known: Vec<&str> = units.iter().map(|unit| unit.board.as_str()).collect();
        known.dedup();
        let message = format!("no unit of board `{}` is in the rack (it has: {})", board.name, known.join(", "));
        return Err(Failure::Usage(message));
    }
    // Units of a rack are waited for more than worked on: none of them is to idle for want of a worker.
    let waiting = units.iter().filter(|unit| unit.entry.is_some()).count();
    Ok((rack, if jobs.is_some() { fewest } else { fewest.max(waiting) }))
}

/// Units in words, asked anew each time; none where there is no rack but the emulated one, which is always well.
pub fn lines(named: Option<&Path>) -> Result<Option<Arc<dyn Fn() -> Vec<UnitLine> + Send + Sync>>, Failure> {
    if named.is_none() && !file::default_path().is_some_and(|path| path.is_file()) {
        return Ok(None);
    }
    let rack = open(named, all_emulated)?;
    Ok(Some(Arc::new(move || rack.status().iter().map(status::line).collect())))
}

fn all_emulated() -> Result<Rack, Failure> {
    let boards = board::names().into_iter().map(Board::shipped).collect::<Result<Vec<_>, _>>()?;
    Ok(Rack::emulated(&boards, default_jobs()))
}
