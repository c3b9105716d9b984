//! How much a series varies from night to night, and which nights do not count.

/// Nights to each side that a night is compared with.
const WINDOW: usize = 3;
/// Standard deviations beyond which a single night is an outlier.
const FAR: f64 = 5.0;
/// Relative; no instrument agrees with itself better than this.
const LEAST: f64 = 2e-5;
/// A normal variable's standard deviation over its median absolute deviation.
const MAD: f64 = 1.4826;

pub fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n => f64::midpoint(values[(n - 1) / 2], values[n / 2]),
    }
}

/// Standard deviation of a night's noise, from differences of neighbours: a step is in one of them only.
pub fn spread(series: &[f64]) -> f64 {
    let mut differences: Vec<f64> = series.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    (median(&mut differences) * MAD / std::f64::consts::SQRT_2).max(LEAST)
}

/// Replaces nights that lie far outside of those around them, and returns their indices.
pub fn take_out(series: &mut [f64]) -> Vec<usize> {
    let (original, far) = (series.to_vec(), FAR * spread(series));
    let mut outliers = Vec::new();
    for (at, value) in original.iter().enumerate() {
        let mut around = original[at.saturating_sub(WINDOW)..original.len().min(at + WINDOW + 1)].to_vec();
        around.sort_unstable_by(f64::total_cmp);
        // At a series' ends a window can hold as many nights before a step as after it: both middles count.
        let middles = [around[(around.len() - 1) / 2], around[around.len() / 2]];
        let nearest = if (value - middles[0]).abs() <= (value - middles[1]).abs() { middles[0] } else { middles[1] };
        if (value - nearest).abs() > far {
            series[at] = nearest;
            outliers.push(at);
        }
    }
    outliers
}

/// Correlation of neighbouring residuals, none below 0 and at most 0.8.
pub fn correlation(residuals: &[f64]) -> f64 {
    let square: f64 = residuals.iter().map(|r| r * r).sum();
    let product: f64 = residuals.windows(2).map(|pair| pair[0] * pair[1]).sum();
    if square > 0.0 { (product / square).clamp(0.0, 0.8) } else { 0.0 }
}
