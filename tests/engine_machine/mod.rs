//! A machine with one arena that runs a plan step by step, each step by the reference interpreter.

#![allow(dead_code)] // Each test crate uses a part of it.

use hil::engine::kernel::Sum;
use hil::engine::patch::{Call, Stage};
use hil::engine::{Kernel, Place, Plan, Step};
use hil::network::{Network, Op, OpKind, TensorId, Window, reference};

/// What is written over memory whose content is nobody's business.
const GARBAGE: u8 = 0xA5;

/// Outputs of `network` when every activation lies where `plan` says.
///
/// Before a step reads its inputs, its scratch and its output are overwritten: so that a plan which lets them overlap
/// anything still needed gives a wrong result. The input that the step says it writes over is spared.
pub fn run_by_plan(network: &Network, plan: &Plan, inputs: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut arena = vec![GARBAGE; plan.arena_bytes];
    let load = |arena: &[u8], place: Place, bytes: usize| match place {
        Place::Arena(offset) => arena[offset..offset + bytes].to_vec(),
        Place::Constant(id) => network.tensor(id).data.as_deref().expect("a constant").to_vec(),
    };
    for (place, bytes) in plan.inputs.iter().zip(inputs) {
        store(&mut arena, *place, bytes);
    }
    let network = &*plan.planned(network);
    for step in &plan.steps {
        if step.kernel == Kernel::Alias {
            continue;
        }
        if let Some(stage) = plan.stages.iter().find(|stage| stage.holds(step.op)) {
            if stage.cut.first == step.op {
                run_stage(network, plan, stage, &mut arena);
            }
            continue;
        }
        let op = &network.ops[step.op];
        let read = step.kernel.activations(&op.inputs);
        let spared = step.overwrites.map(|index| (step.inputs[index], network.tensor(read[index]).bytes()));
        let kept = spared.map(|(place, bytes)| (place, load(&arena, place, bytes)));
        store(&mut arena, step.output, &vec![GARBAGE; network.tensor(op.output).bytes()]);
        if let Some((place, bytes)) = kept {
            store(&mut arena, place, &bytes);
        }
        if let Some(scratch) = step.scratch {
            store(&mut arena, Place::Arena(scratch), &vec![GARBAGE; step.scratch_bytes]);
        }
        let ops = step.kernel.sum().map_or(vec![op.clone()], |sum| sum.unfused(op).to_vec());
        let mut one = Network { ops, outputs: vec![op.output], ..network.clone() };
        one.inputs = read.clone();
        one.inputs.iter().for_each(|id| one.tensors[id.0].data = None);
        let operands = read.iter().zip(&step.inputs);
        let operands: Vec<_> = operands.map(|(id, at)| load(&arena, *at, network.tensor(*id).bytes())).collect();
        let result = reference::run(&one, &operands).expect("a step");
        if step.kernel.sum().is_some() {
            store(&mut arena, step.inputs[0], &vec![GARBAGE; operands[0].len()]);
        }
        store(&mut arena, step.output, &result[0]);
    }
    let outputs = network.outputs.iter().zip(&plan.outputs);
    outputs.map(|(id, place)| load(&arena, *place, network.tensor(*id).bytes())).collect()
}

/// Runs a stage call by call. As with whole steps, scratch and output are overwritten before operands are read.
fn run_stage(network: &Network, plan: &Plan, stage: &Stage, arena: &mut [u8]) {
    for call in &stage.calls {
        match call {
            Call::Run { op, inputs, output, in_rows, out_rows, pad_top } => {
                let step = &plan.steps[*op];
                let one = banded(network, step, *in_rows, *out_rows, *pad_top);
                let bytes = |id: TensorId| one.tensor(id).bytes();
                let starts: Vec<usize> =
                    step.inputs.iter().zip(inputs).map(|(place, offset)| at(*place) + offset).collect();
                if let Some(scratch) = step.scratch {
                    arena[scratch..scratch + step.scratch_bytes].fill(GARBAGE);
                }
                let kept: Option<(usize, Vec<u8>)> = step.overwrites.map(|index| {
                    let start = starts[index];
                    (start, arena[start..start + bytes(one.inputs[index])].to_vec())
                });
                let to = at(step.output) + output;
                arena[to..to + bytes(one.outputs[0])].fill(GARBAGE);
                if let Some((start, bytes)) = kept {
                    arena[start..start + bytes.len()].copy_from_slice(&bytes);
                }
                let operands: Vec<Vec<u8>> = one
                    .inputs
                    .iter()
                    .zip(&starts)
                    .map(|(id, start)| arena[*start..start + bytes(*id)].to_vec())
                    .collect();
                let result = reference::run(&one, &operands).expect("a call");
                if step.kernel.sum().is_some() {
                    arena[starts[0]..starts[0] + operands[0].len()].fill(GARBAGE);
                }
                store(arena, Place::Arena(to), &result[0]);
            }
            Call::Keep { op, from, bytes } => {
                let window = at(plan.steps[*op].output);
                arena.copy_within(window + from..window + from + bytes, window);
            }
        }
    }
}

fn at(place: Place) -> usize {
    match place {
        Place::Arena(offset) => offset,
        Place::Constant(_) => panic!("a stage reads a constant"),
    }
}

/// The operator of `step` on so many rows, as a network of its own.
fn banded(network: &Network, step: &Step, in_rows: usize, out_rows: usize, pad_top: usize) -> Network {
    let op = &network.ops[step.op];
    let mut one = Network { ops: vec![], inputs: vec![], outputs: vec![], ..network.clone() };
    // An operand that is read twice gets two tensors, as an output that is an operand would.
    let mut add = |id: TensorId, rows: usize| {
        let mut tensor = network.tensor(id).clone();
        tensor.shape[1] = rows;
        one.tensors.push(tensor);
        TensorId(one.tensors.len() - 1)
    };
    let sum = step.kernel.sum();
    let read = step.kernel.activations(&op.inputs);
    let rows = |at: usize| if at > 0 && sum.is_some() { out_rows } else { in_rows };
    let mut inputs: Vec<TensorId> = read.iter().enumerate().map(|(at, id)| add(*id, rows(at))).collect();
    let output = add(op.output, out_rows);
    let product = sum.map(|sum| Sum { product: add(sum.product, out_rows), other: inputs[1], ..sum.clone() });
    one.inputs = inputs.clone();
    match sum {
        // What is added comes last.
        Some(_) => inputs.splice(1..1, op.inputs[1..3].iter().copied()).for_each(drop),
        None => inputs.extend(&op.inputs[step.inputs.len()..]),
    }
    let mut kind = op.kind.clone();
    let filter_rows = match &kind {
        OpKind::Conv2d { .. } | OpKind::DepthwiseConv2d { .. } => network.tensor(op.inputs[1]).shape[1],
        OpKind::AveragePool2d { filter, .. } | OpKind::MaxPool2d { filter, .. } => filter.h,
        _ => 1,
    };
    let pads = |window: &mut Window| {
        let reach = (out_rows - 1) * window.stride.h + (filter_rows - 1) * window.dilation.h + 1;
        window.pads.top = pad_top;
        window.pads.bottom = reach.saturating_sub(in_rows + pad_top);
    };
    match &mut kind {
        OpKind::Conv2d { window, .. }
        | OpKind::DepthwiseConv2d { window, .. }
        | OpKind::AveragePool2d { window, .. }
        | OpKind::MaxPool2d { window, .. } => pads(window),
        _ => {}
    }
    one.outputs = vec![output];
    let op = Op { kind, inputs, output, origin: op.origin };
    one.ops = product.map_or(vec![op.clone()], |sum| sum.unfused(&op).to_vec());
    one
}

fn store(arena: &mut [u8], place: Place, bytes: &[u8]) {
    let Place::Arena(offset) = place else { panic!("a constant is written") };
    arena[offset..offset + bytes.len()].copy_from_slice(bytes);
}
