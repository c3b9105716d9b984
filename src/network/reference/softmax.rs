//! Softmax in the fixed-point arithmetic of TFLite's reference kernel.

use super::super::derive::SoftmaxParams;
use super::super::fixed::{exp_on_negative_values, one_over_one_plus_x};
use super::super::requant::{rounding_divide_by_pot, saturating_rounding_doubling_high_mul as mul};
use super::super::{Requant, Tensor};
use super::Operand;

/// Integer bits of the sum of exponentials.
const SUM_BITS: i32 = 12;

pub(super) fn softmax(x: Operand, out: &Tensor, beta: f32) -> Vec<u8> {
    let depth = x.tensor.shape.last().copied().unwrap_or(1).max(1);
    let SoftmaxParams { scaling, diff_min } = SoftmaxParams::new(beta, x.tensor.scale());
    let rows = out.elements() / depth;
    (0..rows).flat_map(|row| softmax_row(x, row * depth, depth, scaling, diff_min)).collect()
}

fn softmax_row(x: Operand, start: usize, depth: usize, scaling: Requant, diff_min: i32) -> Vec<u8> {
    let max = (0..depth).map(|i| x.i8(start + i)).max().unwrap_or(0);
    let exponential = |i: usize| {
        let diff = x.i8(start + i) - max;
        (diff >= diff_min).then(|| exp_on_negative_values::<{ SoftmaxParams::DIFF_BITS }>(scaling.apply(diff)))
    };
    let sum = (0..depth).filter_map(exponential).map(|e| rounding_divide_by_pot(e, SUM_BITS)).sum::<i32>();
    let headroom = sum.leading_zeros();
    let over_unit = SUM_BITS - headroom as i32;
    let scale = one_over_one_plus_x(((sum as u32) << headroom).wrapping_sub(1 << 31) as i32);
    (0..depth)
        .map(|i| {
            let probability = exponential(i).map_or(0, |e| rounding_divide_by_pot(mul(scale, e), over_unit + 31 - 8));
            (probability - 128).clamp(-128, 127) as i8 as u8
        })
        .collect()
}
