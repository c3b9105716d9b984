//! Candidates of kernels timed on a unit, and the log of what they took.

mod log;

use std::path::{Path, PathBuf};

pub use self::log::{FILE, Log, Setup};
use super::record::microjoules;
use super::trial::{Bench, TrialError};
use crate::board::Activity;
use crate::engine::{Compiled, Engine, Goal, Prefer, Timings, Tuned};
use crate::firmware::Cache;
use crate::measure::{Case, Measured};
use crate::network::Network;
use crate::results::{Provenance, sha256_hex};

/// The log in the user's cache.
pub fn usual_log() -> PathBuf {
    Cache::user().folder().join(FILE)
}

/// What is to be tuned.
pub struct Tuning<'a> {
    pub bench: Bench<'a>,
    pub goal: Goal,
    pub network: &'a Network,
    /// Inputs, of which each trial verifies all.
    pub cases: &'a [Case],
    pub log: &'a Path,
    /// Hears of each trial: how many there are, and which it is.
    pub tell: &'a dyn Fn(usize, usize),
    /// Hears what a user should know that ends nothing.
    pub note: &'a dyn Fn(&str),
}

impl Tuning<'_> {
    /// The plan with the kernels that took least. What the log knows is not timed again.
    pub fn tune(&self) -> Result<Compiled, TrialError> {
        let (mut log, note) = Log::open(self.log);
        if let Some(note) = note {
            (self.note)(&note);
        }
        let untuned = Tuned { goal: self.goal, timings: Timings::default() };
        let all = untuned.trials(self.network)?;
        let Some(first) = all.first() else { return Ok(untuned.compile_for(self.network, self.bench.board)?) };
        let compiled = untuned.compile_trial(self.network, first)?;
        let expected = self.bench.provenance().unwrap_or(Provenance::Emulated);
        let mut setup = self.setup(&compiled, expected);
        let tuned = |log: &Log, setup: &Setup| Tuned { goal: self.goal, timings: log.timings(setup) };
        let open = tuned(&log, &setup).trials(self.network)?;
        for (at, trial) in open.iter().enumerate() {
            (self.tell)(at, open.len());
            let compiled = untuned.compile_trial(self.network, trial)?;
            let tried = match self.bench.try_out(&compiled, self.cases) {
                Ok(tried) => tried,
                Err(TrialError::Misfit(reason)) => {
                    (self.note)(&format!("tuning: candidates {} are left out: {reason}", at + 1));
                    continue;
                }
                Err(other) => return Err(other),
            };
            setup = self.setup(&compiled, tried.provenance);
            let timings = trial
                .timings(&tried.measured.step_cycles, &self.nanojoules(&tried.measured))
                .ok_or_else(|| TrialError::Failed("internal error: the image has other steps than its plan".into()))?;
            if let Err(problem) = log.add(&setup, &timings) {
                (self.note)(&problem);
            }
        }
        let tuned = tuned(&log, &setup);
        if self.goal.prefer == Prefer::Energy && !tuned.timings.tell_energy() {
            let board = &self.bench.board.name;
            (self.note)(&format!(
                "tuning: no energy of each candidate is known on {board}; they are ranked by the cycles that they took"
            ));
        }
        Ok(tuned.compile_for(self.network, self.bench.board)?)
    }

    /// Energy of each step; empty where the unit does not count what it depends on, or the board's power is not known.
    fn nanojoules(&self, measured: &Measured) -> Vec<u64> {
        let ran = measured.info.clock_hz;
        let of = |step: &Activity| microjoules(self.bench.board, ran, Some(step)).ok();
        let all: Option<Vec<f64>> = measured.step_activity.iter().map(of).collect();
        all.unwrap_or_default().into_iter().map(|microjoules| (microjoules * 1e3).round() as u64).collect()
    }

    /// What the time of a layer depends on beside the layer: the board with its clocks, the compiler and its flags, the
    /// kernels, and what kind of unit measures.
    fn setup(&self, compiled: &Compiled, provenance: Provenance) -> Setup {
        let Bench { board, tools, .. } = self.bench;
        let facts = serde_json::to_string(board).unwrap_or_default();
        let compiler = tools.compiler().unwrap_or_else(|problem| problem);
        let flags: Vec<String> = tools.flags(board).into_values().collect();
        let kernels = compiled.sources.iter().filter(|source| source.shared).map(|source| source.text.as_str());
        let parts = [facts.as_str(), &compiler, &flags.join(" "), provenance.name(), env!("CARGO_PKG_VERSION")];
        let all: Vec<String> = parts.into_iter().chain(kernels).map(|part| sha256_hex(part.as_bytes())).collect();
        let digest = sha256_hex(all.join(" ").as_bytes());
        Setup { board: board.name.clone(), provenance: provenance.name(), digest }
    }
}
