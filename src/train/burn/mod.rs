//! Training by burn: on a GPU where one of its backends is compiled in, and as a second opinion on every gradient.

mod pass;

use burn::tensor::{Device, Tensor, TensorData};

use super::layer::{Layer, Moments};
use super::trainer::{Batch, Step, Trainer, logits_of};
use crate::network::float::FloatNetwork;
use pass::{Norm, Pass};

/// Trains on one of burn's devices.
///
/// # Panics
/// Its methods panic where the device fails, out of memory for example: burn's operations do, too.
#[derive(Debug, Clone)]
pub struct Burn {
    name: &'static str,
    device: Device,
}

impl Burn {
    /// Burn's own kernels on the processor.
    pub fn flex() -> Self {
        Self { name: "burn-flex", device: Device::flex() }
    }

    /// Computes something, so that a device that is missing shows.
    ///
    /// # Panics
    /// Where it does.
    pub fn probe(&self) {
        numbers(Tensor::<1>::ones([1], &self.device));
    }

    /// A device of another backend.
    pub fn on(name: &'static str, device: Device) -> Self {
        Self { name, device }
    }

    fn input(&self, network: &FloatNetwork, inputs: &[f32], samples: usize, device: &Device) -> Tensor<4> {
        let shape = &network.value(network.input).shape;
        // Features without a plane are channels of a single pixel.
        let [h, w, c] = match shape.as_slice() {
            &[_, h, w, c] => [h, w, c],
            _ => [1, 1, network.value(network.input).elements()],
        };
        Tensor::<4>::from_data(TensorData::new(inputs.to_vec(), [samples, h, w, c]), device).permute([0, 3, 1, 2])
    }
}

impl Trainer for Burn {
    fn name(&self) -> String {
        self.name.into()
    }

    fn step(&self, network: &FloatNetwork, layers: &[Layer], batch: &Batch) -> Step {
        let device = self.device.clone().autodiff();
        let input = self.input(network, &batch.inputs, batch.samples, &device);
        let pass = Pass::new(network, layers, &device);
        let (values, moments) = pass.forward(input, Norm::Batch);
        let logits = pass::rows(values, logits_of(network));
        let classes = batch.targets.len() / batch.samples.max(1);
        let targets = TensorData::new(batch.targets.clone(), [batch.samples, classes]);
        let targets = Tensor::<2>::from_data(targets, &device);
        let likelihood = burn::tensor::activation::log_softmax(logits.clone(), 1) * targets;
        let loss = likelihood.sum().neg() / batch.samples.max(1) as f32;
        let gradients = pass.gradients(&loss.backward());
        let loss = numbers(loss).first().copied().unwrap_or(f32::NAN);
        Step { loss: f64::from(loss), gradients, moments: read_moments(moments), logits: numbers(logits) }
    }

    fn moments(&self, network: &FloatNetwork, layers: &[Layer], inputs: &[f32], samples: usize) -> Vec<Moments> {
        let pass = Pass::new(network, layers, &self.device);
        read_moments(pass.forward(self.input(network, inputs, samples, &self.device), Norm::Batch).1)
    }

    fn logits(
        &self,
        network: &FloatNetwork,
        layers: &[Layer],
        moments: &[Moments],
        inputs: &[f32],
        samples: usize,
    ) -> Vec<f32> {
        let pass = Pass::new(network, layers, &self.device);
        let (values, _) = pass.forward(self.input(network, inputs, samples, &self.device), Norm::Fixed(moments));
        numbers(pass::rows(values, logits_of(network)))
    }
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.try_into_vec_as().expect("the device computes")
}

fn read_moments(moments: Vec<Option<[Tensor<4>; 2]>>) -> Vec<Moments> {
    let read = |pair: Option<[Tensor<4>; 2]>| {
        pair.map_or_else(Moments::default, |[mean, variance]| Moments {
            mean: numbers(mean),
            variance: numbers(variance),
        })
    };
    moments.into_iter().map(read).collect()
}
