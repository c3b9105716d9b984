//! Samples in the order in which they teach, and samples that are kept ready to measure with.

use rayon::prelude::*;

use super::data::{DataError, Preparation, Split};
use super::trainer::Batch;
use crate::network::random::Random;
use crate::train::data::shuffle;

/// A seed for one purpose, told from others by `parts`.
pub(super) fn seed(parts: &[u64]) -> u64 {
    parts.iter().fold(0x243F_6A88_85A3_08D3, |state, part| Random::new(state ^ part).bits())
}

/// Draws batches from a split; each depends on the seed and its number alone.
pub struct Batches<'a> {
    split: &'a Split,
    preparation: &'a Preparation,
    classes: usize,
    batch: usize,
    smoothing: f32,
    seed: u64,
    /// An epoch and its order of samples.
    order: (u64, Vec<usize>),
}

impl<'a> Batches<'a> {
    pub(super) fn new(
        split: &'a Split,
        preparation: &'a Preparation,
        classes: usize,
        batch: usize,
        smoothing: f32,
        seed: u64,
    ) -> Self {
        Self { split, preparation, classes, batch, smoothing, seed, order: (u64::MAX, Vec::new()) }
    }

    /// Index of the sample at a place in the endless sequence of epochs.
    fn index(&mut self, place: u64) -> usize {
        let samples = self.split.len() as u64;
        let epoch = place / samples;
        if self.order.0 != epoch {
            let mut order: Vec<usize> = (0..self.split.len()).collect();
            shuffle(&mut order, &mut Random::new(seed(&[self.seed, 1, epoch])));
            self.order = (epoch, order);
        }
        self.order.1[(place % samples) as usize]
    }

    /// The batch of a step, with samples changed at random.
    pub fn batch(&mut self, step: usize) -> Result<Batch, DataError> {
        let first = step as u64 * self.batch as u64;
        let places: Vec<(u64, usize)> =
            (first..first + self.batch as u64).map(|place| (place, self.index(place))).collect();
        let inputs: Vec<Vec<f32>> = places
            .par_iter()
            .map(|(place, index)| {
                let raw = self.split.read(*index)?;
                self.preparation.input(&raw, Some(&mut Random::new(seed(&[self.seed, 2, *place]))))
            })
            .collect::<Result<_, _>>()?;
        let mut targets = vec![self.smoothing / self.classes as f32; self.batch * self.classes];
        for ((_, index), target) in places.iter().zip(targets.chunks_exact_mut(self.classes)) {
            target[self.split.label(*index)] += 1.0 - self.smoothing;
        }
        Ok(Batch { inputs: inputs.concat(), targets, samples: self.batch })
    }
}

/// Samples as they are, ready to measure with.
#[derive(Debug, Clone, Default)]
pub struct Ready {
    pub inputs: Vec<f32>,
    pub labels: Vec<usize>,
}

impl Ready {
    /// All samples of a split.
    pub fn new(split: &Split, preparation: &Preparation) -> Result<Self, DataError> {
        let inputs: Vec<Vec<f32>> = (0..split.len())
            .into_par_iter()
            .map(|at| preparation.input(&split.read(at)?, None))
            .collect::<Result<_, _>>()?;
        Ok(Self { inputs: inputs.concat(), labels: (0..split.len()).map(|at| split.label(at)).collect() })
    }

    pub fn len(&self) -> usize {
        self.labels.len()
    }

    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}
