//! The measured loop: predict, measure what promises most, learn from it, and again.
//!
//! Each round the cost model is trained on all that was measured, a population evolves under its predictions, and a batch
//! is chosen out of it: the networks that would add most to the volume that measured ones dominate, their latency taken as
//! short as it might well be, so that what is uncertain is tried. It ends when the predicted front is measured, or the
//! budget spent.

use std::collections::{HashMap, HashSet};

use super::error::SearchError;
use super::evolution::{self, Fitness, evolve};
use super::objectives::{Objectives, front, hypervolume};
use super::selection::Allowance;
use crate::cost_model::{DataSet, Facts, Model, Prediction, Sample, Settings as ModelSettings};
use crate::engine::{Outline, Sizer};
use crate::network::random::Random;
use crate::network::space::{Configuration, Elastic, Space, Subnet};

/// Says how accurate networks are.
pub trait Evaluator {
    /// Share of inputs that each network gets right, 0 to 1; the same network always gets the same answer.
    fn accuracy(&mut self, subnets: &[Subnet]) -> Result<Vec<f64>, SearchError>;

    /// What evolution takes for it: cheap where the answer is not, and better with every answer.
    fn guess(&mut self, subnets: &[Subnet]) -> Result<Vec<f64>, SearchError> {
        self.accuracy(subnets)
    }
}

/// Measures networks on all boards.
pub trait Bench {
    /// Per network one sample per target, in order; none where it did not run there. `round` counts from 0: the same round
    /// of a search that goes on must give the same measurements.
    fn measure(&mut self, round: usize, subnets: &[Subnet]) -> Result<Vec<Vec<Option<Sample>>>, SearchError>;
}

/// A board and what a network may take of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    pub facts: Facts,
    pub allowance: Allowance,
    pub max_latency_ms: Option<f64>,
    pub max_energy_uj: Option<f64>,
}

/// How a search goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    pub evolution: evolution::Settings,
    pub model: ModelSettings,
    /// Networks measured at most.
    pub budget: usize,
    /// Networks measured before anything is predicted.
    pub first: usize,
    /// Networks measured per round.
    pub batch: usize,
    /// Standard deviations by which latency is taken shorter than predicted.
    pub optimism: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            evolution: evolution::Settings { generations: 10, ..evolution::Settings::default() },
            model: ModelSettings::default(),
            budget: 40,
            first: 8,
            batch: 8,
            optimism: 1.0,
        }
    }
}

/// A network that was measured.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub subnet: Subnet,
    /// Share of inputs.
    pub accuracy: f64,
    pub arena_bytes: usize,
    pub flash_bytes: usize,
    /// Per target, measured.
    pub latency_ms: Vec<f64>,
    /// Per target, predicted before it was measured; empty in the first round.
    pub predicted_ms: Vec<f64>,
    pub round: usize,
    /// Whether measured latency and energy keep the constraints.
    pub allowed: bool,
}

impl Found {
    /// Errors, the longest latency over all targets, and SRAM: all are minimised.
    pub fn objectives(&self) -> Objectives {
        objectives(self.accuracy, &self.latency_ms, self.arena_bytes)
    }
}

fn objectives(accuracy: f64, latency_ms: &[f64], arena_bytes: usize) -> Objectives {
    vec![1.0 - accuracy, latency_ms.iter().copied().fold(0.0, f64::max), arena_bytes as f64]
}

/// One round, for whoever shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Round {
    pub index: usize,
    pub measured: usize,
    /// Median relative error of what was predicted of this round's networks, per cent; none in the first round.
    pub error_percent: Option<f64>,
    /// Networks of the predicted front that are not measured yet.
    pub open: Option<usize>,
}

/// What a search came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    pub found: Vec<Found>,
    pub rounds: Vec<Round>,
    /// Whether the predicted front was measured, rather than the budget spent.
    pub converged: bool,
    pub data: DataSet,
}

impl Outcome {
    /// The allowed networks that no other dominates, the most accurate first.
    pub fn front(&self) -> Vec<&Found> {
        let allowed: Vec<&Found> = self.found.iter().filter(|found| found.allowed).collect();
        let points: Vec<Objectives> = allowed.iter().map(|found| found.objectives()).collect();
        let mut best: Vec<&Found> = front(&points).into_iter().map(|i| allowed[i]).collect();
        best.sort_by(|a, b| b.accuracy.total_cmp(&a.accuracy));
        best
    }
}

/// What networks are compared by while nothing but predictions is known.
struct Judge<'a> {
    space: &'a Space,
    targets: &'a [Target],
    evaluator: &'a mut dyn Evaluator,
    sizer: Sizer,
    known: HashMap<Subnet, Known>,
    /// None before anything is measured: then everything that fits is allowed.
    model: Option<Model>,
}

/// What does not change from round to round.
#[derive(Clone)]
struct Known {
    outline: Outline,
    fits: bool,
    /// None until somebody asks.
    accuracy: Option<Accuracy>,
}

#[derive(Clone, Copy)]
enum Accuracy {
    Guessed(f64),
    Known(f64),
}

impl Accuracy {
    fn value(self) -> f64 {
        match self {
            Self::Guessed(value) | Self::Known(value) => value,
        }
    }
}

/// The engine whose plans are searched in.
const ENGINE: &str = "tinyengine";

impl Judge<'_> {
    fn size(&mut self, subnets: &[Subnet]) -> Result<(), SearchError> {
        for subnet in subnets {
            if self.known.contains_key(subnet) {
                continue;
            }
            let network = self.space.float(subnet)?;
            let outline = self.sizer.outline(&network)?;
            let macs = macs(&outline);
            let fits = self.targets.iter().all(|target| target.allowance.allows(&outline.sizes, macs));
            self.known.insert(subnet.clone(), Known { outline, fits, accuracy: None });
        }
        Ok(())
    }

    /// Asks for the accuracy of networks that are measured, and guesses those of all others anew.
    fn learn(&mut self, measured: &[Subnet]) -> Result<(), SearchError> {
        let accuracy = self.evaluator.accuracy(measured)?;
        for (subnet, accuracy) in measured.iter().zip(accuracy) {
            if let Some(known) = self.known.get_mut(subnet) {
                known.accuracy = Some(Accuracy::Known(accuracy));
            }
        }
        let guessed = |known: &Known| matches!(known.accuracy, Some(Accuracy::Guessed(_)));
        let mut others: Vec<Subnet> =
            self.known.iter().filter(|(_, known)| guessed(known)).map(|(subnet, _)| subnet.clone()).collect();
        // Maps have no order.
        others.sort();
        self.guess(&others)
    }

    fn guess(&mut self, subnets: &[Subnet]) -> Result<(), SearchError> {
        for (subnet, accuracy) in subnets.iter().zip(self.evaluator.guess(subnets)?) {
            if let Some(known) = self.known.get_mut(subnet) {
                known.accuracy = Some(Accuracy::Guessed(accuracy));
            }
        }
        Ok(())
    }

    /// Guesses the accuracy of those that fit and are not known to break a constraint.
    fn examine(&mut self, subnets: &[Subnet]) -> Result<(), SearchError> {
        self.size(subnets)?;
        let open = |subnet: &&Subnet| {
            let known = self.known.get(*subnet);
            known.is_some_and(|k| k.fits && k.accuracy.is_none() && self.latencies(k, 1.0).is_some())
        };
        let asked: Vec<Subnet> = subnets.iter().filter(open).cloned().collect();
        self.guess(&asked)
    }

    fn predictions(&self, known: &Known) -> Vec<Prediction> {
        let predict = |target: &Target| Some(self.model.as_ref()?.predict(ENGINE, &known.outline.work, &target.facts));
        self.targets.iter().filter_map(predict).collect()
    }

    /// Latency per target, taken `optimism` standard deviations shorter; none where a constraint is broken.
    fn latencies(&self, known: &Known, optimism: f64) -> Option<Vec<f64>> {
        let predicted = self.predictions(known);
        let shorter: Vec<f64> = predicted.iter().map(|p| p.ms * (-optimism * p.sigma).exp()).collect();
        let allowed = self.targets.iter().zip(&predicted).zip(&shorter).all(|((target, p), ms)| {
            let energy = p.microjoules.map(|uj| uj * ms / p.ms);
            target.max_latency_ms.is_none_or(|most| *ms <= most)
                && target.max_energy_uj.zip(energy).is_none_or(|(most, uj)| uj <= most)
        });
        allowed.then_some(shorter)
    }

    /// Objectives with latency taken `optimism` standard deviations shorter; none where a constraint is broken.
    fn objectives(&self, subnet: &Subnet, optimism: f64) -> Option<Objectives> {
        let known = self.known.get(subnet).filter(|known| known.fits)?;
        Some(objectives(known.accuracy?.value(), &self.latencies(known, optimism)?, known.outline.sizes.arena_bytes))
    }
}

impl Fitness for Judge<'_> {
    fn judge(&mut self, subnets: &[Subnet]) -> Result<Vec<Option<Objectives>>, SearchError> {
        self.examine(subnets)?;
        Ok(subnets.iter().map(|subnet| self.objectives(subnet, 0.0)).collect())
    }
}

/// A space, one of its configurations, and the boards to search for.
#[derive(Debug, Clone, Copy)]
pub struct Problem<'a> {
    pub space: &'a Space,
    pub configuration: Configuration,
    pub targets: &'a [Target],
}

/// Searches. `prior` is what is known from elsewhere; `tell` hears of every round.
pub fn search(
    problem: Problem<'_>,
    settings: Settings,
    prior: &DataSet,
    evaluator: &mut dyn Evaluator,
    bench: &mut dyn Bench,
    tell: &dyn Fn(&Round),
) -> Result<Outcome, SearchError> {
    let Problem { space, configuration, targets } = problem;
    let (sizer, known) = (Sizer::new(), HashMap::new());
    let mut judge = Judge { space, targets, evaluator, sizer, known, model: None };
    let mut outcome = Outcome { found: Vec::new(), rounds: Vec::new(), converged: false, data: prior.clone() };
    let mut measured: HashSet<Subnet> = HashSet::new();
    let mut batch = first(problem, settings, &mut judge)?;
    let mut open = None;
    loop {
        let index = outcome.rounds.len();
        let samples = bench.measure(index, &batch)?;
        judge.learn(&batch)?;
        measured.extend(batch.iter().cloned());
        let before = outcome.found.len();
        for (subnet, samples) in batch.iter().zip(samples) {
            record(&judge, subnet, samples, index, &mut outcome);
        }
        let round = Round { index, measured: measured.len(), error_percent: error(&outcome.found[before..]), open };
        tell(&round);
        outcome.rounds.push(round);
        if measured.len() >= settings.budget {
            break;
        }
        judge.model = Some(Model::train(&outcome.data, settings.model)?);
        let seed = settings.evolution.seed.wrapping_add(index as u64 + 1);
        let best: Vec<Subnet> = outcome.front().iter().map(|found| found.subnet.clone()).collect();
        let evolution = evolution::Settings { seed, ..settings.evolution };
        evolve(space, configuration, evolution, &best, &mut judge)?;
        let (next, left) = choose(&judge, &outcome, &measured, settings, settings.budget - measured.len());
        if left == 0 || next.is_empty() {
            outcome.converged = true;
            break;
        }
        (batch, open) = (next, Some(left));
    }
    Ok(outcome)
}

/// Networks at random that fit, and the smallest and the largest of those that were drawn: between them the model need
/// not guess.
fn first(problem: Problem<'_>, settings: Settings, judge: &mut Judge<'_>) -> Result<Vec<Subnet>, SearchError> {
    let Problem { space, configuration, .. } = problem;
    let mut random = Random::new(settings.evolution.seed);
    let count = settings.first.min(settings.budget).max(1);
    let mut drawn: Vec<Subnet> = vec![space.smallest(configuration)];
    drawn.extend((0..20 * count).map(|_| space.sample(configuration, Elastic::ALL, &mut random)));
    judge.size(&drawn)?;
    let mut fitting: Vec<Subnet> = Vec::new();
    for subnet in drawn {
        let fits = judge.known.get(&subnet).is_some_and(|known| known.fits);
        if fits && !fitting.contains(&subnet) {
            fitting.push(subnet);
        }
    }
    if fitting.is_empty() {
        let configuration = configuration.to_string();
        return Err(SearchError::Nothing { space: space.name.clone(), configuration });
    }
    let macs = |subnet: &Subnet| judge.known.get(subnet).map_or(0, |known| macs(&known.outline));
    fitting.sort_by_key(macs);
    // Evenly over the range of what they compute.
    let step = |i: usize| i * (fitting.len() - 1) / count.saturating_sub(1).max(1);
    let mut chosen: Vec<usize> = (0..count).map(step).collect();
    chosen.dedup();
    let chosen: Vec<Subnet> = chosen.into_iter().map(|i| fitting[i].clone()).collect();
    judge.examine(&chosen)?;
    Ok(chosen)
}

fn macs(outline: &Outline) -> u64 {
    outline.work.iter().map(|work| work.geometry.macs()).sum()
}

fn record(judge: &Judge<'_>, subnet: &Subnet, samples: Vec<Option<Sample>>, round: usize, outcome: &mut Outcome) {
    let Some(known) = judge.known.get(subnet) else { return };
    let all: Option<Vec<Sample>> = samples.into_iter().collect();
    // A network that did not run everywhere is no candidate, whatever the reason.
    let (Some(samples), Some(accuracy)) = (all, known.accuracy) else { return };
    let ms = |sample: &Sample| sample.cycles * 1000.0 / sample.facts.clock_hz.max(1) as f64;
    let latency_ms: Vec<f64> = samples.iter().map(ms).collect();
    let allowed = judge.targets.iter().zip(&samples).zip(&latency_ms).all(|((target, sample), ms)| {
        target.max_latency_ms.is_none_or(|most| *ms <= most)
            && target.max_energy_uj.zip(sample.microjoules).is_none_or(|(most, uj)| uj <= most)
    });
    outcome.found.push(Found {
        subnet: subnet.clone(),
        accuracy: accuracy.value(),
        arena_bytes: known.outline.sizes.arena_bytes,
        flash_bytes: known.outline.sizes.flash_bytes,
        latency_ms,
        predicted_ms: judge.predictions(known).iter().map(|p| p.ms).collect(),
        round,
        allowed,
    });
    samples.into_iter().for_each(|sample| outcome.data.add(sample));
}

/// Median relative error of predictions that were made before measuring, per cent.
fn error(found: &[Found]) -> Option<f64> {
    let pairs = found.iter().flat_map(|f| f.predicted_ms.iter().zip(&f.latency_ms));
    let mut errors: Vec<f64> = pairs.map(|(predicted, ms)| (predicted / ms - 1.0).abs() * 100.0).collect();
    errors.sort_by(f64::total_cmp);
    errors.get(errors.len() / 2).copied()
}

/// The batch to measure next, and how many of the predicted front are not measured yet.
fn choose(
    judge: &Judge<'_>,
    outcome: &Outcome,
    measured: &HashSet<Subnet>,
    settings: Settings,
    left: usize,
) -> (Vec<Subnet>, usize) {
    let mut candidates: Vec<(&Subnet, Objectives)> = judge
        .known
        .keys()
        .filter(|subnet| !measured.contains(*subnet))
        .filter_map(|subnet| Some((subnet, judge.objectives(subnet, settings.optimism)?)))
        .collect();
    // Maps have no order.
    candidates.sort_by(|a, b| a.0.cmp(b.0));
    let mut dominated: Vec<Objectives> = outcome.found.iter().filter(|f| f.allowed).map(Found::objectives).collect();
    // What measured networks dominate can add nothing.
    let mut both = dominated.clone();
    both.extend(candidates.iter().map(|(_, o)| o.clone()));
    let on_front: HashSet<usize> = front(&both).into_iter().collect();
    let offset = dominated.len();
    let mut promising: Vec<(&Subnet, Objectives)> = candidates
        .into_iter()
        .enumerate()
        .filter(|(i, _)| on_front.contains(&(offset + i)))
        .map(|(_, candidate)| candidate)
        .collect();
    let open = promising.len();
    let Some(reference) = reference(&both) else { return (Vec::new(), 0) };
    let scaled = |o: &Objectives| o.iter().zip(&reference).map(|(x, r)| x / r).collect::<Objectives>();
    let unit = vec![1.0; reference.len()];
    let mut points: Vec<Objectives> = dominated.drain(..).map(|o| scaled(&o)).collect();
    let mut batch = Vec::new();
    while batch.len() < settings.batch.min(left) && !promising.is_empty() {
        let base = hypervolume(&points, &unit);
        let gain = |o: &Objectives| {
            let mut with = points.clone();
            with.push(scaled(o));
            hypervolume(&with, &unit) - base
        };
        let gains: Vec<f64> = promising.iter().map(|(_, o)| gain(o)).collect();
        let best = (0..gains.len()).max_by(|a, b| gains[*a].total_cmp(&gains[*b])).unwrap_or(0);
        let (subnet, objectives) = promising.swap_remove(best);
        points.push(scaled(&objectives));
        batch.push(subnet.clone());
    }
    (batch, open)
}

/// A tenth beyond the worst of each aim.
fn reference(points: &[Objectives]) -> Option<Objectives> {
    let first = points.first()?;
    let worst = |aim: usize| points.iter().map(|p| p[aim]).fold(f64::MIN_POSITIVE, f64::max) * 1.1;
    Some((0..first.len()).map(worst).collect())
}
