//! `tflm`: TensorFlow Lite Micro, as a yardstick.
//!
//! The network is exported as a `.tflite` file, which the library's interpreter runs on the board. The library is either
//! that of July 2020 with its reference kernels, which is compiled from fetched sources, or whatever the user has built,
//! which is linked. They are not the same yardstick: each says what it is.

mod arena;
mod attributes;
mod library;
mod planner;
mod registry;
mod user;
mod view;

use std::path::Path;

use self::arena::Arena;
use self::registry::{Kernel, Version};
pub use self::user::{LibraryError, UserLibrary};
use super::fetch::Store;
use super::interface::{BuildNeeds, Compiled, Constants, Engine, EngineError, Source, StepInfo};
use super::plan::Plan;
use super::work::Geometry;
use crate::board::Board;
use crate::network::tflite::file::{self, File};
use crate::network::tflite::{ExportError, export_file};
use crate::network::{Network, OpKind};

/// TensorFlow Lite Micro.
pub struct Tflm {
    form: Form,
}

enum Form {
    /// Of July 2020, with its reference kernels.
    July2020(Store),
    /// As the user has built it.
    User(UserLibrary),
}

impl Tflm {
    /// What reports call the library of July 2020.
    pub const TITLE: &'static str = library::CRATE.title;

    /// The library of July 2020; its sources are taken from `store`, and fetched when a network is compiled first.
    pub fn new(store: Store) -> Self {
        Self { form: Form::July2020(store) }
    }

    /// The same with the store in the harness's cache folder.
    pub fn in_cache(cache: &Path) -> Self {
        Self::new(Store::new(cache))
    }

    /// The user's own build. How large its arena must be is only known once it has run: what [`Engine::compile`] gives
    /// is a trial, see [`Compiled::arena_is_trial`].
    pub fn user(library: UserLibrary) -> Self {
        Self { form: Form::User(library) }
    }

    fn version(&self) -> Version {
        match self.form {
            Form::July2020(_) => Version::July2020,
            Form::User(_) => Version::Later,
        }
    }
}

/// Flags of the library's makefile of July 2020; the optimisation is that of everything else.
const ALL: [&str; 3] = ["-DTF_LITE_STATIC_MEMORY", "-DTF_LITE_MCU_DEBUG_LOG", "-DNDEBUG"];
const CXX: [&str; 6] =
    ["-std=c++11", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-fno-use-cxa-atexit", "-w"];

/// Interpreter and kernels, less what they stand in for.
const CODE_BYTES: usize = 48 * 1024;

/// Later libraries declare in C++17, and their headers warn.
const USER_CXX: [&str; 6] =
    ["-std=c++17", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-fno-use-cxa-atexit", "-w"];
/// Later versions keep less than that of July 2020 for as long as the interpreter lives, but their kernels may ask for
/// scratch memory.
const TRIAL_BYTES: usize = 16 * 1024;

impl Form {
    fn needs(&self) -> BuildNeeds {
        let owned = |flags: &[&str]| flags.iter().map(ToString::to_string).collect::<Vec<_>>();
        match self {
            Form::July2020(_) => {
                BuildNeeds { all: owned(&ALL), cxx: owned(&CXX), libraries: Vec::new(), code_bytes: CODE_BYTES }
            }
            Form::User(user) => {
                let folders = user.include().iter().map(|folder| format!("-I{}", folder.display()));
                BuildNeeds {
                    all: vec![ALL[0].into(), ALL[2].into()],
                    cxx: owned(&USER_CXX).into_iter().chain(folders).collect(),
                    libraries: vec![user.library()],
                    code_bytes: CODE_BYTES,
                }
            }
        }
    }

    /// Files that are the same for all networks.
    fn sources(&self) -> Result<Vec<Source>, EngineError> {
        match self {
            Form::July2020(store) => library::sources(store),
            Form::User(_) => Ok(vec![library::user_glue()]),
        }
    }
}

/// A network on its way into the library.
struct Prepared {
    /// For each operator of the file, the index of the network's.
    origins: Vec<usize>,
    kernels: Vec<&'static Kernel>,
    arena: Arena,
    bytes: Vec<u8>,
    /// Bytes of the file that are values of tensors.
    weights_bytes: usize,
}

impl Prepared {
    fn new(version: Version, network: &Network) -> Result<Self, EngineError> {
        let file = export_file(network).map_err(no_export)?;
        let origins = origins(network, &file);
        let kernels = registry::kernels(version, network, &file, &origins)?;
        let (mut arena, bytes) = (arena::size(&file, &kernels), file::write(&file));
        if version == Version::Later {
            arena.bytes += TRIAL_BYTES;
        }
        let weights_bytes = file.tensors.iter().filter_map(|tensor| tensor.data.as_ref()).map(|data| data.len()).sum();
        Ok(Self { origins, kernels, arena, bytes, weights_bytes })
    }

    fn plan(&self, network: &Network) -> Plan {
        Plan {
            name: network.name.clone(),
            // The library plans on the board.
            steps: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            arena_bytes: self.arena.bytes,
            arena_lower_bound: self.arena.bytes,
            weights_bytes: self.bytes.len(),
            table_bytes: 0,
            stages: Vec::new(),
            copied: Vec::new(),
            fused: Vec::new(),
        }
    }

    fn steps(&self, network: &Network) -> Vec<StepInfo> {
        let step = |(at, (&origin, kernel)): (usize, (&usize, &&Kernel))| {
            let op = &network.ops[origin];
            // Padding that stands before an operator in the file has none of its multiplications.
            let own = kernel.kind != "PAD";
            StepInfo {
                op: op.origin,
                kernel: kernel.name,
                macs: if own { network.op_macs(op) } else { 0 },
                live_bytes: self.arena.live[at],
                geometry: Geometry::of(network, op),
            }
        };
        self.origins.iter().zip(&self.kernels).enumerate().map(step).collect()
    }
}

fn no_export(error: ExportError) -> EngineError {
    let ExportError { origin, kind, tensor, problem } = error;
    EngineError::Operator { op: origin, kind, tensor, problem: format!("it has no form in a .tflite file: {problem}") }
}

/// Index of the network's operator for each of the file's: PADs may stand in front of what they belong to.
fn origins(network: &Network, file: &File) -> Vec<usize> {
    let mut current = 0;
    let mut origins = Vec::with_capacity(file.ops.len());
    for op in &file.ops {
        origins.push(current.min(network.ops.len().saturating_sub(1)));
        let in_front = op.code == registry::PAD && !matches!(network.ops[current].kind, OpKind::Pad { .. });
        current += usize::from(!in_front);
    }
    origins
}

impl Engine for Tflm {
    fn name(&self) -> &'static str {
        "tflm"
    }

    fn title(&self) -> String {
        match &self.form {
            Form::July2020(_) => Self::TITLE.into(),
            Form::User(library) => library.title().into(),
        }
    }

    fn refuses(&self, board: &Board) -> Option<String> {
        match &self.form {
            Form::July2020(_) => None,
            Form::User(library) => library.refuses(board),
        }
    }

    fn plan(&self, network: &Network) -> Result<Plan, EngineError> {
        Ok(Prepared::new(self.version(), network)?.plan(network))
    }

    fn compile(&self, network: &Network) -> Result<Compiled, EngineError> {
        self.print(network, Prepared::new(self.version(), network)?, self.version() == Version::Later)
    }

    fn compile_with_arena(&self, network: &Network, arena_bytes: usize) -> Result<Compiled, EngineError> {
        let mut prepared = Prepared::new(self.version(), network)?;
        if self.version() == Version::Later {
            prepared.arena.bytes = arena_bytes.next_multiple_of(arena::ALIGNMENT);
        }
        self.print(network, prepared, false)
    }
}

impl Tflm {
    fn print(&self, network: &Network, prepared: Prepared, arena_is_trial: bool) -> Result<Compiled, EngineError> {
        let (plan, mut steps) = (prepared.plan(network), prepared.steps(network));
        if self.version() == Version::Later {
            // Later interpreters let nobody run operators one by one.
            let (macs, live_bytes) = (network.macs(), plan.arena_bytes);
            let geometry = Geometry::of_network(network);
            steps = vec![StepInfo { op: 0, kernel: "network", macs, live_bytes, geometry }];
        }
        let mut sources = view::print(self.version(), network, &prepared, &steps)?;
        sources.extend(self.form.sources()?);
        Ok(Compiled {
            plan,
            timed: (0..steps.len()).collect(),
            steps,
            sources,
            input_bytes: network.tensor(network.inputs[0]).bytes(),
            output_bytes: network.tensor(network.outputs[0]).bytes(),
            engine: self.name(),
            needs: self.form.needs(),
            arena_is_trial,
            interpreter_bytes: prepared.arena.bytes.saturating_sub(prepared.arena.tensors),
            constants: Constants::File { weights_bytes: prepared.weights_bytes },
        })
    }
}
