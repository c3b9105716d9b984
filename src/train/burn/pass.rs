//! A network as operations of burn, NCHW; dense layers are 1x1 convolutions of a single pixel.

use burn::tensor::module::{avg_pool2d, conv2d, max_pool2d};
use burn::tensor::ops::{AvgPoolOptions, ConvOptions, MaxPoolOptions};
use burn::tensor::{Device, Gradients, Tensor, TensorData};

use super::numbers;
use crate::network::derive::Activation;
use crate::network::float::{FloatKind, FloatNetwork, FloatOp};
use crate::network::{Hw, TensorId, Window};
use crate::train::cpu::EPSILON;
use crate::train::layer::{Layer, Moments, normalised};
use crate::train::trainer::logits_of;

/// Where batch normalisation takes its moments from.
#[derive(Clone, Copy)]
pub(super) enum Norm<'a> {
    Batch,
    Fixed(&'a [Moments]),
}

/// The numbers of one operator on the device, in the layout of [`Layer`].
struct Parts {
    filter: Tensor<4>,
    scale: Option<Tensor<4>>,
    shift: Tensor<4>,
}

pub(super) struct Pass<'a> {
    network: &'a FloatNetwork,
    parts: Vec<Option<Parts>>,
    device: Device,
}

impl<'a> Pass<'a> {
    /// Brings layers to the device; their gradients are kept where it computes some.
    pub fn new(network: &'a FloatNetwork, layers: &[Layer], device: &Device) -> Self {
        let one = |(op, layer): (&FloatOp, &Layer)| {
            let outputs = network.value(op.output).channels();
            let (h, w) = match op.kind {
                FloatKind::Conv2d { filter, .. } | FloatKind::DepthwiseConv2d { filter, .. } => (filter.h, filter.w),
                _ => (1, 1),
            };
            (!layer.filter.is_empty()).then(|| {
                let inputs = layer.filter.len() / (h * w * outputs);
                Parts {
                    filter: leaf(&layer.filter, [h, w, inputs, outputs], device),
                    scale: (!layer.scale.is_empty()).then(|| leaf(&layer.scale, [1, outputs, 1, 1], device)),
                    shift: leaf(&layer.shift, [1, outputs, 1, 1], device),
                }
            })
        };
        Self { network, parts: network.ops.iter().zip(layers).map(one).collect(), device: device.clone() }
    }

    /// Values of the network, and moments before each normalisation.
    #[allow(clippy::type_complexity)]
    pub fn forward(&self, input: Tensor<4>, norm: Norm) -> (Vec<Option<Tensor<4>>>, Vec<Option<[Tensor<4>; 2]>>) {
        let mut values = vec![None; self.network.values.len()];
        let mut moments = vec![None; self.network.ops.len()];
        values[self.network.input.0] = Some(input);
        for (at, op) in self.network.ops.iter().enumerate() {
            let x: Vec<Tensor<4>> = op.inputs.iter().filter_map(|id| values[id.0].clone()).collect();
            let mut y = self.linear(op, at, &x);
            if let Some(Parts { scale: Some(scale), shift, .. }) = &self.parts[at]
                && normalised(op)
            {
                let pair = match norm {
                    Norm::Batch => observe(&y),
                    Norm::Fixed(moments) => self.given(&moments[at]),
                };
                let [mean, variance] = pair.clone();
                y = (y - mean) / (variance + EPSILON).sqrt() * scale.clone() + shift.clone();
                moments[at] = Some(pair);
            }
            values[op.output.0] = Some(activate(y, op));
            if op.output == logits_of(self.network) {
                break;
            }
        }
        (values, moments)
    }

    fn given(&self, moments: &Moments) -> [Tensor<4>; 2] {
        [&moments.mean, &moments.variance].map(|part| {
            let shape = [1, part.len(), 1, 1];
            Tensor::from_data(TensorData::new(part.clone(), shape), &self.device)
        })
    }

    fn linear(&self, op: &FloatOp, at: usize, x: &[Tensor<4>]) -> Tensor<4> {
        let weights = |groups: usize, window: Window| {
            let parts = self.parts[at].as_ref().expect("weights");
            // HWIO to OIHW.
            conv2d(x[0].clone(), parts.filter.clone().permute([3, 2, 0, 1]), None, options(window, groups))
        };
        match op.kind {
            FloatKind::Conv2d { window, .. } => weights(1, window),
            FloatKind::DepthwiseConv2d { window, .. } => weights(x[0].dims()[1], window),
            FloatKind::Dense { .. } => {
                let parts = self.parts[at].as_ref().expect("weights");
                let [samples, ..] = x[0].dims();
                let rows: Tensor<2> = x[0].clone().reshape([samples as i64, -1]);
                let [_, _, inputs, outputs] = parts.filter.dims();
                let product = rows.matmul(parts.filter.clone().reshape([inputs, outputs]));
                product.reshape([samples, outputs, 1, 1]) + parts.shift.clone()
            }
            FloatKind::Add { .. } => x[0].clone() + x[1].clone(),
            FloatKind::AveragePool2d { filter, window } => avg_pool2d(x[0].clone(), average(filter, window)),
            FloatKind::MaxPool2d { filter, window } => max_pool2d(x[0].clone(), largest(filter, window)),
            FloatKind::Reshape => {
                // In the order of NHWC.
                let [samples, ..] = x[0].dims();
                let elements = self.network.value(op.output).elements();
                x[0].clone().permute([0, 2, 3, 1]).reshape([samples, elements, 1, 1])
            }
            FloatKind::Softmax => burn::tensor::activation::softmax(x[0].clone(), 1),
        }
    }

    /// Gradients of every layer.
    pub fn gradients(&self, gradients: &Gradients) -> Vec<Layer> {
        let read = |tensor: &Tensor<4>| tensor.grad(gradients).map(numbers).unwrap_or_default();
        let layer = |parts: &Option<Parts>| {
            parts.as_ref().map_or_else(Layer::default, |parts| Layer {
                filter: read(&parts.filter),
                scale: parts.scale.as_ref().map(read).unwrap_or_default(),
                shift: read(&parts.shift),
            })
        };
        self.parts.iter().map(layer).collect()
    }
}

/// One row of a value per sample.
pub(super) fn rows(values: Vec<Option<Tensor<4>>>, id: TensorId) -> Tensor<2> {
    let value = values.into_iter().nth(id.0).flatten().expect("a value that was computed");
    let [samples, ..] = value.dims();
    value.reshape([samples as i64, -1])
}

fn leaf(numbers: &[f32], shape: [usize; 4], device: &Device) -> Tensor<4> {
    let tensor = Tensor::from_data(TensorData::new(numbers.to_vec(), shape), device);
    if device.is_autodiff() { tensor.require_grad() } else { tensor }
}

fn observe(y: &Tensor<4>) -> [Tensor<4>; 2] {
    let mean = y.clone().mean_dims(&[0, 2, 3]);
    let spread = y.clone() - mean.clone();
    let variance = (spread.clone() * spread).mean_dims(&[0, 2, 3]);
    [mean, variance]
}

fn activate(y: Tensor<4>, op: &FloatOp) -> Tensor<4> {
    let activation = match op.kind {
        FloatKind::Conv2d { activation, .. }
        | FloatKind::DepthwiseConv2d { activation, .. }
        | FloatKind::Dense { activation }
        | FloatKind::Add { activation } => activation,
        _ => Activation::None,
    };
    match activation.bounds() {
        None => y,
        Some((low, high)) if high.is_finite() => y.clamp(low, high),
        Some((low, _)) => y.clamp_min(low),
    }
}

fn options(window: Window, groups: usize) -> ConvOptions<2> {
    let Window { stride, dilation, .. } = window;
    ConvOptions { stride: [stride.h, stride.w], padding: padding(window), dilation: [dilation.h, dilation.w], groups }
}

fn padding(Window { pads, .. }: Window) -> [(usize, usize); 2] {
    [(pads.top, pads.bottom), (pads.left, pads.right)]
}

fn average(filter: Hw, window: Window) -> AvgPoolOptions<2> {
    AvgPoolOptions {
        kernel_size: [filter.h, filter.w],
        stride: [window.stride.h, window.stride.w],
        padding: padding(window),
        count_include_pad: false,
        ceil_mode: false,
    }
}

fn largest(filter: Hw, window: Window) -> MaxPoolOptions<2> {
    MaxPoolOptions {
        kernel_size: [filter.h, filter.w],
        stride: [window.stride.h, window.stride.w],
        padding: padding(window),
        dilation: [window.dilation.h, window.dilation.w],
        ceil_mode: false,
    }
}
