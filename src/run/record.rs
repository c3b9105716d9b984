//! What is known of a row, as the store keeps it.

use std::num::NonZeroU32;

use super::candidate::Prepared;
use super::plan::{ImageRow, Row};
use crate::board::{Activity, Board};
use crate::engine::{Compiled, Engine, Plan, Reserved, StepInfo};
use crate::measure::{Case, Measured};
use crate::rack::Driver;
use crate::results::{
    Budget, Cause, Energy, Flash, Latency, Measurement, Memory, Outcome, OutputCheck, Provenance, Repeat, Run, Sram,
    Step, sha256_hex,
};
use crate::scenario::Scenario;

/// What rows of images name as their engine.
pub const PREBUILT: &str = "prebuilt";

/// What all rows of a run have in common.
pub struct Common<'a> {
    pub scenario: &'a Scenario,
    pub boards: &'a [Board],
    /// One per engine of the scenario.
    pub engines: &'a [Box<dyn Engine>],
    /// First line of the compiler's `--version`.
    pub compiler: String,
    pub git: String,
}

impl Common<'_> {
    /// A row of which nothing is known but what the scenario says.
    pub fn row(&self, row: Row, prepared: Option<&Prepared>, outcome: Outcome) -> Measurement {
        let candidate = &self.scenario.candidates[row.candidate];
        let mut measurement = self.blank(row.index, row.board, outcome);
        measurement.network = candidate.name.clone();
        measurement.network_sha256 = prepared.map_or(String::new(), |prepared| prepared.sha256.clone());
        measurement.engine = self.scenario.engines[row.engine].name().into();
        // No engine has options yet; what is not ours has a version.
        measurement.engine_options_sha256 = sha256_hex(version(&*self.engines[row.engine]).as_bytes());
        measurement.macs = prepared.map_or(0, |prepared| prepared.network.macs());
        measurement.repeat.seed = prepared.map_or(0, |prepared| prepared.seed);
        measurement
    }

    /// A row of an image.
    pub fn image(&self, row: ImageRow, outcome: Outcome) -> Measurement {
        let mut measurement = self.blank(row.index, row.board, outcome);
        measurement.network = self.scenario.prebuilt[row.image].name.clone();
        measurement.engine = PREBUILT.into();
        // Whoever built it used whatever compiler.
        measurement.repeat.compiler = String::new();
        measurement
    }

    fn blank(&self, index: u32, board: usize, outcome: Outcome) -> Measurement {
        let board = &self.boards[board];
        Measurement {
            index,
            scenario: self.scenario.name.clone(),
            task: self.scenario.task.clone(),
            network: String::new(),
            network_sha256: String::new(),
            engine: String::new(),
            engine_options_sha256: String::new(),
            board: board.name.clone(),
            unit: format!("{}/{}", Driver::Emulated.name(), board.name),
            image_sha256: None,
            provenance: Provenance::Emulated,
            macs: 0,
            budget: Budget { sram: u64::from(board.ram().1), flash: u64::from(board.flash_bytes()) },
            error_band: board.error_band(),
            steps: Vec::new(),
            outcome,
            repeat: Repeat {
                seed: 0,
                compiler: self.compiler.clone(),
                flags_sha256: String::new(),
                hil_version: env!("CARGO_PKG_VERSION").into(),
                git: self.git.clone(),
            },
        }
    }

    pub fn failed(&self, row: Row, prepared: Option<&Prepared>, cause: Cause, reason: String) -> Measurement {
        self.row(row, prepared, Outcome::Failed { cause, reason, memory: None })
    }
}

/// What tells one version of an engine from another; nothing for ours, whose images differ by `hil_version`.
fn version(engine: &dyn Engine) -> String {
    if engine.title() == engine.name() { String::new() } else { engine.title() }
}

/// Provenance of what a driver measures.
pub fn provenance(driver: Driver) -> Provenance {
    match driver {
        // A SimProbe's numbers are the emulator's.
        Driver::Emulated | Driver::SimProbe => Provenance::Emulated,
        Driver::Probe => Provenance::Silicon,
        Driver::Renode => Provenance::Renode,
    }
}

/// How far what a driver measures may be from silicon, in words.
pub fn error_band(driver: Driver, board: &Board) -> String {
    match driver {
        Driver::Renode => {
            "latency: none, since Renode has no model of time; instructions are counted, not estimated".into()
        }
        _ => board.error_band(),
    }
}

/// Memory that a plan needs beside what is reserved.
pub fn planned(plan: &Plan, reserved: Reserved) -> Memory {
    Memory {
        sram: Sram {
            arena: plan.arena_bytes as u64,
            engine: plan.sram_bytes().saturating_sub(plan.arena_bytes) as u64,
            stack: reserved.sram as u64,
            ..Sram::default()
        },
        flash: Flash {
            weights: plan.weights_bytes as u64,
            tables: plan.flash_bytes().saturating_sub(plan.weights_bytes) as u64,
            // With what runs around the network.
            code: reserved.flash as u64,
            ..Flash::default()
        },
    }
}

/// The steps that compute something.
pub fn steps(compiled: &Compiled) -> Vec<Step> {
    let step = |(index, info): (usize, &StepInfo)| Step {
        name: format!("{index}: op {}", info.op),
        kernel: info.kernel.into(),
        macs: info.macs,
        live_bytes: info.live_bytes as u64,
    };
    compiled.steps.iter().enumerate().map(step).collect()
}

/// The outcome of a row that was measured; `memory` is the image's, with the stack that is reserved.
pub fn outcome(board: &Board, measured: &Measured, cases: &[Case], mut memory: Memory) -> Result<Outcome, String> {
    memory.sram.stack = measured.stack_bytes;
    let latency = Latency::new(measured.cycles.clone(), measured.info.clock_hz, measured.step_cycles.clone());
    let latency = latency.map_err(|e| e.to_string())?;
    let (energy, step_energy_uj) = energy(board, &latency, measured);
    let inputs = u32::try_from(cases.len()).ok().and_then(NonZeroU32::new).ok_or("no input was verified")?;
    Ok(Outcome::Ok(Box::new(Run {
        latency: Some(latency),
        instructions: measured.instructions,
        memory,
        energy,
        step_energy_uj,
        check: Some(OutputCheck { inputs, output_sha256: sha256_hex(&measured.outputs.concat()) }),
    })))
}

/// Energy of the inference and of its steps.
fn energy(board: &Board, latency: &Latency, measured: &Measured) -> (Energy, Vec<f64>) {
    let ran = latency.clock_hz();
    let energy = match microjoules(board, ran, measured.activity.as_ref()) {
        Ok(energy) => Energy::Microjoules(energy),
        Err(reason) => return (Energy::Missing(reason), Vec::new()),
    };
    let steps = measured.step_activity.iter().map(|step| microjoules(board, ran, Some(step)).ok());
    (energy, steps.collect::<Option<_>>().unwrap_or_default())
}

/// Energy of what happened at the core clock `ran`, where the board's power is known at it and the unit counted what it
/// depends on; else why there is none.
pub fn microjoules(board: &Board, ran: u64, activity: Option<&Activity>) -> Result<f64, String> {
    let name = &board.name;
    let power = board.power.as_ref().ok_or_else(|| format!("no measured power supports a figure for {name}"))?;
    let known = u64::from(board.clock.hz);
    if ran != known {
        return Err(format!("the power of {name} is known at {known} Hz; it ran at {ran} Hz"));
    }
    let activity = activity.ok_or("the unit does not count what power depends on")?;
    let energy = power.microjoules(activity, ran);
    energy.ok_or_else(|| format!("the core slept, and the power of {name} asleep is not known"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_our_timing_model_is_not_renodes() {
        let board = Board::shipped("nucleo-l4r5zi").expect("a board");
        assert_eq!(error_band(Driver::Emulated, &board), board.error_band());
        let renode = error_band(Driver::Renode, &board);
        assert!(renode.contains("no model of time") && !renode.contains('%'), "{renode}");
    }
}
