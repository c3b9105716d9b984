//! Fixed-point requantisation, as TFLite's reference kernels do it (`QuantizeMultiplier` and
//! `MultiplyByQuantizedMultiplier`, double rounding; tensorflow/lite/kernels/internal/common).

/// A real multiplier as `multiplier * 2^(shift - 31)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Requant {
    /// In `[2^30, 2^31)`, or 0.
    pub multiplier: i32,
    /// Positive shifts left.
    pub shift: i32,
}

impl Requant {
    /// The fixed-point form of `real`.
    pub fn new(real: f64) -> Self {
        if real == 0.0 || !real.is_finite() {
            return Self { multiplier: 0, shift: 0 };
        }
        let (fraction, mut shift) = frexp(real);
        let mut q = (fraction * (1i64 << 31) as f64).round() as i64;
        if q == 1 << 31 {
            q /= 2;
            shift += 1;
        }
        if shift < -31 {
            return Self { multiplier: 0, shift: 0 };
        }
        if shift > 30 {
            return Self { multiplier: i32::MAX, shift: 30 };
        }
        Self { multiplier: q as i32, shift }
    }

    /// `round(x * real)`, rounded twice as the reference does.
    pub fn apply(self, x: i32) -> i32 {
        let left = self.shift.max(0);
        let right = (-self.shift).max(0);
        let high = saturating_rounding_doubling_high_mul(x.wrapping_shl(left as u32), self.multiplier);
        rounding_divide_by_pot(high, right)
    }
}

/// High 32 bits of `2ab`, rounded half away from zero; saturates for `MIN * MIN`.
pub fn saturating_rounding_doubling_high_mul(a: i32, b: i32) -> i32 {
    if a == i32::MIN && b == i32::MIN {
        return i32::MAX;
    }
    let ab = i64::from(a) * i64::from(b);
    let nudge = if ab >= 0 { 1 << 30 } else { 1 - (1 << 30) };
    ((ab + nudge) / (1i64 << 31)) as i32
}

/// `x / 2^exponent`, rounded half away from zero.
pub fn rounding_divide_by_pot(x: i32, exponent: i32) -> i32 {
    if exponent == 0 {
        return x;
    }
    let mask = ((1i64 << exponent) - 1) as i32;
    let remainder = x & mask;
    let threshold = (mask >> 1) + i32::from(x < 0);
    (x >> exponent) + i32::from(remainder > threshold)
}

/// `x = fraction * 2^exponent` with `0.5 <= |fraction| < 1`, for finite non-zero `x`.
fn frexp(x: f64) -> (f64, i32) {
    let bits = x.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    if exponent == 0 {
        let (fraction, e) = frexp(x * (1u64 << 54) as f64);
        return (fraction, e - 54);
    }
    let fraction = f64::from_bits((bits & !(0x7ff << 52)) | (1022 << 52));
    (fraction, exponent - 1022)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_round_away_from_zero() {
        assert_eq!(rounding_divide_by_pot(5, 1), 3);
        assert_eq!(rounding_divide_by_pot(-5, 1), -3);
        assert_eq!(rounding_divide_by_pot(-6, 2), -2);
        assert_eq!(rounding_divide_by_pot(i32::MIN, 31), -1);
    }

    #[test]
    fn extremes_saturate() {
        assert_eq!(saturating_rounding_doubling_high_mul(i32::MIN, i32::MIN), i32::MAX);
        assert_eq!(saturating_rounding_doubling_high_mul(i32::MAX, i32::MAX), i32::MAX - 1);
    }

    #[test]
    fn multipliers_reconstruct_the_real_value() {
        for real in [1e-9, 0.000_123, 0.5, 0.999_999_999_9, 1.0, 1.7, 900.0] {
            let q = Requant::new(real);
            let back = f64::from(q.multiplier) * 2f64.powi(q.shift - 31);
            assert!((back - real).abs() <= real * 1e-9, "{real} came back as {back}");
        }
    }
}
