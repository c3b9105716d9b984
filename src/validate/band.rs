//! Errors of many images in two numbers.
//!
//! # What the band beside a number means
//!
//! Latency: nothing of the timing model was fitted, but where sources leave a choice it was made with the same images in
//! sight ([`crate::emulator::timing`]), so that nothing can be left out of the calibration after the fact. The band is
//! therefore of the absolute errors as they are, and it is told with the number of images: of n errors that were drawn alike,
//! the next is no larger than the worst with a probability of n / (n + 1), and choices made in sight make that a bound from
//! above. Where the boards with the same core were validated with other images and one of those was further off, that is told,
//! too.
//!
//! Energy is power times time. The errors of power are of rows that the coefficients were not fitted to
//! ([`super::power`]): each is predicted without its submitter and without its network, and the worse counts. They are for the
//! published time of a run, so that the worst error of energy is that of power and that of latency together.

use std::collections::BTreeMap;

use crate::board::Errors;

/// The errors of images that have something in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Band {
    pub of: String,
    pub errors: Errors,
}

/// Median and worst absolute error per name, percent; `errors` are signed.
pub fn bands<'a>(errors: impl Iterator<Item = (&'a str, f64)>) -> Vec<Band> {
    let mut by_name: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (name, error) in errors {
        by_name.entry(name).or_default().push(error.abs());
    }
    let band = |(name, mut errors): (&str, Vec<f64>)| {
        errors.sort_by(f64::total_cmp);
        let middle = (errors[(errors.len() - 1) / 2] + errors[errors.len() / 2]) / 2.0;
        let worst = errors[errors.len() - 1];
        Band { of: name.into(), errors: Errors { median: middle, worst, rows: errors.len() as u32 } }
    };
    by_name.into_iter().map(band).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_is_median_and_worst_of_absolute_errors() {
        let found = bands([("b", -4.0), ("a", 1.0), ("b", 1.0), ("b", -2.0), ("b", 3.0)].into_iter());
        assert_eq!(found[0].errors, Errors { median: 1.0, worst: 1.0, rows: 1 });
        assert_eq!((found[1].of.as_str(), found[1].errors), ("b", Errors { median: 2.5, worst: 4.0, rows: 4 }));
    }
}
