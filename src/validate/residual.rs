//! Which kind of kernel the error of latency comes from.
//!
//! If each kind of code were off by a share of its own, the error of an image would be their mean, weighted by how long each
//! runs. Least squares over the images of a core gives those shares; their standard errors say how little a few images tell.

use super::fit::least_squares;
use super::kind::Kind;

/// A kind that runs for less than this share of the images' time on average cannot be told from the others; it is taken to
/// be predicted rightly.
const LEAST: f64 = 0.1;

/// One image.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Share of predicted time, as [`Kind::ALL`] orders kinds.
    pub shares: [f64; 4],
    /// Predicted beside published, percent.
    pub error: f64,
}

/// What is attributed to a kind of kernel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Part {
    pub kind: Kind,
    /// Mean share of time.
    pub share: f64,
    /// Percent by which its time is predicted too long, and the standard error of that; none where the images do not tell.
    pub error: Option<(f64, f64)>,
}

/// Attributes the errors of a core's images to kinds of kernels.
pub fn attribute(samples: &[Sample]) -> Vec<Part> {
    let mean = |at: usize| samples.iter().map(|sample| sample.shares[at]).sum::<f64>() / samples.len().max(1) as f64;
    let mut told: Vec<usize> = (0..Kind::ALL.len()).filter(|at| mean(*at) >= LEAST).collect();
    told.sort_by(|a, b| mean(*b).total_cmp(&mean(*a)));
    // One row must be left to tell an uncertainty by.
    told.truncate(samples.len().saturating_sub(1));
    let rows: Vec<_> =
        samples.iter().map(|sample| (told.iter().map(|at| sample.shares[*at]).collect(), sample.error)).collect();
    let fit = if told.is_empty() { None } else { least_squares(&rows) };
    let part = |(at, kind): (usize, Kind)| {
        let place = told.iter().position(|told| *told == at);
        let error = place
            .zip(fit.as_ref())
            .and_then(|(place, fit)| Some((*fit.values.get(place)?, *fit.errors.as_ref()?.get(place)?)));
        Part { kind, share: mean(at), error }
    };
    Kind::ALL.into_iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_go_to_the_kinds_that_make_them() {
        let sample = |dense: f64, streaming: f64, noise: f64| Sample {
            shares: [dense, 0.0, streaming, 1.0 - dense - streaming],
            error: -4.0 * dense + 2.0 * streaming + noise,
        };
        let samples =
            [sample(0.9, 0.05, 0.1), sample(0.5, 0.45, -0.1), sample(0.1, 0.85, 0.1), sample(0.7, 0.25, -0.1)];
        let parts = attribute(&samples);
        let (dense, error) = parts[0].error.expect("told");
        assert!((dense + 4.0).abs() < 0.5 && error < 0.5, "{parts:?}");
        assert!((parts[2].error.expect("told").0 - 2.0).abs() < 0.5);
        assert_eq!((parts[1].error, parts[3].error), (None, None), "hardly there");
        assert!((parts[0].share - 0.55).abs() < 1e-9);
    }

    #[test]
    fn one_image_tells_nothing_apart() {
        let alone = attribute(&[Sample { shares: [1.0, 0.0, 0.0, 0.0], error: 3.0 }]);
        assert!(alone.iter().all(|part| part.error.is_none()));
        assert!(attribute(&[]).iter().all(|part| part.share == 0.0));
    }
}
