//! Which rows a scenario asks for.

use crate::board::{Board, BoardError};
use crate::engine::{
    Budget, CmsisNn, Engine, Goal, Prefer, Tailored, Tflm, Timings, TinyEngine, Tuned, tflm::UserLibrary,
};
use crate::firmware::{Cache, around};
use crate::scenario::{self, EngineName, Scenario};

use super::error::RunError;

/// One row to be measured of a network that is compiled here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// Place in the plan: the same in every run of a scenario.
    pub index: u32,
    /// Index into [`Scenario::candidates`].
    pub candidate: usize,
    /// Index into [`Scenario::boards`].
    pub board: usize,
    /// Index into [`Scenario::engines`].
    pub engine: usize,
}

/// One row to be measured of an image that somebody else has built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageRow {
    /// Place in the plan, after all networks.
    pub index: u32,
    /// Index into [`Scenario::prebuilt`].
    pub image: usize,
    /// Index into [`boards`].
    pub board: usize,
}

/// Candidates × boards × engines, in the scenario's order.
pub fn rows(scenario: &Scenario) -> Vec<Row> {
    let mut rows = Vec::new();
    for candidate in 0..scenario.candidates.len() {
        for board in 0..scenario.boards.len() {
            for engine in 0..scenario.engines.len() {
                rows.push(Row { index: rows.len() as u32, candidate, board, engine });
            }
        }
    }
    rows
}

/// The images of a scenario; they come after all of its networks.
pub fn image_rows(scenario: &Scenario, boards: &[Board]) -> Vec<ImageRow> {
    let first = rows(scenario).len();
    let place = |name: &str| boards.iter().position(|board| board.name == name).unwrap_or_default();
    let row = |(image, prebuilt): (usize, &scenario::Prebuilt)| ImageRow {
        index: (first + image) as u32,
        image,
        board: place(&prebuilt.board),
    };
    scenario.prebuilt.iter().enumerate().map(row).collect()
}

/// The scenario's boards, then those that only its images are for.
pub fn boards(scenario: &Scenario) -> Result<Vec<Board>, BoardError> {
    let mut names: Vec<&String> = Vec::new();
    for name in scenario.boards.iter().chain(scenario.prebuilt.iter().map(|image| &image.board)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names.into_iter().map(|name| Board::shipped(name)).collect()
}

/// The engine of a name; sources that it fetches are kept in the user's cache.
pub fn engine(name: EngineName) -> Box<dyn Engine> {
    match name {
        EngineName::TinyEngine => Box::new(TinyEngine),
        EngineName::CmsisNn => Box::new(CmsisNn::in_cache(Cache::user().folder())),
        EngineName::Tflm => Box::new(Tflm::in_cache(Cache::user().folder())),
    }
}

/// The engine of a scenario's entry. A library of the user's is read.
pub fn made(engine: &scenario::Engine) -> Result<Box<dyn Engine>, RunError> {
    match engine {
        scenario::Engine::Named(name) => Ok(self::engine(*name)),
        // Nothing is timed yet; [`super::tuning`] sees to that.
        scenario::Engine::TinyEngine(tailored) if tailored.tune => {
            Ok(Box::new(Tuned { goal: goal(tailored), timings: Timings::default() }))
        }
        scenario::Engine::TinyEngine(tailored) => Ok(Box::new(Tailored(goal(tailored)))),
        scenario::Engine::Tflm(own) => Ok(Box::new(Tflm::user(UserLibrary::open(&own.lib, &own.include)?))),
    }
}

/// The scenario's engines, in its order.
pub fn engines(scenario: &Scenario) -> Result<Vec<Box<dyn Engine>>, RunError> {
    scenario.engines.iter().map(made).collect()
}

/// The goal of a scenario's entry.
pub fn goal(tailored: &scenario::Tailored) -> Goal {
    let prefer = match tailored.prefer {
        scenario::Preference::Latency => Prefer::Latency,
        scenario::Preference::Sram => Prefer::Sram,
        scenario::Preference::Flash => Prefer::Flash,
        scenario::Preference::Energy => Prefer::Energy,
    };
    // What does not fit a usize is no limit on a host that addresses less.
    let bytes = |limit: Option<u64>| limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
    let budget = Budget { sram: bytes(tailored.sram_bytes), flash: bytes(tailored.flash_bytes) };
    Goal { prefer, budget, around: around(), ..Goal::default() }
}
