//! The gate of a run: its rows against their baselines, and what has to be measured again.

use std::path::{Path, PathBuf};

use super::carry::Finished;
use super::error::RunError;
use crate::results::baseline::Baselines;
use crate::results::gate::{Gate, Judgement, Pair, Request, Settings, Thresholds, record};
use crate::results::history::{History, Nights};
use crate::scenario::Gates;

/// Measures pairs of a row's image and its baseline's, in the orders that the request says; or why that cannot be.
pub type MeasureAgain<'a> = &'a mut dyn FnMut(&Request) -> Result<Vec<Pair>, String>;

/// What a scenario's gates allow.
pub fn thresholds(gates: &Gates) -> Thresholds {
    let share = |per_cent: Option<f64>| per_cent.unwrap_or(0.0) / 100.0;
    Thresholds {
        latency: share(gates.max_latency_increase),
        energy: share(gates.max_energy_increase),
        sram: gates.max_sram_increase.unwrap_or(0),
        flash: gates.max_flash_increase.unwrap_or(0),
    }
}

/// The baselines and the history that a run is judged by.
pub struct Judge {
    baselines: Baselines,
    /// Folder of the runs.
    results: PathBuf,
}

impl Judge {
    /// Reads the baselines in `baselines`, so that a mistake in one is known before anything is measured.
    pub fn new(results: &Path, baselines: &Path) -> Result<Self, RunError> {
        Ok(Self { baselines: Baselines::load(baselines)?, results: results.to_path_buf() })
    }

    /// Judges a finished run, has its suspects measured again, and writes the judgement into the run's folder.
    pub fn judge(&self, run: &Finished, gates: &Gates, again: MeasureAgain<'_>) -> Result<Judgement, RunError> {
        let history = History::open(&self.results)?;
        let name = run.folder.file_name().unwrap_or_default().to_string_lossy();
        let nights = Nights { history: &history, except: &name };
        let mut gate = Gate::open(&run.run, &self.baselines, &nights, &thresholds(gates), Settings::default());
        // Bounded: every round ends a sequence or doubles its pairs, and there are three looks.
        loop {
            let wanted = gate.wanted();
            if wanted.is_empty() {
                break;
            }
            for request in wanted {
                match again(&request) {
                    Ok(pairs) => gate.take(request.row, &pairs),
                    Err(reason) => gate.give_up(request.row, &reason),
                }
            }
        }
        let judgement = gate.close();
        record(&run.folder, &judgement)?;
        Ok(judgement)
    }
}
