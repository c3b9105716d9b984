//! Layers with a window: convolutions and pooling, by plain loops.

use super::Case;
use super::draw::*;

/// `hil_window`.
#[derive(Debug, Clone, Copy)]
pub struct Window {
    input: [i32; 3],
    output: [i32; 3],
    filter: [i32; 2],
    stride: [i32; 2],
    dilation: [i32; 2],
    pad: [i32; 2],
    input_offset: i32,
    output_offset: i32,
    clamp: (i32, i32),
}

impl Window {
    /// A window whose last output may reach past the input; `out_c` is still to be set.
    fn random(rng: &mut Rng, max_filter: i32) -> Self {
        let filter = [rng.pick(1..=max_filter), rng.pick(1..=max_filter)];
        let size = |rng: &mut Rng| if rng.chance(0.15) { 1 } else { rng.pick(1..10) };
        let dilated = |rng: &mut Rng| if rng.chance(0.7) { 1 } else { rng.pick(1..4) };
        Self {
            input: [size(rng), size(rng), rng.pick(1..20)],
            output: [rng.pick(1..6), rng.pick(1..6), 0],
            filter,
            stride: [rng.pick(1..4), rng.pick(1..4)],
            dilation: [dilated(rng), dilated(rng)],
            pad: [rng.pick(0..4), rng.pick(0..4)],
            input_offset: -zero_point(rng),
            output_offset: zero_point(rng),
            clamp: clamp(rng),
        }
    }

    fn params(&self) -> Vec<i32> {
        let mut p = [&self.input[..], &self.output, &self.filter, &self.stride, &self.dilation, &self.pad].concat();
        p.extend([self.input_offset, self.output_offset, self.clamp.0, self.clamp.1]);
        p
    }

    fn inputs(&self) -> usize {
        self.input.iter().product::<i32>() as usize
    }

    fn outputs(&self) -> usize {
        self.output.iter().product::<i32>() as usize
    }

    /// (ky, kx, index of channel 0) of the taps inside the input.
    fn taps(&self, oy: i32, ox: i32) -> Vec<(i32, i32, i32)> {
        let mut found = Vec::new();
        for ky in 0..self.filter[0] {
            for kx in 0..self.filter[1] {
                let y = oy * self.stride[0] + ky * self.dilation[0] - self.pad[0];
                let x = ox * self.stride[1] + kx * self.dilation[1] - self.pad[1];
                if (0..self.input[0]).contains(&y) && (0..self.input[1]).contains(&x) {
                    found.push((ky, kx, (y * self.input[1] + x) * self.input[2]));
                }
            }
        }
        found
    }

    fn map(&self, mut value: impl FnMut(&[(i32, i32, i32)], i32) -> u8) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.outputs());
        for oy in 0..self.output[0] {
            for ox in 0..self.output[1] {
                let taps = self.taps(oy, ox);
                (0..self.output[2]).for_each(|c| out.push(value(&taps, c)));
            }
        }
        out
    }
}

pub fn conv_case(rng: &mut Rng, what: &str, kernel: i32, w: Window, depth: i32) -> Case {
    let channels = w.output[2];
    let x = values(rng, w.inputs());
    let f = values(rng, (channels * w.filter[0] * w.filter[1] * depth) as usize);
    let bias = biases(rng, channels as usize);
    let q = requants(rng, channels as usize);
    let per_group = channels / (w.input[2] / depth);
    let expected = w.map(|taps, c| {
        let mut acc = bias[c as usize];
        for &(ky, kx, at) in taps {
            for i in 0..depth {
                let value = i32::from(x[(at + (c / per_group) * depth + i) as usize]) + w.input_offset;
                acc += value * i32::from(f[(((c * w.filter[0] + ky) * w.filter[1] + kx) * depth + i) as usize]);
            }
        }
        finish(acc, q[c as usize], w.output_offset, w.clamp)
    });
    let mut params = w.params();
    params.push(depth);
    let buffers = vec![i8_bytes(&x), i8_bytes(&f), i32_bytes(&bias), requant_bytes(&q)];
    Case { what: format!("{what} {w:?} depth {depth}"), kernel, params, buffers, expected }
}

pub fn conv(rng: &mut Rng) -> Case {
    let mut w = Window::random(rng, 4);
    let groups = if rng.chance(0.7) { 1 } else { rng.pick(1..4) };
    let depth = if rng.chance(0.5) { 4 * rng.pick(1..5) } else { rng.pick(1..12) };
    w.input[2] = groups * depth;
    w.output[2] = groups * rng.pick(1..8);
    conv_case(rng, "conv", 0, w, depth)
}

pub fn conv_1x1(rng: &mut Rng) -> Case {
    let mut w = Window::random(rng, 1);
    w.input[2] = rng.pick(1..40);
    w.output[2] = rng.pick(1..20);
    w.pad = [0, 0];
    for axis in 0..2 {
        w.input[axis] = (w.output[axis] - 1) * w.stride[axis] + rng.pick(1..=w.stride[axis]);
    }
    conv_case(rng, "conv_1x1", 1, w, w.input[2])
}

pub fn depthwise(rng: &mut Rng) -> Case {
    let mut w = Window::random(rng, 5);
    let multiplier = if rng.chance(0.7) { 1 } else { rng.pick(1..5) };
    let channels = w.input[2] * multiplier;
    w.output[2] = channels;
    let x = values(rng, w.inputs());
    let f = values(rng, (w.filter[0] * w.filter[1] * channels) as usize);
    let bias = biases(rng, channels as usize);
    let q = requants(rng, channels as usize);
    let expected = w.map(|taps, c| {
        let product = |&(ky, kx, at): &(i32, i32, i32)| {
            let value = i32::from(x[(at + c / multiplier) as usize]) + w.input_offset;
            value * i32::from(f[((ky * w.filter[1] + kx) * channels + c) as usize])
        };
        let acc = bias[c as usize] + taps.iter().map(product).sum::<i32>();
        finish(acc, q[c as usize], w.output_offset, w.clamp)
    });
    let buffers = vec![i8_bytes(&x), i8_bytes(&f), i32_bytes(&bias), requant_bytes(&q)];
    Case { what: format!("depthwise {w:?}"), kernel: 2, params: w.params(), buffers, expected }
}

pub fn pool(rng: &mut Rng) -> Case {
    let mut w = Window::random(rng, 5);
    w.output[2] = w.input[2];
    let x = values(rng, w.inputs());
    let max = rng.chance(0.5);
    let expected = w.map(|taps, c| {
        let values = taps.iter().map(|&(_, _, at)| i32::from(x[(at + c) as usize]));
        let value = if max {
            values.max().unwrap_or(-128)
        } else {
            // Exact in f64, and `round` takes halves away from zero.
            let count = taps.len().max(1) as f64;
            (f64::from(values.sum::<i32>()) / count).round() as i32
        };
        value.clamp(w.clamp.0, w.clamp.1) as i8 as u8
    });
    let kernel = if max { 6 } else { 5 };
    Case { what: format!("pool {kernel} {w:?}"), kernel, params: w.params(), buffers: vec![i8_bytes(&x)], expected }
}
