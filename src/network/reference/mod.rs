//! The reference interpreter: the plain loops that every engine's output is compared with.
//!
//! Arithmetic follows TFLM's reference kernels (tensorflow/lite/kernels/internal/reference); speed does not matter here.

mod elementwise;
mod pool;
mod shape;
mod softmax;
mod window;

use super::{Network, Op, OpKind, Tensor, TensorId};

/// Why a network cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error("network `{network}` takes {expected} inputs, {given} were given")]
    InputCount { network: String, expected: usize, given: usize },
    #[error("input `{tensor}` takes {expected} bytes, {given} were given")]
    InputSize { tensor: String, expected: usize, given: usize },
    #[error("operator {origin}: tensor `{tensor}` is used before it is computed")]
    NotComputed { origin: usize, tensor: String },
}

/// Runs `network` on `inputs` (raw little-endian bytes, one per network input) and returns the bytes of every
/// network output.
pub fn run(network: &Network, inputs: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, RunError> {
    let values = run_all(network, inputs)?;
    Ok(network.outputs.iter().map(|id| values[id.0].clone().unwrap_or_default()).collect())
}

/// Like [`run`], but returns the bytes of every tensor; constants are left out.
pub fn run_all(network: &Network, inputs: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, RunError> {
    if inputs.len() != network.inputs.len() {
        return Err(RunError::InputCount {
            network: network.name.clone(),
            expected: network.inputs.len(),
            given: inputs.len(),
        });
    }
    let mut values: Vec<Option<Vec<u8>>> = vec![None; network.tensors.len()];
    for (&id, bytes) in network.inputs.iter().zip(inputs) {
        let tensor = network.tensor(id);
        if tensor.bytes() != bytes.len() {
            return Err(RunError::InputSize {
                tensor: tensor.name.clone(),
                expected: tensor.bytes(),
                given: bytes.len(),
            });
        }
        values[id.0] = Some(bytes.clone());
    }
    for op in &network.ops {
        let mut operands = Vec::with_capacity(op.inputs.len());
        for &id in &op.inputs {
            operands.push(operand(network, &values, op, id)?);
        }
        let output = compute(network, op, &operands);
        values[op.output.0] = Some(output);
    }
    Ok(values)
}

/// A tensor with its bytes.
#[derive(Clone, Copy)]
struct Operand<'a> {
    tensor: &'a Tensor,
    bytes: &'a [u8],
}

impl Operand<'_> {
    fn i8(&self, index: usize) -> i32 {
        i32::from(self.bytes[index] as i8)
    }

    fn i32(&self, index: usize) -> i32 {
        let b = &self.bytes[4 * index..4 * index + 4];
        i32::from_le_bytes([b[0], b[1], b[2], b[3]])
    }

    fn f32(&self, index: usize) -> f32 {
        f32::from_bits(self.i32(index) as u32)
    }
}

fn operand<'a>(
    network: &'a Network,
    values: &'a [Option<Vec<u8>>],
    op: &Op,
    id: TensorId,
) -> Result<Operand<'a>, RunError> {
    let tensor = network.tensor(id);
    let bytes = tensor.data.as_deref().or(values[id.0].as_deref());
    let bytes = bytes.ok_or_else(|| RunError::NotComputed { origin: op.origin, tensor: tensor.name.clone() })?;
    Ok(Operand { tensor, bytes })
}

fn compute(network: &Network, op: &Op, x: &[Operand]) -> Vec<u8> {
    let out = network.tensor(op.output);
    match &op.kind {
        OpKind::Conv2d { window, clamp } => window::conv(x[0], x[1], x[2], out, window, *clamp),
        OpKind::DepthwiseConv2d { window, multiplier, clamp } => {
            window::depthwise(x[0], x[1], x[2], out, window, *multiplier, *clamp)
        }
        OpKind::FullyConnected { clamp } => window::fully_connected(x[0], x[1], x[2], out, *clamp),
        OpKind::Add { clamp } => elementwise::add(x[0], x[1], out, *clamp),
        OpKind::Binary { function, clamp } => elementwise::binary(*function, x[0], x[1], out, *clamp),
        OpKind::AveragePool2d { filter, window, clamp } => pool::average(x[0], out, *filter, window, *clamp),
        OpKind::MaxPool2d { filter, window, clamp } => pool::max(x[0], out, *filter, window, *clamp),
        OpKind::Unary { .. } => elementwise::lookup(x[0], x[1]),
        OpKind::Mean { axes, .. } => pool::mean(x[0], out, axes),
        OpKind::Pad { pads } => elementwise::pad(x[0], out, pads),
        OpKind::Concat { axis } => shape::concat(x, out, *axis),
        OpKind::Rearrange(rearrangement) => shape::rearrange(x[0], out, rearrangement),
        OpKind::ResizeBilinear { align_corners, half_pixel_centers } => {
            shape::bilinear(x[0], out, *align_corners, *half_pixel_centers)
        }
        OpKind::Reduce { function, axes, .. } => pool::reduce(x[0], out, *function, axes),
        OpKind::Reshape => x[0].bytes.to_vec(),
        OpKind::Softmax { beta } => softmax::softmax(x[0], out, *beta),
        OpKind::Quantize => elementwise::quantize(x[0], out),
        OpKind::Dequantize => elementwise::dequantize(x[0]),
    }
}
