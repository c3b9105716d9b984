//! Measuring by the ordinary run path: each round is a run with a journal of its own, so that a killed search goes on
//! where it was.

use std::path::{Path, PathBuf};

use super::error::SearchError;
use super::measured::Bench;
use crate::board::Board;
use crate::cost_model::{Facts, Sample};
use crate::engine::Sizer;
use crate::network::space::{Space, Subnet};
use crate::network::tflite;
use crate::rack::{Cancel, Rack};
use crate::results::{Cause, Measurement, RunState, StoredRun, write_file};
use crate::run::{Event, Order, Toolchain, carry};
use crate::scenario::{Candidate, Scenario, Source};

/// Runs in the folder of a search.
pub struct Runs<'a> {
    pub folder: &'a Path,
    pub space: &'a Space,
    pub scenario: &'a Scenario,
    pub boards: &'a [Board],
    pub tools: &'a dyn Toolchain,
    pub rack: &'a Rack,
    pub jobs: usize,
    pub cancel: Cancel,
    pub command: Vec<String>,
    pub sizer: Sizer,
    /// Of the weights of networks that are only timed.
    pub seed: u64,
    pub tell: &'a (dyn Fn(Event<'_>) + Sync),
}

fn failed(error: impl std::fmt::Display) -> SearchError {
    SearchError::Measuring(error.to_string())
}

impl Runs<'_> {
    /// Measures the networks in these files as the run `name`; goes on with it where it was begun.
    pub fn run(&self, name: &str, files: &[(String, PathBuf)]) -> Result<StoredRun, SearchError> {
        let results = self.folder.join(name);
        std::fs::create_dir_all(&results).map_err(|e| failed(format!("{}: {e}", results.display())))?;
        let candidate =
            |(name, path): &(String, PathBuf)| Candidate { name: name.clone(), source: Source::File(path.clone()) };
        let scenario = Scenario {
            name: name.into(),
            candidates: files.iter().map(candidate).collect(),
            gates: None,
            search: None,
            ..self.scenario.clone()
        };
        let scenario_file = self.folder.join(format!("{name}.yaml"));
        let scenario_text = text(&scenario, files);
        write_file(&scenario_file, scenario_text.as_bytes()).map_err(failed)?;
        let order = Order {
            scenario_file: scenario_file.display().to_string(),
            scenario_text,
            command: self.command.clone(),
            resume: begun(&results),
            results,
            jobs: self.jobs,
            cancel: self.cancel.clone(),
        };
        let finished = carry(&scenario, self.tools, self.rack, &order, self.tell).map_err(failed)?;
        if finished.run.state == RunState::Interrupted {
            return Err(SearchError::Interrupted);
        }
        // What a unit failed at says nothing about the network, which must not be lost for it.
        let broken = |row: &&Measurement| row.outcome.cause() == Some(Cause::Infrastructure);
        if let Some(row) = finished.run.rows.iter().find(broken) {
            let (network, board) = (&row.network, &row.board);
            let reason = row.outcome.reason().unwrap_or_default();
            return Err(failed(format!("{name}: {network} on {board}: {reason}; the same command goes on from there")));
        }
        Ok(finished.run)
    }
}

/// The run in `folder`, if one was begun there.
fn begun(folder: &Path) -> Option<PathBuf> {
    let mut runs: Vec<PathBuf> = std::fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    runs.retain(|path| path.join("run.json").is_file());
    runs.sort();
    runs.pop()
}

/// The scenario of a round, for whoever reads its run later.
fn text(scenario: &Scenario, files: &[(String, PathBuf)]) -> String {
    // Paths are relative to the search's folder, in which the file lies.
    let candidates: Vec<serde_json::Value> = files
        .iter()
        .map(|(name, path)| {
            let parts: Vec<_> = path.components().rev().take(2).collect();
            let relative: PathBuf = parts.into_iter().rev().collect();
            serde_json::json!({ "name": name, "model": relative })
        })
        .collect();
    let value = serde_json::json!({
        "name": scenario.name, "task": scenario.task, "candidates": candidates, "boards": scenario.boards,
        "engines": scenario.engines, "measure": scenario.measure,
    });
    serde_yaml::to_string(&value).unwrap_or_default()
}

impl Bench for Runs<'_> {
    fn measure(&mut self, round: usize, subnets: &[Subnet]) -> Result<Vec<Vec<Option<Sample>>>, SearchError> {
        let networks = self.folder.join("networks");
        std::fs::create_dir_all(&networks).map_err(|e| failed(format!("{}: {e}", networks.display())))?;
        let mut files = Vec::with_capacity(subnets.len());
        for subnet in subnets {
            let path = networks.join(format!("{}.tflite", subnet.id()));
            if !path.is_file() {
                let bytes = tflite::export(&self.space.network(subnet, self.seed)?).map_err(failed)?;
                write_file(&path, &bytes).map_err(failed)?;
            }
            files.push((subnet.id(), path));
        }
        let run = self.run(&format!("round-{round:02}"), &files)?;
        let mut measured = Vec::with_capacity(subnets.len());
        for subnet in subnets {
            let outline = self.sizer.outline(&self.space.float(subnet)?)?;
            let sample = |board: &Board| {
                let row = run.rows.iter().find(|row| row.network == subnet.id() && row.board == board.name)?;
                Sample::new(row, outline.work.clone(), Facts::of(board)).ok()
            };
            measured.push(self.boards.iter().map(sample).collect());
        }
        if measured.iter().flatten().all(Option::is_none) {
            let reason = run.rows.iter().find_map(|row| row.outcome.reason()).unwrap_or("no row was measured");
            return Err(failed(format!("round {round}: {reason}")));
        }
        Ok(measured)
    }
}
