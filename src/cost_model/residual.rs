//! What physics leaves: learned by gradient boosting over bags of the steps, whose spread says how sure it is.

use std::collections::BTreeMap;

use forust_ml::data::Matrix;
use forust_ml::gradientbooster::GradientBooster;
use forust_ml::objective::ObjectiveType;
use forust_ml::sampler::SampleMethod;
use rayon::prelude::*;

use super::data::Sample;
use super::facts::Facts;
use super::physics::Physics;
use crate::engine::Work;

/// Bags, each with a seed of its own.
const BAGS: u64 = 8;
const TREES: usize = 120;
const LEARNING_RATE: f32 = 0.08;
const MAX_DEPTH: usize = 5;
/// Steps that a leaf must hold at least: less is noise.
const LEAST_LEAF: f32 = 4.0;
const SUBSAMPLE: f32 = 0.7;
/// Fewer steps than this teach physics alone.
const LEAST_STEPS: usize = 60;

const COLUMNS: usize = 24;

/// Boosted trees over the logarithm of measured over physical cycles.
pub struct Residual {
    kernels: BTreeMap<String, usize>,
    bags: Vec<GradientBooster>,
}

/// Why no residual can be learned.
#[derive(Debug, thiserror::Error)]
#[error("internal error: gradient boosting: {0}")]
pub struct ResidualError(String);

impl Residual {
    /// None of the samples' steps where there are too few of them.
    pub fn fit(samples: &[&Sample], physics: &Physics, seed: u64) -> Result<Self, ResidualError> {
        let timed = || samples.iter().filter(|s| !s.step_cycles.is_empty());
        let names = timed().flat_map(|s| s.steps.iter().map(|work| kernel(&s.engine, work)));
        let mut kernels: BTreeMap<String, usize> = names.map(|name| (name, 0)).collect();
        kernels.values_mut().enumerate().for_each(|(index, value)| *value = index);
        let mut residual = Self { kernels, bags: Vec::new() };
        let (mut rows, mut targets, mut weights) = (Vec::new(), Vec::new(), Vec::new());
        for sample in timed() {
            let total: u64 = sample.step_cycles.iter().sum();
            for (work, cycles) in sample.steps.iter().zip(&sample.step_cycles) {
                let cycles = *cycles as f64;
                rows.push(residual.row(&sample.engine, work, &sample.facts));
                targets.push((cycles / physics.step(&sample.engine, work, &sample.facts)).ln());
                weights.push((cycles / total as f64 * sample.steps.len() as f64).sqrt().max(0.05));
            }
        }
        if rows.len() < LEAST_STEPS {
            return Ok(residual);
        }
        let data = columns(&rows);
        let matrix = Matrix::new(&data, rows.len(), COLUMNS);
        let bag = |bag: u64| {
            let mut booster = GradientBooster::default()
                .set_objective_type(ObjectiveType::SquaredLoss)
                .set_iterations(TREES)
                .set_learning_rate(LEARNING_RATE)
                .set_max_depth(MAX_DEPTH)
                .set_min_leaf_weight(LEAST_LEAF)
                .set_l2(1.0)
                .set_base_score(0.0)
                .set_initialize_base_score(false)
                .set_sample_method(SampleMethod::Random)
                .set_subsample(SUBSAMPLE)
                .set_parallel(false)
                .set_seed(seed.wrapping_mul(BAGS).wrapping_add(bag));
            let fitted = booster.fit(&matrix, &targets, &weights, None);
            fitted.map(|()| booster).map_err(|e| ResidualError(e.to_string()))
        };
        residual.bags = (0..BAGS).into_par_iter().map(bag).collect::<Result<_, _>>()?;
        Ok(residual)
    }

    /// Per step the logarithm of the factor that each bag gives; no bags where too little was learned from.
    pub fn steps(&self, engine: &str, steps: &[Work], facts: &Facts) -> Vec<Vec<f64>> {
        if steps.is_empty() || self.bags.is_empty() {
            return Vec::new();
        }
        let rows: Vec<[f64; COLUMNS]> = steps.iter().map(|work| self.row(engine, work, facts)).collect();
        let data = columns(&rows);
        let matrix = Matrix::new(&data, rows.len(), COLUMNS);
        self.bags.iter().map(|bag| bag.predict(&matrix, false)).collect()
    }

    fn row(&self, engine: &str, work: &Work, facts: &Facts) -> [f64; COLUMNS] {
        let g = &work.geometry;
        let log = |n: usize| (n as f64 + 1.0).ln();
        let outputs: usize = g.output.iter().product();
        // Trees can tell a kernel that was never seen from all others by nothing.
        let kernel = self.kernels.get(&kernel(engine, work)).map_or(f64::NAN, |index| *index as f64);
        let caches = |size: f64, bytes: usize| if size > 0.0 { (bytes as f64 + 1.0).ln() - size.ln() } else { 9.0 };
        let inputs: usize = g.input.iter().product();
        [
            kernel,
            log(g.output[0] * g.output[1]),
            log(g.output[1]),
            log(g.output[2]),
            log(g.input[2]),
            g.filter[0] as f64,
            g.filter[1] as f64,
            g.stride[0] as f64,
            g.stride[1] as f64,
            log(g.filter[0] * g.filter[1] * g.depth),
            log(outputs),
            log(inputs),
            log(work.constant_bytes),
            (g.output[0] * g.output[1] % 4) as f64,
            (g.output[1] % 2) as f64,
            (g.filter[0] * g.filter[1] * g.depth % 16) as f64,
            (g.output[2] % 4) as f64,
            caches(facts.data_cache, work.constant_bytes + work.scratch_bytes),
            caches(facts.ram_cache, inputs + outputs),
            facts.flash_wait,
            facts.instruction_cache.max(1.0).ln(),
            if facts.core.contains("m7") { 1.0 } else { 0.0 },
            log(work.bands.map_or(1, |bands| bands.calls)),
            log(work.bands.map_or(g.output[0], |bands| bands.rows / bands.calls.max(1))),
        ]
    }
}

fn kernel(engine: &str, work: &Work) -> String {
    format!("{engine}/{}{}", work.family(), if work.specialised { "+" } else { "" })
}

/// Column by column, as the trees want them.
fn columns(rows: &[[f64; COLUMNS]]) -> Vec<f64> {
    (0..COLUMNS).flat_map(|column| rows.iter().map(move |row| row[column])).collect()
}
