//! Accuracies of subnets that nobody measured, from those of some that were.
//!
//! A ridge regression on the choices that make a subnet: which kernel and expansion each block has, how deep and wide
//! each stage is. Evolution asks for thousands of accuracies; measuring each would take longer than training
//! (arXiv 1908.09791, 3.4, predicts them, too).

use crate::network::space::{Choices, Space, Subnet};

/// Ridges that are tried.
const RIDGES: [f64; 6] = [0.01, 0.1, 1.0, 3.0, 10.0, 100.0];

/// Predicts accuracies.
#[derive(Debug, Clone, PartialEq)]
pub struct Surrogate {
    deepest: Vec<usize>,
    mean: f64,
    centre: Vec<f64>,
    weights: Vec<f64>,
    /// Root mean square error over the subnets that it learnt from, each predicted without itself.
    pub error: f64,
}

impl Surrogate {
    /// Learns from accuracies that were measured; none where there are fewer than three.
    pub fn fit(space: &Space, known: &[(Subnet, f64)]) -> Option<Self> {
        if known.len() < 3 {
            return None;
        }
        let stages = space.stages.len();
        let deepest: Vec<usize> = (0..stages)
            .map(|stage| known.iter().filter_map(|(s, _)| Some(s.stages.get(stage)?.blocks.len())).max().unwrap_or(0))
            .collect();
        let rows: Vec<Vec<f64>> = known.iter().map(|(subnet, _)| features(&deepest, subnet)).collect();
        let count = rows.len() as f64;
        let width = rows[0].len();
        let centre: Vec<f64> = (0..width).map(|c| rows.iter().map(|row| row[c]).sum::<f64>() / count).collect();
        let mean = known.iter().map(|(_, accuracy)| accuracy).sum::<f64>() / count;
        let rows: Vec<Vec<f64>> =
            rows.into_iter().map(|row| row.iter().zip(&centre).map(|(v, m)| v - m).collect()).collect();
        let wanted: Vec<f64> = known.iter().map(|(_, accuracy)| accuracy - mean).collect();
        let mut best: Option<(f64, Vec<f64>)> = None;
        for ridge in RIDGES {
            let Some((weights, error)) = solve(&rows, &wanted, ridge) else { continue };
            if best.as_ref().is_none_or(|(least, _)| error < *least) {
                best = Some((error, weights));
            }
        }
        let (error, weights) = best?;
        Some(Self { deepest, mean, centre, weights, error })
    }

    /// The expected accuracy, 0 to 1.
    pub fn predict(&self, subnet: &Subnet) -> f64 {
        let features = features(&self.deepest, subnet);
        let sum = features.iter().zip(&self.centre).zip(&self.weights).map(|((v, m), w)| (v - m) * w).sum::<f64>();
        (self.mean + sum).clamp(0.0, 1.0)
    }
}

/// What is known of a subnet as numbers of about the same size.
fn features(deepest: &[usize], subnet: &Subnet) -> Vec<f64> {
    let mut numbers = Vec::new();
    for (at, deepest) in deepest.iter().enumerate() {
        let (scale, blocks) = match subnet.stages.get(at) {
            Some(Choices { scale, blocks }) => (scale.value(), blocks.as_slice()),
            None => (1.0, &[][..]),
        };
        numbers.extend([scale.ln(), scale.ln() * scale.ln()]);
        for slot in 0..*deepest {
            match blocks.get(slot) {
                Some(block) => {
                    let (kernel, expand) = ((block.kernel as f64).ln(), (block.expand as f64).ln());
                    numbers.extend([1.0, kernel, expand, scale.ln() * expand]);
                }
                None => numbers.extend([0.0; 4]),
            }
        }
    }
    numbers
}

/// Weights of a ridge regression, and its error where each row is predicted without itself; none where the equations
/// cannot be solved.
fn solve(rows: &[Vec<f64>], wanted: &[f64], ridge: f64) -> Option<(Vec<f64>, f64)> {
    let width = rows[0].len();
    let mut gram = vec![0.0; width * width];
    let mut right = vec![0.0; width];
    for (row, wanted) in rows.iter().zip(wanted) {
        for i in 0..width {
            right[i] += row[i] * wanted;
            for j in 0..width {
                gram[i * width + j] += row[i] * row[j];
            }
        }
    }
    for i in 0..width {
        gram[i * width + i] += ridge;
    }
    let factor = cholesky(gram, width)?;
    let weights = substitute(&factor, width, &right);
    // The leverage of a row says what it contributed to its own prediction.
    let squares = rows.iter().zip(wanted).map(|(row, wanted)| {
        let leverage = dot(row, &substitute(&factor, width, row));
        ((wanted - dot(row, &weights)) / (1.0 - leverage).max(1e-3)).powi(2)
    });
    let error = (squares.sum::<f64>() / rows.len() as f64).sqrt();
    Some((weights, error))
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The lower factor of a symmetric positive matrix.
fn cholesky(mut matrix: Vec<f64>, width: usize) -> Option<Vec<f64>> {
    for j in 0..width {
        for i in j..width {
            let sum: f64 = (0..j).map(|k| matrix[i * width + k] * matrix[j * width + k]).sum();
            let rest = matrix[i * width + j] - sum;
            matrix[i * width + j] = if i == j {
                if rest <= 0.0 {
                    return None;
                }
                rest.sqrt()
            } else {
                rest / matrix[j * width + j]
            };
        }
    }
    Some(matrix)
}

/// Solves for the vector that the factored matrix maps to `right`.
fn substitute(factor: &[f64], width: usize, right: &[f64]) -> Vec<f64> {
    let mut x = right.to_vec();
    for i in 0..width {
        let sum: f64 = (0..i).map(|k| factor[i * width + k] * x[k]).sum();
        x[i] = (x[i] - sum) / factor[i * width + i];
    }
    for i in (0..width).rev() {
        let sum: f64 = (i + 1..width).map(|k| factor[k * width + i] * x[k]).sum();
        x[i] = (x[i] - sum) / factor[i * width + i];
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::random::Random;
    use crate::network::space::{self, Elastic};

    #[test]
    fn accuracies_that_follow_from_choices_are_predicted() {
        let space = space::shipped("small-image").expect("a space");
        let configuration = space.configurations()[0];
        let mut random = Random::new(8);
        let truth = |subnet: &Subnet| {
            let blocks = subnet.stages.iter().flat_map(|s| s.blocks.iter().map(move |b| (s.scale.value(), b)));
            0.8 + blocks.map(|(scale, b)| 0.004 * scale.ln() + 0.003 * (b.expand as f64).ln()).sum::<f64>()
        };
        let mut drawn = |count: usize| -> Vec<(Subnet, f64)> {
            let draw = |_| space.sample(configuration, Elastic::ALL, &mut random);
            (0..count).map(draw).map(|subnet| (subnet.clone(), truth(&subnet))).collect()
        };
        let (known, others) = (drawn(150), drawn(50));
        let surrogate = Surrogate::fit(&space, &known).expect("a fit");
        let worst = others.iter().map(|(s, accuracy)| (surrogate.predict(s) - accuracy).abs()).fold(0.0, f64::max);
        assert!(worst < 0.004 && surrogate.error < 0.003, "{worst}, {}", surrogate.error);
        assert!(Surrogate::fit(&space, &known[..2]).is_none());
    }

    #[test]
    fn errors_are_those_of_leaving_one_out() {
        let mut random = Random::new(1);
        let rows: Vec<Vec<f64>> = (0..12).map(|_| (0..3).map(|_| f64::from(random.normal())).collect()).collect();
        let wanted: Vec<f64> = rows.iter().map(|row| row[0] + 0.3 * f64::from(random.normal())).collect();
        let (_, error) = solve(&rows, &wanted, 1.0).expect("a fit");
        let mut squares = 0.0;
        for out in 0..rows.len() {
            let rest = |of: &[Vec<f64>]| {
                of.iter().enumerate().filter(|(i, _)| *i != out).map(|(_, r)| r.clone()).collect::<Vec<_>>()
            };
            let others: Vec<f64> = wanted.iter().enumerate().filter(|(i, _)| *i != out).map(|(_, w)| *w).collect();
            let (weights, _) = solve(&rest(&rows), &others, 1.0).expect("a fit");
            squares += (wanted[out] - dot(&rows[out], &weights)).powi(2);
        }
        let exact = (squares / rows.len() as f64).sqrt();
        assert!((error - exact).abs() < 1e-9, "{error}, {exact}");
    }
}
