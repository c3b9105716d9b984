//! Least squares for a few unknowns.

/// What a fit gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Fit {
    pub values: Vec<f64>,
    /// Standard errors; none where there are no more rows than unknowns.
    pub errors: Option<Vec<f64>>,
}

/// Values `x` for which the rows `a · x` come closest to their right-hand sides, by the sum of squares. None where the rows
/// do not determine them.
pub fn least_squares(rows: &[(Vec<f64>, f64)]) -> Option<Fit> {
    let unknowns = rows.first()?.0.len();
    if rows.len() < unknowns || rows.iter().any(|(row, _)| row.len() != unknowns) {
        return None;
    }
    // Normal equations beside the unit matrix, which becomes their inverse.
    let mut matrix = vec![vec![0.0; 2 * unknowns]; unknowns];
    for (i, line) in matrix.iter_mut().enumerate() {
        for (j, cell) in line.iter_mut().enumerate().take(unknowns) {
            *cell = rows.iter().map(|(row, _)| row[i] * row[j]).sum();
        }
        line[unknowns + i] = 1.0;
    }
    let scale: Vec<f64> = matrix.iter().enumerate().map(|(i, line)| line[i]).collect();
    for i in 0..unknowns {
        let pivot = (i..unknowns).max_by(|&a, &b| matrix[a][i].abs().total_cmp(&matrix[b][i].abs()))?;
        matrix.swap(i, pivot);
        let divisor = matrix[i][i];
        if divisor.abs() <= 1e-9 * scale[i].abs() {
            return None;
        }
        matrix[i].iter_mut().for_each(|cell| *cell /= divisor);
        let line = matrix[i].clone();
        for (_, other) in matrix.iter_mut().enumerate().filter(|(at, _)| *at != i) {
            let factor = other[i];
            other.iter_mut().zip(&line).for_each(|(cell, part)| *cell -= factor * part);
        }
    }
    let inverse = |i: usize, j: usize| matrix[i][unknowns + j];
    let right: Vec<f64> = (0..unknowns).map(|j| rows.iter().map(|(row, y)| row[j] * y).sum()).collect();
    let values: Vec<f64> = (0..unknowns).map(|i| (0..unknowns).map(|j| inverse(i, j) * right[j]).sum()).collect();
    let spare = rows.len() - unknowns;
    let squares: f64 = rows.iter().map(|(row, y)| (dot(row, &values) - y).powi(2)).sum();
    let errors = (spare > 0).then(|| {
        let variance = squares / spare as f64;
        (0..unknowns).map(|i| (variance * inverse(i, i)).max(0.0).sqrt()).collect()
    });
    Some(Fit { values, errors })
}

pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_with_its_uncertainty() {
        let rows = [(0.0, 1.1), (1.0, 2.9), (2.0, 5.1), (3.0, 6.9)].map(|(x, y)| (vec![1.0, x], y));
        let fit = least_squares(&rows).expect("a fit");
        assert!((fit.values[0] - 1.06).abs() < 1e-9 && (fit.values[1] - 1.96).abs() < 1e-9, "{fit:?}");
        // s² = 0.032 / 2; of the slope divided by 5.
        let errors = fit.errors.expect("errors");
        assert!((errors[1] - (0.016f64 / 5.0).sqrt()).abs() < 1e-9, "{errors:?}");
    }

    #[test]
    fn what_the_rows_do_not_determine_is_no_fit() {
        assert_eq!(least_squares(&[]), None);
        assert_eq!(least_squares(&[(vec![1.0, 2.0], 1.0)]), None);
        assert_eq!(least_squares(&[(vec![1.0, 2.0], 1.0), (vec![2.0, 4.0], 2.0), (vec![3.0, 6.0], 3.0)]), None);
        let exact = least_squares(&[(vec![2.0], 4.0)]).expect("a fit");
        assert_eq!(exact, Fit { values: vec![2.0], errors: None });
    }
}
