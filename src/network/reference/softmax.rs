//! Softmax in the fixed-point arithmetic of gemmlowp (fixedpoint/fixedpoint.h) and TFLite's reference kernel.
//!
//! `F<n>` below means a raw i32 with `n` integer bits and `31 - n` fractional bits.

use super::super::derive::SoftmaxParams;
use super::super::requant::{rounding_divide_by_pot, saturating_rounding_doubling_high_mul as mul};
use super::super::{Requant, Tensor};
use super::Operand;

const DIFF_BITS: i32 = SoftmaxParams::DIFF_BITS;
/// Integer bits of the sum of exponentials.
const SUM_BITS: i32 = 12;
/// exp(-2^k) in `F<0>`, for k from -2.
const POWERS: [i32; 7] = [1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242];
/// exp(-1/8) in `F<0>`.
const EXP_MINUS_EIGHTH: i32 = 1_895_147_668;
/// 1/3 in `F<0>`.
const THIRD: i32 = 715_827_883;
/// 48/17 and -32/17 in `F<2>`: the line that is closest to a reciprocal between 1/2 and 1.
const RECIPROCAL_START: i32 = 1_515_870_810;
const RECIPROCAL_SLOPE: i32 = -1_010_580_540;

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
        (diff >= diff_min).then(|| exp_on_negative_values(scaling.apply(diff)))
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

/// `exp(a)` for `a <= 0`: `F<5>` to `F<0>`.
fn exp_on_negative_values(a: i32) -> i32 {
    const FRACTION: i32 = 31 - DIFF_BITS;
    const QUARTER: i32 = 1 << (FRACTION - 2);
    if a == 0 {
        return i32::MAX;
    }
    let a_mod_quarter = (a & (QUARTER - 1)) - QUARTER;
    let remainder = a_mod_quarter.wrapping_sub(a);
    let mut result = exp_near_zero(a_mod_quarter << DIFF_BITS);
    for (k, power) in POWERS.into_iter().enumerate() {
        if remainder & (1 << (FRACTION - 2 + k as i32)) != 0 {
            result = mul(result, power);
        }
    }
    result
}

/// `exp(a)` for `-1/4 <= a < 0`, both `F<0>`: Taylor series around -1/8.
fn exp_near_zero(a: i32) -> i32 {
    let x = a + (1 << 28);
    let x2 = mul(x, x);
    let x3 = mul(x2, x);
    let x4_over_4 = rounding_divide_by_pot(mul(x2, x2), 2);
    let tail = rounding_divide_by_pot(mul(x4_over_4 + x3, THIRD) + x2, 1);
    EXP_MINUS_EIGHTH + mul(EXP_MINUS_EIGHTH, x + tail)
}

/// `1 / (1 + a)` for `0 <= a < 1`, both `F<0>`: three Newton-Raphson steps.
fn one_over_one_plus_x(a: i32) -> i32 {
    let half_denominator = ((i64::from(a) + i64::from(i32::MAX) + 1) / 2) as i32;
    let mut x = RECIPROCAL_START + mul(half_denominator, RECIPROCAL_SLOPE);
    for _ in 0..3 {
        let error = (1 << 29) - mul(half_denominator, x);
        x = x.wrapping_add(saturating_shift_left(mul(x, error), 2));
    }
    saturating_shift_left(x, 1)
}

fn saturating_shift_left(x: i32, bits: u32) -> i32 {
    (i64::from(x) << bits).clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Outputs have 8 bits: they cannot tell the last bits of a constant.
    #[test]
    fn constants_are_the_functions_that_they_stand_for() {
        let fixed = |real: f64, integer_bits: i32| (real * 2f64.powi(31 - integer_bits)).round() as i32;
        for (k, power) in POWERS.into_iter().enumerate() {
            assert_eq!(power, fixed((-(2f64.powi(k as i32 - 2))).exp(), 0), "exp(-2^{})", k as i32 - 2);
        }
        assert_eq!(EXP_MINUS_EIGHTH, fixed((-0.125f64).exp(), 0));
        assert_eq!(THIRD, fixed(1.0 / 3.0, 0));
        assert_eq!(RECIPROCAL_START, fixed(48.0 / 17.0, 2));
        assert_eq!(RECIPROCAL_SLOPE, fixed(-32.0 / 17.0, 2));
    }

    #[test]
    fn exponentials_are_close_to_the_real_ones() {
        for a in (0..1 << 30).step_by(12_345_678).map(|a: i32| -a) {
            let exact = (f64::from(a) / 2f64.powi(31 - DIFF_BITS)).exp();
            let ours = f64::from(exp_on_negative_values(a)) / 2f64.powi(31);
            assert!((ours - exact).abs() < 2e-7, "exp({a} / 2^26) is {exact}, not {ours}");
        }
    }
}
