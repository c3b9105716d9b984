//! Our own kernels on the processor: NHWC, a thread per core, and the same bits on any number of them.

mod depthwise;
mod matrix;
mod norm;
mod pass;
mod plane;
mod tile;
mod unfold;
mod vector;

use super::layer::{Layer, Moments};
use super::trainer::{Batch, Step, Trainer, cross_entropy, logits_of};
use crate::network::float::FloatNetwork;
pub(super) use norm::EPSILON;
pub(super) use pass::affine;
use pass::{Norm, Pass};

/// Trains on the processor.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cpu;

impl Trainer for Cpu {
    fn name(&self) -> String {
        "cpu".into()
    }

    fn step(&self, network: &FloatNetwork, layers: &[Layer], batch: &Batch) -> Step {
        let pass = Pass { network, layers, samples: batch.samples };
        let mut forward = pass.forward(batch.inputs.clone(), Norm::Batch);
        let logits = forward.values[logits_of(network).0].clone();
        let (loss, gradient) = cross_entropy(&logits, &batch.targets, batch.samples);
        let gradients = pass.backward(&forward, gradient);
        Step { loss, gradients, moments: std::mem::take(&mut forward.moments), logits }
    }

    fn moments(&self, network: &FloatNetwork, layers: &[Layer], inputs: &[f32], samples: usize) -> Vec<Moments> {
        Pass { network, layers, samples }.forward(inputs.to_vec(), Norm::Batch).moments
    }

    fn logits(
        &self,
        network: &FloatNetwork,
        layers: &[Layer],
        moments: &[Moments],
        inputs: &[f32],
        samples: usize,
    ) -> Vec<f32> {
        let mut forward = Pass { network, layers, samples }.forward(inputs.to_vec(), Norm::Fixed(moments));
        std::mem::take(&mut forward.values[logits_of(network).0])
    }
}
