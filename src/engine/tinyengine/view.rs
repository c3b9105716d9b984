//! A plan in the words of the C templates: numbers, array names and kernel calls, but no syntax.

use serde::Serialize;

use super::super::interface::EngineError;
use super::super::kernel::{Kernel, Weights};
use super::super::plan::{Place, Plan, Step};
use super::call::{self, Call};
use super::stage::{self, StageView};
use crate::network::{DType, Network, Requant, Tensor, TensorId};

/// Numbers per line of a table.
const PER_LINE: usize = 24;
const WORDS_PER_LINE: usize = 10;

/// Where C differs from engine to engine.
#[derive(Clone, Copy)]
pub(in crate::engine) struct Dialect {
    /// Headers that declare the kernels.
    pub headers: &'static [&'static str],
    /// The template that prints calls of this kernel, where it is not one of ours.
    pub template: fn(&Kernel) -> Option<&'static str>,
    /// Whether multipliers and shifts stand in arrays of their own.
    pub split_requants: bool,
}

/// Our kernels alone.
pub(super) const OURS: Dialect = Dialect {
    headers: &[
        "hil_band.h",
        "hil_kernels.h",
        "hil_matrix.h",
        "hil_plane.h",
        "hil_row.h",
        "hil_small.h",
        "hil_sum.h",
        "hil_winograd.h",
    ],
    template: |_| None,
    split_requants: false,
};

#[derive(Serialize)]
pub(in crate::engine) struct View {
    headers: &'static [&'static str],
    split_requants: bool,
    name: String,
    arena_bytes: usize,
    weights_bytes: usize,
    table_bytes: usize,
    flash_bytes: usize,
    macs: u64,
    input: Border,
    output: Border,
    steps: Vec<StepView>,
    stages: Vec<StageView>,
    /// Functions of what is run as one: steps that stand alone, and stages.
    parts: Vec<String>,
    tables: Vec<Table>,
    requants: Vec<Requants>,
    packed: Vec<PackedView>,
}

/// An input or output of the network.
#[derive(Serialize)]
pub(in crate::engine) struct Border {
    /// None where the engine decides it on the board.
    place: Option<Pointer>,
    bytes: usize,
    shape: String,
    dtype: &'static str,
    scale: f32,
    zero: i32,
}

/// Where an operand lies.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Pointer {
    Arena {
        offset: usize,
    },
    Table {
        table: usize,
    },
    /// The field of `hil_band` that says it.
    Band {
        band: &'static str,
    },
}

#[derive(Serialize)]
struct StepView {
    /// Operator in the file.
    origin: usize,
    inputs: Vec<Pointer>,
    output: Pointer,
    scratch: Option<usize>,
    scratch_bytes: usize,
    filter: Option<usize>,
    bias: Option<usize>,
    requants: Option<usize>,
    packed: Option<usize>,
    /// Whether a specialised kernel requantises in the general way.
    general: u8,
    /// Whether it takes a band of rows.
    banded: bool,
    /// Elements of a row of the output, where it does.
    row_elements: usize,
    kernel: &'static str,
    template: Option<&'static str>,
    call: Call,
}

/// A constant array.
#[derive(Serialize)]
struct Table {
    id: usize,
    ctype: &'static str,
    name: String,
    count: usize,
    lines: Vec<String>,
}

/// The constants of a specialised kernel.
#[derive(Serialize)]
struct PackedView {
    id: usize,
    words: usize,
    lines: Vec<String>,
    count: usize,
    channels: Vec<(i32, i32, i32)>,
    /// The same for the form of least flash, in its place.
    small: Option<Vec<[u8; 7]>>,
    /// Whether the filter is copied to SRAM when the image starts.
    copied: bool,
}

#[derive(Serialize)]
struct Requants {
    id: usize,
    count: usize,
    entries: Vec<(i32, i32)>,
}

impl View {
    pub(in crate::engine) fn new(network: &Network, plan: &Plan, dialect: Dialect) -> Result<Self, EngineError> {
        let ([input], [output]) = (network.inputs.as_slice(), network.outputs.as_slice()) else {
            return Err(EngineError::Borders {
                network: network.name.clone(),
                inputs: network.inputs.len(),
                outputs: network.outputs.len(),
            });
        };
        let computing = stage::computing(plan);
        let banded = |step: &Step| plan.stages.iter().any(|stage| stage.holds(step.op));
        let view = |step: &&Step| step_view(network, step, banded(step), dialect);
        let steps = computing.iter().map(view).collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            headers: dialect.headers,
            split_requants: dialect.split_requants,
            name: printable(&network.name),
            arena_bytes: plan.arena_bytes,
            weights_bytes: plan.weights_bytes,
            table_bytes: plan.table_bytes,
            flash_bytes: plan.flash_bytes(),
            macs: network.macs(),
            input: border(network.tensor(*input), Some(plan.inputs[0])),
            output: border(network.tensor(*output), Some(plan.outputs[0])),
            steps,
            stages: StageView::all(plan),
            parts: stage::functions(plan),
            tables: tables(network, plan, &computing),
            requants: computing.iter().filter_map(|step| requants(step)).collect(),
            packed: computing.iter().filter_map(|step| packed(step, plan.copied.contains(&step.op))).collect(),
        })
    }
}

/// Names come from files; what could end a comment or a string is replaced.
pub(in crate::engine) fn printable(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect()
}

pub(in crate::engine) fn border(tensor: &Tensor, place: Option<Place>) -> Border {
    let shape: Vec<String> = tensor.shape.iter().map(|n| n.to_string()).collect();
    Border {
        place: place.map(pointer),
        bytes: tensor.bytes(),
        shape: shape.join("x"),
        dtype: dtype(tensor.dtype),
        scale: tensor.scale(),
        zero: tensor.zero_point(),
    }
}

fn dtype(dtype: DType) -> &'static str {
    match dtype {
        DType::I8 => "int8_t",
        DType::U8 => "uint8_t",
        DType::I32 => "int32_t",
        DType::F32 => "float",
    }
}

fn pointer(place: Place) -> Pointer {
    match place {
        Place::Arena(offset) => Pointer::Arena { offset },
        Place::Constant(TensorId(table)) => Pointer::Table { table },
    }
}

/// The tensors that the general form of a kernel reads.
fn weights(kernel: &Kernel) -> Option<Weights> {
    match kernel {
        _ if kernel.packed().is_some() => None,
        Kernel::Conv1x1(conv) | Kernel::Conv(conv) => Some(conv.weights),
        Kernel::Depthwise(depthwise) => Some(depthwise.weights),
        Kernel::FullyConnected(dense) => Some(dense.weights),
        _ => None,
    }
}

fn step_view(network: &Network, step: &Step, banded: bool, dialect: Dialect) -> Result<StepView, EngineError> {
    let weights = weights(&step.kernel);
    let fields = ["input", "other"].map(|band| Pointer::Band { band });
    let inputs = if banded { fields.into() } else { step.inputs.iter().map(|place| pointer(*place)).collect() };
    let shape = &network.tensor(network.ops[step.op].output).shape;
    Ok(StepView {
        origin: step.origin,
        inputs,
        output: if banded { Pointer::Band { band: "output" } } else { pointer(step.output) },
        banded,
        row_elements: shape.iter().skip(2).product(),
        scratch: step.scratch,
        scratch_bytes: step.scratch_bytes,
        filter: weights.map(|w| w.filter.0),
        bias: weights.map(|w| w.bias.0),
        requants: weights.map(|_| step.op),
        packed: step.kernel.packed().map(|_| step.op),
        general: step.kernel.packed().is_some_and(|p| p.general).into(),
        kernel: step.kernel.name(),
        template: (dialect.template)(&step.kernel),
        call: call::call(network, step)?,
    })
}

fn packed(step: &Step, copied: bool) -> Option<PackedView> {
    let packed = step.kernel.packed()?;
    let words: Vec<String> = packed.filter.iter().map(|word| format!("0x{word:08x}")).collect();
    Some(PackedView {
        id: step.op,
        words: words.len(),
        lines: words.chunks(WORDS_PER_LINE).map(|line| line.join(",")).collect(),
        count: packed.channels.len(),
        channels: packed.channels.iter().map(|c| (c.bias2, c.multiplier, c.shift)).collect(),
        small: packed.small.map(|_| packed.small_channels()),
        copied,
    })
}

fn requants(step: &Step) -> Option<Requants> {
    if step.kernel.packed().is_some() {
        return None;
    }
    let entries: Vec<(i32, i32)> =
        step.kernel.channel_requants().iter().map(|Requant { multiplier, shift }| (*multiplier, *shift)).collect();
    (!entries.is_empty()).then_some(Requants { id: step.op, count: entries.len(), entries })
}

/// Every constant that is read, once, in order of tensor number.
fn tables(network: &Network, plan: &Plan, steps: &[&Step]) -> Vec<Table> {
    let of_weights = steps.iter().filter_map(|step| weights(&step.kernel)).flat_map(|w| [w.filter.0, w.bias.0]);
    let places = steps.iter().flat_map(|step| &step.inputs).chain(&plan.outputs);
    let of_places = places.filter_map(|place| match place {
        Place::Constant(id) => Some(id.0),
        Place::Arena(_) => None,
    });
    let of_lookups = steps.iter().filter_map(|step| match &step.kernel {
        Kernel::Lookup(lookup) => Some(lookup.table.0),
        _ => None,
    });
    let ids: std::collections::BTreeSet<usize> = of_weights.chain(of_places).chain(of_lookups).collect();
    ids.into_iter().map(|id| table(id, &network.tensors[id])).collect()
}

fn table(id: usize, tensor: &Tensor) -> Table {
    let bytes = tensor.data.as_deref().unwrap_or_default();
    let words = || bytes.chunks_exact(4).map(|w| [w[0], w[1], w[2], w[3]]);
    let numbers: Vec<String> = match tensor.dtype {
        DType::I8 => bytes.iter().map(|b| (*b as i8).to_string()).collect(),
        DType::U8 => bytes.iter().map(|b| b.to_string()).collect(),
        // INT32_MIN has no literal of its own type.
        DType::I32 => words()
            .map(i32::from_le_bytes)
            .map(|v| match v {
                i32::MIN => "INT32_MIN".to_string(),
                v => v.to_string(),
            })
            .collect(),
        DType::F32 => words().map(f32::from_le_bytes).map(|v| format!("{v:e}f")).collect(),
    };
    Table {
        id,
        ctype: dtype(tensor.dtype),
        name: printable(&tensor.name),
        count: tensor.elements(),
        lines: numbers.chunks(PER_LINE).map(|line| line.join(",")).collect(),
    }
}
