//! Exponentials in the fixed-point arithmetic of gemmlowp (fixedpoint/fixedpoint.h).
//!
//! `F<n>` below means a raw i32 with `n` integer bits and `31 - n` fractional bits.

use super::requant::Requant;
use super::requant::{rounding_divide_by_pot, saturating_rounding_doubling_high_mul as mul};

/// exp(-2^k) in `F<0>`, for k from -2.
const POWERS: [i32; 7] = [1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242];
/// exp(-1/8) in `F<0>`.
const EXP_MINUS_EIGHTH: i32 = 1_895_147_668;
/// 1/3 in `F<0>`.
const THIRD: i32 = 715_827_883;
/// 48/17 and -32/17 in `F<2>`: the line that is closest to a reciprocal between 1/2 and 1.
const RECIPROCAL_START: i32 = 1_515_870_810;
const RECIPROCAL_SLOPE: i32 = -1_010_580_540;
/// 1 in `F<2>`.
const ONE: i32 = 1 << 29;

/// `exp(a)` for `a <= 0`: `F<BITS>` to `F<0>`, with at most 5 integer bits.
pub fn exp_on_negative_values<const BITS: i32>(a: i32) -> i32 {
    if a == 0 {
        return i32::MAX;
    }
    let fraction = 31 - BITS;
    let quarter = 1 << (fraction - 2);
    let a_mod_quarter = (a & (quarter - 1)) - quarter;
    let remainder = a_mod_quarter.wrapping_sub(a);
    let mut result = exp_near_zero(a_mod_quarter << BITS);
    for (power, bit) in POWERS.into_iter().zip(fraction - 2..31) {
        if remainder & (1 << bit) != 0 {
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

/// `1 / (1 + a)` for `0 <= a < 1`, both `F<0>`.
pub fn one_over_one_plus_x(a: i32) -> i32 {
    saturating_shift_left(two_over_one_plus_x(a), 1)
}

/// `2 / (1 + a)` for `0 <= a < 1`, `F<0>` to `F<2>`: three Newton-Raphson steps.
fn two_over_one_plus_x(a: i32) -> i32 {
    let half_denominator = ((i64::from(a) + i64::from(i32::MAX) + 1) / 2) as i32;
    let mut x = RECIPROCAL_START + mul(half_denominator, RECIPROCAL_SLOPE);
    for _ in 0..3 {
        let error = ONE - mul(half_denominator, x);
        x = x.wrapping_add(saturating_shift_left(mul(x, error), 2));
    }
    x
}

/// `1 / (1 + exp(-a))`: `F<4>` to `F<0>`.
pub fn logistic(a: i32) -> i32 {
    let positive = one_over_one_plus_x(exp_on_negative_values::<4>(a.wrapping_abs().wrapping_neg()));
    match a {
        0 => 1 << 30,
        1.. => positive,
        _ => i32::MAX - positive,
    }
}

/// `tanh(a)`: `F<4>` to `F<0>`.
pub fn tanh(a: i32) -> i32 {
    // The raw value of a is that of 2a with one integer bit more.
    let exponential = exp_on_negative_values::<5>(a.wrapping_abs().wrapping_neg());
    let magnitude = saturating_shift_left(two_over_one_plus_x(exponential).wrapping_sub(ONE), 2);
    match a {
        0 => 0,
        1.. => magnitude,
        _ => -magnitude,
    }
}

/// `sqrt(2) / 2` in `F<0>`, and `3 / 2` and 1 in `F<3>`.
const HALF_ROOT_OF_TWO: i32 = 1_518_500_250;
const THREE_HALVES: i32 = (1 << 28) + (1 << 27);
const UNIT: i32 = 1 << 28;

/// `1 / sqrt(x)` of a positive integer as a multiplier (`GetInvSqrtQuantizedMultiplierExp`): five Newton-Raphson steps.
pub fn inverse_root(x: i32) -> Requant {
    if x <= 1 {
        return Requant { multiplier: i32::MAX, shift: 0 };
    }
    let (mut input, mut shift) = (x, 11);
    while input >= 1 << 29 {
        input /= 4;
        shift += 1;
    }
    let pairs = (input.leading_zeros() as i32 - 1) / 2 - 1;
    shift -= pairs;
    input <<= 2 * pairs;
    let half = rounding_divide_by_pot(input >> 1, 1);
    let mut root = UNIT;
    for _ in 0..5 {
        let cube = saturating_shift_left(mul(mul(root, root), root), 6);
        root = saturating_shift_left(mul(THREE_HALVES, root).wrapping_sub(mul(half, cube)), 3);
    }
    let mut multiplier = mul(root, HALF_ROOT_OF_TWO);
    if shift < 0 {
        multiplier <<= -shift;
        shift = 0;
    }
    Requant { multiplier, shift: -shift }
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
            let exact = (f64::from(a) / 2f64.powi(26)).exp();
            let ours = f64::from(exp_on_negative_values::<5>(a)) / 2f64.powi(31);
            assert!((ours - exact).abs() < 2e-7, "exp({a} / 2^26) is {exact}, not {ours}");
        }
    }

    #[test]
    fn roots_are_close_to_the_real_ones() {
        for x in (2..256).chain([1000, 123_456_789, i32::MAX]) {
            let Requant { multiplier, shift } = inverse_root(x);
            let ours = f64::from(multiplier) * 2f64.powi(shift - 31);
            let exact = 1.0 / f64::from(x).sqrt();
            // From a start of 1, five exact steps leave 1.3e-6 where the root is 2.
            assert!((ours / exact - 1.0).abs() < 1.5e-6, "1 / sqrt({x}) is {exact}, not {ours}");
        }
    }

    #[test]
    fn sigmoids_are_close_to_the_real_ones() {
        for a in (-(1 << 30)..1 << 30).step_by(12_345_678) {
            let x = f64::from(a) / 2f64.powi(27);
            let error = |ours: i32, exact: f64| (f64::from(ours) / 2f64.powi(31) - exact).abs();
            assert!(error(logistic(a), 1.0 / (1.0 + (-x).exp())) < 1e-7, "logistic({x})");
            assert!(error(tanh(a), x.tanh()) < 1e-7, "tanh({x})");
        }
    }
}
