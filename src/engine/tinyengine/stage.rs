//! What an image runs as one: steps that stand alone, and stages with their table of calls.

use serde::Serialize;

use super::super::interface::StepInfo;
use super::super::kernel::Kernel;
use super::super::patch::{Call, Stage};
use super::super::plan::{Place, Plan, Step};
use super::super::work::Geometry;
use crate::network::Network;

/// The steps that compute something. They are numbered in this order.
pub(super) fn computing(plan: &Plan) -> Vec<&Step> {
    plan.steps.iter().filter(|step| step.kernel != Kernel::Alias).collect()
}

/// An entry of `hil_network_parts`.
enum Part<'a> {
    /// The step of that number.
    Step(usize),
    /// The stage of that number.
    Stage(usize, &'a Stage),
}

/// Parts in the order in which they run.
fn parts<'a>(plan: &'a Plan, computing: &[&Step]) -> Vec<Part<'a>> {
    let part = |(number, step): (usize, &&Step)| match plan.stages.iter().enumerate().find(|(_, s)| s.holds(step.op)) {
        None => Some(Part::Step(number)),
        Some((at, stage)) if stage.cut.first == step.op => Some(Part::Stage(at, stage)),
        Some(_) => None,
    };
    computing.iter().enumerate().filter_map(part).collect()
}

/// The functions of all parts.
pub(super) fn functions(plan: &Plan) -> Vec<String> {
    let name = |part: &Part| match part {
        Part::Step(number) => format!("step_{number}"),
        Part::Stage(number, _) => format!("stage_{number}"),
    };
    parts(plan, &computing(plan)).iter().map(name).collect()
}

/// What each step computes.
pub(super) fn infos(network: &Network, plan: &Plan) -> Vec<StepInfo> {
    let info = |step: &&Step| {
        let op = &network.ops[step.op];
        let stage = plan.stages.iter().find(|stage| stage.holds(step.op));
        let banded = stage.and_then(|stage| stage.macs.get(step.op - stage.cut.first));
        StepInfo {
            op: step.origin,
            kernel: step.kernel.name(),
            macs: banded.copied().unwrap_or_else(|| network.op_macs(op)),
            live_bytes: step.live_bytes,
            geometry: Geometry::of(network, op),
        }
    };
    computing(plan).iter().map(info).collect()
}

/// The step that each of an inference's calls belongs to, in the order in which they are timed.
pub(super) fn timed(plan: &Plan) -> Vec<usize> {
    let computing = computing(plan);
    let calls = |part: Part| match part {
        Part::Step(number) => vec![number],
        Part::Stage(_, stage) => stage.calls.iter().filter_map(|call| number(&computing, call)).collect(),
    };
    parts(plan, &computing).into_iter().flat_map(calls).collect()
}

/// The number of the step whose rows a call computes or moves.
fn number(computing: &[&Step], call: &Call) -> Option<usize> {
    computing.iter().position(|step| step.op == call.op())
}

#[derive(Serialize)]
pub(super) struct StageView {
    /// Operators in the file.
    first: usize,
    last: usize,
    bands: usize,
    /// Its place among the parts.
    part: usize,
    /// Steps in it.
    steps: usize,
    calls: Vec<CallView>,
}

/// `hil_band`.
#[derive(Serialize)]
struct CallView {
    /// Number of the step.
    step: usize,
    /// Whether they are computed, not moved.
    computes: bool,
    input: usize,
    other: Option<usize>,
    output: usize,
    in_h: usize,
    out_h: usize,
    pad_top: usize,
}

impl StageView {
    /// The stages of a plan.
    pub fn all(plan: &Plan) -> Vec<Self> {
        let computing = computing(plan);
        let stage = |(part, found): (usize, Part)| match found {
            Part::Step(_) => None,
            Part::Stage(_, stage) => Some(Self::new(plan, stage, part, &computing)),
        };
        parts(plan, &computing).into_iter().enumerate().filter_map(stage).collect()
    }

    fn new(plan: &Plan, stage: &Stage, part: usize, computing: &[&Step]) -> Self {
        let origin = |op: usize| plan.steps.get(op).map_or(op, |step| step.origin);
        let view = |call: &Call| {
            let step = number(computing, call)?;
            Some(match call {
                Call::Run { op, inputs, output, in_rows, out_rows, pad_top } => {
                    let places = &plan.steps[*op];
                    let of =
                        |index: usize| inputs.get(index).zip(places.inputs.get(index)).map(|(at, p)| at + offset(*p));
                    CallView {
                        step,
                        computes: true,
                        input: of(0).unwrap_or(0),
                        other: of(1),
                        output: output + offset(places.output),
                        in_h: *in_rows,
                        out_h: *out_rows,
                        pad_top: *pad_top,
                    }
                }
                Call::Keep { op, from, bytes } => {
                    let window = offset(plan.steps[*op].output);
                    let (input, other, output) = (window + from, Some(window + from + bytes), window);
                    CallView { step, computes: false, input, other, output, in_h: 0, out_h: 0, pad_top: 0 }
                }
            })
        };
        Self {
            first: origin(stage.cut.first),
            last: origin(stage.cut.last),
            bands: stage.bands(),
            part,
            steps: stage.cut.last - stage.cut.first + 1,
            calls: stage.calls.iter().filter_map(view).collect(),
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
