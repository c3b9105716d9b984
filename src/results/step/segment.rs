//! The cheapest levels for a series.

/// Nights that make a level.
pub const LEAST: usize = 3;

/// Sums from which the squared residuals of any stretch follow.
pub struct Sums {
    sum: Vec<f64>,
    square: Vec<f64>,
}

impl Sums {
    pub fn of(series: &[f64]) -> Self {
        // Around the mean, so that sums of squares do not lose what levels differ by.
        let mean = series.iter().sum::<f64>() / series.len().max(1) as f64;
        let (mut sum, mut square) = (vec![0.0], vec![0.0]);
        for value in series.iter().map(|value| value - mean) {
            sum.push(sum[sum.len() - 1] + value);
            square.push(square[square.len() - 1] + value * value);
        }
        Self { sum, square }
    }

    /// Squared residuals of the nights `from..to` around their mean.
    pub fn cost(&self, from: usize, to: usize) -> f64 {
        let sum = self.sum[to] - self.sum[from];
        (self.square[to] - self.square[from] - sum * sum / (to - from) as f64).max(0.0)
    }
}

/// First nights of the second level and of those after it, where a step costs `price` in the series' unit squared.
pub fn segment(series: &[f64], price: f64) -> Vec<usize> {
    let (n, sums) = (series.len(), Sums::of(series));
    // The cheapest way to reach each night, and where its last level began.
    let mut best = vec![(f64::INFINITY, 0); n + 1];
    best[0] = (-price, 0);
    for to in LEAST..=n {
        for from in 0..=to - LEAST {
            let cost = best[from].0 + sums.cost(from, to) + price;
            if cost < best[to].0 {
                best[to] = (cost, from);
            }
        }
    }
    let (mut steps, mut at) = (Vec::new(), n);
    while at >= LEAST && best[at].1 > 0 {
        at = best[at].1;
        steps.push(at);
    }
    steps.reverse();
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_the_cheapest_of_all() {
        let series = [0.0, 0.1, 0.0, 5.0, 5.1, 5.0, 5.1, 1.0, 1.1, 1.0];
        assert_eq!(segment(&series, 0.5), [3, 7]);
        assert_eq!(segment(&series, 1000.0), [0usize; 0]);
        assert_eq!(segment(&series[..5], 0.5), [0usize; 0], "two nights are no level");
        assert_eq!(segment(&[], 1.0), [0usize; 0]);
        // Every partition of a small series, priced one by one.
        let sums = Sums::of(&series);
        let price = |steps: &[usize]| {
            let ends = steps.iter().copied().chain([series.len()]);
            let starts = std::iter::once(0).chain(steps.iter().copied());
            let short = starts.clone().zip(ends.clone()).any(|(from, to)| to - from < LEAST);
            let cost: f64 = starts.zip(ends).map(|(from, to)| sums.cost(from, to)).sum();
            if short { f64::INFINITY } else { cost + 0.5 * steps.len() as f64 }
        };
        let all = (0..1u32 << 9).map(|set| (1..10).filter(|at| set >> (at - 1) & 1 == 1).collect::<Vec<_>>());
        let cheapest = all.min_by(|a, b| price(a).total_cmp(&price(b))).expect("one");
        assert_eq!(cheapest, [3, 7]);
    }
}
