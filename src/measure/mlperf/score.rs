//! Accuracy as the runner of MLPerf Tiny computes it (`summarize_result` and `calculate_accuracy` of its `main.py`).

/// Top-1 in per cent. Of results with one number each, which are scores of anomalies, it is the best mean of precision and
/// recall over a hundred thresholds.
pub fn top1(results: &[Vec<f64>], classes: &[usize]) -> f64 {
    if results.iter().all(|result| result.len() == 1) {
        return best_threshold(results, classes);
    }
    let right = results.iter().zip(classes).filter(|(result, class)| argmax(result) == Some(**class)).count();
    100.0 * right as f64 / results.len().max(1) as f64
}

/// The first of the largest.
fn argmax(values: &[f64]) -> Option<usize> {
    let best = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    values.iter().position(|value| *value == best)
}

fn best_threshold(results: &[Vec<f64>], classes: &[usize]) -> f64 {
    let scores: Vec<f64> = results.iter().filter_map(|result| result.first().copied()).collect();
    let least = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let accuracy = |step: u32| {
        let threshold = least + f64::from(step) * 0.01 * (most - least);
        let count = |anomaly: bool, over: bool| {
            let both = scores.iter().zip(classes);
            both.filter(|(score, class)| (**class == 1) == anomaly && (**score > threshold) == over).count() as f64
        };
        let (hits, misses, false_alarms) = (count(true, true), count(true, false), count(false, true));
        let (precision, recall) = (hits / (hits + false_alarms + 1e-8), hits / (hits + misses + 1e-8));
        100.0 * (precision + recall) / 2.0
    };
    (0..100).map(accuracy).fold(0.0, f64::max)
}

/// Area under the receiver operating characteristic: of the second of two classes, of a single score, or the mean over
/// classes of each against the rest. None where a class has no file, or every file.
pub fn auc(results: &[Vec<f64>], classes: &[usize]) -> Option<f64> {
    let width = results.first()?.len();
    let of = |column: usize, class: usize| {
        let scores: Option<Vec<f64>> = results.iter().map(|result| result.get(column).copied()).collect();
        area(&scores?, &classes.iter().map(|c| *c == class).collect::<Vec<_>>())
    };
    match width {
        1 => of(0, 1),
        2 => of(1, 1),
        _ => {
            let each: Option<Vec<f64>> = (0..width).map(|class| of(class, class)).collect();
            Some(each?.iter().sum::<f64>() / width as f64)
        }
    }
}

/// Mann and Whitney's statistic: how often a positive scores above a negative, equal scores counting half.
fn area(scores: &[f64], positive: &[bool]) -> Option<f64> {
    let mut order: Vec<(f64, bool)> = scores.iter().copied().zip(positive.iter().copied()).collect();
    order.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = order.iter().filter(|(_, positive)| *positive).count();
    let negatives = order.len() - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let (mut below, mut twice) = (0, 0u64);
    for equal in order.chunk_by(|a, b| a.0 == b.0) {
        let here = equal.iter().filter(|(_, positive)| *positive).count();
        let others = equal.len() - here;
        twice += (here * (2 * below + others)) as u64;
        below += others;
    }
    Some(twice as f64 / 2.0 / (positives as f64 * negatives as f64))
}

/// As the runner normalises results of several numbers: to a sum of one.
pub fn normalised(results: &[f64]) -> Vec<f64> {
    let sum: f64 = results.iter().sum();
    if results.len() > 1 && sum != 0.0 { results.iter().map(|value| value / sum).collect() } else { results.to_vec() }
}

/// The mean of several results, number by number.
pub fn mean(results: &[Vec<f64>]) -> Vec<f64> {
    let width = results.first().map_or(0, Vec::len);
    let column = |at: usize| results.iter().filter_map(|result| result.get(at)).sum::<f64>() / results.len() as f64;
    (0..width).map(column).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // Expected values are those of scikit-learn's `roc_auc_score` and of the runner's own function.

    #[test]
    fn two_classes_count_by_the_second() {
        let results: Vec<Vec<f64>> = [0.1, 0.4, 0.35, 0.8, 0.4, 0.4].iter().map(|p: &f64| vec![1.0 - p, *p]).collect();
        let classes = [0, 0, 1, 1, 1, 0];
        assert!((auc(&results, &classes).expect("an area") - 6.0 / 9.0).abs() < 1e-12);
        assert!((top1(&results, &classes) - 400.0 / 6.0).abs() < 1e-9);
    }

    #[test]
    fn several_classes_are_averaged() {
        let results =
            [vec![0.8, 0.1, 0.1], vec![0.3, 0.5, 0.2], vec![0.2, 0.3, 0.5], vec![0.4, 0.35, 0.25], vec![0.1, 0.3, 0.6]];
        let classes = [0, 1, 2, 1, 0];
        // Areas 0.5, 1 and 0.75.
        assert!((auc(&results, &classes).expect("an area") - 0.75).abs() < 1e-12);
        assert_eq!(top1(&results, &classes), 60.0);
        assert_eq!(auc(&results, &[0, 1, 0, 1, 0]), None);
    }

    #[test]
    fn one_score_is_held_against_thresholds() {
        let results: Vec<Vec<f64>> = [1.0, 2.0, 3.0, 4.0].iter().map(|score| vec![*score]).collect();
        assert_eq!(auc(&results, &[0, 0, 1, 1]), Some(1.0));
        assert!((top1(&results, &[0, 0, 1, 1]) - 100.0).abs() < 1e-5);
        assert_eq!(auc(&results, &[0, 1, 0, 1]), Some(0.75));
        // Over the lowest threshold, 1: two of three are anomalies and none is missed.
        assert!((top1(&results, &[0, 1, 0, 1]) - 100.0 * (2.0 / 3.0 + 1.0) / 2.0).abs() < 1e-5);
    }

    #[test]
    fn results_are_normalised_and_averaged() {
        assert_eq!(normalised(&[1.0, 3.0]), [0.25, 0.75]);
        assert_eq!(normalised(&[2.0]), [2.0]);
        assert_eq!(mean(&[vec![1.0, 2.0], vec![3.0, 6.0]]), [2.0, 4.0]);
    }
}
