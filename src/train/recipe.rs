//! How long and how a network learns.

use serde::{Deserialize, Serialize};

use super::data::Augmentation;
use super::descent::Descent;
use super::error::TrainError;
use crate::network::space::Elastic;

/// What is open in a phase of a supernet's training; each opens what those before it do, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Open {
    /// Nothing: the largest network learns alone.
    Largest,
    Kernel,
    Depth,
    Expand,
    Width,
}

impl Open {
    pub fn elastic(self) -> Elastic {
        Elastic {
            kernel: self >= Self::Kernel,
            depth: self >= Self::Depth,
            expand: self >= Self::Expand,
            width: self >= Self::Width,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Largest => "largest",
            Self::Kernel => "kernel",
            Self::Depth => "depth",
            Self::Expand => "expand",
            Self::Width => "width",
        }
    }
}

/// A part of the training with its own cosine of the learning rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    pub open: Open,
    /// Passes through the training samples.
    pub epochs: f64,
    /// Largest learning rate, as a part of the recipe's.
    pub rate: f32,
}

/// How networks learn. Everything is drawn from `seed` and the number of the step: the same recipe, data and trainer
/// give the same weights.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recipe {
    pub seed: u64,
    /// Samples of a step.
    pub batch: usize,
    /// Probability that is spread over all classes (arXiv 1512.00567, 7).
    pub smoothing: f32,
    /// Weight of the largest network's opinion in what smaller ones learn (arXiv 1908.09791, 3.3).
    pub distillation: f32,
    /// Networks that a batch teaches once anything is open: the largest, the smallest, and others at random
    /// (the sandwich rule, arXiv 1903.05134).
    pub subnets: usize,
    /// Whether filters are rounded to int8 while they are learnt: for the last epochs of a network.
    pub aware: bool,
    pub descent: Descent,
    pub augmentation: Augmentation,
    pub phases: Vec<Phase>,
}

impl Default for Recipe {
    fn default() -> Self {
        Self::supernet(30.0)
    }
}

impl Recipe {
    /// For a supernet. What a batch costs grows once several networks learn from it, so that the phases differ in epochs.
    pub fn supernet(epochs: f64) -> Self {
        let phase = |open, share: f64, rate| Phase { open, epochs: share * epochs, rate };
        Self {
            phases: vec![
                phase(Open::Largest, 0.30, 1.0),
                phase(Open::Kernel, 0.10, 0.5),
                phase(Open::Depth, 0.15, 0.5),
                phase(Open::Expand, 0.20, 0.5),
                phase(Open::Width, 0.25, 0.5),
            ],
            seed: 1,
            batch: 64,
            smoothing: 0.1,
            distillation: 0.5,
            subnets: 4,
            aware: false,
            descent: Descent::default(),
            augmentation: Augmentation::default(),
        }
    }

    /// For one network alone, from the start.
    pub fn alone(epochs: f64) -> Self {
        let phases = vec![Phase { open: Open::Largest, epochs, rate: 1.0 }];
        Self { phases, ..Self::supernet(epochs) }
    }

    /// For one network that a supernet has taught before. At the full rate: weights that suit every network of the
    /// supernet are far from those that suit one, and a small rate would not take them there.
    pub fn fine(epochs: f64) -> Self {
        Self::alone(epochs)
    }

    /// Steps of a phase over this many samples.
    pub fn steps(&self, phase: &Phase, samples: usize) -> usize {
        (phase.epochs * samples as f64 / self.batch.max(1) as f64).ceil() as usize
    }

    /// Steps of all phases.
    pub fn total(&self, samples: usize) -> usize {
        self.phases.iter().map(|phase| self.steps(phase, samples)).sum()
    }

    pub(super) fn check(&self) -> Result<(), TrainError> {
        let fail = |problem: String| Err(TrainError::Recipe(format!("in the recipe, {problem}")));
        if !(2..=65_536).contains(&self.batch) {
            // One sample has no variance.
            return fail(format!("`batch` is {}; it must be 2 to 65536", self.batch));
        }
        if !(0.0..1.0).contains(&self.smoothing) || !(0.0..=1.0).contains(&self.distillation) {
            return fail("`smoothing` must be 0 to less than 1, `distillation` 0 to 1".into());
        }
        if !(1..=64).contains(&self.subnets) {
            return fail(format!("`subnets` is {}; it must be 1 to 64", self.subnets));
        }
        for (at, phase) in self.phases.iter().enumerate() {
            let fine = (0.0..=10_000.0).contains(&phase.epochs) && phase.rate.is_finite() && phase.rate > 0.0;
            if !fine {
                return fail(format!("phases[{at}] must have 0 to 10000 `epochs` and a `rate` above 0"));
            }
        }
        let Descent { rate, momentum, decay, last, .. } = self.descent;
        if !(rate > 0.0
            && rate.is_finite()
            && (0.0..1.0).contains(&momentum)
            && decay >= 0.0
            && (0.0..=1.0).contains(&last))
        {
            return fail(
                "`descent` must have a `rate` above 0, `momentum` below 1, `decay` and `last` not below 0".into(),
            );
        }
        Ok(())
    }
}
