//! The gate: did last night's change make it worse?
//!
//! # Deterministic rows
//!
//! Emulated rows are the same every night, so they must be equal to their baseline, to the cycle and the byte. What
//! differs is named part by part and fails as far as the scenario's gates do not allow it; it is explained by accepting
//! a new baseline, with a reason. Memory and outputs of silicon rows are compared in the same way.
//!
//! # Latency and energy of silicon rows
//!
//! Repeats within one night agree far better than nights do: units differ, and so do supply, temperature and the state
//! that flashing leaves. A test whose error is the spread within a night therefore finds differences that no change of
//! the code made. Two looks:
//!
//! 1. *Screen* ([`screen`]): tonight's number against the first nights of the same unit since the baseline was accepted,
//!    with the spread **between nights** as the error and Student's quantiles for its few degrees of freedom (Student,
//!    "The probable error of a mean", Biometrika 6, 1908). It lets a number through only if the change that must be found
//!    is ruled out and nothing else is odd. Everything else is a suspect; nothing is said of it yet.
//! 2. *Pairs* ([`sequence`]): the suspect and the baseline's image are measured again, interleaved, on one unit. What
//!    the unit and the session add is in both halves of a pair and cancels. A coin decides which image of a pair comes
//!    first: without a change the sign of a pair's difference then is a coin's, whatever drifts and however heavy the
//!    noise's tails are (Fisher, "The Design of Experiments", 1935, on randomisation). Wilcoxon's signed-rank test with
//!    its exact distribution turns that into a p value, and Hodges and Lehmann's estimate into the effect and its
//!    interval; ranks keep outliers from deciding. The pairs are looked at three times, each time after twice as many,
//!    and each p value is multiplied by three, so that looking repeatedly costs nothing in false alarms (Bonferroni
//!    bounds; Pocock, Biometrika 64, 1977, on group-sequential designs). The number of pairs is bounded.
//!
//! Over all numbers of a night, Holm's procedure ([`holm`]) keeps the chance of *any* false statement at
//! [`Settings::alpha`], half for worse and half for better. `tests/gate_noise.rs` holds both error rates on simulated
//! nights.
//!
//! # What never counts as slow
//!
//! A row that a tool, a unit or an instrument failed is [`State::NotMeasured`]: no verdict, and the run's exit code says
//! that infrastructure failed. A number without history or pairs stays [`Verdict::Unclear`]. An image that is the
//! baseline's, byte for byte, cannot have become slower: the rack has.

mod exact;
mod holm;
mod judge;
mod layers;
mod pairs;
mod random;
mod record;
mod screen;
mod sequence;
mod signed_rank;
mod steps;
pub(in crate::results) mod student;
mod suspect;
mod verdict;

pub use judge::{Gate, History, Settings, Thresholds};
pub use pairs::{PAIRS, PairLog, Remeasured};
pub use random::Random;
pub use record::{GATE, judgement_of, record, worse_in};
pub use screen::Past;
pub use sequence::First;
pub use signed_rank::Estimate;
pub use steps::{Pairing, pair_steps};
pub use suspect::{Pair, Request, Sample};
pub use verdict::{Finding, Judged, Judgement, Metric, Nearest, Part, State, Verdict};
