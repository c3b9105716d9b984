//! What a plan takes on an emulated board, and what each optimisation buys there.

use serde_json::{Value, json};

use crate::board::Board;
use crate::cli::output::{columns, wrapped};
use crate::cli::progress::count;
use crate::cli::{Failure, interrupt};
use crate::engine::Compiled;
use crate::rack::Rack;
use crate::results::{Memory, Provenance};
use crate::run::{Ablated, Bench, Images, Prepared, Toolchain, TrialError, ablation};

/// Inputs whose outputs are verified.
const INPUTS: u32 = 2;

pub struct Measured {
    /// Cycles of one inference, and of each step of one.
    cycles: f64,
    step_cycles: Vec<u64>,
    memory: Memory,
    clock_hz: u64,
    provenance: Provenance,
    error_band: String,
    ablation: Vec<Ablated>,
}

impl Measured {
    pub fn of(prepared: &Prepared, compiled: &Compiled, board: &Board) -> Result<Self, Failure> {
        let infrastructure = |problem: String| Failure::Infrastructure(problem);
        let tools = Images::find().map_err(|error| infrastructure(error.to_string()))?;
        let rack = Rack::emulated(std::slice::from_ref(board), 1);
        let cancel = interrupt::cancel()?;
        let bench = Bench { board, rack: &rack, tools: &tools as &dyn Toolchain, cancel: &cancel, waiting: &|_| {} };
        let cases = prepared.cases(INPUTS).map_err(Failure::Usage)?;
        let tried = bench.try_out(compiled, cases).map_err(failure)?;
        let bar = count("variants", 0);
        let ablation = ablation(bench, &prepared.network, cases, &|at, of| {
            bar.set_length(of as u64);
            bar.set_position(at as u64);
        });
        bar.finish_and_clear();
        Ok(Self {
            cycles: tried.measured.statistics.median,
            memory: tried.memory(),
            step_cycles: tried.measured.step_cycles,
            clock_hz: tried.measured.info.clock_hz,
            provenance: tried.provenance,
            error_band: board.error_band(),
            ablation: ablation.map_err(failure)?,
        })
    }

    fn ms(&self, cycles: f64) -> f64 {
        cycles * 1e3 / self.clock_hz.max(1) as f64
    }

    /// Rows of the table of steps, the first with the columns' names.
    pub fn steps(&self, compiled: &Compiled) -> Vec<Vec<String>> {
        let titles = ["op", "kernel", "MACs", "cycles", "cycles/MAC", "ms", "share"];
        let mut rows = vec![titles.map(String::from).to_vec()];
        let total = self.step_cycles.iter().sum::<u64>().max(1) as f64;
        for (info, &cycles) in compiled.steps.iter().zip(&self.step_cycles) {
            rows.push(vec![
                info.op.to_string(),
                info.kernel.into(),
                info.macs.to_string(),
                cycles.to_string(),
                per_mac(cycles, info.macs).map_or("–".into(), |each| format!("{each:.2}")),
                format!("{:.3}", self.ms(cycles as f64)),
                format!("{:.1} %", cycles as f64 * 100.0 / total),
            ]);
        }
        rows
    }

    /// Rows of the table of optimisations, the first with the columns' names.
    pub fn ablation(&self) -> Vec<Vec<String>> {
        let titles = ["optimisation", "cycles", "ms", "gain", "arena", "SRAM", "flash"];
        let mut rows = vec![titles.map(String::from).to_vec()];
        let mut before: Option<u64> = None;
        for ablated in &self.ablation {
            let numbers = ablated.numbers.as_ref().ok();
            let cell = |text: Option<String>| text.unwrap_or_else(|| "–".into());
            let cycles = numbers.map(|n| n.cycles);
            let gain = before.zip(cycles).map(|(before, now)| format!("{:.2}x", before as f64 / now.max(1) as f64));
            rows.push(vec![
                ablated.variant.added.into(),
                cell(cycles.map(|c| c.to_string()).or(numbers.is_none().then(|| "does not fit".into()))),
                cell(cycles.map(|c| format!("{:.3}", self.ms(c as f64)))),
                cell(gain),
                ablated.arena_bytes.to_string(),
                cell(numbers.map(|n| n.sram.to_string())),
                cell(numbers.map(|n| n.flash.to_string())),
            ]);
            before = cycles.or(before);
        }
        rows
    }

    pub fn text(&self, compiled: &Compiled) -> String {
        let whole = format!(
            "{} cycles, {:.3} ms per inference ({}); {} bytes of SRAM, {} of flash; outputs of {INPUTS} inputs verified",
            self.cycles.round(),
            self.ms(self.cycles),
            self.provenance,
            self.memory.sram.peak(),
            self.memory.flash.total()
        );
        let tables = [columns(&self.steps(compiled), 2), wrapped(&whole), columns(&self.ablation(), 1)];
        let band = wrapped(&format!("each row adds one optimisation to the one above ({})", self.provenance));
        let error = wrapped(&format!("error band: {}", self.error_band));
        format!("{}\n\n{band}\n{error}", tables.join("\n\n"))
    }

    pub fn value(&self, compiled: &Compiled) -> Value {
        let step = |(info, &cycles): (&crate::engine::StepInfo, &u64)| {
            json!({
                "op": info.op,
                "kernel": info.kernel,
                "macs": info.macs,
                "cycles": cycles,
                "cycles_per_mac": per_mac(cycles, info.macs),
            })
        };
        let ablated = |ablated: &Ablated| {
            let numbers = ablated.numbers.as_ref().ok();
            json!({
                "added": ablated.variant.added,
                "prefer": ablated.variant.goal.prefer.name(),
                "arena_bytes": ablated.arena_bytes,
                "cycles": numbers.map(|n| n.cycles),
                "sram_bytes": numbers.map(|n| n.sram),
                "flash_bytes": numbers.map(|n| n.flash),
                "reason": ablated.numbers.as_ref().err(),
            })
        };
        json!({
            "provenance": self.provenance.name(),
            "error_band": self.error_band,
            "clock_hz": self.clock_hz,
            "cycles": self.cycles,
            "ms": self.ms(self.cycles),
            "sram_bytes": self.memory.sram.peak(),
            "flash_bytes": self.memory.flash.total(),
            "verified_inputs": INPUTS,
            "steps": compiled.steps.iter().zip(&self.step_cycles).map(step).collect::<Vec<_>>(),
            "ablation": self.ablation.iter().map(ablated).collect::<Vec<_>>(),
        })
    }
}

fn per_mac(cycles: u64, macs: u64) -> Option<f64> {
    (macs > 0).then(|| cycles as f64 / macs as f64)
}

fn failure(error: TrialError) -> Failure {
    match error {
        TrialError::Misfit(reason) => Failure::Usage(reason),
        TrialError::Engine(error) if !error.is_infrastructure() => Failure::Usage(error.to_string()),
        other => Failure::Infrastructure(other.to_string()),
    }
}
