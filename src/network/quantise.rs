//! From a float network to an int8 one: post-training quantisation as TFLite's converter does it.
//!
//! Activations are asymmetric int8 per tensor, filters symmetric int8 per output channel (dense ones per tensor),
//! biases int32 at the scale of the accumulator (ai.google.dev, LiteRT 8-bit quantisation specification).

use super::derive::Activation;
use super::float::{FloatKind, FloatNetwork, FloatOp, FloatWeights, run};
use super::{DType, Network, Op, OpKind, Quantization, Tensor, TensorId};

/// The smallest and largest value of each tensor of a float network.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranges(pub Vec<(f32, f32)>);

impl Ranges {
    /// What the tensors hold when `network` runs on inputs that stand one after the other.
    ///
    /// # Panics
    /// Where [`run`] does.
    pub fn observed(network: &FloatNetwork, inputs: &[f32]) -> Self {
        let mut ranges = vec![(f32::INFINITY, f32::NEG_INFINITY); network.values.len()];
        // One by one: what an image leaves behind is small.
        for input in inputs.chunks_exact(network.value(network.input).elements()) {
            for (range, values) in ranges.iter_mut().zip(run(network, 1, input)) {
                *range = values.iter().fold(*range, |(low, high), v| (low.min(*v), high.max(*v)));
            }
        }
        Self(ranges)
    }
}

/// The int8 form of `network` for activations within `ranges`.
pub fn quantise(network: &FloatNetwork, ranges: &Ranges) -> Network {
    let mut tensors: Vec<Tensor> = network
        .values
        .iter()
        .zip(&ranges.0)
        .map(|(value, range)| Tensor {
            name: value.name.clone(),
            shape: value.shape.clone(),
            dtype: DType::I8,
            quant: Some(asymmetric(*range)),
            data: None,
        })
        .collect();
    let mut ops = Vec::with_capacity(network.ops.len());
    for (origin, op) in network.ops.iter().enumerate() {
        match op.kind {
            // These move values without scaling them.
            FloatKind::AveragePool2d { .. } | FloatKind::MaxPool2d { .. } | FloatKind::Reshape => {
                tensors[op.output.0].quant = tensors[op.inputs[0].0].quant.clone();
            }
            FloatKind::Softmax => tensors[op.output.0].quant = Some(per_tensor(1.0 / 256.0, -128)),
            _ => {}
        }
        let mut inputs = op.inputs.clone();
        if let Some(weights) = &op.weights {
            let (filter, bias) = constants(network, op, weights, &tensors[op.inputs[0].0]);
            for tensor in [filter, bias] {
                inputs.push(TensorId(tensors.len()));
                tensors.push(tensor);
            }
        }
        let kind = kind(op.kind, &tensors[op.output.0]);
        ops.push(Op { kind, inputs, output: op.output, origin });
    }
    Network { name: network.name.clone(), tensors, ops, inputs: vec![network.input], outputs: vec![network.output] }
}

fn kind(kind: FloatKind, output: &Tensor) -> OpKind {
    match kind {
        FloatKind::Conv2d { window, activation, .. } => OpKind::Conv2d { window, clamp: activation.clamp(output) },
        FloatKind::DepthwiseConv2d { window, multiplier, activation, .. } => {
            OpKind::DepthwiseConv2d { window, multiplier, clamp: activation.clamp(output) }
        }
        FloatKind::Dense { activation } => OpKind::FullyConnected { clamp: activation.clamp(output) },
        FloatKind::Add { activation } => OpKind::Add { clamp: activation.clamp(output) },
        FloatKind::AveragePool2d { filter, window } => {
            OpKind::AveragePool2d { filter, window, clamp: Activation::None.clamp(output) }
        }
        FloatKind::MaxPool2d { filter, window } => {
            OpKind::MaxPool2d { filter, window, clamp: Activation::None.clamp(output) }
        }
        FloatKind::Reshape => OpKind::Reshape,
        FloatKind::Softmax => OpKind::Softmax { beta: 1.0 },
    }
}

fn per_tensor(scale: f32, zero_point: i32) -> Quantization {
    Quantization { scale: vec![scale], zero_point: vec![zero_point], axis: 0 }
}

/// Int8 over a range that is widened to hold 0, so that 0 (padding, a rectifier's bound) is exact.
fn asymmetric((low, high): (f32, f32)) -> Quantization {
    let (low, high) = (low.min(0.0), high.max(0.0));
    let scale = (high - low) / 255.0;
    // A tensor that holds nothing but 0, or nothing finite.
    if !(scale.is_finite() && scale > f32::MIN_POSITIVE) {
        return per_tensor(1.0, 0);
    }
    let zero = (-128.0 - low / scale).round().clamp(-128.0, 127.0);
    per_tensor(scale, zero as i32)
}

/// Filter in TFLite's layout, and bias.
fn constants(network: &FloatNetwork, op: &FloatOp, weights: &FloatWeights, x: &Tensor) -> (Tensor, Tensor) {
    let (inputs, channels) = (network.value(op.inputs[0]).channels(), weights.bias.len());
    let depthwise = matches!(op.kind, FloatKind::DepthwiseConv2d { .. });
    let (shape, axis) = match op.kind {
        FloatKind::Conv2d { filter, .. } => (vec![channels, filter.h, filter.w, inputs], 0),
        FloatKind::DepthwiseConv2d { filter, .. } => (vec![1, filter.h, filter.w, channels], 3),
        _ => (vec![channels, inputs], 0),
    };
    let scale = if matches!(op.kind, FloatKind::Dense { .. }) {
        vec![symmetric(weights.filter.iter())]
    } else {
        (0..channels).map(|c| symmetric(weights.filter.iter().skip(c).step_by(channels))).collect()
    };
    let scale_of = |c: usize| scale[c % scale.len()];
    let int8 = |index: usize, c: usize| (weights.filter[index] / scale_of(c)).round().clamp(-127.0, 127.0) as i8 as u8;
    let rows = weights.filter.len() / channels;
    let data: Vec<u8> = if depthwise {
        (0..weights.filter.len()).map(|index| int8(index, index % channels)).collect()
    } else {
        (0..channels).flat_map(|c| (0..rows).map(move |row| (row * channels + c, c))).map(|(i, c)| int8(i, c)).collect()
    };
    let bias_scale: Vec<f32> = scale.iter().map(|s| s * x.scale()).collect();
    let bias = weights.bias.iter().enumerate().flat_map(|(c, b)| {
        // Beyond this a sum of products could leave 32 bits.
        let limit = f64::from(1 << 30);
        let q = (f64::from(*b) / f64::from(bias_scale[c % bias_scale.len()])).round().clamp(-limit, limit);
        (q as i32).to_le_bytes()
    });
    let bias: Vec<u8> = bias.collect();
    let name = &network.value(op.output).name;
    let quant = |scale: Vec<f32>, axis| Quantization { zero_point: vec![0; scale.len()], scale, axis };
    let filter = Tensor {
        name: format!("{name}/filter"),
        shape,
        dtype: DType::I8,
        quant: Some(quant(scale, axis)),
        data: Some(data.into()),
    };
    let bias = Tensor {
        name: format!("{name}/bias"),
        shape: vec![channels],
        dtype: DType::I32,
        quant: Some(quant(bias_scale, 0)),
        data: Some(bias.into()),
    };
    (filter, bias)
}

/// The scale that maps the largest weight to 127.
fn symmetric<'a>(weights: impl Iterator<Item = &'a f32>) -> f32 {
    let largest = weights.fold(0f32, |most, w| most.max(w.abs()));
    let scale = largest / 127.0;
    if scale.is_finite() && scale > f32::MIN_POSITIVE { scale } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_exact_and_the_range_is_spanned() {
        let check = |range, scale: f32, zero| {
            let quant = asymmetric(range);
            assert_eq!((quant.scale[0], quant.zero_point[0]), (scale, zero), "{range:?}");
        };
        check((0.0, 6.0), 6.0 / 255.0, -128);
        check((2.0, 6.0), 6.0 / 255.0, -128);
        check((-3.0, -1.0), 3.0 / 255.0, 127);
        check((-1.0, 4.1), 5.1 / 255.0, -78);
        check((0.0, 0.0), 1.0, 0);
        check((f32::INFINITY, f32::NEG_INFINITY), 1.0, 0);
    }

    #[test]
    fn weights_are_symmetric() {
        assert_eq!(symmetric([0.5, -2.54, 1.0].iter()), 2.54 / 127.0);
        assert_eq!(symmetric([0.0, 0.0].iter()), 1.0);
    }
}
