//! Accuracy without training: a seeded guess that grows with what a network computes, for tests and for timing alone.
//! It is no accuracy of anything, and nothing prints it as one.

use super::error::SearchError;
use super::measured::Evaluator;
use crate::network::random::Random;
use crate::network::space::{Space, Subnet};

/// Grows with multiply-accumulates, unevenly: stages and kernels differ in what they are worth, as trained ones do.
pub struct Proxy<'a> {
    space: &'a Space,
    seed: u64,
}

impl<'a> Proxy<'a> {
    pub fn new(space: &'a Space, seed: u64) -> Self {
        Self { space, seed }
    }

    fn one(&self, subnet: &Subnet) -> f64 {
        let mut random = Random::new(self.seed);
        let mut capacity = 0.0;
        for (stage, choices) in subnet.stages.iter().enumerate() {
            let worth = f64::from(random.between(0.5, 1.5)) * self.space.stages[stage].channels as f64;
            let kernel = f64::from(random.between(0.0, 0.15));
            for (depth, block) in choices.blocks.iter().enumerate() {
                // Later blocks of a stage add less.
                let share = 0.75f64.powi(depth as i32);
                let sides = 1.0 + kernel * (block.kernel as f64).ln();
                capacity += worth * choices.scale.value() * share * sides * (block.expand as f64).sqrt();
            }
        }
        let pixels = subnet.configuration.size.elements() as f64;
        let capacity = capacity * subnet.configuration.width.value() * pixels.ln();
        (0.97 - 4.0 / capacity.max(10.0).sqrt()).clamp(0.05, 0.97)
    }
}

impl Evaluator for Proxy<'_> {
    fn accuracy(&mut self, subnets: &[Subnet]) -> Result<Vec<f64>, SearchError> {
        Ok(subnets.iter().map(|subnet| self.one(subnet)).collect())
    }
}
