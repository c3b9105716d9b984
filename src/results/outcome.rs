//! How a row ended, and what is known because of it.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::memory::Memory;
use super::prebuilt::Prebuilt;

/// The outcome as one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Ok,
    /// An image of somebody else's ran; whether its outputs were verified is another question.
    Prebuilt,
    DoesNotFit,
    Mismatch,
    Failed,
}

impl Status {
    /// The word used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Prebuilt => "prebuilt",
            Self::DoesNotFit => "does_not_fit",
            Self::Mismatch => "mismatch",
            Self::Failed => "failed",
        }
    }
}

/// What a failure says something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The candidate: its file, an operator that the engine does not have.
    Candidate,
    /// A tool, a unit or an instrument: nothing is known of the candidate.
    Infrastructure,
}

impl Cause {
    pub const ALL: [Self; 2] = [Self::Candidate, Self::Infrastructure];

    /// The word used in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Infrastructure => "infrastructure",
        }
    }
}

/// How a row ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case", deny_unknown_fields)]
pub enum Outcome {
    /// Every output was the reference's, so that its numbers mean something.
    Ok(Box<Run>),
    /// An image of somebody else's ran to the end of its procedure.
    Prebuilt(Box<Prebuilt>),
    /// Found before anything was built; `memory` is what the plan needs.
    DoesNotFit { reason: String, memory: Memory },
    /// An output differed from the reference: a wrong network has no latency.
    Mismatch { reason: String, memory: Memory },
    /// Something else went wrong.
    Failed { cause: Cause, reason: String, memory: Option<Memory> },
}

impl Outcome {
    pub fn status(&self) -> Status {
        match self {
            Self::Ok(_) => Status::Ok,
            Self::Prebuilt(_) => Status::Prebuilt,
            Self::DoesNotFit { .. } => Status::DoesNotFit,
            Self::Mismatch { .. } => Status::Mismatch,
            Self::Failed { .. } => Status::Failed,
        }
    }

    /// Why it is not ok.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Ok(_) | Self::Prebuilt(_) => None,
            Self::DoesNotFit { reason, .. } | Self::Mismatch { reason, .. } | Self::Failed { reason, .. } => {
                Some(reason)
            }
        }
    }

    /// What its failure says something about; none where it did not fail.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Failed { cause, .. } => Some(*cause),
            _ => None,
        }
    }

    pub fn memory(&self) -> Option<&Memory> {
        match self {
            Self::Ok(run) => Some(&run.memory),
            // Which part of it is for what, nobody can tell from outside.
            Self::Prebuilt(_) => None,
            Self::DoesNotFit { memory, .. } | Self::Mismatch { memory, .. } => Some(memory),
            Self::Failed { memory, .. } => memory.as_ref(),
        }
    }
}

/// What an ok row measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// None where the unit counts no cycles.
    pub latency: Option<Latency>,
    /// Instructions per inference.
    pub instructions: Option<u64>,
    pub memory: Memory,
    pub energy: Energy,
    /// Microjoules of each of the plan's steps in one inference; empty where they are not known.
    pub step_energy_uj: Vec<f64>,
    /// None only where nothing ran: a prediction.
    pub check: Option<OutputCheck>,
}

/// Time of repeated inferences: never empty, at a clock that is not 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "LatencyFields", into = "LatencyFields")]
pub struct Latency {
    cycles: Vec<u64>,
    clock_hz: u64,
    step_cycles: Vec<u64>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LatencyFields {
    cycles: Vec<u64>,
    clock_hz: u64,
    step_cycles: Vec<u64>,
}

/// Why numbers are no latency.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LatencyError {
    #[error("a latency needs at least one inference")]
    NoInference,
    #[error("an inference took 0 cycles: the unit's counter stood still")]
    NoCycles,
    #[error("the core clock is 0 Hz: the unit did not say its clock")]
    NoClock,
}

impl Latency {
    /// `cycles` of each repeated inference, the core clock in Hz, and the cycles of each of the plan's steps in one
    /// inference (empty where steps were not timed).
    pub fn new(cycles: Vec<u64>, clock_hz: u64, step_cycles: Vec<u64>) -> Result<Self, LatencyError> {
        if cycles.is_empty() {
            return Err(LatencyError::NoInference);
        }
        if cycles.contains(&0) {
            return Err(LatencyError::NoCycles);
        }
        if clock_hz == 0 {
            return Err(LatencyError::NoClock);
        }
        Ok(Self { cycles, clock_hz, step_cycles })
    }

    /// Cycles of each repeated inference, in the order measured.
    pub fn cycles(&self) -> &[u64] {
        &self.cycles
    }

    pub fn clock_hz(&self) -> u64 {
        self.clock_hz
    }

    /// Cycles of each step of one inference.
    pub fn step_cycles(&self) -> &[u64] {
        &self.step_cycles
    }

    /// Median cycles; between the middle two where their number is even.
    pub fn median_cycles(&self) -> f64 {
        let mut sorted = self.cycles.clone();
        sorted.sort_unstable();
        let upper = sorted[sorted.len() / 2] as f64;
        if sorted.len() % 2 == 1 { upper } else { (sorted[sorted.len() / 2 - 1] as f64 + upper) / 2.0 }
    }

    /// Median latency in milliseconds.
    pub fn ms(&self) -> f64 {
        self.median_cycles() * 1000.0 / self.clock_hz as f64
    }
}

impl TryFrom<LatencyFields> for Latency {
    type Error = LatencyError;

    fn try_from(fields: LatencyFields) -> Result<Self, LatencyError> {
        Self::new(fields.cycles, fields.clock_hz, fields.step_cycles)
    }
}

impl From<Latency> for LatencyFields {
    fn from(latency: Latency) -> Self {
        let Latency { cycles, clock_hz, step_cycles } = latency;
        Self { cycles, clock_hz, step_cycles }
    }
}

/// Energy of one inference, or why there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Energy {
    /// Microjoules.
    Microjoules(f64),
    Missing(String),
}

/// Outputs that were equal to the reference's, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutputCheck {
    /// Number of inputs verified.
    pub inputs: NonZeroU32,
    /// Digest of all outputs, one after the other.
    pub output_sha256: String,
}
