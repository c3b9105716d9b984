//! What a model is trained on: measured networks, step by step.

use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::facts::Facts;
use crate::engine::Work;
use crate::results::{Energy, Measurement, Provenance};

/// A network that was measured on a board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    pub network: String,
    pub network_sha256: String,
    pub engine: String,
    pub facts: Facts,
    pub provenance: Provenance,
    pub steps: Vec<Work>,
    /// Cycles of each step; empty where steps were not timed.
    pub step_cycles: Vec<u64>,
    /// Cycles of an inference, the median of those measured.
    pub cycles: f64,
    /// Each of those measured.
    pub repeats: Vec<u64>,
    /// Of one inference, where it is known.
    pub microjoules: Option<f64>,
}

/// Why a row teaches nothing, or a data set cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    #[error("row {index} ({network} on {board}): {problem}")]
    Row { index: u32, network: String, board: String, problem: String },
    #[error("{file}: {problem}")]
    File { file: String, problem: String },
}

impl Sample {
    /// From a row and what its steps compute, as the engine plans them now.
    pub fn new(row: &Measurement, steps: Vec<Work>, facts: Facts) -> Result<Self, DataError> {
        let fail = |problem: &str| DataError::Row {
            index: row.index,
            network: row.network.clone(),
            board: row.board.clone(),
            problem: problem.into(),
        };
        let run = row.run().ok_or_else(|| fail("it was not measured"))?;
        let latency = run.latency.as_ref().ok_or_else(|| fail("its unit counts no cycles"))?;
        let same =
            steps.len() == row.steps.len() && steps.iter().zip(&row.steps).all(|(now, then)| now.kernel == then.kernel);
        if !same {
            return Err(fail("the engine plans its network otherwise by now"));
        }
        let timed = latency.step_cycles().len() == steps.len() && latency.step_cycles().iter().all(|c| *c > 0);
        Ok(Self {
            network: row.network.clone(),
            network_sha256: row.network_sha256.clone(),
            engine: row.engine.clone(),
            facts,
            provenance: row.provenance,
            steps,
            step_cycles: if timed { latency.step_cycles().to_vec() } else { Vec::new() },
            cycles: latency.median_cycles(),
            repeats: latency.cycles().to_vec(),
            microjoules: match run.energy {
                Energy::Microjoules(energy) => Some(energy),
                Energy::Missing(_) => None,
            },
        })
    }

    pub fn macs(&self) -> u64 {
        self.steps.iter().map(|step| step.geometry.macs()).sum()
    }

    /// The family that the network's name tells: what stands before a width, a resolution or a size.
    pub fn family(&self) -> &str {
        family(&self.network)
    }
}

/// `mobilenetv2-0.35@64` is of `mobilenetv2`, `mcunet-w0.5-r96-12ab34cd` of `mcunet`.
fn family(network: &str) -> &str {
    let bytes = network.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let ends = |at: usize| match bytes[at] {
        b'@' => true,
        b'-' | b'_' => digit(at + 1) || (bytes.get(at + 1) == Some(&b'w') && digit(at + 2)),
        _ => false,
    };
    (1..bytes.len()).find(|at| ends(*at)).and_then(|at| network.get(..at)).unwrap_or(network)
}

/// Samples, each network on each board once, in an order that does not depend on how they were found.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSet {
    /// Version of the harness that took it.
    pub hil_version: String,
    /// Runs that it was taken from.
    pub runs: Vec<String>,
    pub samples: Vec<Sample>,
}

impl DataSet {
    pub fn new(runs: Vec<String>, samples: Vec<Sample>) -> Self {
        let mut set = Self { hil_version: env!("CARGO_PKG_VERSION").into(), runs, samples: Vec::new() };
        samples.into_iter().for_each(|sample| set.add(sample));
        set
    }

    /// Adds a sample in its place; a later one of the same network on the same board replaces the earlier.
    pub fn add(&mut self, sample: Sample) {
        fn key(s: &Sample) -> (&str, &str, &str, Provenance) {
            (&s.facts.board, &s.engine, &s.network_sha256, s.provenance)
        }
        match self.samples.binary_search_by(|other| key(other).cmp(&key(&sample))) {
            Ok(at) => self.samples[at] = sample,
            Err(at) => self.samples.insert(at, sample),
        }
    }

    /// The version of a model trained on it: a digest of all that it learns from.
    pub fn version(&self) -> String {
        let mut digest = Sha256::new();
        digest.update(serde_json::to_vec(self).unwrap_or_default());
        digest.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect()
    }

    /// Networks and boards, in words.
    pub fn summary(&self) -> String {
        let count =
            |key: fn(&Sample) -> &str| self.samples.iter().map(key).collect::<std::collections::BTreeSet<_>>().len();
        let steps: usize = self.samples.iter().map(|s| s.step_cycles.len()).sum();
        let (networks, boards) = (count(|s| &s.network_sha256), count(|s| &s.facts.board));
        format!("{} rows, {networks} networks, {boards} boards, {steps} timed steps", self.samples.len())
    }

    pub fn read(path: &Path) -> Result<Self, DataError> {
        let fail = |problem: String| DataError::File { file: path.display().to_string(), problem };
        let text = std::fs::read_to_string(path).map_err(|e| fail(e.to_string()))?;
        serde_json::from_str(&text).map_err(|e| fail(format!("it is no data set of the cost model: {e}")))
    }

    pub fn write(&self, path: &Path) -> Result<(), DataError> {
        let fail = |problem: String| DataError::File { file: path.display().to_string(), problem };
        let text = serde_json::to_string(self).map_err(|e| fail(e.to_string()))?;
        std::fs::write(path, text).map_err(|e| fail(e.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::family;

    #[test]
    fn a_family_is_what_stands_before_sizes() {
        let families = ["mobilenetv2-0.35@64", "mcunet-w0.5-r96-12ab34cd", "audio-1d-w1-r49", "resnet8", "vww_96_int8"];
        assert_eq!(families.map(family), ["mobilenetv2", "mcunet", "audio", "resnet8", "vww"]);
    }
}
