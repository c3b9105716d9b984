//! Plans of the networks that a run measured, made again: what a cost model learns beside their cycles.

use std::path::Path;

use rayon::prelude::*;

use super::candidate::prepare;
use super::error::RunError;
use super::plan::made;
use crate::board::Board;
use crate::engine::Work;
use crate::results::{Measurement, Outcome, StoredRun, read};
use crate::scenario::{Engine, Known, Scenario, parse};

/// A measured row, its board, and what each of its steps computes.
#[derive(Debug)]
pub struct Replanned {
    pub measurement: Measurement,
    pub board: Board,
    pub work: Vec<Work>,
}

/// Why a row cannot be planned again.
#[derive(Debug)]
pub struct Unplannable {
    pub network: String,
    pub reason: String,
}

/// The measured rows of the run in `folder`, planned again; those that cannot be, with the reason. Candidates are made
/// or read again, so that files that a scenario names must still be there.
pub fn replan(folder: &Path, known: Known<'_>) -> Result<(StoredRun, Vec<Result<Replanned, Unplannable>>), RunError> {
    let run = read(folder)?;
    let file = Path::new(&run.info.scenario_file);
    let scenario =
        parse(&run.info.scenario_file, &run.info.scenario_text, file.parent().unwrap_or(Path::new("")), known)
            .map_err(|e| RunError::Tools(format!("{}: its scenario can no longer be read: {e}", folder.display())))?;
    let measured: Vec<&Measurement> = run.rows.iter().filter(|row| matches!(row.outcome, Outcome::Ok(_))).collect();
    let planned = measured.par_iter().map(|row| one(row, &scenario)).collect();
    Ok((run, planned))
}

fn one(row: &Measurement, scenario: &Scenario) -> Result<Replanned, Unplannable> {
    let fail = |reason: String| Unplannable { network: row.network.clone(), reason };
    let candidate = scenario.candidates.iter().find(|candidate| candidate.name == row.network);
    let candidate = candidate.ok_or_else(|| fail("its scenario no longer has it".into()))?;
    let name = scenario.engines.iter().find(|engine| engine.name() == row.engine);
    let name = name.ok_or_else(|| fail(format!("its scenario no longer has the engine `{}`", row.engine)))?;
    if matches!(name, Engine::TinyEngine(tailored) if tailored.tune) {
        return Err(fail("its kernels were chosen on a unit".into()));
    }
    let board = Board::shipped(&row.board).map_err(|e| fail(e.to_string()))?;
    let prepared = prepare(candidate).map_err(fail)?;
    if prepared.sha256 != row.network_sha256 {
        return Err(fail("the network has changed since it was measured".into()));
    }
    let engine = made(name).map_err(|e| fail(e.to_string()))?;
    let compiled = engine.compile_for(&prepared.network, &board).map_err(|e| fail(e.to_string()))?;
    Ok(Replanned { measurement: row.clone(), board, work: compiled.work() })
}
