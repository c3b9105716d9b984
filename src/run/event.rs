//! What happens while a run goes on, for whoever shows it.

use std::path::Path;

use crate::rack::Waiting;
use crate::results::Measurement;

/// Where a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its network is made or read, and planned.
    Planning,
    /// Candidates of its kernels are timed: image `image`, from 0, of `images`.
    Tuning {
        image: usize,
        images: usize,
    },
    /// Its inputs go through the reference interpreter.
    Reference,
    Building,
    /// `cached` where the image was there already.
    Built {
        cached: bool,
    },
    Measuring,
    /// A suspect is measured again beside its baseline: pair `pair`, from 1, of `pairs`.
    Again {
        pair: u32,
        pairs: u32,
    },
}

#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// `rows` are planned, of which `kept` had finished before, in the run that goes on.
    Started { folder: &'a Path, rows: usize, kept: usize },
    /// `rows` fit and will be built.
    Planned { rows: usize },
    Stage {
        /// Place of the row in the plan.
        row: u32,
        network: &'a str,
        board: &'a str,
        stage: Stage,
    },
    /// Other processes have every unit that a row could be measured on.
    Waiting { waiting: &'a Waiting },
    /// What the user should know, though nothing ends for it.
    Note { text: &'a str },
    /// The row is stored.
    Finished { row: u32, measurement: &'a Measurement },
}
