//! Built-in architectures, described by YAML files (`scenarios/networks/`) and filled with seeded weights.
//!
//! [`build`] makes one of those that ship; [`Architecture::parse`] reads another from a user's file, [`build_from`]
//! builds it.

pub(super) mod expand;
mod files;
pub(super) mod schema;
mod seed;

use super::Network;
use super::float::FloatNetwork;
use super::quantise::{Ranges, quantise};
use super::random::Random;
pub use schema::Architecture;

/// What to build; where an option is none, the architecture's own value holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Spec {
    /// One of [`names`].
    pub architecture: String,
    /// Height and width of the input in pixels.
    pub resolution: Option<u32>,
    /// Width multiplier of the channels.
    pub width: Option<f64>,
    pub classes: Option<u32>,
    /// Seed of the weights.
    pub seed: u64,
}

/// Why an architecture cannot be built.
#[derive(Debug, thiserror::Error)]
pub enum BuiltinError {
    #[error("unknown network `{name}` (known: {known})")]
    Unknown { name: String, known: String },
    /// Lines and columns start at 1.
    #[error("{file}:{line}:{column}: {message}")]
    Invalid { file: String, line: usize, column: usize, message: String },
    #[error("network `{architecture}`, `{key}`: {problem}")]
    Choice { architecture: String, key: &'static str, problem: String },
    #[error("network `{architecture}`, layers[{index}]: {problem}")]
    Layer { architecture: String, index: usize, problem: String },
}

/// Multiply-accumulates that may be spent on normalising weights, and again on calibrating activations.
const BUDGET: usize = 1 << 30;

/// Names of the built-in architectures.
pub fn names() -> Vec<&'static str> {
    files::FILES.iter().map(|(name, _)| *name).collect()
}

/// The built-in architecture of this name.
pub fn architecture(name: &str) -> Result<Architecture, BuiltinError> {
    let unknown = || BuiltinError::Unknown { name: name.into(), known: names().join(", ") };
    let (_, text) = files::FILES.iter().find(|(known, _)| *known == name).ok_or_else(unknown)?;
    Architecture::parse(&format!("{name}.yaml"), text)
}

/// The int8 network that `spec` describes: the same bytes for the same `spec` on every host.
pub fn build(spec: &Spec) -> Result<Network, BuiltinError> {
    build_from(&architecture(&spec.architecture)?, spec)
}

/// The operators that `spec` describes, still without weights; the name in `spec` does not count.
pub fn operators(architecture: &Architecture, spec: &Spec) -> Result<FloatNetwork, BuiltinError> {
    expand::expand(architecture, spec)
}

/// Like [`build`], for an architecture from elsewhere; the name in `spec` does not count.
pub fn build_from(architecture: &Architecture, spec: &Spec) -> Result<Network, BuiltinError> {
    Ok(seeded(architecture, expand::expand(architecture, spec)?, spec.seed))
}

/// The int8 form of `network`, which is of `architecture`, with seeded weights.
pub(super) fn seeded(architecture: &Architecture, mut network: FloatNetwork, seed: u64) -> Network {
    let mut random = Random::new(seed);
    // More inputs give ranges that hold for more of what was not seen.
    let batch = (BUDGET / network.macs().max(1)).clamp(4, 16);
    let inputs = seed::inputs(architecture, &network, batch, &mut random);
    seed::weigh(&mut network, batch, inputs.clone(), &mut random);
    let ranges = Ranges::observed(&network, &inputs);
    quantise(&network, &ranges)
}
