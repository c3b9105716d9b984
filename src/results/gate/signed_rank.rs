//! Wilcoxon's signed-rank test with its exact distribution, and the interval that goes with it.
//!
//! Wilcoxon, "Individual comparisons by ranking methods", Biometrics Bulletin 1 (1945); the estimate and the interval are
//! Hodges and Lehmann's, from the averages of all pairs of differences (Annals of Mathematical Statistics 34, 1963).

/// Differences, ready for tests and intervals.
#[derive(Debug, Clone)]
pub struct SignedRank {
    differences: Vec<f64>,
    /// Averages of each two differences and of each with itself, ascending.
    averages: Vec<f64>,
}

/// Estimate and interval, in the unit of the differences; an end that too few differences bound is infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    pub centre: f64,
    pub low: f64,
    pub high: f64,
}

impl SignedRank {
    /// Differences must be finite; there must be at least one.
    pub fn new(differences: &[f64]) -> Self {
        let mut averages = Vec::with_capacity(differences.len() * (differences.len() + 1) / 2);
        for (at, a) in differences.iter().enumerate() {
            averages.extend(differences[at..].iter().map(|b| f64::midpoint(*a, *b)));
        }
        averages.sort_unstable_by(f64::total_cmp);
        Self { differences: differences.to_vec(), averages }
    }

    /// Probability of differences as far above `margin` as these, where each is as likely above it as below it.
    pub fn p_above(&self, margin: f64) -> f64 {
        p_above(self.differences.iter().map(|d| d - margin))
    }

    /// The same of differences below `margin`.
    pub fn p_below(&self, margin: f64) -> f64 {
        p_above(self.differences.iter().map(|d| margin - d))
    }

    /// The median of the averages; each end of the interval is wrong with a probability of at most `tail`.
    pub fn estimate(&self, tail: f64) -> Estimate {
        let count = self.averages.len();
        let centre = f64::midpoint(self.averages[(count - 1) / 2], self.averages[count / 2]);
        let ranks: Vec<usize> = (1..=self.differences.len()).map(|rank| 2 * rank).collect();
        let mut probability = 0.0;
        let mut inside = 0;
        for (sum, share) in distribution(&ranks).iter().enumerate().step_by(2) {
            probability += share;
            if probability > tail || sum / 2 >= count {
                break;
            }
            inside = sum / 2 + 1;
        }
        match inside {
            0 => Estimate { centre, low: f64::NEG_INFINITY, high: f64::INFINITY },
            k => Estimate { centre, low: self.averages[k - 1], high: self.averages[count - k] },
        }
    }
}

/// One-sided p value. Zeros carry no sign and are left out; ties share the mean of their ranks, and the distribution is
/// that of the ranks as they are, so that it stays exact.
fn p_above(differences: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = differences.filter(|d| *d != 0.0).collect();
    sorted.sort_unstable_by(|a, b| a.abs().total_cmp(&b.abs()));
    // Doubled, so that shared ranks stay whole numbers.
    let mut ranks = Vec::with_capacity(sorted.len());
    while ranks.len() < sorted.len() {
        let first = ranks.len();
        let tied = sorted[first..].iter().take_while(|d| d.abs() == sorted[first].abs()).count();
        ranks.resize(first + tied, 2 * first + tied + 1);
    }
    let sum: usize = ranks.iter().zip(&sorted).filter(|(_, d)| **d > 0.0).map(|(rank, _)| rank).sum();
    distribution(&ranks)[sum..].iter().sum::<f64>().min(1.0)
}

/// Probability of each sum of ranks where every rank counts or not with equal chance.
fn distribution(ranks: &[usize]) -> Vec<f64> {
    let mut shares = vec![0.0; ranks.iter().sum::<usize>() + 1];
    shares[0] = 1.0;
    let mut reached = 0;
    for rank in ranks {
        reached += rank;
        for sum in (0..=reached).rev() {
            let with = if sum >= *rank { shares[sum - rank] } else { 0.0 };
            shares[sum] = 0.5 * (shares[sum] + with);
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every assignment of signs, counted one by one.
    fn counted(values: &[f64]) -> f64 {
        let magnitudes: Vec<f64> = values.iter().map(|v| v.abs()).collect();
        let rank = |v: f64| {
            let below = magnitudes.iter().filter(|m| **m < v).count() as f64;
            let equal = magnitudes.iter().filter(|m| **m == v).count() as f64;
            below + (equal + 1.0) / 2.0
        };
        let sum = |signs: u32| -> f64 {
            magnitudes.iter().enumerate().filter(|(i, _)| signs >> i & 1 == 1).map(|(_, m)| rank(*m)).sum()
        };
        let seen = values.iter().enumerate().fold(0, |signs, (i, v)| signs | u32::from(*v > 0.0) << i);
        let all = 1u32 << values.len();
        (0..all).filter(|signs| sum(*signs) >= sum(seen)).count() as f64 / f64::from(all)
    }

    #[test]
    fn p_is_the_share_of_sign_assignments() {
        let cases: [&[f64]; 4] =
            [&[0.3, -0.1, 0.7, 0.2, 0.5], &[1.0, 1.0, -1.0, 2.0, 2.0, -3.0], &[-1.0, -2.0, -3.0], &[4.0; 9]];
        for case in cases {
            assert!((SignedRank::new(case).p_above(0.0) - counted(case)).abs() < 1e-12, "{case:?}");
        }
        assert!((SignedRank::new(&[4.0; 9]).p_above(0.0) - 0.5f64.powi(9)).abs() < 1e-15);
        assert!((SignedRank::new(&[5.0, 6.0]).p_below(7.0) - 0.25).abs() < 1e-15);
    }

    #[test]
    fn equal_pairs_say_nothing() {
        let none = SignedRank::new(&[0.0; 12]);
        assert_eq!((none.p_above(0.0), none.p_below(0.0)), (1.0, 1.0));
        assert_eq!(none.estimate(0.01), Estimate { centre: 0.0, low: 0.0, high: 0.0 });
    }

    /// Critical values of Hollander, Wolfe, Chicken, "Nonparametric Statistical Methods", table A.4: for n = 10,
    /// P(T ≥ 45) = 0.042 and P(T ≥ 44) = 0.053; so the interval of tails 0.042 starts at the 11th average.
    #[test]
    fn the_interval_takes_the_ranks_of_the_tables() {
        let differences: Vec<f64> = (1..=10).map(|i| f64::from(i * i)).collect();
        let sorted = SignedRank::new(&differences);
        let estimate = sorted.estimate(0.0425);
        assert_eq!((estimate.low, estimate.high), (sorted.averages[10], sorted.averages[55 - 11]));
        assert_eq!(SignedRank::new(&[1.0, 2.0]).estimate(0.01).low, f64::NEG_INFINITY);
    }
}
