//! Add, pad, and the borders between element types.

use super::super::binary::Arithmetic;
use super::super::derive::AddParams;
use super::super::{Binary, Clamp, DType, Requant, Tensor};
use super::Operand;

/// Of each pair of elements; operands are repeated along dimensions of 1.
pub(super) fn binary(function: Binary, a: Operand, b: Operand, out: &Tensor, clamp: Clamp) -> Vec<u8> {
    let arithmetic = function.arithmetic(a.tensor, b.tensor, out);
    let zero = out.zero_point();
    (0..out.elements())
        .map(|i| {
            let (x, y) = (a.i8(repeated(a.tensor, out, i)), b.i8(repeated(b.tensor, out, i)));
            let (left, right) = (x - a.tensor.zero_point(), y - b.tensor.zero_point());
            let shifted = |p: &AddParams, bits: u32| (p.lhs.apply(left << bits), p.rhs.apply(right << bits));
            let operands = |p: &AddParams| shifted(p, AddParams::LEFT_SHIFT);
            let value = match arithmetic {
                Arithmetic::Sum(p) => {
                    let (left, right) = operands(&p);
                    p.output.apply(left.wrapping_add(right)).saturating_add(zero)
                }
                Arithmetic::Difference(p) => {
                    let (left, right) = operands(&p);
                    p.output.apply(left.wrapping_sub(right)).saturating_add(zero)
                }
                Arithmetic::Square(p) => {
                    let (left, right) = shifted(&p, AddParams::SQUARE_SHIFT);
                    let difference = left - right;
                    p.output.apply(difference * difference).saturating_add(zero)
                }
                Arithmetic::Product(requant) => requant.apply(left * right).saturating_add(zero),
                Arithmetic::Maximum => x.max(y),
                Arithmetic::Minimum => x.min(y),
                Arithmetic::Prelu { positive, .. } if left >= 0 => positive.apply(left).saturating_add(zero),
                Arithmetic::Prelu { negative, .. } => negative.apply(left * right).saturating_add(zero),
            };
            value.max(clamp.min).min(clamp.max) as i8 as u8
        })
        .collect()
}

/// Where in `x` the element is that stands at `index` of `out`.
fn repeated(x: &Tensor, out: &Tensor, mut index: usize) -> usize {
    let (mut from, mut stride) = (0, 1);
    for (own, size) in x.shape.iter().zip(out.shape[out.shape.len() - x.shape.len()..].iter()).rev() {
        from += if *own == 1 { 0 } else { index % size * stride };
        stride *= own;
        index /= size;
    }
    from
}

pub(super) fn add(a: Operand, b: Operand, out: &Tensor, clamp: Clamp) -> Vec<u8> {
    let p = AddParams::new(a.tensor.scale(), b.tensor.scale(), out.scale());
    (0..out.elements())
        .map(|i| {
            let left = p.lhs.apply((a.i8(i) - a.tensor.zero_point()) << AddParams::LEFT_SHIFT);
            let right = p.rhs.apply((b.i8(i) - b.tensor.zero_point()) << AddParams::LEFT_SHIFT);
            let sum = p.output.apply(left.wrapping_add(right)).saturating_add(out.zero_point());
            sum.max(clamp.min).min(clamp.max) as i8 as u8
        })
        .collect()
}

/// What each value becomes by a table.
pub(super) fn lookup(x: Operand, table: Operand) -> Vec<u8> {
    x.bytes.iter().map(|byte| table.bytes[usize::from(*byte)]).collect()
}

pub(super) fn pad(x: Operand, out: &Tensor, pads: &[(usize, usize)]) -> Vec<u8> {
    let mut bytes = vec![out.zero_point() as i8 as u8; out.elements()];
    for index in 0..x.tensor.elements() {
        let (mut rest, mut to, mut stride) = (index, 0, 1);
        for axis in (0..pads.len()).rev() {
            to += (rest % x.tensor.shape[axis] + pads[axis].0) * stride;
            rest /= x.tensor.shape[axis];
            stride *= out.shape[axis];
        }
        bytes[to] = x.bytes[index];
    }
    bytes
}

pub(super) fn quantize(x: Operand, out: &Tensor) -> Vec<u8> {
    let (low, high) = if out.dtype == DType::U8 { (0, 255) } else { (-128, 127) };
    let zero = out.zero_point();
    let requant = Requant::new(f64::from(x.tensor.scale()) / f64::from(out.scale()));
    (0..out.elements())
        .map(|i| {
            let q = match x.tensor.dtype {
                // A NaN becomes the zero point: `as` turns it into 0.
                DType::F32 => ((x.f32(i) / out.scale()).round() as i32).saturating_add(zero),
                DType::U8 => requant.apply(i32::from(x.bytes[i]) - x.tensor.zero_point()).saturating_add(zero),
                _ => requant.apply(x.i8(i) - x.tensor.zero_point()).saturating_add(zero),
            };
            q.clamp(low, high) as u8
        })
        .collect()
}

pub(super) fn dequantize(x: Operand) -> Vec<u8> {
    let (scale, zero) = (f64::from(x.tensor.scale()), x.tensor.zero_point());
    (0..x.tensor.elements())
        .flat_map(|i| {
            let q = if x.tensor.dtype == DType::U8 { i32::from(x.bytes[i]) } else { x.i8(i) };
            ((scale * f64::from(q - zero)) as f32).to_le_bytes()
        })
        .collect()
}
