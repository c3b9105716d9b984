//! Layers without a window, by plain loops or the reference interpreter.

use hil::network::requant::Requant;
use hil::network::{DType, Network, Op, OpKind, Quantization, Tensor, TensorId, reference};

use super::Case;
use super::draw::*;

pub fn fully_connected(rng: &mut Rng) -> Case {
    let (rows, depth, channels) = (rng.pick(1..4usize), rng.pick(1..70usize), rng.pick(1..20usize));
    let x = values(rng, rows * depth);
    let f = values(rng, channels * depth);
    let bias = biases(rng, channels);
    let q = requants(rng, channels);
    let input_offset = -zero_point(rng);
    let filter_offset = if rng.chance(0.6) { 0 } else { -zero_point(rng) };
    let output_offset = zero_point(rng);
    let limits = clamp(rng);
    let expected = (0..rows * channels)
        .map(|index| {
            let (row, o) = (index / channels, index % channels);
            let product = |i: usize| {
                (i32::from(x[row * depth + i]) + input_offset) * (i32::from(f[o * depth + i]) + filter_offset)
            };
            finish(bias[o] + (0..depth).map(product).sum::<i32>(), q[o], output_offset, limits)
        })
        .collect();
    let mut params = vec![rows as i32, depth as i32, channels as i32];
    params.extend([input_offset, filter_offset, output_offset, limits.0, limits.1]);
    let buffers = vec![i8_bytes(&x), i8_bytes(&f), i32_bytes(&bias), requant_bytes(&q)];
    Case { what: format!("fully_connected {params:?}"), kernel: 3, params, buffers, expected }
}

pub fn add(rng: &mut Rng) -> Case {
    let count = rng.pick(1..50);
    let (a, b) = (values(rng, count), values(rng, count));
    let (lhs, rhs, output) = (requant(rng), requant(rng), requant(rng));
    let (left, right, zero) = (-zero_point(rng), -zero_point(rng), zero_point(rng));
    let limits = clamp(rng);
    let expected = (0..count)
        .map(|i| {
            let a = lhs.apply((i32::from(a[i]) + left) << 20);
            let b = rhs.apply((i32::from(b[i]) + right) << 20);
            finish(a.wrapping_add(b), output, zero, limits)
        })
        .collect();
    let mut params = vec![count as i32, 20, left, right, zero];
    params.extend([lhs, rhs, output].iter().flat_map(|q| [q.multiplier, q.shift]));
    params.extend([limits.0, limits.1]);
    Case { what: format!("add {params:?}"), kernel: 4, params, buffers: vec![i8_bytes(&a), i8_bytes(&b)], expected }
}

pub fn mean(rng: &mut Rng) -> Case {
    let (outer, reduced, inner) = (rng.pick(1..4usize), rng.pick(1..60usize), rng.pick(1..12usize));
    let x = values(rng, outer * reduced * inner);
    let (offset, zero) = (-zero_point(rng), zero_point(rng));
    let q = requant(rng);
    let expected = (0..outer * inner)
        .map(|index| {
            let (o, i) = (index / inner, index % inner);
            let sum: i32 = (0..reduced).map(|r| i32::from(x[(o * reduced + r) * inner + i])).sum();
            finish(sum + offset * reduced as i32, q, zero, (-128, 127))
        })
        .collect();
    let mut params = vec![outer as i32, reduced as i32, inner as i32, offset, zero];
    params.extend([q.multiplier, q.shift]);
    Case { what: format!("mean {params:?}"), kernel: 7, params, buffers: vec![i8_bytes(&x)], expected }
}

pub fn tensor(name: &str, shape: [usize; 2], scale: f32, zero: i32) -> Tensor {
    let quant = Quantization { scale: vec![scale], zero_point: vec![zero], axis: 0 };
    Tensor { name: name.into(), shape: shape.to_vec(), dtype: DType::I8, quant: Some(quant), data: None }
}

/// Compared with the interpreter: its fixed-point exponential has no plainer form that is exact to the last bit.
pub fn softmax(rng: &mut Rng) -> Case {
    let shape = [rng.pick(1..4), rng.pick(1..30)];
    let scale = 2f64.powf(rng.pick(-9.0..2.0)) as f32;
    let x = i8_bytes(&values(rng, shape[0] * shape[1]));
    let op = Op { kind: OpKind::Softmax { beta: 1.0 }, inputs: vec![TensorId(0)], output: TensorId(1), origin: 0 };
    let network = Network {
        name: "softmax".into(),
        tensors: vec![tensor("x", shape, scale, 0), tensor("y", shape, 1.0 / 256.0, -128)],
        ops: vec![op],
        inputs: vec![TensorId(0)],
        outputs: vec![TensorId(1)],
    };
    let expected = reference::run(&network, std::slice::from_ref(&x)).expect("it runs").remove(0);
    let q = Requant::new((f64::from(scale) * f64::from(1 << 26)).min(f64::from(i32::MAX)));
    let diff_min = -((31.0 * f64::from(1 << 26) / 2f64.powi(q.shift)).floor() as i32);
    let params = vec![shape[0] as i32, shape[1] as i32, q.multiplier, q.shift, diff_min];
    Case { what: format!("softmax {params:?}"), kernel: 8, params, buffers: vec![x], expected }
}

pub fn pad(rng: &mut Rng) -> Case {
    let mut four = |low: usize, high: usize| [0; 4].map(|_: usize| rng.pick(low..high));
    let (shape, before, after) = (four(1, 5), four(0, 3), four(0, 3));
    let size: Vec<usize> = (0..4).map(|axis| before[axis] + shape[axis] + after[axis]).collect();
    let zero = zero_point(rng);
    let x = i8_bytes(&values(rng, shape.iter().product()));
    let expected = (0..size.iter().product())
        .map(|index: usize| {
            let (mut rest, mut from, mut stride) = (index, 0, 1);
            for axis in (0..4).rev() {
                let at = rest % size[axis];
                rest /= size[axis];
                if at < before[axis] || at - before[axis] >= shape[axis] {
                    return zero as i8 as u8;
                }
                from += (at - before[axis]) * stride;
                stride *= shape[axis];
            }
            x[from]
        })
        .collect();
    let mut params: Vec<i32> = [shape, before, after].concat().iter().map(|&v| v as i32).collect();
    params.push(zero);
    Case { what: format!("pad {params:?}"), kernel: 9, params, buffers: vec![x], expected }
}

pub fn quantize_f32(rng: &mut Rng) -> Case {
    const ODD: [f32; 6] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, -0.0];
    let count = rng.pick(1..40);
    let scale = if rng.chance(0.3) { 1.0 } else { 2f64.powf(rng.pick(-12.0..3.0)) as f32 };
    let zero = zero_point(rng);
    let x: Vec<f32> = (0..count)
        .map(|_| match rng.pick(0..4) {
            0 => ODD[rng.pick(0..ODD.len())],
            1 => (rng.pick(-260..260) as f32 + 0.5) * scale,
            _ => rng.pick(-300.0..300.0) as f32 * scale,
        })
        .collect();
    let expected =
        x.iter().map(|v| ((v / scale).round() as i32).saturating_add(zero).clamp(-128, 127) as i8 as u8).collect();
    let params = vec![count, scale.to_bits() as i32, zero];
    let buffers = vec![x.iter().flat_map(|v| v.to_le_bytes()).collect()];
    Case { what: format!("quantize_f32 {params:?}"), kernel: 10, params, buffers, expected }
}

pub fn dequantize(rng: &mut Rng) -> Case {
    let count = rng.pick(1..40);
    let scale = 2f64.powf(rng.pick(-20.0..10.0)) as f32;
    let offset = -zero_point(rng);
    let x = values(rng, count);
    let expected =
        x.iter().flat_map(|&v| ((f64::from(scale) * f64::from(i32::from(v) + offset)) as f32).to_le_bytes()).collect();
    let params = vec![count as i32, scale.to_bits() as i32, offset];
    Case { what: format!("dequantize {params:?}"), kernel: 11, params, buffers: vec![i8_bytes(&x)], expected }
}

pub fn requantize(rng: &mut Rng) -> Case {
    // Of more elements than there are values the kernel makes a table.
    let count = if rng.chance(0.3) { rng.pick(257..300) } else { rng.pick(1..40) };
    let x = i8_bytes(&values(rng, count));
    let unsigned = rng.chance(0.5);
    let offset = if unsigned { -rng.pick(0..256i32) } else { -zero_point(rng) };
    let moved = rng.chance(0.3);
    // To the same scale, and of another type the same real values.
    let q = if moved { Requant { multiplier: 1 << 30, shift: 1 } } else { requant(rng) };
    let zero = if moved { -offset - if unsigned { 128 } else { 0 } } else { zero_point(rng) };
    let expected = x
        .iter()
        .map(|&v| {
            let value = if unsigned { i32::from(v) } else { i32::from(v as i8) };
            finish(value + offset, q, zero, (-128, 127))
        })
        .collect();
    let kernel = if unsigned { 13 } else { 12 };
    let params = vec![count as i32, q.multiplier, q.shift, offset, zero];
    Case { what: format!("requantize {kernel} {params:?}"), kernel, params, buffers: vec![x], expected }
}
