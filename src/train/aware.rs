//! Quantisation-aware training: gradients are taken where the int8 network will stand.
//!
//! Filters are rounded as [`crate::network::quantise`] rounds them, and gradients pass straight through to the unrounded
//! ones (arXiv 1806.08342, 2.4). Batch normalisation scales whole output channels, and so does the scale of a channel's
//! int8 weights: rounding before it is folded and after gives the same integers. Activations are not rounded.

use super::layer::{Layer, Moments, normalised};
use super::trainer::{Batch, Step, Trainer};
use crate::network::float::FloatNetwork;

/// Largest int8 weight; the smallest is its negative.
const LARGEST: f32 = 127.0;

/// A trainer that sees filters as int8 holds them.
pub struct Aware<'a>(pub &'a dyn Trainer);

impl Trainer for Aware<'_> {
    fn name(&self) -> String {
        format!("{}, quantisation-aware", self.0.name())
    }

    fn step(&self, network: &FloatNetwork, layers: &[Layer], batch: &Batch) -> Step {
        self.0.step(network, &rounded(network, layers), batch)
    }

    fn moments(&self, network: &FloatNetwork, layers: &[Layer], inputs: &[f32], samples: usize) -> Vec<Moments> {
        self.0.moments(network, &rounded(network, layers), inputs, samples)
    }

    fn logits(
        &self,
        network: &FloatNetwork,
        layers: &[Layer],
        moments: &[Moments],
        inputs: &[f32],
        samples: usize,
    ) -> Vec<f32> {
        self.0.logits(network, &rounded(network, layers), moments, inputs, samples)
    }
}

/// `layers` with filters rounded to int8: per output channel where normalisation follows, else as a whole.
pub fn rounded(network: &FloatNetwork, layers: &[Layer]) -> Vec<Layer> {
    let round = |(op, layer): (_, &Layer)| {
        let mut layer = layer.clone();
        let channels = if normalised(op) { layer.scale.len() } else { 1 };
        let mut largest = vec![0f32; channels];
        for (at, weight) in layer.filter.iter().enumerate() {
            let largest = &mut largest[at % channels];
            *largest = largest.max(weight.abs());
        }
        for (at, weight) in layer.filter.iter_mut().enumerate() {
            let scale = largest[at % channels] / LARGEST;
            if scale > f32::MIN_POSITIVE {
                *weight = (*weight / scale).round() * scale;
            }
        }
        layer
    };
    network.ops.iter().zip(layers).map(round).collect()
}
