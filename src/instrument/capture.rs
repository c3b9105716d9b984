//! What an instrument recorded, and the energy in it.

use std::ops::Range;

/// Share of the samples of a window that may be lost: what is missing is taken for the mean of the rest.
const MAX_LOST: f64 = 0.001;
/// Share of the samples of a window that may be at the end of the instrument's range.
const MAX_SATURATED: f64 = 0.0;
/// Fewest samples of a window.
const MIN_SAMPLES: usize = 100;

/// Samples at a constant rate, and what marks windows in them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Capture {
    /// Supply current, A. Lost samples stand in it as NaN, so that places are times.
    pub amps: Vec<f32>,
    /// Samples a second.
    pub rate_hz: f64,
    /// Supply voltage, V.
    pub volts: f64,
    /// Places in `amps` where the instrument's input fell: the board's marker falls where a window begins or ends.
    pub edges: Vec<usize>,
    /// Places in `amps` where the host said so; late by what the connection takes.
    pub marks: Vec<usize>,
    /// Places of samples at the end of the instrument's range.
    pub saturated: Vec<usize>,
}

/// Energy of one window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Joules {
    pub joules: f64,
    pub seconds: f64,
    /// Largest error that counting in whole samples and replacing lost ones can have made, J.
    pub integration: f64,
    /// Samples that were lost.
    pub lost: usize,
}

impl Joules {
    pub fn watts(&self) -> f64 {
        self.joules / self.seconds
    }
}

impl Capture {
    /// Seconds that the capture covers.
    pub fn seconds(&self) -> f64 {
        self.amps.len() as f64 / self.rate_hz
    }

    pub fn lost(&self) -> usize {
        self.amps.iter().filter(|amps| amps.is_nan()).count()
    }

    /// Energy of the samples in `window`; the error says why there is none.
    pub fn energy(&self, window: Range<usize>) -> Result<Joules, String> {
        let Some(samples) = self.amps.get(window.clone()) else {
            let (end, count) = (window.end, self.amps.len());
            return Err(format!("a window ends at sample {end}, but it sent only {count}"));
        };
        if samples.len() < MIN_SAMPLES {
            return Err(format!("{} samples in a window; at least {MIN_SAMPLES} are needed", samples.len()));
        }
        let count = samples.len() as f64;
        let lost = samples.iter().filter(|amps| amps.is_nan()).count();
        if lost as f64 > MAX_LOST * count {
            return Err(format!(
                "{lost} of {count} samples of a window were lost, more than {} %; use a USB port of its own",
                MAX_LOST * 100.0
            ));
        }
        let saturated = self.saturated.iter().filter(|at| window.contains(at)).count();
        if saturated as f64 > MAX_SATURATED * count {
            return Err(format!("{saturated} of {count} samples are at the end of its range: the board draws more"));
        }
        let (mut sum, mut most, mut heard) = (0.0, 0.0f64, 0usize);
        for amps in samples.iter().filter(|amps| !amps.is_nan()) {
            let amps = f64::from(*amps);
            (sum, most, heard) = (sum + amps, most.max(amps.abs()), heard + 1);
        }
        let mean = sum / heard.max(1) as f64;
        if mean.is_nan() || mean <= 0.0 {
            return Err(format!("a mean current of {mean:e} A: it does not see the board's supply"));
        }
        let seconds = count / self.rate_hz;
        let period = 1.0 / self.rate_hz;
        Ok(Joules {
            joules: mean * self.volts * seconds,
            seconds,
            // Either end is somewhere in its sample; a lost one may have been anything up to the largest seen.
            integration: (1.0 + lost as f64) * most * self.volts * period,
            lost,
        })
    }
}

/// A mean and how far it may be from the truth, of values that scatter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub mean: f64,
    /// Half the width of the 95 % confidence interval of the mean (Student's t).
    pub half_width: f64,
    pub count: usize,
}

/// Quantiles of Student's t distribution, two-sided 95 %, for 1 to 30 degrees of freedom. NIST/SEMATECH e-Handbook of
/// Statistical Methods, 1.3.6.7.2.
const T_95: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];
/// Of more degrees of freedom: too wide rather than too narrow.
const T_95_BEYOND: f64 = 2.042;

impl Interval {
    /// None of fewer than two values: they say nothing about their scatter.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len();
        if count < 2 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / count as f64;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1) as f64;
        let t = T_95.get(count - 2).copied().unwrap_or(T_95_BEYOND);
        Some(Self { mean, half_width: t * (variance / count as f64).sqrt(), count })
    }

    /// Half width as a share of the mean.
    pub fn relative(&self) -> f64 {
        self.half_width / self.mean.abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flat(count: usize, amps: f32) -> Capture {
        Capture { amps: vec![amps; count], rate_hz: 1000.0, volts: 3.0, ..Capture::default() }
    }

    #[test]
    fn energy_is_current_times_voltage_times_time() {
        let joules = flat(2000, 0.01).energy(500..1500).expect("energy");
        assert!((joules.joules - 0.03).abs() < 1e-8 && joules.seconds == 1.0 && joules.lost == 0);
        assert!((joules.integration - 0.01 * 3.0 / 1000.0).abs() < 1e-8);
    }

    #[test]
    fn a_few_lost_samples_widen_the_error_and_many_are_refused() {
        let mut capture = flat(2000, 0.01);
        capture.amps[700] = f32::NAN;
        let joules = capture.energy(0..2000).expect("energy");
        assert!((joules.joules - 0.06).abs() < 1e-8, "the mean stands in for it");
        assert_eq!((joules.lost, joules.integration > 5e-5), (1, true));
        capture.amps[700..720].fill(f32::NAN);
        let message = capture.energy(0..2000).expect_err("too many");
        assert!(message.starts_with("20 of 2000 samples of a window were lost"), "{message}");
        assert!(capture.energy(1000..2000).is_ok(), "they were not in this window");
    }

    #[test]
    fn what_is_not_measured_is_no_zero() {
        assert!(flat(2000, 0.0).energy(0..2000).expect_err("none").contains("does not see the board's supply"));
        assert!(flat(2000, 0.1).energy(0..2001).is_err(), "it ended before the window");
        assert!(flat(2000, 0.1).energy(0..10).is_err(), "too short");
        let saturated = Capture { saturated: vec![1500], ..flat(2000, 0.05) };
        assert!(saturated.energy(1000..2000).expect_err("too much").contains("at the end of its range"));
        assert!(saturated.energy(0..1000).is_ok());
    }

    #[test]
    fn the_interval_is_the_textbooks() {
        assert_eq!(Interval::of(&[1.0]), None);
        let interval = Interval::of(&[9.8, 10.2, 10.4, 9.8, 10.0, 10.2, 9.6]).expect("seven");
        // Deviation 0.2828, over the root of 7, times 2.447.
        assert!((interval.mean - 10.0).abs() < 1e-12 && (interval.half_width - 0.2616).abs() < 1e-3, "{interval:?}");
    }
}
