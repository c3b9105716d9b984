//! What an image did that somebody else has built.

use serde::{Deserialize, Serialize};

use super::outcome::{Energy, Latency, OutputCheck};

/// A row of an image. Its latency counts as one only where its outputs were verified: [`super::Measurement::latency`] has
/// none of the others, so that nothing ranks, gates or averages them with rows that were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Prebuilt {
    /// As the image calls itself, its model and its firmware.
    pub device: String,
    pub model: String,
    pub firmware: String,
    /// Cycles of one inference in each window, at the clock that the core ran at.
    pub timing: Latency,
    /// Where the clock comes from: read from the unit, or only what the board's file says.
    pub clock_read: bool,
    /// What was timed, one per input.
    pub windows: Vec<Window>,
    /// Seconds of board time that a window had to last.
    pub window_s: f64,
    /// Of one inference.
    #[serde(default = "unknown_energy")]
    pub energy: Energy,
    /// None where no data set was given.
    pub accuracy: Option<Accuracy>,
    pub verification: Verification,
    /// Bytes that are programmed.
    pub image_bytes: u64,
    /// Bytes of SRAM that were ever read or written; none where the unit cannot tell.
    pub touched_sram: Option<u64>,
}

/// Of rows that earlier versions wrote.
fn unknown_energy() -> Energy {
    Energy::Missing("the version of hil that measured it took none of images".into())
}

/// Inferences between two time stamps of the image itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Window {
    pub inferences: u64,
    pub microseconds: u64,
}

/// How often the image was right, by the rules of MLPerf Tiny.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accuracy {
    /// Files of the data set that were used.
    pub files: u64,
    /// Files that it has.
    pub of_files: u64,
    /// Per cent.
    pub top1: f64,
    /// Area under the receiver operating characteristic, 0 to 1; none where the labels do not hold every class.
    pub auc: Option<f64>,
}

/// Whether outputs were compared with the reference interpreter's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Verification {
    /// Each was equal.
    Verified(OutputCheck),
    /// Why it was not compared.
    NotVerified(String),
}

impl Prebuilt {
    /// Seconds for which the rules of MLPerf Tiny want each of five inputs timed.
    pub const OFFICIAL: (usize, f64) = (5, 10.0);

    /// What was verified.
    pub fn check(&self) -> Option<&OutputCheck> {
        match &self.verification {
            Verification::Verified(check) => Some(check),
            Verification::NotVerified(_) => None,
        }
    }

    /// Whether time was taken as the rules of MLPerf Tiny want it.
    pub fn is_official(&self) -> bool {
        let (inputs, seconds) = Self::OFFICIAL;
        let long = |window: &Window| window.microseconds as f64 >= seconds * 1e6;
        self.windows.len() == inputs && self.windows.iter().all(long)
    }

    /// Median of the windows' inferences per second, which is what MLPerf Tiny publishes.
    pub fn throughput(&self) -> Option<f64> {
        let of = |window: &Window| window.inferences as f64 * 1e6 / window.microseconds.max(1) as f64;
        let mut each: Vec<f64> = self.windows.iter().map(of).collect();
        each.sort_by(f64::total_cmp);
        let upper = *each.get(each.len() / 2)?;
        Some(if each.len() % 2 == 1 { upper } else { f64::midpoint(each[each.len() / 2 - 1], upper) })
    }
}
