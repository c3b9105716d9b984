//! Networks with several inputs or outputs, as networks with one of each.

use super::{DType, Network, Op, OpKind, Rearrangement, Tensor, TensorId};

/// The same network with one input that holds all inputs, one after another, and likewise one output. The error says why
/// there is none.
pub fn join(network: Network) -> Result<Network, String> {
    let mut joined = network;
    if joined.inputs.is_empty() || joined.outputs.is_empty() {
        return Err("it has no input or no output".into());
    }
    if joined.inputs.len() > 1 {
        join_inputs(&mut joined)?;
    }
    if joined.outputs.len() > 1 {
        join_outputs(&mut joined)?;
    }
    Ok(joined)
}

/// The element type of all, and their elements.
fn total(network: &Network, ids: &[TensorId], what: &str) -> Result<(DType, usize), String> {
    let dtype = network.tensor(ids[0]).dtype;
    match ids.iter().map(|id| network.tensor(*id)).find(|tensor| tensor.dtype != dtype) {
        Some(other) => Err(format!(
            "its {what} are of several types: `{}` is {dtype:?}, `{}` is {:?}",
            network.tensor(ids[0]).name,
            other.name,
            other.dtype
        )),
        None => Ok((dtype, ids.iter().map(|id| network.tensor(*id).elements()).sum())),
    }
}

fn add(network: &mut Network, tensor: Tensor) -> TensorId {
    network.tensors.push(tensor);
    TensorId(network.tensors.len() - 1)
}

/// A part has the scale of the whole, whatever scale its bytes are of: it is nothing but bytes.
fn flat(network: &Network, like: TensorId, name: String, elements: usize) -> Tensor {
    let quant = network.tensor(like).quant.clone();
    let dtype = network.tensor(like).dtype;
    Tensor { name, shape: vec![elements], dtype, quant, data: None }
}

fn join_inputs(network: &mut Network) -> Result<(), String> {
    let inputs = network.inputs.clone();
    let (_, elements) = total(network, &inputs, "inputs")?;
    let whole = add(network, flat(network, inputs[0], "inputs".into(), elements));
    let mut ops = Vec::with_capacity(network.ops.len() + 2 * inputs.len());
    let mut begin = 0;
    for id in &inputs {
        let (name, size) = (format!("{}/part", network.tensor(*id).name), network.tensor(*id).elements());
        let part = add(network, flat(network, inputs[0], name, size));
        let slice = Rearrangement::Slice { begin: vec![begin], size: vec![size], stride: vec![1] };
        ops.push(Op { kind: OpKind::Rearrange(slice), inputs: vec![whole], output: part, origin: 0 });
        ops.push(Op { kind: OpKind::Reshape, inputs: vec![part], output: *id, origin: 0 });
        begin += size;
    }
    ops.append(&mut network.ops);
    (network.ops, network.inputs) = (ops, vec![whole]);
    Ok(())
}

fn join_outputs(network: &mut Network) -> Result<(), String> {
    let outputs = network.outputs.clone();
    let (_, elements) = total(network, &outputs, "outputs")?;
    let origin = network.ops.last().map_or(0, |op| op.origin);
    let mut parts = Vec::with_capacity(outputs.len());
    for id in &outputs {
        let (name, size) = (format!("{}/part", network.tensor(*id).name), network.tensor(*id).elements());
        let part = add(network, flat(network, outputs[0], name, size));
        network.ops.push(Op { kind: OpKind::Reshape, inputs: vec![*id], output: part, origin });
        parts.push(part);
    }
    let whole = add(network, flat(network, outputs[0], "outputs".into(), elements));
    network.ops.push(Op { kind: OpKind::Concat { axis: 0 }, inputs: parts, output: whole, origin });
    network.outputs = vec![whole];
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Quantization, reference};

    #[test]
    fn bytes_of_all_inputs_and_outputs_follow_one_another() {
        let int8 = |name: &str, shape: &[usize], scale: f32| {
            let quant = Some(Quantization { scale: vec![scale], zero_point: vec![0], axis: 0 });
            Tensor { name: name.into(), shape: shape.to_vec(), dtype: DType::I8, quant, data: None }
        };
        let tensors =
            vec![int8("a", &[1, 2], 0.5), int8("b", &[2], 0.25), int8("c", &[2, 1], 0.25), int8("d", &[2], 0.5)];
        let op = |input, output, kind| Op { kind, inputs: vec![TensorId(input)], output: TensorId(output), origin: 3 };
        let network = Network {
            name: "two".into(),
            tensors,
            ops: vec![op(0, 2, OpKind::Quantize), op(1, 3, OpKind::Quantize)],
            inputs: vec![TensorId(0), TensorId(1)],
            outputs: vec![TensorId(3), TensorId(2), TensorId(0)],
        };
        let apart = reference::run(&network, &[vec![1, 2], vec![4, 8]]).expect("a run");
        assert_eq!(apart, [[2, 4], [2, 4], [1, 2]]);
        let joined = join(network).expect("a network");
        let whole = reference::run(&joined, &[vec![1, 2, 4, 8]]).expect("a run");
        assert_eq!(whole, [apart.concat()]);
    }
}
