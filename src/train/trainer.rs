//! What computes gradients: our own kernels on the processor, or burn on one of its backends.

use super::layer::{Layer, Moments};
use crate::network::TensorId;
use crate::network::float::{FloatKind, FloatNetwork};

/// Samples that are computed together.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Inputs, one after the other.
    pub inputs: Vec<f32>,
    /// The wanted probability of each class, one sample after the other.
    pub targets: Vec<f32>,
    pub samples: usize,
}

/// What one batch says of a network.
#[derive(Debug, Clone, Default)]
pub struct Step {
    /// Mean cross entropy of a sample.
    pub loss: f64,
    /// Of the mean loss; as many as operators.
    pub gradients: Vec<Layer>,
    /// Moments within the batch.
    pub moments: Vec<Moments>,
    /// Outputs before softmax.
    pub logits: Vec<f32>,
}

/// Computes networks in single precision with batch normalisation behind each convolution.
///
/// Every slice of layers or moments has one entry per operator of the network.
pub trait Trainer: Send + Sync {
    /// Its name in reports.
    fn name(&self) -> String;

    /// Loss and gradients of one batch.
    fn step(&self, network: &FloatNetwork, layers: &[Layer], batch: &Batch) -> Step;

    /// Moments before each normalisation within a batch of `samples` inputs.
    fn moments(&self, network: &FloatNetwork, layers: &[Layer], inputs: &[f32], samples: usize) -> Vec<Moments>;

    /// Outputs before softmax, normalised by `moments`.
    fn logits(
        &self,
        network: &FloatNetwork,
        layers: &[Layer],
        moments: &[Moments],
        inputs: &[f32],
        samples: usize,
    ) -> Vec<f32>;
}

/// The value that holds a network's outputs before softmax.
pub fn logits_of(network: &FloatNetwork) -> TensorId {
    match network.ops.last() {
        Some(op) if matches!(op.kind, FloatKind::Softmax) => op.inputs[0],
        _ => network.output,
    }
}

/// Mean cross entropy between `targets` and the softmax of `logits`, and its gradient by the logits.
pub fn cross_entropy(logits: &[f32], targets: &[f32], samples: usize) -> (f64, Vec<f32>) {
    let classes = logits.len() / samples.max(1);
    let mut gradient = Vec::with_capacity(logits.len());
    let mut loss = 0.0;
    for (row, target) in logits.chunks_exact(classes).zip(targets.chunks_exact(classes)) {
        let probabilities = softmax(row);
        for (p, t) in probabilities.iter().zip(target) {
            gradient.push((p - t) / samples as f32);
            loss -= f64::from(*t) * f64::from(p.max(1e-12)).ln();
        }
    }
    (loss / samples as f64, gradient)
}

/// Probabilities of one sample.
pub fn softmax(logits: &[f32]) -> Vec<f32> {
    let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|v| (v - most).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.iter().map(|p| p / sum).collect()
}

/// The class with the largest value; the first of equals.
pub fn largest(values: &[f32]) -> usize {
    let mut best = 0;
    for (class, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = class;
        }
    }
    best
}
