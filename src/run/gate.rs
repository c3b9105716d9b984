//! The gate of a run: its rows against their baselines, and what has to be measured again.

use std::path::{Path, PathBuf};

use super::carry::Finished;
use super::error::RunError;
use super::pair::{Again, NotAgain};
use super::parallel::each;
use crate::results::baseline::Baselines;
use crate::results::gate::{Gate, Judgement, Pair, PairLog, Request, Settings, Thresholds, record};
use crate::results::history::{History, Nights};
use crate::scenario::Gates;

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

    /// Judges a finished run, has its suspects measured again, and writes the judgement into the run's folder. None where
    /// that was cancelled: the pairs that were measured are kept, and judging the run again goes on with them.
    pub fn judge(&self, run: &Finished, gates: &Gates, again: &Again<'_>) -> Result<Option<Judgement>, RunError> {
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
            let log = PairLog::open(&run.folder)?;
            let measure = |request: &Request| (request.row, again.measure(run, &self.results, request, &log));
            let take = |(row, measured): (u32, Result<Vec<Pair>, NotAgain>)| match measured {
                Ok(pairs) => {
                    gate.take(row, &pairs);
                    Ok(())
                }
                Err(NotAgain::Impossible(reason)) => {
                    gate.give_up(row, &reason);
                    Ok(())
                }
                Err(NotAgain::Failed(reason)) => {
                    gate.failed_again(row, &reason);
                    Ok(())
                }
                Err(NotAgain::Cancelled) => Err(()),
            };
            if each(&wanted, again.jobs, measure, take, || again.cancel.cancel()).is_err() {
                return Ok(None);
            }
        }
        let judgement = gate.close();
        record(&run.folder, &judgement)?;
        Ok(Some(judgement))
    }
}
