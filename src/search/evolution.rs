//! Evolution of a population of networks (arXiv 2007.10319, 3.2 and appendix D): the best are kept, and their children
//! come half by crossover, half by mutation.
//!
//! With one aim it is the paper's; with several the best are those that fewest others dominate, the loneliest first.

use std::collections::{HashMap, HashSet};

use super::error::SearchError;
use super::objectives::{Objectives, crowding, ranks};
use crate::network::random::Random;
use crate::network::space::{Configuration, Elastic, Space, Subnet};

/// How a population evolves; the defaults are the paper's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    pub population: usize,
    pub generations: usize,
    /// Networks that have children.
    pub parents: usize,
    /// Of each choice.
    pub mutation: f64,
    pub seed: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { population: 100, generations: 30, parents: 20, mutation: 0.1, seed: 0 }
    }
}

/// Draws per network that is still missing, before a population is taken as it is: in a space of which next to nothing is
/// allowed a search must end all the same.
const PATIENCE: usize = 200;

/// What networks are worth.
pub trait Fitness {
    /// Per network its objectives, or none where it breaks a constraint.
    fn judge(&mut self, subnets: &[Subnet]) -> Result<Vec<Option<Objectives>>, SearchError>;
}

/// All networks that were judged and allowed, in the order in which they were met. `first` belong to the population from
/// the start.
pub fn evolve(
    space: &Space,
    configuration: Configuration,
    settings: Settings,
    first: &[Subnet],
    fitness: &mut dyn Fitness,
) -> Result<Vec<(Subnet, Objectives)>, SearchError> {
    let mut search = Search { random: Random::new(settings.seed), met: HashSet::new(), all: Vec::new(), fitness };
    let mut population = search.add(first.to_vec())?;
    let missing = settings.population.saturating_sub(population.len());
    population.extend(search.fill(missing, |random| space.sample(configuration, Elastic::ALL, random))?);
    for _ in 0..settings.generations {
        let parents = search.best(&population, settings.parents);
        if parents.is_empty() {
            break;
        }
        let half = settings.population / 2;
        let parent = |random: &mut Random, all: &[Subnet]| all[random.below(all.len())].clone();
        let of: Vec<Subnet> = parents.iter().map(|i| search.all[*i].0.clone()).collect();
        let mut next = parents;
        next.extend(search.fill(half, |random| {
            let (a, b) = (parent(random, &of), parent(random, &of));
            space.crossover(&a, &b, random)
        })?);
        next.extend(search.fill(settings.population - half, |random| {
            let a = parent(random, &of);
            space.mutate(&a, settings.mutation, random)
        })?);
        population = next;
    }
    Ok(search.all)
}

struct Search<'a> {
    random: Random,
    met: HashSet<Subnet>,
    all: Vec<(Subnet, Objectives)>,
    fitness: &'a mut dyn Fitness,
}

impl Search<'_> {
    /// Judges those that are new; indices of those that are allowed.
    fn add(&mut self, subnets: Vec<Subnet>) -> Result<Vec<usize>, SearchError> {
        let fresh: Vec<Subnet> = subnets.into_iter().filter(|subnet| self.met.insert(subnet.clone())).collect();
        let judged = self.fitness.judge(&fresh)?;
        let before = self.all.len();
        self.all.extend(fresh.into_iter().zip(judged).filter_map(|(subnet, found)| Some((subnet, found?))));
        Ok((before..self.all.len()).collect())
    }

    /// Up to `count` allowed networks that were not met before.
    fn fill(&mut self, count: usize, mut draw: impl FnMut(&mut Random) -> Subnet) -> Result<Vec<usize>, SearchError> {
        let mut found = Vec::new();
        for _ in 0..PATIENCE {
            let missing = count - found.len().min(count);
            if missing == 0 {
                break;
            }
            let drawn = (0..missing).map(|_| draw(&mut self.random)).collect();
            found.extend(self.add(drawn)?);
        }
        Ok(found)
    }

    /// Indices of the best `count` of `population`.
    fn best(&self, population: &[usize], count: usize) -> Vec<usize> {
        let points: Vec<Objectives> = population.iter().map(|i| self.all[*i].1.clone()).collect();
        let ranks = ranks(&points);
        let lonely = crowding(&points, &ranks);
        let mut order: Vec<usize> = (0..population.len()).collect();
        order.sort_by(|a, b| ranks[*a].cmp(&ranks[*b]).then(lonely[*b].total_cmp(&lonely[*a])));
        order.into_iter().take(count).map(|at| population[at]).collect()
    }
}

/// Networks that were judged once are not judged again.
pub struct Remembered<F> {
    pub inner: F,
    known: HashMap<Subnet, Option<Objectives>>,
}

impl<F: Fitness> Remembered<F> {
    pub fn new(inner: F) -> Self {
        Self { inner, known: HashMap::new() }
    }
}

impl<F: Fitness> Fitness for Remembered<F> {
    fn judge(&mut self, subnets: &[Subnet]) -> Result<Vec<Option<Objectives>>, SearchError> {
        let mut fresh: Vec<Subnet> = subnets.iter().filter(|s| !self.known.contains_key(s)).cloned().collect();
        fresh.dedup();
        let judged = self.inner.judge(&fresh)?;
        self.known.extend(fresh.into_iter().zip(judged));
        Ok(subnets.iter().map(|subnet| self.known.get(subnet).cloned().flatten()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::space::shipped;

    /// Wants the most expansions in no more than so many blocks.
    struct Counting {
        limit: usize,
        calls: usize,
    }

    impl Fitness for Counting {
        fn judge(&mut self, subnets: &[Subnet]) -> Result<Vec<Option<Objectives>>, SearchError> {
            self.calls += subnets.len();
            let sum =
                |s: &Subnet| s.stages.iter().flat_map(|stage| &stage.blocks).map(|b| b.expand as f64).sum::<f64>();
            Ok(subnets.iter().map(|s| (s.depth() <= self.limit).then(|| vec![-sum(s)])).collect())
        }
    }

    #[test]
    fn evolution_finds_what_chance_does_not_and_keeps_to_constraints() {
        let space = shipped("mcunet").expect("a space");
        let at = space.configurations()[0];
        let settings = Settings { population: 40, generations: 12, parents: 10, ..Settings::default() };
        let mut fitness = Counting { limit: 14, calls: 0 };
        let all = evolve(&space, at, settings, &[], &mut fitness).expect("networks");
        assert!(all.iter().all(|(subnet, _)| subnet.depth() <= 14));
        let best = |all: &[(Subnet, Objectives)]| all.iter().map(|(_, o)| -o[0]).fold(0.0, f64::max);
        let chance = &all[..40];
        assert!(best(&all) >= best(chance) + 6.0, "{} after {}", best(&all), best(chance));
        // Fourteen blocks of 6 at most.
        assert!(best(&all) >= 78.0, "{}", best(&all));
        let again = evolve(&space, at, settings, &[], &mut Counting { limit: 14, calls: 0 }).expect("networks");
        assert_eq!(all, again);
    }

    #[test]
    fn a_space_that_allows_nothing_ends() {
        let space = shipped("audio").expect("a space");
        let settings = Settings { population: 5, generations: 2, parents: 2, ..Settings::default() };
        let mut fitness = Counting { limit: 0, calls: 0 };
        let all = evolve(&space, space.configurations()[0], settings, &[], &mut fitness).expect("none");
        assert!(all.is_empty() && fitness.calls <= 5 * PATIENCE);
    }
}
