//! The model: physics, residual, and how far both may be off.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::data::{DataSet, Sample};
use super::facts::Facts;
use super::physics::Physics;
use super::residual::{Residual, ResidualError};
use super::scores::{Scores, hidden};
use crate::engine::Work;
use crate::network::random::Random;

/// How a model is trained.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    pub seed: u64,
    /// Share of networks whose latency must lie within the interval.
    pub coverage: f64,
    /// Parts that networks are held out in, one at a time.
    pub folds: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { seed: 0, coverage: 0.9, folds: 5 }
    }
}

/// Bounds of the cycles of an inference.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// What is predicted of a network on a board.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Of an inference.
    pub cycles: f64,
    /// Holds the share of networks that [`Settings::coverage`] asks for.
    pub interval: Interval,
    /// One standard deviation, as a share of the cycles.
    pub sigma: f64,
    /// Milliseconds.
    pub ms: f64,
    /// Of one inference; none where no power is known.
    pub microjoules: Option<f64>,
}

/// Why there is no model.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    #[error("the cost model has no timed steps to learn from; measure networks with an engine whose steps are timed")]
    NoData,
    #[error(transparent)]
    Residual(#[from] ResidualError),
}

/// A trained model.
pub struct Model {
    version: String,
    fitted: Fitted,
    /// How much of the residual counts: what helped networks that were held out.
    share: f64,
    scores: Scores,
    milliwatts: BTreeMap<String, f64>,
}

/// No prediction is surer than this: a share of the cycles.
const FLOOR: f64 = 0.004;
/// Uncertainty of a kernel that was seen nowhere, as a share of its cycles.
const UNKNOWN: f64 = 0.5;
/// The same of a board that was seen nowhere.
const NEW_BOARD: f64 = 0.1;
/// Shares of the residual that are tried.
const SHARES: [f64; 3] = [0.0, 0.5, 1.0];

/// Physics and residual before they are held against anything.
struct Fitted {
    physics: Physics,
    residual: Residual,
    boards: std::collections::BTreeSet<String>,
}

/// A network's cycles and their relative spread.
struct Raw {
    cycles: f64,
    sigma: f64,
}

impl Fitted {
    fn new(samples: &[&Sample], seed: u64) -> Result<Self, ModelError> {
        let physics = Physics::fit(samples);
        let residual = Residual::fit(samples, &physics, seed)?;
        let boards = samples.iter().filter(|s| !s.step_cycles.is_empty()).map(|s| s.facts.board.clone()).collect();
        Ok(Self { physics, residual, boards })
    }

    fn predict(&self, engine: &str, steps: &[Work], facts: &Facts, share: f64) -> Raw {
        let base: Vec<f64> = steps.iter().map(|work| self.physics.step(engine, work, facts)).collect();
        let total: f64 = base.iter().sum::<f64>().max(1.0);
        let strange = |(work, cycles): (&Work, &f64)| if self.physics.knows(engine, work) { 0.0 } else { *cycles };
        let unknown = steps.iter().zip(&base).map(strange).sum::<f64>() / total * UNKNOWN;
        let new = if self.boards.contains(&facts.board) { 0.0 } else { NEW_BOARD };
        let bags = self.residual.steps(engine, steps, facts);
        let sums: Vec<f64> = bags
            .iter()
            .map(|factors| base.iter().zip(factors).map(|(cycles, log)| cycles * (share * log).exp()).sum::<f64>())
            .collect();
        let mean = if sums.is_empty() { total } else { sums.iter().sum::<f64>() / sums.len() as f64 };
        let spread = sums.iter().map(|sum| (sum / mean - 1.0).powi(2)).sum::<f64>() / sums.len().max(1) as f64;
        let sigma = (spread + FLOOR * FLOOR + unknown * unknown + new * new).sqrt();
        Raw { cycles: (mean * self.physics.beside()).max(1.0), sigma }
    }
}

impl Model {
    /// Trains on `data`; the same data and settings give the same model.
    pub fn train(data: &DataSet, settings: Settings) -> Result<Self, ModelError> {
        let samples: Vec<&Sample> = data.samples.iter().collect();
        Self::train_on(&samples, settings, data.version())
    }

    pub(super) fn train_on(samples: &[&Sample], settings: Settings, version: String) -> Result<Self, ModelError> {
        if samples.iter().all(|s| s.step_cycles.is_empty()) {
            return Err(ModelError::NoData);
        }
        // Per share of the residual: board, and error of a network that was held out in units of sigma and of itself.
        let mut held: Vec<Vec<(String, f64, f64)>> = vec![Vec::new(); SHARES.len()];
        let folds = folds(samples, settings).into_iter().filter(|(rest, out)| !rest.is_empty() && !out.is_empty());
        for (fitted, out) in fitted(folds.collect(), settings.seed)? {
            for sample in out {
                for (share, errors) in SHARES.iter().zip(&mut held) {
                    let raw = fitted.predict(&sample.engine, &sample.steps, &sample.facts, *share);
                    let error = (sample.cycles / raw.cycles).ln().abs();
                    errors.push((sample.facts.board.clone(), error / raw.sigma, error));
                }
            }
        }
        let mean = |errors: &Vec<(String, f64, f64)>| errors.iter().map(|(.., error)| error).sum::<f64>();
        let best = (0..SHARES.len()).min_by(|a, b| mean(&held[*a]).total_cmp(&mean(&held[*b]))).unwrap_or(0);
        let share = SHARES[best];
        let mut scores = Scores::new(settings.coverage);
        held[best].iter().for_each(|(board, score, _)| scores.add(board, *score));
        let (boards, hidden): (Vec<_>, Vec<_>) =
            hidden(samples, settings.seed).into_iter().map(|(board, rest, out)| (board, (rest, out))).unzip();
        for (board, (fitted, out)) in boards.into_iter().zip(fitted(hidden, settings.seed)?) {
            for sample in out {
                let raw = fitted.predict(&sample.engine, &sample.steps, &sample.facts, share);
                scores.add_hidden(board, (sample.cycles / raw.cycles).ln().abs() / raw.sigma);
            }
        }
        let (fitted, milliwatts) = (Fitted::new(samples, settings.seed)?, milliwatts(samples));
        Ok(Self { version, fitted, share, scores, milliwatts })
    }

    /// Tells models apart that were trained on different data.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Predicts the cycles of steps that `engine` has planned.
    pub fn predict(&self, engine: &str, steps: &[Work], facts: &Facts) -> Prediction {
        let Raw { cycles, sigma } = self.fitted.predict(engine, steps, facts, self.share);
        let reach = (self.scores.reach(&facts.board) * sigma).min(3.0);
        let ms = cycles * 1000.0 / facts.clock_hz.max(1) as f64;
        let power = self.milliwatts.get(&facts.board).copied();
        Prediction {
            cycles,
            interval: Interval { low: cycles * (-reach).exp(), high: cycles * reach.exp() },
            sigma,
            ms,
            microjoules: power.map(|milliwatts| milliwatts * ms),
        }
    }
}

/// Per board the median of measured energy over time.
fn milliwatts(samples: &[&Sample]) -> BTreeMap<String, f64> {
    let mut all: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for sample in samples {
        if let Some(energy) = sample.microjoules {
            let ms = sample.cycles * 1000.0 / sample.facts.clock_hz.max(1) as f64;
            all.entry(sample.facts.board.clone()).or_default().push(energy / ms);
        }
    }
    let median = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    all.into_iter().map(|(board, values)| (board, median(values))).collect()
}

/// What is trained on, and what is held out.
type Fold<'a> = (Vec<&'a Sample>, Vec<&'a Sample>);

/// A model per fold, and what was held out of it; as many at a time as there are threads.
fn fitted(folds: Vec<Fold<'_>>, seed: u64) -> Result<Vec<(Fitted, Vec<&Sample>)>, ModelError> {
    folds.into_par_iter().map(|(rest, out)| Ok((Fitted::new(&rest, seed)?, out))).collect()
}

/// Samples without and within each part; a network is in one part with all its boards.
fn folds<'a>(samples: &[&'a Sample], settings: Settings) -> Vec<Fold<'a>> {
    let mut networks: Vec<&str> = samples.iter().map(|s| s.network_sha256.as_str()).collect();
    networks.sort_unstable();
    networks.dedup();
    let mut random = Random::new(settings.seed ^ 0xF01D);
    for at in (1..networks.len()).rev() {
        networks.swap(at, random.below(at + 1));
    }
    let parts = settings.folds.min(networks.len());
    let part: BTreeMap<&str, usize> = networks.iter().enumerate().map(|(i, name)| (*name, i % parts.max(1))).collect();
    let of = |sample: &Sample| part.get(sample.network_sha256.as_str()).copied().unwrap_or(0);
    let split = |fold: usize| samples.iter().copied().partition(|sample| of(sample) != fold);
    if parts < 2 { Vec::new() } else { (0..parts).map(split).collect() }
}
