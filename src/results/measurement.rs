//! One row of a run.

use serde::{Deserialize, Serialize};

use super::memory::{Excess, Memory};
use super::outcome::{Latency, Outcome, OutputCheck, Run, Status};
use super::prebuilt::Prebuilt;

/// Where a number comes from. Rows of different provenance are never compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provenance {
    /// A real board.
    Silicon,
    /// The cycle model of our emulator.
    Emulated,
    /// Renode: instruction counts, no cycles.
    Renode,
    /// A cost model; nothing ran.
    Predicted,
}

impl Provenance {
    pub const ALL: [Self; 4] = [Self::Silicon, Self::Emulated, Self::Renode, Self::Predicted];

    /// The word used in files and tables.
    pub fn name(self) -> &'static str {
        match self {
            Self::Silicon => "silicon",
            Self::Emulated => "emulated",
            Self::Renode => "renode",
            Self::Predicted => "predicted",
        }
    }
}

impl std::fmt::Display for Provenance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// What a board has, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Budget {
    pub sram: u64,
    pub flash: u64,
}

/// One step of the plan: what is known of it before anything runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub name: String,
    pub kernel: String,
    /// Multiply-accumulates.
    pub macs: u64,
    /// Bytes of the arena that hold something needed while the step runs, scratch included.
    pub live_bytes: u64,
}

/// What it takes to get the row again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// Seed of generated weights and inputs.
    pub seed: u64,
    /// First line of the compiler's `--version`.
    pub compiler: String,
    /// Digest of the compiler's and linker's flags.
    pub flags_sha256: String,
    pub hil_version: String,
    /// Commit of the working tree, with `+dirty` where it had changes; `unknown` outside a repository.
    pub git: String,
}

/// One row: network × engine × board × unit × build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measurement {
    /// Position in the scenario's plan, unique within a run. It, not the moment of finishing, orders the rows.
    pub index: u32,
    pub scenario: String,
    pub task: String,
    /// Name that tables show.
    pub network: String,
    /// Digest of the network's content.
    pub network_sha256: String,
    pub engine: String,
    pub engine_options_sha256: String,
    pub board: String,
    pub unit: String,
    /// Digest of the linked image; none where nothing was built.
    pub image_sha256: Option<String>,
    pub provenance: Provenance,
    /// Multiply-accumulates per inference, nominal.
    pub macs: u64,
    pub budget: Budget,
    /// How far latency and energy may be from silicon, in words; must say so where nobody has measured it.
    pub error_band: String,
    /// The plan's steps in order; empty where there is no plan.
    pub steps: Vec<Step>,
    pub outcome: Outcome,
    pub repeat: Repeat,
}

impl Measurement {
    pub fn status(&self) -> Status {
        self.outcome.status()
    }

    /// What was measured, of a row whose status is ok.
    pub fn run(&self) -> Option<&Run> {
        match &self.outcome {
            Outcome::Ok(run) => Some(run),
            _ => None,
        }
    }

    /// The latency of a row whose outputs were verified.
    pub fn latency(&self) -> Option<&Latency> {
        match &self.outcome {
            Outcome::Ok(run) => run.latency.as_ref(),
            Outcome::Prebuilt(image) => image.check().map(|_| &image.timing),
            _ => None,
        }
    }

    /// The outputs that were equal to the reference's.
    pub fn check(&self) -> Option<&OutputCheck> {
        match &self.outcome {
            Outcome::Ok(run) => run.check.as_ref(),
            Outcome::Prebuilt(image) => image.check(),
            _ => None,
        }
    }

    /// What an image of somebody else's did.
    pub fn prebuilt(&self) -> Option<&Prebuilt> {
        match &self.outcome {
            Outcome::Prebuilt(image) => Some(image),
            _ => None,
        }
    }

    /// Measured memory where it ran, planned memory where it does not fit.
    pub fn memory(&self) -> Option<&Memory> {
        self.outcome.memory()
    }

    /// Bytes by which the board's memories are exceeded; 0 where it fits or is not known.
    pub fn over_by(&self) -> Excess {
        self.memory().map_or(Excess::default(), |memory| Excess {
            sram: memory.sram.peak().saturating_sub(self.budget.sram),
            flash: memory.flash.total().saturating_sub(self.budget.flash),
        })
    }

    /// Multiply-accumulates per cycle, of the median inference.
    pub fn macs_per_cycle(&self) -> Option<f64> {
        let cycles = self.latency()?.median_cycles();
        (cycles > 0.0).then(|| self.macs as f64 / cycles)
    }
}
