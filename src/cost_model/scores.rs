//! How far off predictions were of what was held out, in units of their sigma, and what follows for the next one.

use std::collections::BTreeMap;

use super::data::Sample;
use crate::network::random::Random;

/// Fewer held-out networks of a board than this say too little of it alone.
const LEAST_SCORES: usize = 20;
/// Sigmas where nothing was held out.
const UNHEARD: f64 = 3.0;

/// Errors of held-out networks.
#[derive(Debug, Clone)]
pub struct Scores {
    /// Share of networks that must lie within the interval.
    coverage: f64,
    /// Networks that were held out with all their boards.
    of_board: BTreeMap<String, Vec<f64>>,
    /// Networks of a board of which only a few others were left.
    of_hidden: BTreeMap<String, Vec<f64>>,
}

impl Scores {
    pub fn new(coverage: f64) -> Self {
        Self { coverage, of_board: BTreeMap::new(), of_hidden: BTreeMap::new() }
    }

    pub fn add(&mut self, board: &str, score: f64) {
        self.of_board.entry(board.into()).or_default().push(score);
    }

    pub fn add_hidden(&mut self, board: &str, score: f64) {
        self.of_hidden.entry(board.into()).or_default().push(score);
    }

    /// Sigmas within which the asked share of networks lies on `board`.
    pub fn reach(&self, board: &str) -> f64 {
        if let Some(own) = self.of_board.get(board).filter(|scores| scores.len() >= LEAST_SCORES) {
            return quantile(own.clone(), self.coverage);
        }
        let all: Vec<f64> = self.of_board.values().flatten().copied().collect();
        // Boards differ more than networks do: one more board is hardly worse than the worst of those that were hidden.
        let hidden = self.of_hidden.values().map(|scores| quantile(scores.clone(), self.coverage));
        hidden.fold(quantile(all, self.coverage), f64::max)
    }
}

/// The quantile that holds for one more of the same kind (arXiv 2107.07511, 1).
fn quantile(mut scores: Vec<f64>, coverage: f64) -> f64 {
    scores.sort_by(f64::total_cmp);
    let rank = ((scores.len() + 1) as f64 * coverage).ceil() as usize;
    match scores.get(rank.saturating_sub(1)) {
        Some(score) => *score,
        // Too few were held out for the asked share: the worst of them, and half as much again.
        None => scores.last().map_or(UNHEARD, |worst| 1.5 * worst),
    }
}

/// A board, what is left when it is hidden but for a few networks, and what was hidden.
pub type Hidden<'a> = (&'a str, Vec<&'a Sample>, Vec<&'a Sample>);

/// Every board that is known well, hidden as far as boards are unknown that are not; nothing where all are known well.
pub fn hidden<'a>(samples: &[&'a Sample], seed: u64) -> Vec<Hidden<'a>> {
    let mut boards: BTreeMap<&str, Vec<&Sample>> = BTreeMap::new();
    for sample in samples {
        boards.entry(&sample.facts.board).or_default().push(sample);
    }
    let (well, poorly): (Vec<_>, Vec<_>) = boards.into_iter().partition(|(_, of)| of.len() >= LEAST_SCORES);
    let Some(few) = poorly.iter().map(|(_, of)| of.len()).min().filter(|_| well.len() >= 2) else {
        return Vec::new();
    };
    let hide = |(board, mut of): (&'a str, Vec<&'a Sample>)| {
        let mut random = Random::new(seed ^ 0xB0A2D);
        for at in (1..of.len()).rev() {
            of.swap(at, random.below(at + 1));
        }
        let out = of.split_off(few);
        let mut rest: Vec<&Sample> = samples.iter().copied().filter(|s| s.facts.board != board).collect();
        rest.extend(of);
        (board, rest, out)
    };
    well.into_iter().map(hide).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(per_board: &[(&str, usize, f64)]) -> Scores {
        let mut scores = Scores::new(0.9);
        for (board, count, unit) in per_board {
            (1..=*count).for_each(|at| scores.add(board, *unit * at as f64));
        }
        scores
    }

    #[test]
    fn a_board_that_is_known_well_goes_by_its_own_networks() {
        let scores = filled(&[("a", 39, 1.0), ("b", 39, 10.0)]);
        assert_eq!((scores.reach("a"), scores.reach("b")), (36.0, 360.0));
    }

    #[test]
    fn a_board_that_is_not_goes_by_the_worst_that_was_hidden() {
        let mut scores = filled(&[("a", 39, 1.0), ("b", 39, 1.0), ("new", 3, 0.1)]);
        (1..=39).for_each(|at| scores.add_hidden("a", 2.0 * f64::from(at)));
        (1..=39).for_each(|at| scores.add_hidden("b", 3.0 * f64::from(at)));
        assert_eq!((scores.reach("new"), scores.reach("unheard of")), (108.0, 108.0));
        assert_eq!(scores.reach("a"), 36.0);
    }

    #[test]
    fn few_scores_promise_little() {
        assert_eq!(Scores::new(0.9).reach("a"), UNHEARD);
        assert_eq!(filled(&[("a", 4, 1.0)]).reach("a"), 6.0);
    }
}
