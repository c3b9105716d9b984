//! Relative least squares with non-negative coefficients that lean on others.

/// Rows of terms with what they should sum to.
#[derive(Debug, Default, Clone)]
pub struct Rows<'a> {
    pub terms: Vec<&'a [f64]>,
    /// Above 0.
    pub targets: Vec<f64>,
    /// How much a row counts.
    pub weights: Vec<f64>,
}

impl<'a> Rows<'a> {
    pub fn push(&mut self, terms: &'a [f64], target: f64, weight: f64) {
        self.terms.push(terms);
        self.targets.push(target);
        self.weights.push(weight);
    }
}

/// Sweeps of coordinate descent; each term converges long before in problems of this size.
const SWEEPS: usize = 3000;

/// Coefficients that minimise the weighted squares of relative errors, plus `pull` times the squared distance from
/// `prior` in units of how much a term is of its target: a coefficient about which the rows say nothing keeps its prior.
pub fn fit(rows: &Rows<'_>, prior: &[f64], pull: f64) -> Vec<f64> {
    let width = prior.len();
    if rows.terms.is_empty() {
        return prior.to_vec();
    }
    // Columns are scaled to the mean square of 1 in relative terms: badly scaled normal equations lose digits.
    let total: f64 = rows.weights.iter().sum();
    let relative = |row: usize, column: usize| rows.terms[row][column] / rows.targets[row];
    let scale: Vec<f64> = (0..width)
        .map(|column| {
            let square = (0..rows.terms.len()).map(|r| rows.weights[r] * relative(r, column).powi(2)).sum::<f64>();
            (square / total).sqrt()
        })
        .collect();
    let used: Vec<usize> = (0..width).filter(|column| scale[*column] > 0.0).collect();
    let mut gram = vec![vec![0.0; used.len()]; used.len()];
    let mut moment = vec![0.0; used.len()];
    for row in 0..rows.terms.len() {
        let scaled: Vec<f64> = used.iter().map(|c| relative(row, *c) / scale[*c]).collect();
        for (i, a) in scaled.iter().enumerate() {
            moment[i] += rows.weights[row] * a;
            scaled.iter().enumerate().for_each(|(j, b)| gram[i][j] += rows.weights[row] * a * b);
        }
    }
    let start: Vec<f64> = used.iter().map(|c| prior[*c] * scale[*c]).collect();
    for i in 0..used.len() {
        gram[i][i] += pull;
        moment[i] += pull * start[i];
    }
    let mut solution = start;
    for _ in 0..SWEEPS {
        let mut moved = 0f64;
        for i in 0..used.len() {
            let others: f64 = gram[i].iter().zip(&solution).map(|(g, x)| g * x).sum::<f64>() - gram[i][i] * solution[i];
            let next = ((moment[i] - others) / gram[i][i]).max(0.0);
            moved = moved.max((next - solution[i]).abs());
            solution[i] = next;
        }
        if moved < 1e-10 {
            break;
        }
    }
    let mut coefficients = prior.to_vec();
    used.iter().zip(&solution).for_each(|(c, x)| coefficients[*c] = x / scale[*c]);
    coefficients
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_sums_are_found_whatever_their_scale() {
        let terms: Vec<Vec<f64>> = (1..20).map(|i| vec![1.0, f64::from(i) * 1e6, f64::from(i * i % 7)]).collect();
        let truth = [40.0, 2e-3, 7.0];
        let mut rows = Rows::default();
        terms.iter().for_each(|t| rows.push(t, t.iter().zip(truth).map(|(t, c)| t * c).sum(), 1.0));
        let found = fit(&rows, &[0.0; 3], 1e-9);
        assert!(found.iter().zip(truth).all(|(a, b)| (a / b - 1.0).abs() < 1e-3), "{found:?}");
    }

    #[test]
    fn no_coefficient_is_negative_and_what_is_not_seen_keeps_its_prior() {
        let terms = [[1.0, 0.0, 5.0], [2.0, 0.0, 1.0]];
        let mut rows = Rows::default();
        rows.push(&terms[0], 1.0, 1.0);
        rows.push(&terms[1], 9.0, 1.0);
        let found = fit(&rows, &[0.0, 3.0, 0.0], 1e-9);
        assert_eq!(found[1], 3.0);
        assert!(found.iter().all(|c| *c >= 0.0), "{found:?}");
        assert_eq!(fit(&Rows::default(), &[1.0, 2.0], 0.1), [1.0, 2.0]);
        // A strong pull holds what rows would move.
        assert!((fit(&rows, &[5.0, 3.0, 0.0], 1e9)[0] - 5.0).abs() < 1e-3);
    }
}
