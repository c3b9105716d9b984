//! `tflm`: TensorFlow Lite Micro, as a yardstick.
//!
//! The network is exported as a `.tflite` file, which the library's interpreter runs on the board. Its kernels are the
//! reference kernels of July 2020, which the reference submission to MLPerf Tiny v0.5 used on the same core; today's
//! library is another one.

mod arena;
mod library;
mod planner;
mod registry;
mod view;

use std::path::Path;

use self::arena::Arena;
use self::registry::Kernel;
use super::fetch::Store;
use super::interface::{BuildNeeds, Compiled, Engine, EngineError, StepInfo};
use super::plan::Plan;
use crate::network::tflite::file::{self, File};
use crate::network::tflite::{ExportError, export_file};
use crate::network::{Network, OpKind};

/// TensorFlow Lite Micro of July 2020 with its reference kernels.
pub struct Tflm {
    store: Store,
}

impl Tflm {
    /// What reports call it.
    pub const TITLE: &'static str = library::CRATE.title;

    /// The engine; its sources are taken from `store`, and fetched when a network is compiled first.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// The same with the store in the harness's cache folder.
    pub fn in_cache(cache: &Path) -> Self {
        Self::new(Store::new(cache))
    }
}

/// Flags of the library's makefile of July 2020; the optimisation is that of everything else.
const ALL: [&str; 3] = ["-DTF_LITE_STATIC_MEMORY", "-DTF_LITE_MCU_DEBUG_LOG", "-DNDEBUG"];
const CXX: [&str; 6] =
    ["-std=c++11", "-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-fno-use-cxa-atexit", "-w"];

/// Interpreter and kernels, less what they stand in for.
const CODE_BYTES: usize = 48 * 1024;

fn needs() -> BuildNeeds {
    BuildNeeds {
        all: ALL.map(String::from).into(),
        cxx: CXX.map(String::from).into(),
        libraries: Vec::new(),
        code_bytes: CODE_BYTES,
    }
}

/// A network on its way into the library.
struct Prepared {
    /// For each operator of the file, the index of the network's.
    origins: Vec<usize>,
    kernels: Vec<&'static Kernel>,
    arena: Arena,
    bytes: Vec<u8>,
}

impl Prepared {
    fn new(network: &Network) -> Result<Self, EngineError> {
        let file = export_file(network).map_err(no_export)?;
        let origins = origins(network, &file);
        let kernels = registry::kernels(network, &file, &origins)?;
        let (arena, bytes) = (arena::size(&file, &kernels), file::write(&file));
        Ok(Self { origins, kernels, arena, bytes })
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
        Self::TITLE.into()
    }

    fn plan(&self, network: &Network) -> Result<Plan, EngineError> {
        Ok(Prepared::new(network)?.plan(network))
    }

    fn compile(&self, network: &Network) -> Result<Compiled, EngineError> {
        let prepared = Prepared::new(network)?;
        let (plan, steps) = (prepared.plan(network), prepared.steps(network));
        let mut sources = view::print(network, &prepared, &steps)?;
        sources.extend(library::sources(&self.store)?);
        Ok(Compiled {
            plan,
            steps,
            sources,
            input_bytes: network.tensor(network.inputs[0]).bytes(),
            output_bytes: network.tensor(network.outputs[0]).bytes(),
            engine: self.name(),
            needs: needs(),
        })
    }
}
