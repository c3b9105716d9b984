//! Many numbers in one night: S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal
//! of Statistics 6 (1979). The chance of any false statement in a night stays at `alpha`, however many rows there are.

/// Which of the p values are statements, of `comparisons` altogether; numbers that were let through count as p = 1.
pub fn rejected(p: &[f64], comparisons: usize, alpha: f64) -> Vec<bool> {
    let comparisons = comparisons.max(p.len());
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| p[*a].total_cmp(&p[*b]));
    let mut rejected = vec![false; p.len()];
    for (step, at) in order.into_iter().enumerate() {
        // NaN is no evidence.
        if !(p[at] <= alpha / (comparisons - step) as f64) {
            break;
        }
        rejected[at] = true;
    }
    rejected
}

#[cfg(test)]
mod tests {
    use super::rejected;

    #[test]
    fn thresholds_step_down_and_stop_at_the_first_that_holds() {
        assert_eq!(rejected(&[0.011, 0.02, 0.04, 0.012], 4, 0.05), [true, true, true, true]);
        assert_eq!(rejected(&[0.011, 0.03, 0.026, 0.012], 4, 0.05), [true, false, false, true]);
        assert_eq!(rejected(&[0.02, 0.001], 4, 0.05), [false, true]);
        assert_eq!(rejected(&[0.02, 0.001], 2, 0.05), [true, true]);
        assert_eq!(rejected(&[f64::NAN, 0.3], 2, 0.05), [false, false]);
        assert_eq!(rejected(&[0.012], 10, 0.05), [false]);
        assert_eq!(rejected(&[], 0, 0.05), Vec::<bool>::new());
    }
}
