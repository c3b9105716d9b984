//! What every engine offers.

use std::path::PathBuf;

use super::fetch::FetchError;
use super::plan::{Plan, PlanError};
use super::work::Geometry;
use crate::board::Board;
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

impl EngineError {
    /// Whether it says something about this machine and nothing about the network.
    pub fn is_infrastructure(&self) -> bool {
        matches!(self, Self::Fetch(_) | Self::Template { .. })
    }
}

/// One C or C++ file.
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
    pub geometry: Geometry,
}

/// What a build needs beyond what all code of an image is compiled and linked with.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BuildNeeds {
    /// Flags for all sources of the engine.
    pub all: Vec<String>,
    /// Flags for those in C++ (`.cc`), in place of the C standard.
    pub cxx: Vec<String>,
    /// Linked before the C library.
    pub libraries: Vec<Library>,
    /// An upper bound of the bytes of code and its constants that the engine brings beyond what ours does.
    pub code_bytes: usize,
}

impl BuildNeeds {
    /// What an image depends on.
    pub fn identity(&self) -> impl Iterator<Item = &String> {
        self.all.iter().chain(&self.cxx).chain(self.libraries.iter().map(|library| &library.sha256))
    }
}

/// A static library that somebody else has built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Library {
    pub path: PathBuf,
    /// Of its content, in hex.
    pub sha256: String,
}

/// What the constants of a network are that stand together in an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Constants {
    /// Arrays in C. Those that are none of these tables hold weights.
    Arrays(&'static [Table]),
    /// One file, so many bytes of which are weights; the others describe the network.
    File { weights_bytes: usize },
}

/// Arrays in C whose entries hold more than weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Table {
    /// Of the arrays' names.
    pub prefix: &'static str,
    pub entry_bytes: usize,
    /// How many of them are weights, i.e. a bias.
    pub weight_bytes: usize,
}

/// A network in C.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub plan: Plan,
    /// In order; operators that compute nothing have none.
    pub steps: Vec<StepInfo>,
    /// The step of each call that is timed, in the order of calls: steps that are computed band by band have many.
    pub timed: Vec<usize>,
    pub sources: Vec<Source>,
    /// Bytes of one input.
    pub input_bytes: usize,
    /// Bytes of one output.
    pub output_bytes: usize,
    /// Name of the engine.
    pub engine: &'static str,
    pub needs: BuildNeeds,
    /// Whether the arena is only as large as was guessed. Such an image says on the board how much of it is used
    /// (`hil memory`, `arena-used`), with which [`Engine::compile_with_arena`] makes the image that counts.
    pub arena_is_trial: bool,
    /// Bytes of the arena that an interpreter keeps for itself, for as long as it lives; 0 of engines that have none.
    pub interpreter_bytes: usize,
    pub constants: Constants,
}

/// Turns networks into C.
pub trait Engine: Send + Sync {
    /// The name in scenarios and results.
    fn name(&self) -> &'static str;

    /// What it is, with the version of what is not ours; the name where all of it is.
    fn title(&self) -> String {
        self.name().into()
    }

    /// Why it has nothing for `board`, e.g. since a library was built for another core.
    fn refuses(&self, _board: &Board) -> Option<String> {
        None
    }

    /// Decides the plan alone: enough to know whether a network fits.
    fn plan(&self, network: &Network) -> Result<Plan, EngineError>;

    /// Compiles `network`; equal networks give equal text.
    fn compile(&self, network: &Network) -> Result<Compiled, EngineError>;

    /// Compiles `network` for `board`: the same, but for what pays only there.
    fn compile_for(&self, network: &Network, _board: &Board) -> Result<Compiled, EngineError> {
        self.compile(network)
    }

    /// Compiles `network` with an arena of at least `arena_bytes`, for engines whose first image is a trial.
    fn compile_with_arena(&self, network: &Network, _arena_bytes: usize) -> Result<Compiled, EngineError> {
        self.compile(network)
    }
}
