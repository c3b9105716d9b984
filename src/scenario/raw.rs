//! The format as it stands in the file. What serde cannot check, `validate` does.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::engine::RawEngine;
use super::prebuilt::RawPrebuilt;

/// Networks to measure, and the boards and engines to measure them with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a mapping with the keys of a scenario")]
#[schemars(title = "hil scenario")]
pub struct RawScenario {
    /// Names the run's folder: letters, digits, `-` and `_`.
    pub name: String,
    /// What the networks are for, e.g. `vww`.
    pub task: String,
    /// Networks; with `boards` and `engines`, every one is measured with every one.
    pub candidates: Option<Vec<RawCandidate>>,
    /// Names of boards; `hil boards` lists them.
    pub boards: Option<Vec<String>>,
    pub engines: Option<Vec<RawEngine>>,
    /// Images that somebody else has built.
    #[serde(default)]
    pub prebuilt: Vec<RawPrebuilt>,
    /// The engine that the others are compared with, row by row.
    pub compare_to: Option<String>,
    #[serde(default)]
    pub measure: Measure,
    #[serde(default)]
    pub constraints: Constraints,
    pub gates: Option<Gates>,
}

/// Either `network`, a built-in architecture with its options, or `model`, a file.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawCandidate {
    /// Name in tables; made from the other keys where it is left out.
    pub name: Option<String>,
    /// A built-in architecture.
    pub network: Option<String>,
    /// A `.tflite` file, relative to the scenario.
    pub model: Option<PathBuf>,
    /// Height and width of the input in pixels; only with `network`.
    pub resolution: Option<u32>,
    /// Width multiplier; only with `network`.
    pub width: Option<f64>,
    /// Number of classes; only with `network`.
    pub classes: Option<u32>,
    /// Seed of the weights, 0 where it is left out; only with `network`.
    pub seed: Option<u64>,
}

/// What turns a network into C.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EngineName {
    #[serde(rename = "tinyengine")]
    TinyEngine,
    /// CMSIS-NN 4.0.0 of November 2022, fetched when it is used first.
    CmsisNn,
    /// TensorFlow Lite Micro of July 2020 with its reference kernels, fetched when it is used first.
    Tflm,
}

impl EngineName {
    /// The name in scenarios and results.
    pub fn name(self) -> &'static str {
        match self {
            Self::TinyEngine => "tinyengine",
            Self::CmsisNn => "cmsis-nn",
            Self::Tflm => "tflm",
        }
    }
}

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Measure {
    /// Inputs whose outputs are compared with the reference.
    pub inputs: u32,
    /// Timed inferences.
    pub repeats: u32,
    /// Inferences before those that are timed.
    pub warmup: u32,
}

impl Default for Measure {
    fn default() -> Self {
        Self { inputs: 3, repeats: 3, warmup: 1 }
    }
}

/// What a network must keep to be of use.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Constraints {
    pub max_latency_ms: Option<f64>,
    pub max_sram_bytes: Option<u64>,
    pub max_flash_bytes: Option<u64>,
}

/// How much worse than its baseline a row may be. What is left out may not get worse at all: an emulated row must then be
/// equal to its baseline, to the cycle and the byte.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Gates {
    /// Per cent.
    pub max_latency_increase: Option<f64>,
    /// Per cent.
    pub max_energy_increase: Option<f64>,
    /// Bytes.
    pub max_sram_increase: Option<u64>,
    /// Bytes.
    pub max_flash_increase: Option<u64>,
}
