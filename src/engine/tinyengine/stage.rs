//! What an image runs and times as one: steps that stand alone, and stages with their table of calls.

use serde::Serialize;

use super::super::interface::StepInfo;
use super::super::kernel::Kernel;
use super::super::patch::{Call, Stage};
use super::super::plan::{Place, Plan, Step};
use super::super::work::Geometry;
use crate::network::Network;

/// The kernel's name of a stage.
const PATCHES: &str = "patches";

/// An entry of `hil_network_steps`.
pub(super) enum Entry<'a> {
    /// The function of that number.
    Step(usize, &'a Step),
    /// The stage of that number, and its first step.
    Stage(usize, &'a Stage, &'a Step),
}

/// Entries in the order in which they run; functions of steps are numbered without those that compute nothing.
pub(super) fn entries(plan: &Plan) -> impl Iterator<Item = Entry<'_>> {
    let computing = plan.steps.iter().filter(|step| step.kernel != Kernel::Alias).enumerate();
    computing.filter_map(|(number, step)| match plan.stages.iter().enumerate().find(|(_, s)| s.holds(step.op)) {
        None => Some(Entry::Step(number, step)),
        Some((at, stage)) if stage.cut.first == step.op => Some(Entry::Stage(at, stage, step)),
        Some(_) => None,
    })
}

impl Entry<'_> {
    pub fn function(&self) -> String {
        match self {
            Entry::Step(number, _) => format!("step_{number}"),
            Entry::Stage(number, ..) => format!("stage_{number}"),
        }
    }

    pub fn name(&self) -> String {
        match self {
            Entry::Step(_, step) => format!("{}:{}", step.origin, step.kernel.name()),
            Entry::Stage(_, _, step) => format!("{}:{PATCHES}", step.origin),
        }
    }

    pub fn info(&self, network: &Network, plan: &Plan) -> StepInfo {
        let geometry = |op: usize| Geometry::of(network, &network.ops[op]);
        match self {
            Entry::Step(_, step) => StepInfo {
                op: step.origin,
                kernel: step.kernel.name(),
                macs: network.op_macs(&network.ops[step.op]),
                live_bytes: step.live_bytes,
                geometry: geometry(step.op),
            },
            Entry::Stage(_, stage, step) => StepInfo {
                op: step.origin,
                kernel: PATCHES,
                macs: stage.macs.iter().sum(),
                live_bytes: plan.steps.iter().filter(|s| stage.holds(s.op)).map(|s| s.live_bytes).max().unwrap_or(0),
                geometry: Geometry {
                    output: geometry(stage.cut.last).output,
                    filter: [1, 1],
                    stride: [1, 1],
                    depth: 0,
                    ..geometry(step.op)
                },
            },
        }
    }
}

#[derive(Serialize)]
pub(super) struct StageView {
    /// Operators in the file.
    first: usize,
    last: usize,
    bands: usize,
    calls: Vec<CallView>,
}

/// `hil_band`.
#[derive(Serialize)]
struct CallView {
    /// Number of the function; none where rows are moved.
    step: Option<usize>,
    input: usize,
    other: Option<usize>,
    output: usize,
    in_h: usize,
    out_h: usize,
    pad_top: usize,
}

impl StageView {
    pub fn new(plan: &Plan, stage: &Stage, computing: &[&Step]) -> Self {
        let origin = |op: usize| plan.steps.get(op).map_or(op, |step| step.origin);
        let call = |call: &Call| match call {
            Call::Run { op, inputs, output, in_rows, out_rows, pad_top } => {
                let step = &plan.steps[*op];
                let of = |index: usize| inputs.get(index).zip(step.inputs.get(index)).map(|(at, p)| at + offset(*p));
                CallView {
                    step: computing.iter().position(|step| step.op == *op),
                    input: of(0).unwrap_or(0),
                    other: of(1),
                    output: output + offset(step.output),
                    in_h: *in_rows,
                    out_h: *out_rows,
                    pad_top: *pad_top,
                }
            }
            Call::Keep { op, from, bytes } => {
                let window = offset(plan.steps[*op].output);
                let (input, other, output) = (window + from, Some(window + from + bytes), window);
                CallView { step: None, input, other, output, in_h: 0, out_h: 0, pad_top: 0 }
            }
        };
        Self {
            first: origin(stage.cut.first),
            last: origin(stage.cut.last),
            bands: stage.bands(),
            calls: stage.calls.iter().map(call).collect(),
        }
    }
}

/// A stage reads and writes the arena alone.
fn offset(place: Place) -> usize {
    match place {
        Place::Arena(offset) => offset,
        Place::Constant(_) => 0,
    }
}
