//! Stage 1, optimisation of the search space: of every configuration networks are drawn, those are kept that fit, and
//! the configuration is chosen whose networks compute most. Networks that use more of what a board allows are more
//! likely to be accurate (arXiv 2007.10319, 3.1 and figure 3). As there, networks are computed as a whole: to look for bands
//! of each takes far longer, and configurations are compared alike without. What is searched later may have bands.

use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;

use crate::engine::{PlanError, Sizer, Sizes};
use crate::network::random::Random;
use crate::network::space::{Configuration, Elastic, Space, SpaceError};

/// Bytes that a network may take, what the firmware around it needs already left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Activations and scratch.
    pub arena_bytes: usize,
    /// Constants.
    pub flash_bytes: usize,
    /// Multiply-accumulates; none where they are not limited.
    pub max_macs: Option<u64>,
}

impl Allowance {
    pub fn allows(&self, sizes: &Sizes, macs: u64) -> bool {
        sizes.arena_bytes <= self.arena_bytes
            && sizes.flash_bytes <= self.flash_bytes
            && self.max_macs.is_none_or(|most| macs <= most)
    }
}

/// The networks that were drawn of one configuration.
#[derive(Debug, Clone, PartialEq)]
pub struct Distribution {
    pub configuration: Configuration,
    pub drawn: usize,
    /// Multiply-accumulates of those that fit, ascending.
    pub macs: Vec<u64>,
}

/// Why configurations cannot be compared.
#[derive(Debug, thiserror::Error)]
pub enum SelectionError {
    #[error(transparent)]
    Space(#[from] SpaceError),
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// What is asked of stage 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    /// Networks per configuration; the paper draws 1000.
    pub samples: usize,
    pub seed: u64,
    /// Share of networks that must fit: where hardly any does, those are the smallest of a space whose others are out of
    /// reach.
    pub least_share: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { samples: 1000, seed: 0, least_share: 0.05 }
    }
}

impl Distribution {
    /// Share of the drawn networks that fit.
    pub fn share(&self) -> f64 {
        self.macs.len() as f64 / self.drawn.max(1) as f64
    }

    /// Mean multiply-accumulates of the networks that fit; none where none does.
    pub fn mean(&self) -> Option<f64> {
        let count = self.macs.len();
        (count > 0).then(|| self.macs.iter().map(|macs| *macs as f64).sum::<f64>() / count as f64)
    }

    /// Multiply-accumulates that this share of the fitting networks has at most.
    pub fn quantile(&self, share: f64) -> Option<u64> {
        let at = (share * self.macs.len() as f64).ceil() as usize;
        self.macs.get(at.saturating_sub(1).min(self.macs.len().saturating_sub(1))).copied()
    }
}

/// The distribution of every configuration of `space`, in the space's order. The same settings draw the same networks,
/// however many threads there are. `tell` hears how many configurations are done.
pub fn distributions(
    space: &Space,
    allowance: Allowance,
    settings: Settings,
    tell: &(dyn Fn(usize) + Sync),
) -> Result<Vec<Distribution>, SelectionError> {
    let done = AtomicUsize::new(0);
    let configurations = space.configurations();
    let mut indices: Vec<usize> = (0..configurations.len()).collect();
    // The widest take longest: first, so that no thread is left alone with them.
    indices.sort_by_key(|&i| std::cmp::Reverse((configurations[i].width, configurations[i].size.elements())));
    let one = |&index: &usize| {
        // Each has a sequence of its own, whoever draws it.
        let seed = settings.seed.wrapping_add(index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let found = distribution(space, configurations[index], allowance, settings.samples, seed)?;
        tell(done.fetch_add(1, Ordering::Relaxed) + 1);
        Ok((index, found))
    };
    let mut found = indices.par_iter().with_max_len(1).map(one).collect::<Result<Vec<_>, SelectionError>>()?;
    found.sort_by_key(|(index, _)| *index);
    Ok(found.into_iter().map(|(_, found)| found).collect())
}

fn distribution(
    space: &Space,
    configuration: Configuration,
    allowance: Allowance,
    samples: usize,
    seed: u64,
) -> Result<Distribution, SelectionError> {
    let (mut random, mut sizer, mut macs) = (Random::new(seed), Sizer::new(), Vec::new());
    for _ in 0..samples {
        let network = space.float(&space.sample(configuration, Elastic::ALL, &mut random))?;
        let sizes = sizer.whole(&network, allowance.arena_bytes)?;
        if allowance.allows(&sizes, network.macs() as u64) {
            macs.push(network.macs() as u64);
        }
    }
    macs.sort_unstable();
    Ok(Distribution { configuration, drawn: samples, macs })
}

/// The configuration to search in: the largest mean of multiply-accumulates among those of which enough networks fit, or
/// the one of which most fit where none has enough; none where nothing fits at all.
pub fn choose(distributions: &[Distribution], least_share: f64) -> Option<&Distribution> {
    let fitting = || distributions.iter().filter(|d| !d.macs.is_empty());
    let mean = |d: &Distribution| d.mean().unwrap_or(0.0);
    let enough = fitting().filter(|d| d.share() >= least_share).max_by(|a, b| mean(a).total_cmp(&mean(b)));
    enough.or_else(|| fitting().max_by(|a, b| a.share().total_cmp(&b.share()).then(mean(a).total_cmp(&mean(b)))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::space::{Ratio, Size};

    fn distribution(side: usize, drawn: usize, macs: &[u64]) -> Distribution {
        let size = Size { h: side, w: side, c: 3 };
        let configuration = Configuration { width: Ratio::ONE, size };
        Distribution { configuration, drawn, macs: macs.to_vec() }
    }

    #[test]
    fn the_largest_mean_wins_unless_hardly_any_network_fits() {
        let all = [distribution(48, 10, &[1; 10]), distribution(64, 10, &[2; 5]), distribution(80, 10, &[9])];
        let side = |least| choose(&all, least).map(|d| d.configuration.size.h);
        assert_eq!((side(0.05), side(0.2), side(0.9), side(2.0)), (Some(80), Some(64), Some(48), Some(48)));
        assert_eq!(choose(&[distribution(48, 10, &[])], 0.1), None);
    }

    #[test]
    fn quantiles_are_of_the_networks_that_fit() {
        let found = distribution(48, 20, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
        assert_eq!((found.share(), found.mean()), (0.5, Some(5.5)));
        assert_eq!([0.0, 0.1, 0.8, 1.0].map(|q| found.quantile(q)), [Some(1), Some(1), Some(8), Some(10)]);
    }
}
