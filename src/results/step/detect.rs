//! From values to steps.

use super::noise::{correlation, spread, take_out};
use super::segment::{LEAST, Sums, segment};
use crate::results::gate::student;

/// Chance of a step in a series that has none.
const ALPHA: f64 = 0.001;
/// Each end of intervals that are reported.
const TAIL: f64 = 0.005;
/// Squared residuals, in variances, by which another night may be worse and still be where the step was: 2 ln 100.
const PLACE: f64 = 9.21;
/// Improvements of a slope; they settle after two or three.
const ROUNDS: usize = 8;

/// One step.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Step {
    /// Index of the first night at the new level, and of the first and last one that it may have been.
    pub at: usize,
    pub earliest: usize,
    pub latest: usize,
    /// Levels around it, in the unit of the values.
    pub before: f64,
    pub after: f64,
    /// Relative, and its interval; of a deterministic series both ends are the change.
    pub change: f64,
    pub low: f64,
    pub high: f64,
}

/// What a history shows.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Trend {
    pub steps: Vec<Step>,
    /// Relative change per night beside the steps; none where there is none to be seen.
    pub drift: Option<f64>,
    /// Nights that do not count, as indices.
    pub outliers: Vec<usize>,
    /// Relative standard deviation of a night.
    pub spread: f64,
}

/// Every change of a deterministic number.
pub fn changes(values: &[f64]) -> Trend {
    let change = |(at, pair): (usize, &[f64])| {
        let change = pair[1] / pair[0] - 1.0;
        let at = at + 1;
        (pair[0] != pair[1]).then_some(Step {
            at,
            earliest: at,
            latest: at,
            before: pair[0],
            after: pair[1],
            change,
            low: change,
            high: change,
        })
    };
    Trend { steps: values.windows(2).enumerate().filter_map(change).collect(), ..Trend::default() }
}

/// Steps of a noisy number, oldest night first. Values that are not positive numbers count as outliers. A step needs
/// three nights on either side.
pub fn detect(values: &[f64]) -> Trend {
    let usable = |value: &f64| value.is_finite() && *value > 0.0;
    let nights: Vec<usize> = (0..values.len()).filter(|at| usable(&values[*at])).collect();
    let mut outliers: Vec<usize> = (0..values.len()).filter(|at| !usable(&values[*at])).collect();
    let mut series: Vec<f64> = nights.iter().map(|at| values[*at].ln()).collect();
    if series.len() < 2 * LEAST {
        return Trend { outliers, ..Trend::default() };
    }
    let out = take_out(&mut series);
    outliers.extend(out.iter().map(|at| nights[*at]));
    outliers.sort_unstable();
    let first = spread(&series).powi(2);
    let rough = cheapest(&series, first);
    // Noise that is heavier, or alike from night to night, than neighbours show.
    let residuals = rough.residuals(&series);
    let freedom = series.len().saturating_sub(rough.steps.len() + 2).max(1) as f64;
    let alike = correlation(&residuals);
    let variance = first.max(residuals.iter().map(|r| r * r).sum::<f64>() / freedom);
    let inflated = variance * (1.0 + alike) / (1.0 - alike);
    let model = cheapest(&series, inflated);
    let steps = model.report(&series, inflated, freedom, &nights, &out);
    let drift = (model.slope != 0.0).then(|| model.slope.exp_m1());
    Trend { steps, drift, outliers, spread: variance.sqrt() }
}

/// Levels and a slope.
struct Model {
    steps: Vec<usize>,
    /// Per night.
    slope: f64,
    cost: f64,
}

/// The cheaper of levels alone and of levels on a slope.
fn cheapest(series: &[f64], variance: f64) -> Model {
    let price = 2.0 * (series.len() as f64 / ALPHA).ln() * variance;
    let flat = Model::at(series, 0.0, price);
    let from = [slope_within(series, &[]), slope_within(series, &flat.steps)];
    let sloped = from.into_iter().map(|start| {
        let mut model = Model::at(series, start, price);
        for _ in 0..ROUNDS {
            let slope = slope_within(series, &model.steps);
            let next = Model::at(series, slope, price);
            if next.cost >= model.cost {
                break;
            }
            model = next;
        }
        model.cost += price;
        model
    });
    sloped.fold(flat, |best, model| if model.cost < best.cost { model } else { best })
}

/// Least squares within the levels that `steps` separate.
fn slope_within(series: &[f64], steps: &[usize]) -> f64 {
    let (mut product, mut square) = (0.0, 0.0);
    for (from, to) in levels(steps, series.len()) {
        let nights = (to - from) as f64;
        let (middle, mean) = ((from + to - 1) as f64 / 2.0, series[from..to].iter().sum::<f64>() / nights);
        for (at, value) in series[from..to].iter().enumerate() {
            let time = (from + at) as f64 - middle;
            product += time * (value - mean);
            square += time * time;
        }
    }
    if square > 0.0 { product / square } else { 0.0 }
}

fn levels(steps: &[usize], nights: usize) -> impl Iterator<Item = (usize, usize)> {
    let starts = std::iter::once(0).chain(steps.iter().copied());
    let ends = steps.iter().copied().chain([nights]);
    starts.zip(ends).collect::<Vec<_>>().into_iter()
}

fn without(series: &[f64], slope: f64) -> Vec<f64> {
    series.iter().enumerate().map(|(at, value)| value - slope * at as f64).collect()
}

impl Model {
    fn at(series: &[f64], slope: f64, price: f64) -> Self {
        let level = without(series, slope);
        let steps = segment(&level, price);
        let sums = Sums::of(&level);
        let squares: f64 = levels(&steps, series.len()).map(|(from, to)| sums.cost(from, to)).sum();
        let cost = squares + price * steps.len() as f64;
        Self { steps, slope, cost }
    }

    fn residuals(&self, series: &[f64]) -> Vec<f64> {
        let level = without(series, self.slope);
        let of = |(from, to): (usize, usize)| {
            let mean = level[from..to].iter().sum::<f64>() / (to - from) as f64;
            level[from..to].iter().map(|value| value - mean).collect::<Vec<_>>()
        };
        levels(&self.steps, series.len()).flat_map(of).collect()
    }

    fn report(&self, series: &[f64], variance: f64, freedom: f64, nights: &[usize], out: &[usize]) -> Vec<Step> {
        let level = without(series, self.slope);
        let sums = Sums::of(&level);
        let bounds: Vec<(usize, usize)> = levels(&self.steps, series.len()).collect();
        let step = |pair: &[(usize, usize)]| {
            let ((from, at), (_, to)) = (pair[0], pair[1]);
            let mean = |from: usize, to: usize| level[from..to].iter().sum::<f64>() / (to - from) as f64;
            let cost = |at: usize| sums.cost(from, at) + sums.cost(at, to);
            let place = |place: &usize| cost(*place) <= cost(at) + PLACE * variance;
            let places: Vec<usize> = (from + 1..to).filter(place).collect();
            // A night that was taken out may have been the first one all the same.
            let (mut earliest, mut latest) = (*places.first().unwrap_or(&at), *places.last().unwrap_or(&at));
            while earliest > from + 1 && out.contains(&(earliest - 1)) {
                earliest -= 1;
            }
            while latest + 1 < to && out.contains(&latest) {
                latest += 1;
            }
            let (before, after) = (mean(from, at), mean(at, to));
            let error = (variance * (1.0 / (at - from) as f64 + 1.0 / (to - at) as f64)).sqrt();
            let reach = student::quantile(TAIL, freedom) * error;
            let here = self.slope * at as f64;
            Step {
                at: nights[at],
                earliest: nights[earliest],
                latest: nights[latest],
                before: (before + here).exp(),
                after: (after + here).exp(),
                change: (after - before).exp_m1(),
                low: (after - before - reach).exp_m1(),
                high: (after - before + reach).exp_m1(),
            }
        };
        bounds.windows(2).map(step).collect()
    }
}
