//! A row that is measured again.

use serde::{Deserialize, Serialize};

use super::sequence::{Evidence, First, Look, Sequence};
use super::verdict::Metric;

/// One image's half of a pair.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Median cycles.
    pub cycles: Option<f64>,
    /// Microjoules.
    pub energy_uj: Option<f64>,
    /// Cycles of each step; empty where they were not timed.
    pub steps: Vec<u64>,
}

/// Both halves; which of them was measured first was asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    pub baseline: Sample,
    pub new: Sample,
}

/// A remeasurement that the gate needs before it says anything of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Index of the row in its run.
    pub row: u32,
    /// Where both images are to run.
    pub unit: String,
    pub image_sha256: Option<String>,
    pub baseline_image_sha256: Option<String>,
    /// The run that the baseline was accepted from, and its commit.
    pub baseline_run: String,
    pub baseline_git: String,
    /// Steps of the baseline's plan.
    pub baseline_steps: usize,
    /// Pairs that were measured before these.
    pub taken: u32,
    /// One per pair: which image comes first.
    pub orders: Vec<First>,
    /// Pairs that may still be asked for after these, at most.
    pub at_most_more: u32,
    /// Why, for people.
    pub why: String,
}

/// One number that is measured again.
#[derive(Debug)]
pub struct Open {
    pub metric: Metric,
    pub why: String,
    pub allowed: f64,
    sequence: Sequence,
    pub evidence: Option<Evidence>,
}

/// The numbers of a row that are measured again, from the same pairs.
#[derive(Debug)]
pub struct Suspect {
    pub row: u32,
    pub open: Vec<Open>,
    orders: Vec<First>,
    /// All that were taken.
    pub pairs: Vec<Pair>,
    /// Why it could not be measured again.
    pub given_up: Option<String>,
}

impl Suspect {
    /// `numbers` are metrics, why each is suspect, and the relative changes that are allowed and that must be found.
    pub fn new(row: u32, numbers: Vec<(Metric, String, f64, f64)>, alpha: f64, seed: &str) -> Self {
        let open = numbers.into_iter().map(|(metric, why, allowed, found)| {
            // One seed for all: they share the pairs, and so the coins.
            Open { metric, why, allowed, sequence: Sequence::new(alpha, allowed, found, seed), evidence: None }
        });
        let mut open: Vec<Open> = open.collect();
        let mut orders = Vec::new();
        open.iter_mut().for_each(|number| orders = number.sequence.begin());
        Self { row, open, orders, pairs: Vec::new(), given_up: None }
    }

    /// Orders of the pairs that are needed now; empty when nothing is.
    pub fn orders(&self) -> &[First] {
        if self.given_up.is_some() { &[] } else { &self.orders }
    }

    pub fn at_most_more(&self) -> u32 {
        let most = self.open.iter().map(|number| number.sequence.most_pairs()).max().unwrap_or(0);
        most.saturating_sub(self.taken() + self.orders.len() as u32)
    }

    /// Pairs that were measured.
    pub fn taken(&self) -> u32 {
        self.pairs.len() as u32
    }

    pub fn take(&mut self, pairs: &[Pair]) {
        self.pairs.extend_from_slice(pairs);
        let mut orders = Vec::new();
        for number in self.open.iter_mut().filter(|number| number.evidence.is_none()) {
            let value = |sample: &Sample| match number.metric {
                Metric::Energy => sample.energy_uj.unwrap_or(f64::NAN),
                _ => sample.cycles.unwrap_or(f64::NAN),
            };
            let values: Vec<_> = pairs.iter().map(|pair| (value(&pair.baseline), value(&pair.new))).collect();
            match number.sequence.take(&values) {
                Look::More(more) => orders = more,
                Look::Done(evidence) => number.evidence = Some(evidence),
            }
        }
        self.orders = orders;
    }
}
