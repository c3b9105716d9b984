//! Runs float networks on batches.

use super::math::exp;
use super::{FloatKind, FloatNetwork, FloatOp, FloatWeights, Value};
use crate::network::derive::Activation;
use crate::network::{Hw, Window};

/// Values of every tensor for a batch of inputs that stand one after the other.
///
/// # Panics
/// If `input` is not `batch` times the input's size, or an operator with weights has none.
pub fn run(network: &FloatNetwork, batch: usize, input: &[f32]) -> Vec<Vec<f32>> {
    assert_eq!(input.len(), batch * network.value(network.input).elements(), "size of the input");
    let mut values = vec![Vec::new(); network.values.len()];
    values[network.input.0] = input.to_vec();
    for op in &network.ops {
        let inputs: Vec<&[f32]> = op.inputs.iter().map(|id| values[id.0].as_slice()).collect();
        let mut output = linear(network, op, batch, &inputs);
        activate(&mut output, op.kind);
        values[op.output.0] = output;
    }
    values
}

/// What `op` computes before its activation.
pub fn linear(network: &FloatNetwork, op: &FloatOp, batch: usize, inputs: &[&[f32]]) -> Vec<f32> {
    let (x, out) = (network.value(op.inputs[0]), network.value(op.output));
    let weights = || op.weights.as_ref().expect("weights");
    match op.kind {
        FloatKind::Conv2d { filter, window, .. } => {
            per_image(x, out, batch, inputs[0], |image, to| conv(image, x, filter, &window, weights(), out, to))
        }
        FloatKind::DepthwiseConv2d { filter, window, multiplier, .. } => {
            let layer = Depthwise { filter, window, multiplier };
            per_image(x, out, batch, inputs[0], |image, to| depthwise(image, x, &layer, weights(), out, to))
        }
        FloatKind::Dense { .. } => per_image(x, out, batch, inputs[0], |image, to| {
            to.copy_from_slice(&weights().bias);
            accumulate(image, &weights().filter, to);
        }),
        FloatKind::Add { .. } => inputs[0].iter().zip(inputs[1]).map(|(a, b)| a + b).collect(),
        FloatKind::AveragePool2d { filter, window } => per_image(x, out, batch, inputs[0], |image, to| {
            pool(image, x, filter, &window, out, to, 0.0, |sum, v| sum + v, |sum, count| sum / count as f32);
        }),
        FloatKind::MaxPool2d { filter, window } => per_image(x, out, batch, inputs[0], |image, to| {
            pool(image, x, filter, &window, out, to, f32::NEG_INFINITY, f32::max, |max, _| max);
        }),
        FloatKind::Reshape => inputs[0].to_vec(),
        FloatKind::Softmax => inputs[0].chunks(x.channels()).flat_map(softmax).collect(),
    }
}

/// Applies the activation of an operator of this kind.
pub fn activate(values: &mut [f32], kind: FloatKind) {
    let activation = match kind {
        FloatKind::Conv2d { activation, .. }
        | FloatKind::DepthwiseConv2d { activation, .. }
        | FloatKind::Dense { activation }
        | FloatKind::Add { activation } => activation,
        _ => Activation::None,
    };
    if let Some((low, high)) = activation.bounds() {
        values.iter_mut().for_each(|v| *v = v.max(low).min(high));
    }
}

fn per_image(x: &Value, out: &Value, batch: usize, input: &[f32], mut one: impl FnMut(&[f32], &mut [f32])) -> Vec<f32> {
    let mut output = vec![0.0; batch * out.elements()];
    for (image, to) in input.chunks_exact(x.elements()).zip(output.chunks_exact_mut(out.elements())) {
        one(image, to);
    }
    output
}

/// `to[o] += sum over k of x[k] * rows[k][o]`. Outputs are summed side by side, so that the order of a sum is fixed.
fn accumulate(x: &[f32], rows: &[f32], to: &mut [f32]) {
    for (&value, row) in x.iter().zip(rows.chunks_exact(to.len())) {
        if value != 0.0 {
            to.iter_mut().zip(row).for_each(|(sum, weight)| *sum += value * weight);
        }
    }
}

fn conv(image: &[f32], x: &Value, filter: Hw, window: &Window, weights: &FloatWeights, out: &Value, to: &mut [f32]) {
    let (depth, channels) = (x.channels(), out.channels());
    for_pixels(x, filter, window, out, to, |pixel, taps| {
        pixel.copy_from_slice(&weights.bias);
        for &(tap, at) in taps {
            let rows = &weights.filter[tap * depth * channels..(tap + 1) * depth * channels];
            accumulate(&image[at * depth..(at + 1) * depth], rows, pixel);
        }
    });
}

struct Depthwise {
    filter: Hw,
    window: Window,
    multiplier: usize,
}

fn depthwise(image: &[f32], x: &Value, layer: &Depthwise, weights: &FloatWeights, out: &Value, to: &mut [f32]) {
    let (depth, channels) = (x.channels(), out.channels());
    for_pixels(x, layer.filter, &layer.window, out, to, |pixel, taps| {
        pixel.copy_from_slice(&weights.bias);
        for &(tap, at) in taps {
            let row = &weights.filter[tap * channels..(tap + 1) * channels];
            let from = &image[at * depth..(at + 1) * depth];
            if layer.multiplier == 1 {
                pixel.iter_mut().zip(row).zip(from).for_each(|((sum, weight), value)| *sum += value * weight);
            } else {
                pixel.iter_mut().enumerate().for_each(|(c, sum)| *sum += from[c / layer.multiplier] * row[c]);
            }
        }
    });
}

#[allow(clippy::too_many_arguments)]
fn pool(
    image: &[f32],
    x: &Value,
    filter: Hw,
    window: &Window,
    out: &Value,
    to: &mut [f32],
    start: f32,
    join: impl Fn(f32, f32) -> f32,
    finish: impl Fn(f32, usize) -> f32,
) {
    let depth = x.channels();
    for_pixels(x, filter, window, out, to, |pixel, taps| {
        pixel.fill(start);
        for &(_, at) in taps {
            let from = &image[at * depth..(at + 1) * depth];
            pixel.iter_mut().zip(from).for_each(|(sum, value)| *sum = join(*sum, *value));
        }
        pixel.iter_mut().for_each(|value| *value = finish(*value, taps.len()));
    });
}

/// Calls `one` for each output pixel with the taps inside the image: (tap, input pixel).
fn for_pixels(
    x: &Value,
    filter: Hw,
    window: &Window,
    out: &Value,
    to: &mut [f32],
    mut one: impl FnMut(&mut [f32], &[(usize, usize)]),
) {
    let (rows, columns) = (x.shape[1], x.shape[2]);
    let mut taps = Vec::with_capacity(filter.h * filter.w);
    for (index, pixel) in to.chunks_exact_mut(out.channels()).enumerate() {
        let (y, col) = (index / out.shape[2], index % out.shape[2]);
        taps.clear();
        for ky in 0..filter.h {
            let iy = (y * window.stride.h + ky * window.dilation.h).checked_sub(window.pads.top);
            let Some(iy) = iy.filter(|iy| *iy < rows) else { continue };
            for kx in 0..filter.w {
                let ix = (col * window.stride.w + kx * window.dilation.w).checked_sub(window.pads.left);
                let Some(ix) = ix.filter(|ix| *ix < columns) else { continue };
                taps.push((ky * filter.w + kx, iy * columns + ix));
            }
        }
        one(pixel, &taps);
    }
}

fn softmax(row: &[f32]) -> Vec<f32> {
    let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = row.iter().map(|v| exp(v - max)).collect();
    let sum: f32 = powers.iter().sum();
    powers.iter().map(|p| p / sum).collect()
}
