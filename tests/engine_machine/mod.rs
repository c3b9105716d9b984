//! A machine with one arena that runs a plan step by step, each step by the reference interpreter.

#![allow(dead_code)] // Each test crate uses a part of it.

use hil::engine::{Kernel, Place, Plan};
use hil::network::{Network, reference};

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
    for step in &plan.steps {
        if step.kernel == Kernel::Alias {
            continue;
        }
        let op = &network.ops[step.op];
        let spared = step.overwrites.map(|index| (step.inputs[index], network.tensor(op.inputs[index]).bytes()));
        let kept = spared.map(|(place, bytes)| (place, load(&arena, place, bytes)));
        store(&mut arena, step.output, &vec![GARBAGE; network.tensor(op.output).bytes()]);
        if let Some((place, bytes)) = kept {
            store(&mut arena, place, &bytes);
        }
        if let Some(scratch) = step.scratch {
            store(&mut arena, Place::Arena(scratch), &vec![GARBAGE; step.scratch_bytes]);
        }
        let mut one = Network { ops: vec![op.clone()], outputs: vec![op.output], ..network.clone() };
        one.inputs = op.inputs[..step.inputs.len()].to_vec();
        one.inputs.iter().for_each(|id| one.tensors[id.0].data = None);
        let operands = op.inputs.iter().zip(&step.inputs);
        let operands: Vec<_> = operands.map(|(id, at)| load(&arena, *at, network.tensor(*id).bytes())).collect();
        let result = reference::run(&one, &operands).expect("a step");
        store(&mut arena, step.output, &result[0]);
    }
    let outputs = network.outputs.iter().zip(&plan.outputs);
    outputs.map(|(id, place)| load(&arena, *place, network.tensor(*id).bytes())).collect()
}

fn store(arena: &mut [u8], place: Place, bytes: &[u8]) {
    let Place::Arena(offset) = place else { panic!("a constant is written") };
    arena[offset..offset + bytes.len()].copy_from_slice(bytes);
}
