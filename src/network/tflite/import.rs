//! Tensors and the walk over operators.

use std::collections::HashMap;

use super::ImportError;
use super::lower::{Operator, lower};
use super::reader::{Table, Vector};
use crate::network::{DType, Network, Quantization, Tensor, TensorId};

const MAX_ITEMS: usize = 10_000;
const MAX_RANK: usize = 8;
const MAX_BYTES: usize = 1 << 28;

/// Reads the first subgraph of a `.tflite` file into a [`Network`] called `name`.
pub fn import(name: &str, bytes: &[u8]) -> Result<Network, ImportError> {
    if bytes.get(4..8) != Some(b"TFL3") {
        return Err(ImportError::NotTflite);
    }
    let model = Table::root(bytes)?;
    let graph = model.vector(2, 4)?.table(0)?;
    let (codes, buffers) = (model.vector(1, 4)?, model.vector(4, 4)?);
    // Tables may alias one another, so that a small file can describe unbounded copies.
    let mut budget = bytes.len().saturating_mul(4).saturating_add(1 << 16);
    let tables = bounded(graph.vector(0, 4)?, "tensors")?;
    let mut tensors = Vec::with_capacity(tables.len);
    // A tensor that cannot be used may belong to an operator that is not supported, which says more.
    let mut broken = HashMap::new();
    for index in 0..tables.len {
        match tensor(index, tables.table(index)?, buffers, &mut budget) {
            Err(ImportError::Tensor { name, problem, .. }) => {
                tensors.push(Tensor { name, shape: Vec::new(), dtype: DType::F32, quant: None, data: None });
                broken.insert(index, problem);
            }
            read => tensors.push(read?),
        }
    }
    let names: Vec<String> = tensors.iter().map(|tensor| tensor.name.clone()).collect();
    let broken = |id: TensorId| {
        let problem = broken.get(&id.0)?.clone();
        Some(ImportError::Tensor { index: id.0, name: names[id.0].clone(), problem })
    };
    let mut network = Network {
        name: name.into(),
        inputs: ids(graph.vector(1, 4)?, tensors.len())?,
        outputs: ids(graph.vector(2, 4)?, tensors.len())?,
        tensors,
        ops: Vec::new(),
    };
    let operators = bounded(graph.vector(3, 4)?, "operators")?;
    for index in 0..operators.len {
        let table = operators.table(index)?;
        let code = codes.table(table.i32(0, 0)? as u32 as usize)?;
        let operator = Operator {
            index,
            code: code.i32(3, 0)?.max(i32::from(code.u8(0)?)),
            custom: code.string(1)?,
            options: table.table(4)?,
            // New tensors come behind those of the file.
            inputs: operand_ids(table.vector(1, 4)?, tables.len)?,
            outputs: ids(table.vector(2, 4)?, tables.len)?,
        };
        lower(&mut network, &operator, &mut budget, broken)?;
    }
    if let Some(error) = network.inputs.iter().chain(&network.outputs).find_map(|id| broken(*id)) {
        return Err(error);
    }
    check_order(&network)?;
    Ok(network)
}

fn bounded<'a>(vector: Vector<'a>, what: &'static str) -> Result<Vector<'a>, ImportError> {
    if vector.len > MAX_ITEMS { Err(ImportError::TooLarge { what }) } else { Ok(vector) }
}

/// Tensor numbers; -1 marks an optional operand that is left out.
fn operand_ids(vector: Vector, tensors: usize) -> Result<Vec<Option<TensorId>>, ImportError> {
    let vector = bounded(vector, "operands")?;
    (0..vector.len)
        .map(|i| match vector.i32(i)? {
            -1 => Ok(None),
            id => usize::try_from(id)
                .ok()
                .filter(|&id| id < tensors)
                .map(|id| Some(TensorId(id)))
                .ok_or(ImportError::Truncated { at: i }),
        })
        .collect()
}

fn ids(vector: Vector, tensors: usize) -> Result<Vec<TensorId>, ImportError> {
    operand_ids(vector, tensors)?.into_iter().map(|id| id.ok_or(ImportError::Truncated { at: 0 })).collect()
}

fn tensor(index: usize, table: Table, buffers: Vector, budget: &mut usize) -> Result<Tensor, ImportError> {
    let name = table.string(3)?;
    let fail = |problem: String| ImportError::Tensor { index, name: name.clone(), problem };
    let dims = table.vector(0, 4)?;
    if dims.len > MAX_RANK {
        return Err(fail(format!("rank {} is above {MAX_RANK}", dims.len)));
    }
    let mut shape = Vec::new();
    for i in 0..dims.len {
        let dim = usize::try_from(dims.i32(i)?).ok().filter(|&d| d > 0);
        shape.push(dim.ok_or_else(|| fail("a dimension is not positive".into()))?);
    }
    let dtype = match table.u8(1)? {
        0 => DType::F32,
        2 => DType::I32,
        3 => DType::U8,
        9 => DType::I8,
        other => {
            let other = type_name(other);
            return Err(fail(format!("element type {other} is not one of float32, int32, uint8, int8")));
        }
    };
    let size = shape.iter().try_fold(dtype.bytes(), |n, &d| n.checked_mul(d)).filter(|&n| n <= MAX_BYTES);
    let size = size.ok_or_else(|| fail(format!("shape {shape:?} is larger than {MAX_BYTES} bytes")))?;
    let mut spend = |n: usize| {
        *budget = budget.checked_sub(n).ok_or(ImportError::TooLarge { what: "constants" })?;
        Ok::<_, ImportError>(())
    };
    let data = buffers.table(table.i32(2, 0)? as u32 as usize)?.vector(0, 1)?.raw(1);
    spend(data.len())?;
    if table.table(6)?.is_some() {
        return Err(fail("sparse constants are not supported".into()));
    }
    if !data.is_empty() && data.len() != size {
        return Err(fail(format!("its buffer has {} bytes, its shape {shape:?} needs {size}", data.len())));
    }
    let quant = match table.table(4)? {
        Some(q) if q.vector(2, 4)?.len > 0 => {
            spend(8 * q.vector(2, 4)?.len)?;
            Some(quantization(q, &shape, !data.is_empty()).map_err(|problem| match problem {
                Ok(text) => fail(text),
                Err(error) => error,
            })?)
        }
        _ => None,
    };
    Ok(Tensor { name: name.clone(), shape, dtype, quant, data: (!data.is_empty()).then(|| data.into()) })
}

/// Element types by their number in the schema.
fn type_name(number: u8) -> String {
    let name = match number {
        1 => "float16",
        4 => "int64",
        5 => "string",
        6 => "bool",
        7 => "int16",
        8 => "complex64",
        10 => "float64",
        12 => "uint64",
        15 => "uint32",
        16 => "uint16",
        17 => "int4",
        18 => "bfloat16",
        other => return format!("number {other}"),
    };
    name.into()
}

/// The error is a problem of this tensor, or of the file. A constant may have negative scales: folding a batch
/// normalisation with a negative gamma gives them, and published networks have them.
fn quantization(table: Table, shape: &[usize], constant: bool) -> Result<Quantization, Result<String, ImportError>> {
    let (scales, zeros) = (table.vector(2, 4).map_err(Err)?, table.vector(3, 8).map_err(Err)?);
    // Converters copy the filter's axis to its bias, which has only one.
    let axis = if shape.len() == 1 { 0 } else { table.i32(6, 0).map_err(Err)? as u32 as usize };
    if scales.len > 1 && shape.get(axis) != Some(&scales.len) {
        return Err(Ok(format!("{} scales do not match dimension {axis} of shape {shape:?}", scales.len)));
    }
    let mut quant = Quantization { axis, ..Quantization::default() };
    for i in 0..scales.len {
        let scale = f32::from_bits(scales.i32(i).map_err(Err)? as u32);
        if !scale.is_finite() || (scale <= 0.0 && !constant) {
            return Err(Ok(format!("scale {i} is {scale}; scales are finite, those of activations positive")));
        }
        let zero = if zeros.len == 0 { 0 } else { zeros.i64(i.min(zeros.len - 1)).map_err(Err)? };
        if !(-128..=255).contains(&zero) {
            return Err(Ok(format!("zero point {zero} is outside -128..=255")));
        }
        quant.scale.push(scale);
        quant.zero_point.push(zero as i32);
    }
    Ok(quant)
}

/// Every operand is an input, a constant, or computed before it is used.
fn check_order(network: &Network) -> Result<(), ImportError> {
    let mut ready: Vec<bool> = network.tensors.iter().map(|t| t.data.is_some()).collect();
    let fail = |id: TensorId, problem: &str| ImportError::Tensor {
        index: id.0,
        name: network.tensor(id).name.clone(),
        problem: problem.into(),
    };
    let write = |ready: &mut [bool], id: TensorId| {
        if std::mem::replace(&mut ready[id.0], true) {
            return Err(fail(id, "is computed although it is an input, a constant, or computed before"));
        }
        Ok(())
    };
    for id in &network.inputs {
        write(&mut ready, *id)?;
    }
    let missing = |id: TensorId| fail(id, "is used but nothing computes it");
    for op in &network.ops {
        if let Some(id) = op.inputs.iter().find(|id| !ready[id.0]) {
            return Err(missing(*id));
        }
        write(&mut ready, op.output)?;
    }
    network.outputs.iter().find(|id| !ready[id.0]).map_or(Ok(()), |id| Err(missing(*id)))
}
