//! Which layers a change is in.

use super::signed_rank::SignedRank;
use super::steps::{Pairing, pair_steps};
use super::suspect::{Pair, Sample};
use super::verdict::Part;
use crate::results::Measurement;
use crate::results::baseline::Baseline;

/// Share of the inference by which a step of a board must have moved to be named.
const NAMED: f64 = 0.001;
/// Chance that a step which did not move is taken for one that did, at each end.
const TAIL: f64 = 0.005;

/// The steps of a baseline beside those of a row, with cycles `before` and `now`; none where either was not timed.
pub fn pair(row: &Measurement, baseline: &Baseline, before: &[u64], now: &[u64]) -> Vec<(Pairing, Part)> {
    if before.is_empty() || now.is_empty() {
        return Vec::new();
    }
    let a: Vec<&str> = baseline.steps.iter().map(|step| step.kernel.as_str()).collect();
    let b: Vec<&str> = row.steps.iter().map(|step| step.kernel.as_str()).collect();
    let named = |name: &str, kernel: &str| format!("{name} ({kernel})");
    let of_row = |at: usize| row.steps.get(at).map_or_else(String::new, |step| named(&step.name, &step.kernel));
    let of_baseline = |at: usize| baseline.steps.get(at).map_or_else(String::new, |s| named(&s.name, &s.kernel));
    let part = |pairing| {
        let (name, baseline, now) = match pairing {
            Pairing::Both(a, b) => (of_row(b), before.get(a).copied(), now.get(b).copied()),
            Pairing::OnlyA(a) => (of_baseline(a), before.get(a).copied(), None),
            Pairing::OnlyB(b) => (of_row(b), None, now.get(b).copied()),
        };
        (pairing, Part { name, baseline, now })
    };
    pair_steps(&a, &b).into_iter().map(part).collect()
}

/// Steps of a board that moved, by pairs of both images on one unit: what the unit and the session add to a step is in
/// both halves. Cycles are medians over the pairs.
pub fn moved(row: &Measurement, baseline: &Baseline, pairs: &[Pair]) -> Vec<Part> {
    let whole = |sample: &Sample, steps: usize| sample.steps.len() == steps;
    let timed: Vec<&Pair> = pairs
        .iter()
        .filter(|pair| whole(&pair.baseline, baseline.steps.len()) && whole(&pair.new, row.steps.len()))
        .collect();
    let medians = |count: usize, of: &dyn Fn(&Pair, usize) -> u64| -> Vec<u64> {
        let median = |at: usize| {
            let mut cycles: Vec<u64> = timed.iter().map(|pair| of(pair, at)).collect();
            cycles.sort_unstable();
            cycles.get(cycles.len() / 2).copied()
        };
        (0..count).filter_map(median).collect()
    };
    let before = medians(baseline.steps.len(), &|pair, at| pair.baseline.steps[at]);
    let now = medians(row.steps.len(), &|pair, at| pair.new.steps[at]);
    let inference = before.iter().sum::<u64>() as f64;
    let has_moved = |(pairing, part): &(Pairing, Part)| {
        let Pairing::Both(a, b) = *pairing else {
            return part.baseline.or(part.now).unwrap_or(0) as f64 > NAMED * inference;
        };
        let difference = |pair: &&Pair| pair.new.steps[b] as f64 - pair.baseline.steps[a] as f64;
        let found = SignedRank::new(&timed.iter().map(difference).collect::<Vec<_>>()).estimate(TAIL);
        found.centre.abs() > NAMED * inference && (found.low > 0.0 || found.high < 0.0)
    };
    pair(row, baseline, &before, &now).into_iter().filter(has_moved).map(|(_, part)| part).collect()
}
