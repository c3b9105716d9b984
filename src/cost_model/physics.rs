//! The additive part: coefficients per kernel, leaning on one another from the general to the particular.

use std::collections::BTreeMap;

use super::data::Sample;
use super::facts::Facts;
use super::linear::{Rows, fit};
use super::terms::{COUNT, terms};
use crate::engine::Work;

/// How much coefficients lean on those one level up, against one timed step: the square of what steps of one kernel
/// spread by, over that of what coefficients differ by from board to board.
const PULL: f64 = 0.03;
/// The same at the top, where there is nothing to lean on: just enough to make the solution unique.
const RIDGE: f64 = 1e-4;

/// From the general to the particular.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    All,
    Kernel(String),
    Core(String, String),
    Board(String, String),
}

/// The kernel as far as coefficients are concerned.
fn class(engine: &str, work: &Work) -> String {
    // Strides change inner loops.
    let stride = work.geometry.stride[1].min(3);
    format!("{engine}/{}{}/{stride}", work.family(), if work.specialised { "+" } else { "" })
}

fn levels(engine: &str, work: &Work, facts: &Facts) -> [Level; 4] {
    let class = class(engine, work);
    [
        Level::All,
        Level::Kernel(class.clone()),
        Level::Core(class.clone(), facts.core.clone()),
        Level::Board(class, facts.board.clone()),
    ]
}

/// Coefficients.
#[derive(Debug, Clone)]
pub struct Physics {
    coefficients: BTreeMap<Level, Vec<f64>>,
    /// What an inference takes beside the sum of its steps, as a factor.
    beside: f64,
}

impl Physics {
    /// From the timed steps of `samples`.
    pub fn fit(samples: &[&Sample]) -> Self {
        let mut steps: Vec<([Level; 4], [f64; COUNT], f64, f64)> = Vec::new();
        for sample in samples.iter().filter(|s| !s.step_cycles.is_empty()) {
            let total: u64 = sample.step_cycles.iter().sum();
            for (work, cycles) in sample.steps.iter().zip(&sample.step_cycles) {
                let cycles = *cycles as f64;
                // Errors of what takes long are those of the network; the root keeps the others from being forgotten.
                let weight = (cycles / total as f64 * sample.steps.len() as f64).sqrt();
                let levels = levels(&sample.engine, work, &sample.facts);
                steps.push((levels, terms(work, &sample.facts), cycles, weight));
            }
        }
        let mut coefficients: BTreeMap<Level, Vec<f64>> = BTreeMap::new();
        let mut by_level: BTreeMap<Level, (Option<Level>, Rows<'_>)> = BTreeMap::new();
        for (levels, terms, cycles, weight) in &steps {
            for (depth, level) in levels.iter().enumerate() {
                let parent = depth.checked_sub(1).map(|above| levels[above].clone());
                let (_, rows) = by_level.entry(level.clone()).or_insert_with(|| (parent, Rows::default()));
                rows.push(terms, *cycles, *weight);
            }
        }
        // The order of levels is from the general to the particular, so that parents come first.
        for (level, (parent, rows)) in &by_level {
            let found = match parent.as_ref().and_then(|parent| coefficients.get(parent)) {
                None => fit(rows, &[0.0; COUNT], RIDGE * rows.weights.iter().sum::<f64>()),
                Some(prior) => fit(rows, prior, PULL),
            };
            coefficients.insert(level.clone(), found);
        }
        let mut beside: Vec<f64> = samples
            .iter()
            .filter(|s| !s.step_cycles.is_empty())
            .map(|s| s.cycles / s.step_cycles.iter().sum::<u64>() as f64)
            .collect();
        beside.sort_by(f64::total_cmp);
        Self { coefficients, beside: beside.get(beside.len() / 2).copied().unwrap_or(1.0) }
    }

    /// Cycles of a step, above 0; of a kernel or board that was not seen by what is nearest to it.
    pub fn step(&self, engine: &str, work: &Work, facts: &Facts) -> f64 {
        let known = levels(engine, work, facts).into_iter().rev().find_map(|level| self.coefficients.get(&level));
        let terms = terms(work, facts);
        known.map_or(1.0, |c| c.iter().zip(&terms).map(|(c, t)| c * t).sum::<f64>().max(1.0))
    }

    /// Whether the kernel of `work` was seen on some board.
    pub fn knows(&self, engine: &str, work: &Work) -> bool {
        self.coefficients.contains_key(&Level::Kernel(class(engine, work)))
    }

    pub fn beside(&self) -> f64 {
        self.beside
    }
}
