//! Seeded weights and inputs. Only basic IEEE operations are used: every host gets the same bits.

use super::schema::Architecture;
use crate::network::float::{FloatKind, FloatNetwork, FloatOp, FloatWeights, activate, linear};
use crate::network::random::Random;

/// A batch of inputs within the architecture's range, of three kinds in turn: patches of several sizes with noise, so
/// that neighbouring pixels are alike as in a picture; the same with little contrast; and noise alone.
pub(super) fn inputs(
    architecture: &Architecture,
    network: &FloatNetwork,
    batch: usize,
    random: &mut Random,
) -> Vec<f32> {
    let value = network.value(network.input);
    let (channels, columns) = (value.channels(), value.shape.get(2).copied().unwrap_or(1));
    let [low, high] = architecture.input.range;
    let mut all = Vec::with_capacity(batch * value.elements());
    for image in 0..batch {
        let salt = random.bits();
        let (brightness, contrast) = if image % 3 == 1 { (random.unit(), 0.3) } else { (0.5, 1.6) };
        for index in 0..value.elements() {
            let (c, pixel) = (index % channels, index / channels);
            let (y, x) = (pixel / columns, pixel % columns);
            let patch = |side: usize, salt: u64| {
                let at = ((y / side) << 40 | (x / side) << 20 | c) as u64;
                Random::new(salt ^ at.wrapping_mul(0xD134_2543_DE82_EF95)).unit()
            };
            let noise = random.unit();
            let value = if image % 3 == 2 {
                noise
            } else {
                let mix = 0.5 * patch(16, salt) + 0.3 * patch(4, salt ^ 1) + 0.2 * noise;
                (brightness + contrast * (mix - 0.5)).clamp(0.0, 1.0)
            };
            all.push(low + (high - low) * value);
        }
    }
    all
}

/// Gives every layer weights: normal with variance 2 / fan-in, then normalised over the batch per channel and shifted
/// and stretched at random, as a trained batch normalisation folded into the layer does. Values keep their size through
/// any depth, and no channel dies.
pub(super) fn weigh(network: &mut FloatNetwork, batch: usize, input: Vec<f32>, random: &mut Random) {
    let mut values = vec![Vec::new(); network.values.len()];
    values[network.input.0] = input;
    for index in 0..network.ops.len() {
        let mut op = network.ops[index].clone();
        let channels = network.value(op.output).channels();
        let fan_in = network.fan_in(&op);
        if fan_in > 0 {
            let rows = match op.kind {
                FloatKind::DepthwiseConv2d { filter, .. } => filter.h * filter.w,
                _ => fan_in,
            };
            let deviation = (2.0 / fan_in as f32).sqrt();
            let filter = (0..rows * channels).map(|_| deviation * random.normal()).collect();
            op.weights = Some(FloatWeights { filter, bias: vec![0.0; channels] });
        }
        let operands: Vec<&[f32]> = op.inputs.iter().map(|id| values[id.0].as_slice()).collect();
        let mut output = linear(network, &op, batch, &operands);
        if fan_in > 0 {
            normalise(&mut op, &mut output, random);
        }
        activate(&mut output, op.kind);
        values[op.output.0] = output;
        // A batch of every tensor would not fit into memory.
        for id in &op.inputs {
            if !network.ops[index + 1..].iter().any(|later| later.inputs.contains(id)) {
                values[id.0] = Vec::new();
            }
        }
        network.ops[index] = op;
    }
}

/// Scales and shifts each channel of `output`, and the weights that computed it alike.
fn normalise(op: &mut FloatOp, output: &mut [f32], random: &mut Random) {
    let Some(weights) = &mut op.weights else { return };
    let channels = weights.bias.len();
    let count = (output.len() / channels) as f32;
    let mut mean = vec![0f32; channels];
    let mut variance = vec![0f32; channels];
    for pixel in output.chunks_exact(channels) {
        mean.iter_mut().zip(pixel).for_each(|(sum, v)| *sum += v);
    }
    mean.iter_mut().for_each(|sum| *sum /= count);
    for pixel in output.chunks_exact(channels) {
        for ((sum, v), mean) in variance.iter_mut().zip(pixel).zip(&mean) {
            *sum += (v - mean) * (v - mean);
        }
    }
    let pooled = variance.iter().sum::<f32>() / (count * channels as f32);
    // A few samples say little of a channel's variance: the layer's counts as that many more.
    const PRIOR: f32 = 4.0;
    let affine: Vec<(f32, f32)> = (0..channels)
        .map(|c| {
            let variance = (variance[c] + PRIOR * pooled) / (count + PRIOR);
            let scale = if variance > 1e-12 { random.between(1.0, 2.0) / variance.sqrt() } else { 1.0 };
            (scale, random.between(-0.5, 1.0) - mean[c] * scale)
        })
        .collect();
    let apply = |values: &mut [f32], shift: bool| {
        for pixel in values.chunks_exact_mut(channels) {
            for (v, (scale, offset)) in pixel.iter_mut().zip(&affine) {
                *v = *v * scale + if shift { *offset } else { 0.0 };
            }
        }
    };
    apply(output, true);
    apply(&mut weights.filter, false);
    apply(&mut weights.bias, true);
}
