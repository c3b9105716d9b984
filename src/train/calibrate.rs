//! Ranges of activations for quantisation: what a network holds on calibration samples, less its outliers.

use serde::{Deserialize, Serialize};

use crate::network::float::{FloatNetwork, run};
use crate::network::quantise::{Ranges, quantise};
use crate::network::{Network, TensorId};

/// Bins of a histogram.
const BINS: usize = 2048;
/// Ranges that are tried for the least error, as parts of the whole one.
const TRIALS: usize = 64;

/// How ranges are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Calibration {
    /// Everything that was seen.
    Extremes,
    /// Without this percentage of the values at either end.
    Percentile(f64),
    /// With the least mean square error of the quantised values (arXiv 2106.08295, 3.1).
    #[default]
    MeanSquare,
}

/// How often values were seen, in bins of one width from `low`.
struct Histogram {
    low: f64,
    width: f64,
    counts: Vec<u64>,
}

impl Histogram {
    fn new((low, high): (f32, f32)) -> Self {
        // 0 lies in every range, as in every quantisation.
        let (low, high) = (f64::from(low.min(0.0)), f64::from(high.max(0.0)));
        Self { low, width: (high - low).max(1e-12) / BINS as f64, counts: vec![0; BINS] }
    }

    fn add(&mut self, values: &[f32]) {
        for value in values {
            let bin = (f64::from(*value) - self.low) / self.width;
            self.counts[(bin as usize).min(BINS - 1)] += 1;
        }
    }

    fn centre(&self, bin: usize) -> f64 {
        self.low + (bin as f64 + 0.5) * self.width
    }

    fn edges(&self) -> (f64, f64) {
        (self.low, self.low + BINS as f64 * self.width)
    }

    fn percentile(&self, percent: f64) -> (f64, f64) {
        let total: u64 = self.counts.iter().sum();
        let cut = (total as f64 * percent.clamp(0.0, 49.0) / 100.0) as u64;
        // The bin, counted from one end, up to which more than `cut` values lie.
        let end = |counts: &mut dyn Iterator<Item = &u64>| {
            counts
                .scan(0, |sum, count| {
                    Some({
                        *sum += count;
                        *sum
                    })
                })
                .take_while(|sum| *sum <= cut)
                .count()
        };
        let (low, high) = (end(&mut self.counts.iter()), BINS - 1 - end(&mut self.counts.iter().rev()).min(BINS - 1));
        (self.low + low as f64 * self.width, self.low + (high + 1) as f64 * self.width)
    }

    fn mean_square(&self) -> (f64, f64) {
        let (low, high) = self.edges();
        let part = |n: usize| (TRIALS - n) as f64 / TRIALS as f64;
        // Both ends shrink alike, then each alone.
        let best = |candidates: &mut dyn Iterator<Item = (f64, f64)>| {
            candidates.min_by(|a, b| self.error(*a).total_cmp(&self.error(*b)))
        };
        let (low, high) = best(&mut (0..TRIALS - 1).map(|n| (low * part(n), high * part(n)))).unwrap_or((low, high));
        let (low, _) = best(&mut (0..TRIALS / 2).map(|n| (low * part(n), high))).unwrap_or((low, high));
        best(&mut (0..TRIALS / 2).map(|n| (low, high * part(n)))).unwrap_or((low, high))
    }

    /// Sum of squared errors where values are clamped to a range of 256 steps.
    fn error(&self, (low, high): (f64, f64)) -> f64 {
        let scale = (high - low) / 255.0;
        let error = |(bin, count): (usize, &u64)| {
            let value = self.centre(bin);
            let held = low + ((value.clamp(low, high) - low) / scale).round() * scale;
            *count as f64 * (value - held) * (value - held)
        };
        self.counts.iter().enumerate().filter(|(_, count)| **count > 0).map(error).sum()
    }
}

/// Ranges of every tensor of `network` over calibration inputs that stand one after the other. The network's input
/// keeps `input`, since its numbers do not depend on weights.
///
/// # Panics
/// Where [`run`] does.
pub fn ranges(network: &FloatNetwork, inputs: &[f32], calibration: Calibration, input: [f32; 2]) -> Ranges {
    let Ranges(mut ranges) = Ranges::observed(network, inputs);
    if calibration != Calibration::Extremes {
        let mut histograms: Vec<Histogram> = ranges.iter().map(|range| Histogram::new(*range)).collect();
        for sample in inputs.chunks_exact(network.value(network.input).elements()) {
            for (histogram, values) in histograms.iter_mut().zip(run(network, 1, sample)) {
                histogram.add(&values);
            }
        }
        for (at, (range, histogram)) in ranges.iter_mut().zip(&histograms).enumerate() {
            // What decides between classes is not clipped.
            if TensorId(at) == network.output {
                continue;
            }
            let (low, high) = match calibration {
                Calibration::Percentile(percent) => histogram.percentile(percent),
                _ => histogram.mean_square(),
            };
            *range = (low as f32, high as f32);
        }
    }
    ranges[network.input.0] = (input[0], input[1]);
    Ranges(ranges)
}

/// The int8 form of a trained network.
pub fn to_int8(network: &FloatNetwork, inputs: &[f32], calibration: Calibration, input: [f32; 2]) -> Network {
    quantise(network, &ranges(network, inputs, calibration, input))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::random::Random;

    fn bell(outlier: f32) -> Histogram {
        let mut random = Random::new(4);
        let mut values: Vec<f32> = (0..20_000).map(|_| random.normal()).collect();
        values.push(outlier);
        let low = values.iter().copied().fold(0.0, f32::min);
        let mut histogram = Histogram::new((low, outlier));
        histogram.add(&values);
        histogram
    }

    #[test]
    fn outliers_are_cut_off() {
        let (low, high) = bell(40.0).mean_square();
        assert!((2.5..8.0).contains(&high) && (-5.0..-2.5).contains(&low), "{low} to {high}");
        let (low, high) = bell(40.0).percentile(1.0);
        assert!((2.0..2.7).contains(&high) && (-2.7..-2.0).contains(&low), "{low} to {high}");
    }

    #[test]
    fn what_has_no_outliers_stays_almost_whole() {
        let mut histogram = Histogram::new((0.0, 6.0));
        histogram.add(&(0..6000).map(|n| n as f32 / 1000.0).collect::<Vec<_>>());
        let (low, high) = histogram.mean_square();
        assert!(low == 0.0 && high > 5.8, "{low} to {high}");
    }
}
