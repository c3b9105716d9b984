//! Errors of many images in two numbers.

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
