//! What every engine offers.

use super::fetch::FetchError;
use super::plan::{Plan, PlanError};
use crate::network::Network;

/// Why an engine cannot compile a network.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("operator {op} ({kind}), tensor `{tensor}`: {problem}")]
    Operator { op: usize, kind: &'static str, tensor: String, problem: String },
    #[error("network `{network}` has {inputs} inputs and {outputs} outputs; images take one of each")]
    Borders { network: String, inputs: usize, outputs: usize },
    /// Sources of an engine that is not ours.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// A template that does not render is a fault of the harness.
    #[error("internal error: template {template}: {message}")]
    Template { template: &'static str, message: String },
}

/// One C file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Relative, with `/`.
    pub path: String,
    pub text: String,
    /// Whether it is the same for all networks, so that its object may be shared.
    pub shared: bool,
}

/// What one step of an image computes, for the rows of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepInfo {
    /// Index of the operator in the file that the network came from.
    pub op: usize,
    /// The kernel's name; see [`super::Kernel::name`].
    pub kernel: &'static str,
    /// Multiply-accumulates of one inference.
    pub macs: u64,
    /// Bytes of the arena that hold activations or scratch while it runs.
    pub live_bytes: usize,
}

/// Flags beyond those that all code of an image is compiled with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BuildNeeds {
    /// For all sources of the engine.
    pub all: &'static [&'static str],
    /// For those in C++ (`.cc`), in place of the C standard.
    pub cxx: &'static [&'static str],
}

/// A network in C.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub plan: Plan,
    /// One per entry of `hil_network_steps`, in order; operators that compute nothing have none.
    pub steps: Vec<StepInfo>,
    pub sources: Vec<Source>,
    /// Bytes of one input.
    pub input_bytes: usize,
    /// Bytes of one output.
    pub output_bytes: usize,
    pub needs: BuildNeeds,
}

/// Turns networks into C.
pub trait Engine: Send + Sync {
    /// The name in scenarios and results.
    fn name(&self) -> &'static str;

    /// Decides the plan alone: enough to know whether a network fits.
    fn plan(&self, network: &Network) -> Result<Plan, EngineError>;

    /// Compiles `network`; equal networks give equal text.
    fn compile(&self, network: &Network) -> Result<Compiled, EngineError>;
}
