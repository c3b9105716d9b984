//! What repeated inferences took, in a few numbers.

/// Cycles of repeated inferences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statistics {
    pub count: usize,
    /// Between the middle two where their number is even.
    pub median: f64,
    pub min: u64,
    pub max: u64,
    pub mean: f64,
    /// Standard deviation of the sample; 0 of a single one.
    pub deviation: f64,
}

impl Statistics {
    /// None of nothing.
    pub fn of(cycles: &[u64]) -> Option<Self> {
        let mut sorted = cycles.to_vec();
        sorted.sort_unstable();
        let (&min, &max) = (sorted.first()?, sorted.last()?);
        let count = sorted.len();
        let upper = sorted[count / 2] as f64;
        let median = if count % 2 == 1 { upper } else { (sorted[count / 2 - 1] as f64 + upper) / 2.0 };
        let mean = sorted.iter().map(|c| *c as f64).sum::<f64>() / count as f64;
        let squares: f64 = sorted.iter().map(|c| (*c as f64 - mean).powi(2)).sum();
        let deviation = if count > 1 { (squares / (count - 1) as f64).sqrt() } else { 0.0 };
        Some(Self { count, median, min, max, mean, deviation })
    }

    /// Largest minus smallest, as a share of the median.
    pub fn spread(&self) -> f64 {
        if self.median > 0.0 { (self.max - self.min) as f64 / self.median } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_those_of_the_textbook() {
        let s = Statistics::of(&[4, 2, 4, 4, 5, 5, 7, 9]).expect("not empty");
        assert_eq!((s.count, s.min, s.max, s.median, s.mean), (8, 2, 9, 4.5, 5.0));
        // Squared differences sum to 32, over 7.
        assert!((s.deviation - (32.0f64 / 7.0).sqrt()).abs() < 1e-12);
        assert!((s.spread() - 7.0 / 4.5).abs() < 1e-12);
    }

    #[test]
    fn one_has_no_deviation_and_none_has_nothing() {
        let one = Statistics::of(&[10]).expect("not empty");
        assert_eq!((one.median, one.deviation, one.spread()), (10.0, 0.0, 0.0));
        assert_eq!(Statistics::of(&[]), None);
    }
}
