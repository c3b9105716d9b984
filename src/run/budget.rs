//! Budgets of an engine, held against what was measured.

use crate::results::{Cause, Measurement, Outcome, Run, Step};
use crate::scenario::{Engine, Tailored};

/// A row that exceeds its engine's budget has failed.
pub fn enforce(engine: &Engine, measurement: &mut Measurement) {
    let Engine::TinyEngine(goal) = engine else { return };
    let Outcome::Ok(run) = &measurement.outcome else { return };
    if let Some(reason) = exceeded(goal, run, &measurement.steps) {
        let memory = Some(run.memory);
        measurement.outcome = Outcome::Failed { cause: Cause::Candidate, reason, memory };
    }
}

fn exceeded(goal: &Tailored, run: &Run, steps: &[Step]) -> Option<String> {
    let widest = steps.iter().max_by_key(|step| step.live_bytes);
    let layer = |step: &Step| format!("{} ({})", step.name, step.kernel);
    let memories = [
        ("SRAM", run.memory.sram.peak(), goal.sram_bytes, widest.map(|step| (layer(step), step.live_bytes))),
        ("flash", run.memory.flash.total(), goal.flash_bytes, None),
    ];
    for (name, needed, budget, most) in memories {
        if let Some(budget) = budget.filter(|budget| needed > *budget) {
            let most = most.map_or(String::new(), |(layer, bytes)| format!("; most at step {layer}, with {bytes}"));
            return Some(format!(
                "the image takes {needed} bytes of {name}, {} more than the budget of {budget}{most}",
                needed - budget
            ));
        }
    }
    let (latency, budget) = (run.latency.as_ref()?, goal.latency_ms?);
    if latency.ms() <= budget {
        return None;
    }
    let slowest = latency.step_cycles().iter().zip(steps).max_by_key(|(cycles, _)| **cycles);
    let most = slowest.map_or(String::new(), |(cycles, step)| {
        format!("; most at step {}, with {:.3} ms", layer(step), *cycles as f64 * 1e3 / latency.clock_hz() as f64)
    });
    Some(format!(
        "an inference takes {:.3} ms, {:.3} more than the budget of {budget}{most}",
        latency.ms(),
        latency.ms() - budget
    ))
}
