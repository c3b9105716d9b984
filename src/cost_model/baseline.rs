//! What a cost model has to beat: multiply-accumulates alone, and a ridge on counts of operators.

use std::collections::BTreeMap;

use super::data::Sample;
use super::linear::{Rows, fit};

/// Cycles in proportion to multiply-accumulates.
pub struct Macs(f64);

impl Macs {
    pub fn fit(samples: &[&Sample]) -> Self {
        let mut ratios: Vec<f64> = samples.iter().map(|s| s.cycles / s.macs().max(1) as f64).collect();
        ratios.sort_by(f64::total_cmp);
        Self(ratios.get(ratios.len() / 2).copied().unwrap_or(1.0))
    }

    pub fn predict(&self, sample: &Sample) -> f64 {
        self.0 * sample.macs().max(1) as f64
    }
}

/// Per kernel and size of window the number of operators, and per kernel their multiply-accumulates.
pub struct Ridge {
    columns: BTreeMap<String, usize>,
    coefficients: Vec<f64>,
}

const PULL: f64 = 1e-3;

impl Ridge {
    pub fn fit(samples: &[&Sample]) -> Self {
        let mut columns: BTreeMap<String, usize> =
            samples.iter().flat_map(|s| counts(s).into_keys()).map(|name| (name, 0)).collect();
        columns.values_mut().enumerate().for_each(|(index, column)| *column = index);
        let terms: Vec<Vec<f64>> = samples.iter().map(|s| row(&columns, s)).collect();
        let mut rows = Rows::default();
        terms.iter().zip(samples).for_each(|(terms, s)| rows.push(terms, s.cycles, 1.0));
        let coefficients = fit(&rows, &vec![0.0; columns.len()], PULL * samples.len() as f64);
        Self { columns, coefficients }
    }

    pub fn predict(&self, sample: &Sample) -> f64 {
        let row = row(&self.columns, sample);
        row.iter().zip(&self.coefficients).map(|(x, c)| x * c).sum::<f64>().max(1.0)
    }
}

fn counts(sample: &Sample) -> BTreeMap<String, f64> {
    let mut counts = BTreeMap::new();
    for work in &sample.steps {
        let [h, w] = work.geometry.filter;
        *counts.entry(format!("{} {h}x{w}", work.kernel)).or_default() += 1.0;
        *counts.entry(format!("{} macs", work.kernel)).or_default() += work.geometry.macs() as f64;
    }
    counts
}

fn row(columns: &BTreeMap<String, usize>, sample: &Sample) -> Vec<f64> {
    let mut row = vec![0.0; columns.len()];
    for (name, count) in counts(sample) {
        if let Some(column) = columns.get(&name) {
            row[*column] = count;
        }
    }
    row
}
