//! Which rows a scenario asks for.

use crate::engine::{CmsisNn, Engine, Tflm, TinyEngine};
use crate::firmware::Cache;
use crate::scenario::{EngineName, Scenario};

/// One row to be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Place in the plan: the same in every run of a scenario.
    pub index: u32,
    /// Index into [`Scenario::candidates`].
    pub candidate: usize,
    /// Index into [`Scenario::boards`].
    pub board: usize,
    pub engine: EngineName,
}

/// Candidates × boards × engines, in the scenario's order.
pub fn rows(scenario: &Scenario) -> Vec<Row> {
    let mut rows = Vec::new();
    for candidate in 0..scenario.candidates.len() {
        for board in 0..scenario.boards.len() {
            for engine in &scenario.engines {
                rows.push(Row { index: rows.len() as u32, candidate, board, engine: *engine });
            }
        }
    }
    rows
}

/// The engine of a name; sources that it fetches are kept in the user's cache.
pub fn engine(name: EngineName) -> Box<dyn Engine> {
    match name {
        EngineName::TinyEngine => Box::new(TinyEngine),
        EngineName::CmsisNn => Box::new(CmsisNn::in_cache(Cache::user().folder())),
        EngineName::Tflm => Box::new(Tflm::in_cache(Cache::user().folder())),
    }
}
