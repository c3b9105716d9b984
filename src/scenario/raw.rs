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
    /// Networks; with `boards` and `engines`, every one is measured with every one. May be left out where `search` looks for
    /// some.
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
    /// What `hil search` looks for.
    pub search: Option<Search>,
}

/// A search for networks of a space, with measurements in the loop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Search {
    /// A search space by name, or the path of a `.yaml` file, relative to the scenario.
    pub space: String,
    /// What networks learn from and are examined with.
    pub data: SearchData,
    /// Width multiplier, one of the space's; stage 1 chooses where it is left out.
    pub width: Option<f64>,
    /// Height of the input, one of the space's; stage 1 chooses where it is left out.
    pub size: Option<u32>,
    /// Networks that stage 1 draws per configuration.
    #[serde(default = "samples")]
    pub samples: u32,
    /// Multiply-accumulates that networks may have at most.
    pub max_macs: Option<u64>,
    /// Multiply-accumulates of the largest network, which is trained whole: stage 1 chooses no configuration beyond.
    pub max_training_macs: Option<u64>,
    /// Passes through the training samples for the supernet.
    pub epochs: f64,
    /// The same for each chosen network, on its own.
    pub fine_tuning: f64,
    /// Networks at random whose accuracy is examined, so that those of others can be predicted.
    #[serde(default = "examined")]
    pub examined: u32,
    /// Networks measured at most.
    #[serde(default = "measurements")]
    pub measurements: u32,
    /// Networks measured before anything is predicted.
    #[serde(default = "eight")]
    pub first: u32,
    /// Networks measured per round.
    #[serde(default = "eight")]
    pub batch: u32,
    #[serde(default = "population")]
    pub population: u32,
    /// Per round.
    #[serde(default = "generations")]
    pub generations: u32,
    /// Networks of the front that are trained on and exported: the most accurate, and others evenly along the front.
    #[serde(default = "chosen")]
    pub chosen: u32,
    /// Built-in architectures, such as `mobilenetv2`, that are scaled to fit, trained as long, and measured, too.
    #[serde(default)]
    pub rivals: Vec<String>,
    /// Engines that rivals are measured with beside the scenario's own, such as `cmsis-nn`.
    #[serde(default)]
    pub rival_engines: Vec<EngineName>,
    /// What computes gradients: `cpu`, `flex`, or, where it is compiled in, `cuda`, `rocm`, `metal`, `vulkan` or `wgpu`.
    #[serde(default = "trainer")]
    pub trainer: String,
    /// Of drawing, training and evolution.
    #[serde(default)]
    pub seed: u64,
}

/// A data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchData {
    /// `fashion-mnist`, `fsdd`, `speech-commands`, `visual-wake-words`, `imagenet` or `folders`.
    pub set: String,
    /// Its folder, relative to the scenario; where it usually lies if it is left out.
    pub path: Option<PathBuf>,
}

fn trainer() -> String {
    "cpu".into()
}

fn samples() -> u32 {
    1000
}

fn examined() -> u32 {
    150
}

fn measurements() -> u32 {
    40
}

fn eight() -> u32 {
    8
}

fn population() -> u32 {
    100
}

fn generations() -> u32 {
    30
}

fn chosen() -> u32 {
    3
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
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Measure {
    /// Inputs whose outputs are compared with the reference.
    pub inputs: u32,
    /// Timed inferences.
    pub repeats: u32,
    /// Inferences before those that are timed.
    pub warmup: u32,
    /// Windows of time that inferences are timed in, in place of `repeats`: on boards five, elsewhere none, since every
    /// inference takes as long as the last. A window's median counts.
    pub windows: Option<u32>,
    /// Seconds of each window; ten where it is left out.
    pub window_seconds: Option<f64>,
}

impl Default for Measure {
    fn default() -> Self {
        Self { inputs: 3, repeats: 3, warmup: 1, windows: None, window_seconds: None }
    }
}

/// What a network must keep to be of use.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Constraints {
    pub max_latency_ms: Option<f64>,
    pub max_sram_bytes: Option<u64>,
    pub max_flash_bytes: Option<u64>,
    pub max_energy_uj: Option<f64>,
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
