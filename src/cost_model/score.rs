//! How good predictions are.

use serde::Serialize;

/// A measured number beside what was predicted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    pub measured: f64,
    pub predicted: f64,
    /// Whether the measured number lay within the stated interval; none where none was stated.
    pub covered: Option<bool>,
}

/// Errors relative to what was measured. Shares are 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Score {
    pub count: usize,
    /// Mean absolute error, per cent.
    pub mape: f64,
    /// Median absolute error, per cent.
    pub median: f64,
    pub within_5: f64,
    pub within_10: f64,
    /// None where fewer than three numbers can be ranked.
    pub spearman: Option<f64>,
    pub kendall: Option<f64>,
    /// Share of the stated intervals that held.
    pub coverage: Option<f64>,
}

impl Score {
    /// None where there is nothing to score.
    pub fn of(pairs: &[Pair]) -> Option<Self> {
        if pairs.is_empty() {
            return None;
        }
        let mut errors: Vec<f64> = pairs.iter().map(|p| (p.predicted / p.measured - 1.0).abs() * 100.0).collect();
        errors.sort_by(f64::total_cmp);
        let count = errors.len();
        let within = |limit: f64| errors.iter().filter(|e| **e <= limit).count() as f64 / count as f64;
        let median = (errors[(count - 1) / 2] + errors[count / 2]) / 2.0;
        let stated: Vec<bool> = pairs.iter().filter_map(|p| p.covered).collect();
        let held = stated.iter().filter(|held| **held).count() as f64;
        let ranked = count >= 3;
        Some(Self {
            count,
            mape: errors.iter().sum::<f64>() / count as f64,
            median,
            within_5: within(5.0),
            within_10: within(10.0),
            spearman: ranked.then(|| spearman(pairs)).flatten(),
            kendall: ranked.then(|| kendall(pairs)).flatten(),
            coverage: (!stated.is_empty()).then(|| held / stated.len() as f64),
        })
    }
}

/// Ranks from 1; equal numbers share the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut at = 0;
    while at < order.len() {
        let equal = order[at..].iter().take_while(|i| values[**i] == values[order[at]]).count();
        let mean = at as f64 + (equal as f64 + 1.0) / 2.0;
        order[at..at + equal].iter().for_each(|i| ranks[*i] = mean);
        at += equal;
    }
    ranks
}

/// Correlation of ranks; none where all are equal.
fn spearman(pairs: &[Pair]) -> Option<f64> {
    let measured = ranks(&pairs.iter().map(|p| p.measured).collect::<Vec<_>>());
    let predicted = ranks(&pairs.iter().map(|p| p.predicted).collect::<Vec<_>>());
    let mean = (pairs.len() as f64 + 1.0) / 2.0;
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>();
    let spread = (product(&measured, &measured) * product(&predicted, &predicted)).sqrt();
    (spread > 0.0).then(|| product(&measured, &predicted) / spread)
}

/// Kendall's tau-b: concordant less discordant pairs, ties taken out of either side.
fn kendall(pairs: &[Pair]) -> Option<f64> {
    let (mut sum, mut left, mut right) = (0.0, 0.0, 0.0);
    for (i, a) in pairs.iter().enumerate() {
        for b in &pairs[..i] {
            let sign = |x: f64, y: f64| f64::from(x.total_cmp(&y) as i8);
            let (m, p) = (sign(a.measured, b.measured), sign(a.predicted, b.predicted));
            sum += m * p;
            left += m.abs();
            right += p.abs();
        }
    }
    (left * right > 0.0).then(|| sum / f64::sqrt(left * right))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(all: &[(f64, f64)]) -> Vec<Pair> {
        all.iter().map(|&(measured, predicted)| Pair { measured, predicted, covered: None }).collect()
    }

    #[test]
    fn errors_are_relative_to_what_was_measured() {
        let score = Score::of(&pairs(&[(100.0, 104.0), (100.0, 92.0), (200.0, 240.0), (50.0, 50.0)])).expect("a score");
        assert_eq!((score.count, score.mape.round(), score.median.round()), (4, 8.0, 6.0));
        assert_eq!((score.within_5, score.within_10, score.coverage), (0.5, 0.75, None));
    }

    #[test]
    fn ranks_are_correlated_as_textbooks_do() {
        // Two of six pairs are exchanged: rho = 1 - 6 * 4 / (4 * 15), tau = (4 - 2) / 6.
        let score = Score::of(&pairs(&[(1.0, 2.0), (2.0, 1.0), (3.0, 4.0), (4.0, 3.0)])).expect("a score");
        assert!((score.spearman.expect("rho") - 0.6).abs() < 1e-12);
        assert!((score.kendall.expect("tau") - 1.0 / 3.0).abs() < 1e-12);
        let tied = Score::of(&pairs(&[(1.0, 1.0), (2.0, 1.0), (3.0, 2.0)])).expect("a score");
        assert!((tied.kendall.expect("tau") - 2.0 / 6f64.sqrt()).abs() < 1e-12);
        assert_eq!(Score::of(&pairs(&[(1.0, 5.0), (2.0, 5.0), (3.0, 5.0)])).expect("a score").spearman, None);
    }
}
