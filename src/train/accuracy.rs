//! How often a network is right.

use rayon::prelude::*;

use super::batches::Ready;
use super::error::TrainError;
use super::layer::{Layer, Moments};
use super::trainer::{Trainer, largest};
use crate::network::float::FloatNetwork;
use crate::network::{Network, Tensor, reference};

/// Samples that are computed at once.
const BATCH: usize = 64;

/// How many of the samples a network named rightly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Accuracy {
    pub correct: usize,
    pub samples: usize,
}

impl Accuracy {
    /// 0 to 1; none without samples.
    pub fn share(self) -> Option<f64> {
        (self.samples > 0).then(|| self.correct as f64 / self.samples as f64)
    }
}

impl std::ops::AddAssign for Accuracy {
    fn add_assign(&mut self, other: Self) {
        self.correct += other.correct;
        self.samples += other.samples;
    }
}

/// Mean moments over batches of `ready`: what normalises a network whose layers are shared or just trained
/// (arXiv 1903.05134, 3.2).
pub fn calibrate(trainer: &dyn Trainer, network: &FloatNetwork, layers: &[Layer], ready: &Ready) -> Vec<Moments> {
    let elements = network.value(network.input).elements();
    let mut sum: Vec<Moments> = Vec::new();
    let mut batches = 0.0;
    for inputs in ready.inputs.chunks(BATCH * elements) {
        let samples = inputs.len() / elements;
        // A rest of a few samples says little of variances.
        if batches > 0.0 && samples < BATCH / 2 {
            break;
        }
        let moments = trainer.moments(network, layers, inputs, samples);
        batches += 1.0;
        if sum.is_empty() {
            sum = moments;
            continue;
        }
        for (sum, new) in sum.iter_mut().zip(moments) {
            sum.mean.iter_mut().zip(new.mean).for_each(|(sum, new)| *sum += new);
            sum.variance.iter_mut().zip(new.variance).for_each(|(sum, new)| *sum += new);
        }
    }
    for moments in &mut sum {
        moments.mean.iter_mut().chain(&mut moments.variance).for_each(|v| *v /= batches);
    }
    sum
}

/// Accuracy in single precision.
pub fn float_accuracy(
    trainer: &dyn Trainer,
    network: &FloatNetwork,
    layers: &[Layer],
    moments: &[Moments],
    ready: &Ready,
) -> Accuracy {
    let elements = network.value(network.input).elements();
    let mut accuracy = Accuracy::default();
    for (inputs, labels) in ready.inputs.chunks(BATCH * elements).zip(ready.labels.chunks(BATCH)) {
        let logits = trainer.logits(network, layers, moments, inputs, labels.len());
        let rows = logits.chunks_exact(logits.len() / labels.len().max(1));
        accuracy.correct += rows.zip(labels).filter(|(row, label)| largest(row) == **label).count();
        accuracy.samples += labels.len();
    }
    accuracy
}

/// Accuracy of an int8 network, by the reference interpreter.
pub fn int8_accuracy(network: &Network, ready: &Ready) -> Result<Accuracy, TrainError> {
    let mismatch =
        |found: String, wanted: String| TrainError::Mismatch { network: network.name.clone(), found, wanted };
    let (&[input], &[output]) = (network.inputs.as_slice(), network.outputs.as_slice()) else {
        let found = format!("{} inputs and {} outputs", network.inputs.len(), network.outputs.len());
        return Err(mismatch(found, "one of each".into()));
    };
    let (input, output) = (network.tensor(input), network.tensor(output));
    if input.elements() * ready.len() != ready.inputs.len() {
        let wanted = format!("inputs of {} numbers", ready.inputs.len() / ready.len().max(1));
        return Err(mismatch(format!("an input of {:?}", input.shape), wanted));
    }
    if let Some(label) = ready.labels.iter().find(|label| **label >= output.elements()) {
        return Err(mismatch(format!("{} outputs", output.elements()), format!("a class {label}")));
    }
    let right = |(inputs, label): (&[f32], &usize)| -> Result<usize, TrainError> {
        let outputs = reference::run(network, &[quantised(input, inputs)])
            .map_err(|source| TrainError::Run { network: network.name.clone(), source })?;
        let values: Vec<f32> = outputs[0].iter().map(|byte| f32::from(*byte as i8)).collect();
        Ok(usize::from(largest(&values) == *label))
    };
    let correct = ready
        .inputs
        .par_chunks(input.elements().max(1))
        .zip(&ready.labels)
        .map(right)
        .try_reduce(|| 0, |a, b| Ok(a + b))?;
    Ok(Accuracy { correct, samples: ready.len() })
}

/// The bytes that an int8 tensor holds for these numbers.
pub fn quantised(tensor: &Tensor, values: &[f32]) -> Vec<u8> {
    let (scale, zero) = (tensor.scale(), tensor.zero_point() as f32);
    values.iter().map(|v| ((v / scale).round() + zero).clamp(-128.0, 127.0) as i8 as u8).collect()
}
