//! Models against what they have not seen: networks, families of networks, boards.

use std::collections::BTreeSet;

use serde::Serialize;

use super::baseline::{Macs, Ridge};
use super::data::{DataSet, Sample};
use super::model::{Model, ModelError, Settings};
use super::score::{Pair, Score};
use crate::network::random::Random;

/// What is held out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// Networks at random: one family on one board, of which a few are measured and nothing else is known.
    Random,
    /// A family: trained on all others on the same board.
    Family,
    /// A board: trained on all others, and on a few networks of it.
    Board,
}

/// What one split came to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    pub split: Split,
    pub board: String,
    pub family: String,
    /// Networks of that board that were trained on, at most.
    pub measured: usize,
    /// Draws that the score is of.
    pub draws: usize,
    /// The cost model's.
    pub model: Score,
    /// Multiply-accumulates in proportion.
    pub macs: Score,
    /// A ridge on counts of operators.
    pub ridge: Score,
    /// A single measurement against the median of its repeats: no model can do better.
    pub ideal: Score,
}

/// How models are held against data.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    pub settings: Settings,
    /// Measurements that a split at random may use.
    pub random: usize,
    /// Measurements of a board that was never seen.
    pub board: usize,
    /// Draws of each split at random; each has another seed.
    pub draws: u64,
}

impl Default for Plan {
    fn default() -> Self {
        Self { settings: Settings::default(), random: 50, board: 10, draws: 5 }
    }
}

/// Fewer networks than this make no test.
const LEAST_TEST: usize = 3;

#[derive(Default)]
struct Pairs {
    model: Vec<Pair>,
    macs: Vec<Pair>,
    ridge: Vec<Pair>,
    ideal: Vec<Pair>,
    draws: usize,
    measured: usize,
}

impl Pairs {
    /// `own` are the training samples of the board under test, which is all that the baselines may use.
    fn add(
        &mut self,
        train: &[&Sample],
        own: &[&Sample],
        test: &[&Sample],
        settings: Settings,
    ) -> Result<(), ModelError> {
        let model = Model::train_on(train, settings, String::new())?;
        let (macs, ridge) = (Macs::fit(own), Ridge::fit(own));
        self.draws += 1;
        self.measured = self.measured.max(own.len());
        for sample in test {
            let measured = sample.cycles;
            let plain = |predicted: f64| Pair { measured, predicted, covered: None };
            let found = model.predict(&sample.engine, &sample.steps, &sample.facts);
            let covered = (found.interval.low..=found.interval.high).contains(&measured);
            self.model.push(Pair { measured, predicted: found.cycles, covered: Some(covered) });
            self.macs.push(plain(macs.predict(sample)));
            self.ridge.push(plain(ridge.predict(sample)));
            let first = sample.repeats.first().map_or(measured, |cycles| *cycles as f64);
            self.ideal.push(plain(first));
        }
        Ok(())
    }

    fn evaluation(self, split: Split, board: &str, family: &str) -> Option<Evaluation> {
        Some(Evaluation {
            split,
            board: board.into(),
            family: family.into(),
            measured: self.measured,
            draws: self.draws,
            model: Score::of(&self.model)?,
            macs: Score::of(&self.macs)?,
            ridge: Score::of(&self.ridge)?,
            ideal: Score::of(&self.ideal)?,
        })
    }
}

/// Every split of one kind that `data` allows, on one board or on all. `tell` hears what is next.
pub fn evaluate(
    data: &DataSet,
    split: Split,
    plan: Plan,
    board: Option<&str>,
    tell: &dyn Fn(&str),
) -> Result<Vec<Evaluation>, ModelError> {
    let samples: Vec<&Sample> = data.samples.iter().collect();
    let boards = samples.iter().map(|s| s.facts.board.as_str());
    let boards: BTreeSet<&str> = boards.filter(|name| board.is_none_or(|only| only == *name)).collect();
    let mut found = Vec::new();
    for board in &boards {
        let own: Vec<&Sample> = samples.iter().copied().filter(|s| s.facts.board == *board).collect();
        let families: BTreeSet<&str> = match split {
            Split::Board => BTreeSet::from(["all"]),
            _ => own.iter().map(|s| s.family()).collect(),
        };
        for family in families {
            tell(&format!("{board}, {family}"));
            let pairs = match split {
                Split::Random => random(&own, family, plan)?,
                Split::Family => without_family(&own, family, plan)?,
                Split::Board => without_board(&samples, board, plan)?,
            };
            found.extend(pairs.and_then(|pairs| pairs.evaluation(split, board, family)));
        }
    }
    Ok(found)
}

fn random(own: &[&Sample], family: &str, plan: Plan) -> Result<Option<Pairs>, ModelError> {
    let of: Vec<&Sample> = own.iter().copied().filter(|s| s.family() == family).collect();
    // A fifth at least is for the test.
    let train = plan.random.min(of.len() * 4 / 5);
    if of.len() < train + LEAST_TEST || train < LEAST_TEST {
        return Ok(None);
    }
    let mut pairs = Pairs::default();
    for draw in 0..plan.draws {
        let (train, test) = drawn(&of, train, draw);
        pairs.add(&train, &train, &test, plan.settings)?;
    }
    Ok(Some(pairs))
}

fn without_family(own: &[&Sample], family: &str, plan: Plan) -> Result<Option<Pairs>, ModelError> {
    let (test, train): (Vec<&Sample>, Vec<&Sample>) = own.iter().copied().partition(|s| s.family() == family);
    if train.len() < LEAST_TEST {
        return Ok(None);
    }
    let mut pairs = Pairs::default();
    pairs.add(&train, &train, &test, plan.settings)?;
    Ok(Some(pairs))
}

fn without_board(samples: &[&Sample], board: &str, plan: Plan) -> Result<Option<Pairs>, ModelError> {
    let (own, others): (Vec<&Sample>, Vec<&Sample>) = samples.iter().copied().partition(|s| s.facts.board == board);
    if own.len() < plan.board + LEAST_TEST || others.is_empty() {
        return Ok(None);
    }
    let mut pairs = Pairs::default();
    for draw in 0..plan.draws {
        let (few, test) = drawn(&own, plan.board, draw);
        let train: Vec<&Sample> = others.iter().chain(&few).copied().collect();
        pairs.add(&train, &few, &test, plan.settings)?;
    }
    Ok(Some(pairs))
}

/// `count` at random, and the others.
fn drawn<'a>(samples: &[&'a Sample], count: usize, seed: u64) -> (Vec<&'a Sample>, Vec<&'a Sample>) {
    let mut all = samples.to_vec();
    let mut random = Random::new(seed);
    for at in (1..all.len()).rev() {
        all.swap(at, random.below(at + 1));
    }
    let rest = all.split_off(count.min(all.len()));
    (all, rest)
}
