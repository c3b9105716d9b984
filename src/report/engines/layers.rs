//! Steps of several engines side by side, by the operators of the network that they came from.

use serde::Serialize;

use crate::results::{Measurement, Step};

/// Cycles of groups of operators, in every engine.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Layers<'a> {
    /// Those that are timed step by step.
    pub engines: Vec<&'a str>,
    pub groups: Vec<Group<'a>>,
    /// Engines that cannot be aligned, and why.
    pub left_out: Vec<(&'a str, &'static str)>,
}

/// Operators that cannot be told apart in every engine: one, or several where an engine fuses or removes some.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group<'a> {
    /// Index of the first and the last operator in the network's file.
    pub ops: (u64, u64),
    /// Nominal multiply-accumulates.
    pub macs: u64,
    /// Kernels of each engine.
    pub kernels: Vec<Vec<&'a str>>,
    /// Cycles of each engine.
    pub cycles: Vec<u64>,
}

/// A step with the operator that it came from and its cycles.
struct Timed<'a> {
    op: u64,
    step: &'a Step,
    cycles: u64,
}

/// None where fewer than two rows can be aligned.
pub fn layers<'a>(rows: &[&'a Measurement]) -> Option<Layers<'a>> {
    let (mut engines, mut all, mut left_out) = (Vec::new(), Vec::new(), Vec::new());
    for row in rows {
        match timed(row) {
            Ok(steps) => {
                engines.push(row.engine.as_str());
                all.push(steps);
            }
            Err(why) => left_out.push((row.engine.as_str(), why)),
        }
    }
    (all.len() > 1).then(|| Layers { engines, groups: groups(&all), left_out })
}

fn timed(row: &Measurement) -> Result<Vec<Timed<'_>>, &'static str> {
    let cycles = row.latency().map_or(&[][..], |latency| latency.step_cycles());
    if cycles.is_empty() {
        return Err("its steps were not timed");
    }
    if row.steps.len() == 1 && row.steps[0].kernel == "network" {
        return Err("it runs the whole network as one step");
    }
    let timed = row.steps.iter().zip(cycles).map(|(step, cycles)| {
        let op = step.name.rsplit_once("op ").and_then(|(_, op)| op.parse().ok());
        Ok(Timed { op: op.ok_or("its steps name no operators")?, step, cycles: *cycles })
    });
    timed.collect()
}

/// A group starts at each operator that every engine has a step of. What only some have belongs with what comes before, as an
/// activation does, except for padding, which belongs with what comes after.
fn groups<'a>(engines: &[Vec<Timed<'a>>]) -> Vec<Group<'a>> {
    let mut ops: Vec<u64> = engines.iter().flatten().map(|step| step.op).collect();
    ops.sort_unstable();
    ops.dedup();
    let in_all = |op: u64| engines.iter().all(|steps| steps.iter().any(|step| step.op == op));
    let is_padding = |op: u64| {
        let mut steps = engines.iter().flatten().filter(|step| step.op == op);
        steps.all(|step| step.step.kernel.to_ascii_lowercase().contains("pad") && step.step.macs == 0)
    };
    let mut spans: Vec<(u64, u64)> = Vec::new();
    // The first of padding that waits for what comes after.
    let mut waiting: Option<u64> = None;
    for op in ops {
        if in_all(op) {
            spans.push((waiting.take().unwrap_or(op), op));
        } else if is_padding(op) {
            waiting.get_or_insert(op);
        } else {
            match spans.last_mut() {
                Some(span) => span.1 = op,
                None => spans.push((waiting.unwrap_or(op), op)),
            }
            waiting = None;
        }
    }
    if let (Some(_), Some(span)) = (waiting, spans.last_mut()) {
        span.1 = u64::MAX;
    }
    spans.into_iter().map(|span| group(span, engines)).collect()
}

fn group<'a>(span: (u64, u64), engines: &[Vec<Timed<'a>>]) -> Group<'a> {
    let inside = |steps: &&Timed<'a>| (span.0..=span.1).contains(&steps.op);
    let kernels = |steps: &Vec<Timed<'a>>| steps.iter().filter(inside).map(|s| s.step.kernel.as_str()).collect();
    let sum = |steps: &Vec<Timed<'a>>, of: fn(&Timed<'_>) -> u64| {
        steps.iter().filter(inside).map(of).fold(0, u64::saturating_add)
    };
    let last = engines.iter().flatten().filter(inside).map(|step| step.op).max().unwrap_or(span.0);
    Group {
        ops: (span.0, last),
        // An engine that drops channels counts fewer.
        macs: engines.iter().map(|steps| sum(steps, |s| s.step.macs)).max().unwrap_or(0),
        kernels: engines.iter().map(kernels).collect(),
        cycles: engines.iter().map(|steps| sum(steps, |s| s.cycles)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(op: u64, kernel: &str, macs: u64) -> Step {
        Step { name: format!("9: op {op}"), kernel: kernel.into(), macs, live_bytes: 0 }
    }

    fn engine<'a>(steps: &'a [(Step, u64)]) -> Vec<Timed<'a>> {
        steps
            .iter()
            .map(|(step, cycles)| {
                let op = step.name.rsplit_once("op ").expect("op").1.parse().expect("a number");
                Timed { op, step, cycles: *cycles }
            })
            .collect()
    }

    #[test]
    fn fused_and_removed_operators_are_grouped() {
        // The one engine folds the padding and the activation, the other does neither.
        let one = [(step(0, "conv", 10), 100), (step(2, "conv", 20), 200), (step(4, "softmax", 0), 5)];
        let other = [
            (step(0, "CONV_2D", 10), 300),
            (step(1, "PAD", 0), 7),
            (step(2, "CONV_2D", 20), 400),
            (step(3, "RELU", 0), 9),
            (step(4, "SOFTMAX", 0), 6),
        ];
        let found = groups(&[engine(&one), engine(&other)]);
        let told: Vec<_> = found.iter().map(|g| (g.ops, g.cycles.clone(), g.macs)).collect();
        assert_eq!(told, [((0, 0), vec![100, 300], 10), ((1, 3), vec![200, 416], 20), ((4, 4), vec![5, 6], 0)]);
        assert_eq!(found[1].kernels, [vec!["conv"], vec!["PAD", "CONV_2D", "RELU"]]);
    }

    #[test]
    fn no_cycle_is_lost_whatever_is_missing_where() {
        let one = [(step(1, "a", 0), 1), (step(5, "b", 0), 10)];
        let other =
            [(step(0, "PAD", 0), 100), (step(2, "c", 0), 1000), (step(5, "b", 0), 10_000), (step(6, "PAD", 0), 7)];
        let found = groups(&[engine(&one), engine(&other)]);
        let sum = |at: usize| found.iter().map(|g| g.cycles[at]).sum::<u64>();
        assert_eq!((sum(0), sum(1)), (11, 11_107));
    }
}
