//! What the measured loop has to beat with the same number of measurements: networks at random, and evolution that takes
//! multiply-accumulates for latency.

use std::collections::HashSet;

use super::error::SearchError;
use super::evolution::{self, Fitness, evolve};
use super::measured::{Evaluator, Problem};
use super::objectives::{Objectives, crowding, ranks};
use crate::engine::Sizer;
use crate::network::random::Random;
use crate::network::space::{Elastic, Space, Subnet};

/// `count` networks at random that fit.
pub fn random(problem: Problem<'_>, count: usize, seed: u64) -> Result<Vec<Subnet>, SearchError> {
    let (mut random, mut sizer) = (Random::new(seed), Sizer::new());
    let (mut met, mut chosen) = (HashSet::new(), Vec::new());
    // Bounded: a space may hold fewer.
    for _ in 0..count * 1000 {
        let subnet = problem.space.sample(problem.configuration, Elastic::ALL, &mut random);
        if chosen.len() < count && fits(problem, &mut sizer, &subnet)?.is_some() && met.insert(subnet.clone()) {
            chosen.push(subnet);
        }
        if chosen.len() == count {
            break;
        }
    }
    Ok(chosen)
}

/// Multiply-accumulates and arena of a network that fits every target; none of one that does not.
fn fits(problem: Problem<'_>, sizer: &mut Sizer, subnet: &Subnet) -> Result<Option<(f64, f64)>, SearchError> {
    let network = problem.space.float(subnet)?;
    let sizes = sizer.sizes(&network)?;
    let macs = network.macs() as u64;
    let all = problem.targets.iter().all(|target| target.allowance.allows(&sizes, macs));
    Ok(all.then(|| (macs as f64, sizes.arena_bytes as f64)))
}

struct ByMacs<'a> {
    problem: Problem<'a>,
    sizer: Sizer,
    evaluator: &'a mut dyn Evaluator,
}

impl Fitness for ByMacs<'_> {
    fn judge(&mut self, subnets: &[Subnet]) -> Result<Vec<Option<Objectives>>, SearchError> {
        let accuracy = self.evaluator.accuracy(subnets)?;
        let mut judged = Vec::with_capacity(subnets.len());
        for (subnet, accuracy) in subnets.iter().zip(accuracy) {
            let found = fits(self.problem, &mut self.sizer, subnet)?;
            judged.push(found.map(|(macs, arena)| vec![1.0 - accuracy, macs, arena]));
        }
        Ok(judged)
    }
}

/// The `count` networks that evolution would measure that takes multiply-accumulates for latency: its front, the
/// loneliest first, and then what comes behind it.
pub fn macs_guided(
    problem: Problem<'_>,
    settings: evolution::Settings,
    count: usize,
    evaluator: &mut dyn Evaluator,
) -> Result<Vec<Subnet>, SearchError> {
    let space: &Space = problem.space;
    let mut fitness = ByMacs { problem, sizer: Sizer::new(), evaluator };
    let all = evolve(space, problem.configuration, settings, &[], &mut fitness)?;
    let points: Vec<Objectives> = all.iter().map(|(_, objectives)| objectives.clone()).collect();
    let ranks = ranks(&points);
    let lonely = crowding(&points, &ranks);
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|a, b| ranks[*a].cmp(&ranks[*b]).then(lonely[*b].total_cmp(&lonely[*a])));
    Ok(order.into_iter().take(count).map(|i| all[i].0.clone()).collect())
}
