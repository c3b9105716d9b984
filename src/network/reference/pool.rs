//! Pooling and mean.

use super::super::derive::{mean_requant, sum_requant};
use super::super::{Clamp, Hw, Reduction, Tensor, Window};
use super::Operand;
use super::window::{map_outputs, pixel, taps};

/// Mean of the taps inside the input, halves away from zero.
pub(super) fn average(x: Operand, out: &Tensor, filter: Hw, window: &Window, clamp: Clamp) -> Vec<u8> {
    map_outputs(out, |n, y, col, c| {
        let (mut sum, mut count) = (0i32, 0i32);
        taps(x.tensor, window, filter.h, filter.w, y, col, |_, _, iy, ix| {
            sum = sum.wrapping_add(x.i8(pixel(x.tensor, n, iy, ix) + c));
            count += 1;
        });
        if count == 0 {
            return clamp.min.max(0).min(clamp.max) as i8 as u8;
        }
        let half = if sum > 0 { count / 2 } else { -(count / 2) };
        (sum.wrapping_add(half) / count).max(clamp.min).min(clamp.max) as i8 as u8
    })
}

pub(super) fn max(x: Operand, out: &Tensor, filter: Hw, window: &Window, clamp: Clamp) -> Vec<u8> {
    map_outputs(out, |n, y, col, c| {
        let mut best = i32::from(i8::MIN);
        taps(x.tensor, window, filter.h, filter.w, y, col, |_, _, iy, ix| {
            best = best.max(x.i8(pixel(x.tensor, n, iy, ix) + c));
        });
        best.max(clamp.min).min(clamp.max) as i8 as u8
    })
}

/// Mean over `axes` of a tensor of any rank.
pub(super) fn mean(x: Operand, out: &Tensor, axes: &[usize]) -> Vec<u8> {
    let shape = &x.tensor.shape;
    let count: usize = axes.iter().map(|&axis| shape[axis]).product();
    let mut sums = vec![0i32; out.elements()];
    for index in 0..x.tensor.elements() {
        let sum = &mut sums[reduced_index(shape, axes, index)];
        *sum = sum.wrapping_add(x.i8(index));
    }
    let (zero_in, zero_out) = (x.tensor.zero_point(), out.zero_point());
    let requant = mean_requant(x.tensor.scale(), out.scale(), count);
    sums.into_iter()
        .map(|sum| {
            let centred = sum.wrapping_sub(zero_in.wrapping_mul(count as i32));
            (requant.apply(centred).saturating_add(zero_out)).clamp(-128, 127) as i8 as u8
        })
        .collect()
}

/// The sum, the largest or the smallest over `axes`.
pub(super) fn reduce(x: Operand, out: &Tensor, function: Reduction, axes: &[usize]) -> Vec<u8> {
    let shape = &x.tensor.shape;
    let start = match function {
        Reduction::Sum => 0,
        Reduction::Maximum => i32::from(i8::MIN),
        Reduction::Minimum => i32::from(i8::MAX),
    };
    let mut values = vec![start; out.elements()];
    for index in 0..x.tensor.elements() {
        let value = &mut values[reduced_index(shape, axes, index)];
        *value = match function {
            Reduction::Sum => value.wrapping_add(x.i8(index)),
            Reduction::Maximum => (*value).max(x.i8(index)),
            Reduction::Minimum => (*value).min(x.i8(index)),
        };
    }
    if function == Reduction::Sum {
        let count: usize = axes.iter().map(|&axis| shape[axis]).product();
        let requant = sum_requant(x.tensor.scale(), out.scale());
        let offset = x.tensor.zero_point().wrapping_mul(count as i32);
        let scaled = |sum: i32| requant.apply(sum.wrapping_sub(offset)).saturating_add(out.zero_point());
        values.iter_mut().for_each(|value| *value = scaled(*value));
    }
    values.into_iter().map(|value| value.clamp(-128, 127) as i8 as u8).collect()
}

fn reduced_index(shape: &[usize], axes: &[usize], mut index: usize) -> usize {
    let (mut reduced, mut stride) = (0, 1);
    for axis in (0..shape.len()).rev() {
        let at = index % shape[axis];
        index /= shape[axis];
        if !axes.contains(&axis) {
            reduced += at * stride;
            stride *= shape[axis];
        }
    }
    reduced
}
