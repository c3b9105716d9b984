//! Functions that platforms compute differently.

/// `exp(x)` to about 1e-7 relative.
pub(super) fn exp(x: f32) -> f32 {
    const LN_2: f64 = std::f64::consts::LN_2;
    let x = f64::from(x).clamp(-100.0, 88.0);
    let k = (x / LN_2).round();
    let r = x - k * LN_2;
    let series = (1..=10).rev().fold(1.0, |sum, n| 1.0 + sum * r / f64::from(n));
    // 2^k by its exponent bits; k is within -145..=127.
    (series * f64::from_bits(((1023 + k as i64) as u64) << 52)) as f32
}

#[cfg(test)]
mod tests {
    use super::exp;

    #[test]
    fn it_is_the_exponential() {
        for x in [-80.0f32, -3.3, -0.2, 0.0, 1e-3, 1.0, 10.5, 80.0] {
            let exact = f64::from(x).exp();
            assert!((f64::from(exp(x)) - exact).abs() <= exact * 1e-7, "{x}");
        }
    }
}
