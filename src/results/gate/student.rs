//! Student's distribution.
//!
//! The regularised incomplete beta function by its continued fraction (NIST DLMF 8.17.22, evaluated after Lentz), the
//! logarithm of the gamma function by Lanczos' series (g = 7, nine terms), quantiles by bisection.

/// The value that a variable of Student's distribution with `df` degrees of freedom exceeds with probability `tail`.
///
/// `tail` must be within 0 and 0.5, `df` at least 1; anything else gives infinity, with which nothing is ever cleared.
pub fn quantile(tail: f64, df: f64) -> f64 {
    if !(tail > 0.0 && tail <= 0.5 && df >= 1.0) {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (0.0, 1.0);
    while exceeds(high, df) > tail {
        if high > 1e12 {
            return f64::INFINITY;
        }
        (low, high) = (high, high * 2.0);
    }
    for _ in 0..80 {
        let middle = f64::midpoint(low, high);
        if exceeds(middle, df) > tail { low = middle } else { high = middle }
    }
    high
}

/// Probability that a variable of Student's distribution exceeds `t`, which is not negative.
fn exceeds(t: f64, df: f64) -> f64 {
    0.5 * incomplete_beta(df / (df + t * t), df / 2.0, 0.5)
}

fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return x.clamp(0.0, 1.0);
    }
    let front = (ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b) + a * x.ln() + b * (1.0 - x).ln()).exp();
    // The fraction converges fast on this side only.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * fraction(x, a, b) / a
    } else {
        1.0 - front * fraction(1.0 - x, b, a) / b
    }
}

fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let guarded = |value: f64| if value.abs() < TINY { TINY } else { value };
    let (mut c, mut d) = (1.0, 1.0 / guarded(1.0 - (a + b) * x / (a + 1.0)));
    let mut result = d;
    for m in (1..500).map(f64::from) {
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / guarded(1.0 + term * d);
            c = guarded(1.0 + term / c);
            change = c * d;
            result *= change;
        }
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    result
}

fn ln_gamma(x: f64) -> f64 {
    const SERIES: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    let x = x - 1.0;
    let sum = SERIES[0] + (1..9).map(|i| SERIES[i] / (x + i as f64)).sum::<f64>();
    let t = x + 7.5;
    0.5 * (2.0 * std::f64::consts::PI).ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::quantile;

    /// Values of NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2.
    #[test]
    fn quantiles_are_those_of_the_tables() {
        for (tail, df, expected) in [
            (0.05, 1.0, 6.314),
            (0.025, 5.0, 2.571),
            (0.001, 10.0, 4.144),
            (0.005, 19.0, 2.861),
            (0.001, 100.0, 3.174),
            (0.10, 3.0, 1.638),
        ] {
            let found = quantile(tail, df);
            assert!((found - expected).abs() < 6e-4, "{tail} {df}: {found} for {expected}");
        }
        assert!(quantile(0.5, 3.0).abs() < 1e-9);
        assert!((quantile(0.001, 1e7) - 3.0902).abs() < 1e-3, "the normal distribution's, with many degrees");
    }

    #[test]
    fn nonsense_clears_nothing() {
        for (tail, df) in [(0.0, 5.0), (-1.0, 5.0), (0.6, 5.0), (f64::NAN, 5.0), (0.01, 0.0), (0.01, f64::NAN)] {
            assert_eq!(quantile(tail, df), f64::INFINITY);
        }
    }
}
