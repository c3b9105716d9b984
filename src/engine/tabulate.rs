//! Functions of one value in other words, as tables: operators with one number as their other operand, and chains.

use std::sync::Arc;

use crate::network::{DType, Network, Op, OpKind, Tensor, TensorId, Unary, reference};

/// Turns each operator of two operands, one of which is a constant number, into a table, and tables that follow one another
/// into one.
pub fn tabulate(network: &Network) -> Network {
    let mut tabulated = network.clone();
    for index in 0..tabulated.ops.len() {
        if let Some((x, table)) = with_a_number(&tabulated, &tabulated.ops[index]) {
            set_table(&mut tabulated, index, x, table);
        }
    }
    // The later of two takes over what the earlier does.
    let mut index = 0;
    while index < tabulated.ops.len() {
        match chained(&tabulated, index) {
            Some((earlier, x, table)) => {
                set_table(&mut tabulated, index, x, table);
                tabulated.ops.remove(earlier);
                index = index.saturating_sub(1);
            }
            None => index += 1,
        }
    }
    tabulated
}

fn set_table(network: &mut Network, index: usize, x: TensorId, table: Arc<[u8]>) {
    let id = TensorId(network.tensors.len());
    let op = &mut network.ops[index];
    (op.kind, op.inputs) = (OpKind::Unary { function: Unary::Table }, vec![x, id]);
    let out = network.tensor(network.ops[index].output);
    let name = format!("{}/table", out.name);
    let (shape, quant) = (vec![table.len()], out.quant.clone());
    network.tensors.push(Tensor { name, shape, dtype: DType::I8, quant, data: Some(table) });
}

/// What each value of the only operand that is computed becomes.
fn with_a_number(network: &Network, op: &Op) -> Option<(TensorId, Arc<[u8]>)> {
    let (OpKind::Binary { .. }, [lhs, rhs]) = (&op.kind, &op.inputs[..]) else { return None };
    let number = |id: TensorId| network.tensor(id).data.is_some() && network.tensor(id).elements() == 1;
    let x = match (network.tensor(*lhs).data.is_some(), network.tensor(*rhs).data.is_some()) {
        (false, true) if number(*rhs) => *lhs,
        (true, false) if number(*lhs) => *rhs,
        _ => return None,
    };
    if network.tensor(x).elements() != network.tensor(op.output).elements() {
        return None;
    }
    let all = |id: TensorId| Tensor { shape: vec![256], ..network.tensor(id).clone() };
    let other = if x == *lhs { *rhs } else { *lhs };
    let tensors = vec![all(x), Tensor { shape: vec![1], ..network.tensor(other).clone() }, all(op.output)];
    let inputs = if x == *lhs { vec![TensorId(0), TensorId(1)] } else { vec![TensorId(1), TensorId(0)] };
    let alone = Network {
        name: network.name.clone(),
        tensors,
        ops: vec![Op { inputs, output: TensorId(2), ..op.clone() }],
        inputs: vec![TensorId(0)],
        outputs: vec![TensorId(2)],
    };
    let outputs = reference::run(&alone, &[(0..=255).collect()]).ok()?;
    Some((x, outputs.into_iter().next()?.into()))
}

/// The table that is looked up before that of operator `index`, if nothing else reads what it gives; with what it reads and
/// both in one.
fn chained(network: &Network, index: usize) -> Option<(usize, TensorId, Arc<[u8]>)> {
    let table = |op: &Op| match (&op.kind, op.inputs.get(1)) {
        (OpKind::Unary { .. }, Some(table)) => network.tensor(*table).data.clone().filter(|data| data.len() == 256),
        _ => None,
    };
    let op = network.ops.get(index)?;
    let (last, between) = (table(op)?, *op.inputs.first()?);
    let earlier = network.ops[..index].iter().position(|op| op.output == between)?;
    let first = table(&network.ops[earlier])?;
    let readers = network.ops.iter().filter(|op| op.inputs.contains(&between)).count();
    if readers != 1 || network.outputs.contains(&between) {
        return None;
    }
    let both = first.iter().map(|byte| last[usize::from(*byte)]).collect();
    Some((earlier, *network.ops[earlier].inputs.first()?, both))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Binary, Clamp, Quantization};

    #[test]
    fn a_chain_of_sums_and_products_with_numbers_is_one_table() {
        let int8 = |name: &str, scale: f32, data: Option<Vec<u8>>| {
            let shape = if data.is_some() { vec![1] } else { vec![1, 256] };
            let quant = Some(Quantization { scale: vec![scale], zero_point: vec![3], axis: 0 });
            Tensor { name: name.into(), shape, dtype: DType::I8, quant, data: data.map(Into::into) }
        };
        let op = |function, inputs: [usize; 2], output| Op {
            kind: OpKind::Binary { function, clamp: Clamp { min: -128, max: 127 } },
            inputs: inputs.map(TensorId).to_vec(),
            output: TensorId(output),
            origin: 0,
        };
        let mut network = Network {
            name: "chain".into(),
            tensors: vec![
                int8("x", 0.1, None),
                int8("three", 0.02, Some(vec![90])),
                int8("sum", 0.11, None),
                int8("sixth", 0.01, Some(vec![40])),
                int8("gate", 0.03, None),
            ],
            ops: vec![op(Binary::Subtract, [1, 0], 2), op(Binary::Multiply, [2, 3], 4)],
            inputs: vec![TensorId(0)],
            outputs: vec![TensorId(4)],
        };
        let input: Vec<u8> = (0..=255).collect();
        let expected = reference::run(&network, std::slice::from_ref(&input)).expect("a run");
        let one = tabulate(&network);
        assert_eq!(one.ops.len(), 1);
        assert_eq!(reference::run(&one, std::slice::from_ref(&input)).expect("a run"), expected);
        // What lies between is read.
        network.outputs.push(TensorId(2));
        assert_eq!(tabulate(&network).ops.len(), 2);
    }
}
