//! Random networks: every kernel in shapes, paddings, scales and clamps that no published model has.

#![allow(dead_code)] // Each test crate uses a part of it.

mod pieces;

use hil::network::{Clamp, Hw, Network, OpKind, Pads, Quantization, TensorId, Window};

use super::engine_common::Builder;
#[allow(unused_imports)] // Each test crate uses a part of it.
pub use pieces::{pieces, swishing_blocks};

/// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
pub struct Rng(pub u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In `low..=high`.
    pub fn pick(&mut self, low: usize, high: usize) -> usize {
        low + (self.next() % (high - low + 1) as u64) as usize
    }

    /// Once in `n` times.
    pub fn once_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }

    fn of<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.pick(0, values.len() - 1)]
    }
}

struct Draw {
    b: Builder,
    rng: Rng,
    /// Position of the last convolution or depthwise layer's weights.
    at: TensorId,
}

/// A network of about `layers` layers.
pub fn network(seed: u64, layers: usize) -> Network {
    let mut rng = Rng(seed);
    let size = [rng.pick(1, 11), rng.pick(1, 11), rng.of(&[1, 2, 3, 4, 5, 8, 12])];
    let (b, x) = Builder::new(&[1, size[0], size[1], size[2]]);
    let mut draw = Draw { b, rng, at: x };
    draw.quantise(x);
    for _ in 0..layers {
        let x = draw.at;
        draw.at = match draw.rng.pick(0, 9) {
            0..=2 => draw.conv(x),
            3 => draw.pointwise(x),
            4..=6 => draw.depthwise(x),
            7 => draw.sum(x),
            8 => draw.pool(x),
            _ => draw.padded(x),
        };
    }
    let flat = draw.b.0.tensor(draw.at).elements();
    let row = draw.b.reshape(draw.at, &[1, flat]);
    draw.b.0.tensors[row.0].quant = draw.b.0.tensors[draw.at.0].quant.clone();
    let outputs = draw.rng.pick(1, 13);
    let y = draw.b.dense(row, outputs);
    draw.finish(y);
    if draw.rng.once_in(4) {
        let filter = draw.b.0.ops.last().expect("a layer").inputs[1];
        draw.b.0.tensors[filter.0].quant.as_mut().expect("a scale").zero_point = vec![-7];
    }
    draw.b.finish(&[y])
}

/// Inverted residual blocks and what else computes by rows, on a map of some height.
pub fn blocks(seed: u64, count: usize) -> Network {
    let mut rng = Rng(seed);
    let size = [rng.pick(5, 23), rng.pick(1, 13), rng.of(&[1, 3, 4, 6])];
    let (b, x) = Builder::new(&[1, size[0], size[1], size[2]]);
    let mut draw = Draw { b, rng, at: x };
    draw.quantise(x);
    for _ in 0..count {
        let x = draw.at;
        draw.at = match draw.rng.pick(0, 9) {
            0 => draw.conv(x),
            1 => draw.pool(x),
            2 => draw.requantised(x),
            3 => draw.sum(x),
            _ => draw.inverted_residual(x),
        };
    }
    let y = draw.at;
    draw.b.finish(&[y])
}

/// 3x3 depthwise layers, one for each loop of theirs: strides 1 and 2, outputs clamped at the zero point or not.
pub fn depthwise_3x3(seed: u64, channels: usize) -> Network {
    let (b, x) = Builder::new(&[1, 9, 16, channels]);
    let mut draw = Draw { b, rng: Rng(seed), at: x };
    for (stride, zero) in [(1, -128), (1, 5), (2, -128), (2, 5)] {
        let y = draw.b.depthwise(draw.at, 3, stride, true);
        draw.finish(y);
        // Nothing odd, so that the fast form is taken.
        let filter = draw.b.0.ops.last().expect("a layer").inputs[1];
        let scale = (0..channels).map(|c| 0.02 + 0.001 * c as f32).collect();
        let tensors = &mut draw.b.0.tensors;
        tensors[filter.0].quant = Some(Quantization { scale, zero_point: vec![0; channels], axis: 3 });
        tensors[y.0].quant = Some(Quantization { scale: vec![0.5], zero_point: vec![zero], axis: 0 });
        if let OpKind::DepthwiseConv2d { clamp, .. } = &mut draw.b.0.ops.last_mut().expect("a layer").kind {
            *clamp = Clamp { min: -128, max: 127 };
        }
        draw.at = y;
    }
    let y = draw.at;
    draw.b.finish(&[y])
}

/// 3x3 convolutions at stride 1 over whole groups of 4 channels, maps down to a pixel, with any padding.
pub fn conv_3x3(seed: u64) -> Network {
    let mut rng = Rng(seed);
    let size = [rng.pick(1, 9), rng.pick(1, 9), 4 * rng.pick(1, 9)];
    let (b, x) = Builder::new(&[1, size[0], size[1], size[2]]);
    let mut draw = Draw { b, rng, at: x };
    draw.quantise(x);
    for layer in 0..3 {
        let s = draw.shape(draw.at);
        let mut pads = |size: usize| {
            let (before, after) = (draw.rng.pick(0, 2), draw.rng.pick(0, 2));
            (before, after + 3usize.saturating_sub(size + before + after))
        };
        let ((top, bottom), (left, right)) = (pads(s[1]), pads(s[2]));
        let one = Hw { h: 1, w: 1 };
        let window = Window { stride: one, dilation: one, pads: Pads { top, bottom, left, right } };
        let channels = if layer == 2 { draw.rng.pick(1, 9) } else { 4 * draw.rng.pick(1, 5) };
        let kind = OpKind::Conv2d { window, clamp: Clamp { min: -128, max: 127 } };
        let out = [1, s[1] + top + bottom - 2, s[2] + left + right - 2, channels];
        draw.at = draw.weighted(draw.at, kind, &[channels, 3, 3, s[3]], channels, &out);
    }
    let y = draw.at;
    draw.b.finish(&[y])
}

/// Convolutions in groups of single channels, one or two outputs of each.
pub fn grouped(seed: u64) -> Network {
    let mut rng = Rng(seed);
    let size = [rng.pick(3, 9), rng.pick(3, 9), rng.pick(2, 6)];
    let (b, x) = Builder::new(&[1, size[0], size[1], size[2]]);
    let mut draw = Draw { b, rng, at: x };
    draw.quantise(x);
    for filter in [3, 1, 2] {
        let filter = Hw { h: filter, w: draw.rng.pick(1, 3) };
        let (window, h, w) = draw.window(draw.at, filter);
        let channels = draw.shape(draw.at)[3] * draw.rng.pick(1, 2);
        let kind = OpKind::Conv2d { window, clamp: Clamp { min: -128, max: 127 } };
        draw.at = draw.weighted(draw.at, kind, &[channels, filter.h, filter.w, 1], channels, &[1, h, w, channels]);
    }
    let y = draw.at;
    draw.b.finish(&[y])
}

impl Draw {
    fn shape(&self, x: TensorId) -> Vec<usize> {
        self.b.shape(x)
    }

    fn zero(&mut self) -> i32 {
        let any = self.rng.pick(0, 255) as i32 - 128;
        self.rng.of(&[-128, -128, 127, 0, any])
    }

    /// Another scale and zero point for an activation.
    fn quantise(&mut self, x: TensorId) {
        let scale = self.rng.of(&[0.02f32, 0.05, 0.11, 0.5]);
        let zero_point = vec![self.zero()];
        self.b.0.tensors[x.0].quant = Some(Quantization { scale: vec![scale], zero_point, axis: 0 });
    }

    fn clamp(&mut self, y: TensorId) -> Clamp {
        let zero = self.b.0.tensor(y).zero_point();
        let low = self.rng.pick(0, 255) as i32 - 128;
        let high = (low + self.rng.pick(0, 255) as i32).min(127);
        let full = Clamp { min: -128, max: 127 };
        self.rng.of(&[
            full,
            full,
            Clamp { min: zero, max: 127 },
            Clamp { min: zero, max: 127 },
            Clamp { min: low, max: high },
        ])
    }

    /// Random output quantisation, clamp, weights, biases and scales of the last layer.
    fn finish(&mut self, y: TensorId) {
        self.quantise(y);
        let clamp = self.clamp(y);
        let op = self.b.0.ops.last_mut().expect("a layer");
        match &mut op.kind {
            OpKind::Conv2d { clamp: c, .. }
            | OpKind::DepthwiseConv2d { clamp: c, .. }
            | OpKind::FullyConnected { clamp: c } => *c = clamp,
            _ => return,
        }
        let axis = if matches!(op.kind, OpKind::DepthwiseConv2d { .. }) { 3 } else { 0 };
        let [filter, bias] = [op.inputs[1], op.inputs[2]];
        let shape = self.b.0.tensor(filter).shape.clone();
        let channels = shape[axis];
        let taps = shape.iter().product::<usize>() / channels;
        let (least, dead) = (self.rng.once_in(3), self.rng.pick(2, 6) as u64);
        let silent: Vec<bool> = (0..channels).map(|_| self.rng.once_in(dead)).collect();
        let weight = |rng: &mut Rng, i: usize| {
            let channel = if axis == 3 { i % channels } else { i / taps };
            match rng.next() as i8 {
                _ if silent[channel] => 0,
                i8::MIN if !least => -127,
                w => w,
            }
        };
        let data: Vec<u8> = (0..channels * taps).map(|i| weight(&mut self.rng, i) as u8).collect();
        let spread = if self.rng.once_in(8) { 1 << 30 } else { 1 << 12 };
        let biases: Vec<u8> =
            (0..channels).flat_map(|_| (self.rng.pick(0, 2 * spread) as i32 - spread as i32).to_le_bytes()).collect();
        let odd = self.rng.once_in(4);
        let base = 0.1 / (taps as f32).sqrt();
        let mut scale = || match self.rng.pick(0, 11) {
            0 if odd => 30.0,
            1 if odd => -0.003,
            2 if odd => 1e-9,
            n => base * (0.2 + 0.1 * n as f32),
        };
        let per_channel = axis == 3 || shape.len() == 4;
        let scales: Vec<f32> = (0..if per_channel { channels } else { 1 }).map(|_| scale()).collect();
        let tensors = &mut self.b.0.tensors;
        tensors[filter.0].data = Some(data.into());
        tensors[filter.0].quant = Some(Quantization { zero_point: vec![0; scales.len()], scale: scales, axis });
        tensors[bias.0].data = Some(biases.into());
    }

    /// A window that fits `x`, and the output's height and width.
    fn window(&mut self, x: TensorId, filter: Hw) -> (Window, usize, usize) {
        let s = self.shape(x);
        let dilated = self.rng.once_in(6);
        let mut axis = |size: usize, taps: usize| {
            let dilation = if dilated { self.rng.pick(1, 2) } else { 1 };
            let reach = (taps - 1) * dilation + 1;
            let (before, after) = (self.rng.pick(0, taps / 2), self.rng.pick(0, taps / 2));
            let after = after + reach.saturating_sub(size + before + after);
            let stride = self.rng.of(&[1, 1, 1, 2, 2, 3]);
            ((size + before + after - reach) / stride + 1, stride, dilation, before, after)
        };
        let (h, stride_h, dilation_h, top, bottom) = axis(s[1], filter.h);
        let (w, stride_w, dilation_w, left, right) = axis(s[2], filter.w);
        let window = Window {
            stride: Hw { h: stride_h, w: stride_w },
            dilation: Hw { h: dilation_h, w: dilation_w },
            pads: Pads { top, bottom, left, right },
        };
        (window, h, w)
    }

    fn weighted(&mut self, x: TensorId, kind: OpKind, filter: &[usize], channels: usize, out: &[usize]) -> TensorId {
        let [filter, bias] = self.b.weights(filter, channels);
        let y = self.b.op(kind, &[x, filter, bias], out);
        self.finish(y);
        y
    }

    fn conv(&mut self, x: TensorId) -> TensorId {
        let filter = Hw { h: self.rng.pick(1, 4), w: self.rng.pick(1, 4) };
        let (window, h, w) = self.window(x, filter);
        let (channels, depth) = (self.rng.pick(1, 17), self.shape(x)[3]);
        let kind = OpKind::Conv2d { window, clamp: Clamp { min: -128, max: 127 } };
        self.weighted(x, kind, &[channels, filter.h, filter.w, depth], channels, &[1, h, w, channels])
    }

    fn pointwise(&mut self, x: TensorId) -> TensorId {
        let channels = self.rng.pick(1, 40);
        let y = self.b.conv(x, 1, 1, channels, false);
        self.finish(y);
        y
    }

    fn depthwise(&mut self, x: TensorId) -> TensorId {
        let size = if self.rng.once_in(2) { 3 } else { self.rng.pick(1, 9) };
        let filter = Hw { h: size, w: if self.rng.once_in(4) { self.rng.pick(1, 9) } else { size } };
        let (window, h, w) = self.window(x, filter);
        let multiplier = if self.rng.once_in(6) { 2 } else { 1 };
        let channels = self.shape(x)[3] * multiplier;
        let kind = OpKind::DepthwiseConv2d { window, multiplier, clamp: Clamp { min: -128, max: 127 } };
        self.weighted(x, kind, &[1, filter.h, filter.w, channels], channels, &[1, h, w, channels])
    }

    fn requantised(&mut self, x: TensorId) -> TensorId {
        let shape = self.shape(x);
        let y = self.b.op(OpKind::Quantize, &[x], &shape);
        self.quantise(y);
        y
    }

    fn inverted_residual(&mut self, x: TensorId) -> TensorId {
        let wide = self.pointwise(x);
        let filtered = if self.rng.once_in(3) {
            self.depthwise(wide)
        } else {
            let (k, stride) = (self.rng.of(&[3, 5, 7]), self.rng.of(&[1, 1, 2]));
            let y = self.b.depthwise(wide, k, stride, true);
            self.finish(y);
            y
        };
        let channels = self.shape(x)[3];
        let narrow = self.b.conv(filtered, 1, 1, channels, false);
        self.finish(narrow);
        if self.shape(narrow) != self.shape(x) {
            return narrow;
        }
        let y = self.b.add(x, narrow);
        self.quantise(y);
        y
    }

    fn sum(&mut self, x: TensorId) -> TensorId {
        let channels = self.shape(x)[3];
        let other = self.b.conv(x, 1, 1, channels, false);
        self.finish(other);
        let y = if self.rng.once_in(2) { self.b.add(x, other) } else { self.b.add(other, x) };
        self.quantise(y);
        let limits = self.clamp(y);
        if let OpKind::Add { clamp } = &mut self.b.0.ops.last_mut().expect("a layer").kind {
            *clamp = limits;
        }
        y
    }

    fn pool(&mut self, x: TensorId) -> TensorId {
        let s = self.shape(x);
        let filter = Hw { h: self.rng.pick(1, s[1].min(4)), w: self.rng.pick(1, s[2].min(4)) };
        let (mut window, ..) = self.window(x, filter);
        window.dilation = Hw { h: 1, w: 1 };
        let out = |size: usize, taps: usize, stride: usize, pads: usize| (size + pads - taps) / stride + 1;
        let shape = [
            1,
            out(s[1], filter.h, window.stride.h, window.pads.top + window.pads.bottom),
            out(s[2], filter.w, window.stride.w, window.pads.left + window.pads.right),
            s[3],
        ];
        let clamp = self.clamp(x);
        let kind = if self.rng.once_in(2) {
            OpKind::AveragePool2d { filter, window, clamp }
        } else {
            OpKind::MaxPool2d { filter, window, clamp }
        };
        let y = self.b.op(kind, &[x], &shape);
        self.b.0.tensors[y.0].quant = self.b.0.tensors[x.0].quant.clone();
        y
    }

    fn padded(&mut self, x: TensorId) -> TensorId {
        let mut pair = || (self.rng.pick(0, 2), self.rng.pick(0, 2));
        let pads = [(0, 0), pair(), pair(), (0, 0)];
        let y = self.b.pad(x, pads);
        self.b.0.tensors[y.0].quant = self.b.0.tensors[x.0].quant.clone();
        self.conv(y)
    }
}
