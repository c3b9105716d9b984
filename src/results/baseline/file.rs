//! A baseline as a file: YAML, one value a line, always in the same order.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::BaselineError;
use super::key::Key;
use crate::results::earlier::{EarlierFlash, EarlierSram};
use crate::results::{Energy, Flash, Measurement, Sram};

/// Version of the file's layout.
///
/// | format | what is new in it |
/// |---|---|
/// | 1 | – |
/// | 2 | memory by what it is for instead of by sections |
const FORMAT: u64 = 2;
/// Bytes that no baseline needs.
const MAX_BYTES: usize = 1 << 20;
const HEAD: &str = "# What the gate compares with. Written by `hil baseline accept`; reviewed like code.\n";

/// Who accepted what, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accepted {
    pub why: String,
    /// UTC.
    pub when: String,
    pub scenario: String,
    /// The run that was accepted, and when it started, UTC.
    pub run: String,
    pub started: String,
    /// Commit of the working tree of that run.
    pub git: String,
    pub hil_version: String,
}

/// Cycles of one step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepCycles {
    pub name: String,
    pub kernel: String,
    pub cycles: u64,
}

/// Accepted numbers of one key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline<S = Sram, F = Flash> {
    /// First in the file, so that a newer one is refused before its keys are.
    pub format: Format,
    pub key: Key,
    pub accepted: Accepted,
    pub unit: String,
    pub image_sha256: Option<String>,
    /// Cycles of each timed inference; empty where the unit counts none.
    pub cycles: Vec<u64>,
    pub instructions: Option<u64>,
    pub energy_uj: Option<f64>,
    /// Bytes.
    pub sram: S,
    pub flash: F,
    pub checked_inputs: Option<u32>,
    pub output_sha256: Option<String>,
    /// Steps of the plan; empty where they were not timed.
    pub steps: Vec<StepCycles>,
}

/// The number that says which layout a file has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub struct Format(u64);

impl Default for Format {
    fn default() -> Self {
        Self(FORMAT)
    }
}

impl Format {
    /// Whether memory was split by what it is for. An earlier file knows sections, in sums that left out what aligns them.
    pub fn splits_memory(self) -> bool {
        self.0 >= 2
    }
}

/// What is looked at first.
#[derive(Deserialize)]
struct Head {
    format: Format,
}

impl TryFrom<u64> for Format {
    type Error = String;

    fn try_from(format: u64) -> Result<Self, String> {
        match format {
            1..=FORMAT => Ok(Self(format)),
            newer if newer > FORMAT => Err(format!(
                "written by a newer version of hil (format {newer}; this one reads up to {FORMAT}): use that version"
            )),
            other => Err(format!("there is no format {other}; this version of hil reads up to {FORMAT}")),
        }
    }
}

impl From<Format> for u64 {
    fn from(format: Format) -> u64 {
        format.0
    }
}

impl Baseline<EarlierSram, EarlierFlash> {
    /// As far as sections tell; its format still says where it comes from.
    fn by_purpose(self) -> Baseline {
        Baseline {
            format: self.format,
            key: self.key,
            accepted: self.accepted,
            unit: self.unit,
            image_sha256: self.image_sha256,
            cycles: self.cycles,
            instructions: self.instructions,
            energy_uj: self.energy_uj,
            sram: self.sram.into(),
            flash: self.flash.into(),
            checked_inputs: self.checked_inputs,
            output_sha256: self.output_sha256,
            steps: self.steps,
        }
    }
}

impl Baseline {
    /// The baseline that `row` makes; none where it is not ok.
    pub fn of(row: &Measurement, key: Key, accepted: Accepted) -> Option<Self> {
        let run = row.run()?;
        let step_cycles = row.latency().map_or(&[][..], |latency| latency.step_cycles());
        let step = |(step, cycles): (&crate::results::Step, &u64)| StepCycles {
            name: step.name.clone(),
            kernel: step.kernel.clone(),
            cycles: *cycles,
        };
        Some(Self {
            format: Format::default(),
            key,
            accepted,
            unit: row.unit.clone(),
            image_sha256: row.image_sha256.clone(),
            cycles: row.latency().map_or(Vec::new(), |latency| latency.cycles().to_vec()),
            instructions: run.instructions,
            energy_uj: match run.energy {
                Energy::Microjoules(uj) => Some(uj),
                Energy::Missing(_) => None,
            },
            sram: run.memory.sram,
            flash: run.memory.flash,
            checked_inputs: run.check.as_ref().map(|check| check.inputs.get()),
            output_sha256: run.check.as_ref().map(|check| check.output_sha256.clone()),
            steps: row.steps.iter().zip(step_cycles).map(step).collect(),
        })
    }

    /// Median cycles; none where the unit counts none.
    pub fn median_cycles(&self) -> Option<f64> {
        let mut sorted = self.cycles.clone();
        sorted.sort_unstable();
        let upper = *sorted.get(sorted.len() / 2)? as f64;
        let even = sorted.len().is_multiple_of(2);
        Some(if even { f64::midpoint(sorted[sorted.len() / 2 - 1] as f64, upper) } else { upper })
    }

    /// The file's text.
    pub fn text(&self) -> String {
        let body = serde_yaml::to_string(self);
        HEAD.to_string() + &body.expect("a baseline has only string keys and finite numbers")
    }

    /// Reads a file's text; `path` is named in errors.
    pub fn parse(path: &Path, text: &str) -> Result<Self, BaselineError> {
        let invalid = |line, message: String| BaselineError::Invalid { path: path.to_path_buf(), line, message };
        if text.len() > MAX_BYTES {
            return Err(invalid(1, format!("{} bytes are no baseline; at most {MAX_BYTES} are read", text.len())));
        }
        let located = |error: serde_yaml::Error| {
            let line = error.location().map_or(1, |at| at.line());
            let message = error.to_string();
            let end = error.location().map(|at| format!(" at line {} column {}", at.line(), at.column()));
            let message = end.and_then(|end| message.strip_suffix(&end).map(String::from)).unwrap_or(message);
            invalid(line, message)
        };
        let Head { format } = serde_yaml::from_str(text).map_err(located)?;
        let baseline: Self = match format.splits_memory() {
            true => serde_yaml::from_str(text).map_err(located)?,
            false => serde_yaml::from_str::<Baseline<EarlierSram, EarlierFlash>>(text).map_err(located)?.by_purpose(),
        };
        let at = |key: &str| text.lines().position(|line| line.trim_start().starts_with(key)).map_or(1, |at| at + 1);
        if baseline.accepted.why.trim().is_empty() {
            return Err(invalid(at("why:"), "no reason: say why this was accepted".into()));
        }
        if baseline.cycles.contains(&0) {
            return Err(invalid(at("cycles:"), "an inference of 0 cycles".into()));
        }
        if baseline.energy_uj.is_some_and(|uj| !(uj.is_finite() && uj > 0.0)) {
            return Err(invalid(at("energy_uj:"), "an energy is a positive number of microjoules".into()));
        }
        Ok(baseline)
    }
}
