//! What computes gradients: our own kernels on the processor, or burn on one of its backends.

use super::layer::{Layer, Moments};
use crate::network::TensorId;
use crate::network::float::{FloatKind, FloatNetwork};

/// Samples that are computed together.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    /// Inputs, one after the other.
    pub inputs: Vec<f32>,
    /// The wanted probability of each class, 1 in sum, one sample after the other.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::builtin::{Architecture, Spec, operators};
    use crate::network::random::Random;
    use crate::train::burn::Burn;
    use crate::train::cpu::Cpu;
    use crate::train::layer::initial;

    /// Every kind of operator, strides and paddings that do not come out even, and channels that fill no vector.
    const ZOO: &str = "
name: zoo
source: made up
input: { shape: [11, 9, 3], range: [-1, 1] }
classes: 5
padding: same
activation: relu6
layers:
  - { op: conv, channels: 11, kernel: [3, 5], stride: 2 }
  - { op: mbconv, channels: 11, expand: 3, kernel: 5 }
  - { op: mbconv, channels: 20, expand: 4, kernel: 3, stride: 2 }
  - { op: max_pool, kernel: 3, stride: 1 }
  - { op: residual, channels: 24, stride: 1, activation: relu }
  - { op: average_pool, kernel: 3, stride: 2 }
  - { op: flatten }
  - { op: dense, channels: 12, activation: relu }
  - { op: dense, channels: classes, activation: none }
  - { op: softmax }
";

    fn zoo() -> (FloatNetwork, Vec<Layer>, Batch) {
        let architecture = Architecture::parse("zoo", ZOO).expect("an architecture");
        let network = operators(&architecture, &Spec::default()).expect("a network");
        let mut random = Random::new(3);
        let mut layers = initial(&network, &mut random);
        // Away from the values at which parts of the network are switched off.
        layers
            .iter_mut()
            .flat_map(|l| [&mut l.scale, &mut l.shift])
            .flatten()
            .for_each(|v| *v += random.between(0.2, 0.9));
        let samples = 13;
        let inputs = (0..samples * network.value(network.input).elements()).map(|_| random.normal()).collect();
        let targets = (0..samples).flat_map(|_| softmax(&[(); 5].map(|()| random.normal()))).collect();
        (network, layers, Batch { inputs, targets, samples })
    }

    /// Largest difference as a part of the largest number.
    fn difference(a: &[f32], b: &[f32]) -> f32 {
        assert_eq!(a.len(), b.len());
        let most = b.iter().fold(1e-6f32, |most, v| most.max(v.abs()));
        a.iter().zip(b).fold(0f32, |worst, (a, b)| worst.max((a - b).abs())) / most
    }

    #[test]
    fn our_gradients_are_those_of_burn() {
        let (network, layers, batch) = zoo();
        let (ours, theirs) = (Cpu.step(&network, &layers, &batch), Burn::flex().step(&network, &layers, &batch));
        assert!((ours.loss - theirs.loss).abs() < 1e-4, "{} and {}", ours.loss, theirs.loss);
        for ((op, a), b) in network.ops.iter().zip(&ours.gradients).zip(&theirs.gradients) {
            for (a, b) in a.parts().into_iter().zip(b.parts()) {
                let worst = difference(a, b);
                assert!(worst < 2e-3, "{}: {worst}", network.value(op.output).name);
            }
        }
        for (a, b) in ours.moments.iter().zip(&theirs.moments) {
            assert!(difference(&a.mean, &b.mean) < 1e-3 && difference(&a.variance, &b.variance) < 1e-3);
        }
        let logits = Cpu.logits(&network, &layers, &ours.moments, &batch.inputs, batch.samples);
        assert!(difference(&logits, &ours.logits) < 1e-3, "the batch's own moments give the batch's outputs");
        let burns = Burn::flex().logits(&network, &layers, &ours.moments, &batch.inputs, batch.samples);
        assert!(difference(&logits, &burns) < 1e-3);
    }

    #[test]
    fn the_loss_falls_along_the_gradient_as_it_says() {
        let (network, layers, batch) = zoo();
        let step = Cpu.step(&network, &layers, &batch);
        for at in (0..network.ops.len()).filter(|at| !layers[*at].filter.is_empty()) {
            let (mut moved, rate) = (layers.clone(), 1e-3);
            let mut slope = 0.0;
            for (weight, gradient) in moved[at].filter.iter_mut().zip(&step.gradients[at].filter) {
                *weight -= rate * gradient;
                slope += f64::from(gradient * gradient);
            }
            let fell = step.loss - Cpu.step(&network, &moved, &batch).loss;
            let expected = f64::from(rate) * slope;
            assert!((fell - expected).abs() < 0.1 * expected + 1e-6, "operator {at}: {fell}, not {expected}");
        }
    }

    #[test]
    fn threads_leave_no_trace() {
        let (network, layers, batch) = zoo();
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
            pool.install(|| Cpu.step(&network, &layers, &batch).gradients)
        };
        assert_eq!(on(1), on(3));
    }
}
