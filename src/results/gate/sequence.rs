//! The second look: the new image and the baseline's, in pairs, on one unit.

use serde::{Deserialize, Serialize};

use super::random::Random;
use super::signed_rank::{Estimate, SignedRank};

/// Which image of a pair is measured first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum First {
    Baseline,
    New,
}

/// Looks at the pairs, each after as many again as there were: `n`, `2 n`, `4 n`.
const LOOKS: u32 = 3;
/// Fewer pairs than this are not worth a flash.
const LEAST: u32 = 8;
/// More pairs than this at the first look are never asked for: 2^-24 is less than any chance that matters.
const MOST: u32 = 24;
/// Chance of ending the sequence too early where the change is what must be found.
const MISS: f64 = 0.001;
/// Each end of intervals that are reported.
const TAIL: f64 = 0.005;

/// What the pairs say so far, in relative changes of new against baseline.
#[derive(Debug, Clone, PartialEq)]
pub enum Look {
    /// More pairs are needed, in these orders.
    More(Vec<First>),
    Done(Evidence),
}

/// The end of a sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    pub pairs: u32,
    /// Relative change; each end of the interval is wrong with a probability of 0.5 %.
    pub effect: Estimate,
    /// One-sided, over all looks: that the change is above 0, above what the gate allows, below 0.
    pub p_worse: f64,
    pub p_beyond: f64,
    pub p_better: f64,
    /// The change that must be found is ruled out.
    pub within: bool,
}

/// A sequence of pairs for one number of one row.
#[derive(Debug, Clone)]
pub struct Sequence {
    /// Logarithms of new over baseline.
    differences: Vec<f64>,
    first_look: u32,
    looks: u32,
    /// Chance of a false statement, one-sided, over all looks.
    alpha: f64,
    /// Logarithms of the change that is allowed and of the one that must be found.
    allowed: f64,
    found: f64,
    p_worse: f64,
    p_beyond: f64,
    p_better: f64,
    orders: Random,
}

impl Sequence {
    /// `alpha` is the chance of a false statement in each direction, over all looks. Relative changes up to `allowed` do
    /// not fail the gate, one of `found` must be found. `seed` makes the orders.
    pub fn new(alpha: f64, allowed: f64, found: f64, seed: &str) -> Self {
        // With fewer pairs no outcome would be unlikely enough.
        let needed = (f64::from(LOOKS) / alpha).log2().ceil() as u32;
        let first_look = needed.clamp(LEAST, MOST);
        let (allowed, found) = (allowed.ln_1p(), found.ln_1p());
        let orders = Random::of_text(seed);
        Self {
            differences: Vec::new(),
            first_look,
            looks: 0,
            alpha,
            allowed,
            found,
            p_worse: 1.0,
            p_beyond: 1.0,
            p_better: 1.0,
            orders,
        }
    }

    /// The orders of the first look's pairs.
    pub fn begin(&mut self) -> Vec<First> {
        self.more()
    }

    /// Pairs that are not asked for any more at the latest after this many.
    pub fn most_pairs(&self) -> u32 {
        self.first_look << (LOOKS - 1)
    }

    fn more(&mut self) -> Vec<First> {
        let wanted = (self.first_look << self.looks) as usize - self.differences.len();
        // A coin for each pair makes the sign of its difference a coin's, whatever drifts and however it is spread.
        (0..wanted).map(|_| if self.orders.next() >> 63 == 0 { First::Baseline } else { First::New }).collect()
    }

    /// Takes the pairs that were asked for, as `(baseline, new)` whichever came first. Values that are not positive, or
    /// fewer pairs than asked for, make no difference to what can be said: they are evidence that is missing.
    pub fn take(&mut self, pairs: &[(f64, f64)]) -> Look {
        let usable = |(a, b): &&(f64, f64)| a.is_finite() && b.is_finite() && *a > 0.0 && *b > 0.0;
        self.differences.extend(pairs.iter().filter(usable).map(|(baseline, new)| (new / baseline).ln()));
        self.looks += 1;
        if self.differences.is_empty() {
            let effect = Estimate { centre: 0.0, low: f64::NEG_INFINITY, high: f64::INFINITY };
            return self.evidence(effect, false);
        }
        let ranks = SignedRank::new(&self.differences);
        let looks = f64::from(LOOKS);
        self.p_worse = self.p_worse.min(looks * ranks.p_above(0.0));
        self.p_beyond = self.p_beyond.min(looks * ranks.p_above(self.allowed));
        self.p_better = self.p_better.min(looks * ranks.p_below(0.0));
        let within = ranks.estimate(MISS / looks).high < self.found;
        let decided = within || self.p_beyond <= self.alpha || self.p_better <= self.alpha;
        let missing = self.differences.len() < (self.first_look << (self.looks - 1)) as usize;
        if decided || missing || self.looks == LOOKS {
            return self.evidence(ranks.estimate(TAIL), within);
        }
        Look::More(self.more())
    }

    fn evidence(&self, effect: Estimate, within: bool) -> Look {
        let relative =
            Estimate { centre: effect.centre.exp_m1(), low: effect.low.exp_m1(), high: effect.high.exp_m1() };
        let (p_worse, p_beyond, p_better) = (self.p_worse, self.p_beyond, self.p_better);
        Look::Done(Evidence {
            pairs: self.differences.len() as u32,
            effect: relative,
            p_worse,
            p_beyond,
            p_better,
            within,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(sequence: &mut Sequence, pair: impl Fn(usize) -> (f64, f64)) -> Evidence {
        let mut orders = sequence.begin();
        let mut at = 0;
        loop {
            let pairs: Vec<_> = (at..at + orders.len()).map(&pair).collect();
            at += pairs.len();
            match sequence.take(&pairs) {
                Look::More(more) => orders = more,
                Look::Done(evidence) => return evidence,
            }
        }
    }

    #[test]
    fn a_clear_change_ends_at_the_first_look() {
        let mut sequence = Sequence::new(5e-4, 0.0, 0.01, "x");
        let evidence = done(&mut sequence, |i| (1000.0, 1010.0 + (i % 5) as f64 * 0.1));
        assert_eq!(evidence.pairs, 13, "2^-13 is below a third of 5e-4");
        assert!(evidence.p_worse <= 5e-4 && (evidence.effect.centre - 0.0102).abs() < 1e-4, "{evidence:?}");
        assert!(evidence.effect.low > 0.0099 && !evidence.within);
    }

    #[test]
    fn no_change_ends_at_the_first_look() {
        let evidence = done(&mut Sequence::new(5e-4, 0.0, 0.01, "x"), |i| (1000.0, [999.5, 1000.5][i % 2]));
        assert!(evidence.within && evidence.p_worse > 0.1, "{evidence:?}");
    }

    #[test]
    fn noise_that_hides_the_change_ends_bounded_and_undecided() {
        let noise = |i: usize| 1.0 + 0.05 * ((i * 7919 % 101) as f64 / 50.0 - 1.0);
        let mut sequence = Sequence::new(5e-4, 0.0, 0.01, "x");
        let evidence = done(&mut sequence, |i| (1000.0, 1005.0 * noise(i)));
        assert_eq!(evidence.pairs, sequence.most_pairs());
        assert!(!evidence.within && evidence.p_worse > 5e-4 && evidence.p_better > 5e-4, "{evidence:?}");
    }

    #[test]
    fn what_is_allowed_is_worse_but_not_beyond() {
        let mut sequence = Sequence::new(5e-4, 0.02, 0.025, "x");
        let evidence = done(&mut sequence, |i| (1000.0, 1010.0 + (i % 3) as f64));
        assert!(evidence.p_worse <= 5e-4 && evidence.p_beyond > 0.9 && evidence.within, "{evidence:?}");
    }

    #[test]
    fn pairs_that_failed_are_missing_evidence_and_end_it() {
        let mut sequence = Sequence::new(5e-4, 0.0, 0.01, "x");
        sequence.begin();
        let Look::Done(evidence) = sequence.take(&[(1000.0, 1010.0), (0.0, 1010.0), (1000.0, f64::NAN)]) else {
            panic!("more pairs")
        };
        assert_eq!((evidence.pairs, evidence.within), (1, false));
        assert!(evidence.p_worse > 0.5);
    }

    #[test]
    fn orders_are_coins_and_come_again_with_the_seed() {
        let orders = |seed: &str| Sequence::new(1e-7, 0.0, 0.01, seed).begin();
        assert_eq!(orders("night 1"), orders("night 1"));
        assert_ne!(orders("night 1"), orders("night 2"));
        assert_eq!(orders("night 1").len(), 24);
    }
}
