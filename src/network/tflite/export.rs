//! Export: every operator as TFLite's builtin that computes it.

use super::codes::*;
use super::file::{Field, File, FileOp, Options, write};
use crate::network::derive::Activation;
use crate::network::geometry;
use crate::network::{
    Binary, Clamp, DType, Hw, Network, Op, OpKind, Pads, Quantization, Rearrangement, Reduction, Tensor, TensorId,
    Unary, Window,
};

/// Why a network cannot be written as a `.tflite` file.
#[derive(Debug, thiserror::Error)]
#[error("operator {origin} ({kind}, output `{tensor}`) has no form in a .tflite file: {problem}")]
pub struct ExportError {
    pub origin: usize,
    pub kind: &'static str,
    pub tensor: String,
    pub problem: String,
}

/// The bytes of a `.tflite` file that computes what `network` computes.
///
/// Tensors that no operator reads or writes are left out, so numbers of tensors may change. Explicit padding becomes
/// SAME or VALID where that is equal, and otherwise a PAD before the operator.
pub fn export(network: &Network) -> Result<Vec<u8>, ExportError> {
    Ok(write(&file(network)?))
}

/// What [`export`] writes.
pub fn file(network: &Network) -> Result<File<'_>, ExportError> {
    let mut writer = Writer { network, tensors: Vec::new(), index: vec![None; network.tensors.len()], ops: Vec::new() };
    let inputs = network.inputs.iter().map(|id| writer.id(*id)).collect();
    for op in &network.ops {
        writer.op(op).map_err(|problem| ExportError {
            origin: op.origin,
            kind: op.kind.name(),
            tensor: network.tensor(op.output).name.clone(),
            problem,
        })?;
    }
    let outputs = network.outputs.iter().map(|id| writer.id(*id)).collect();
    Ok(File { name: &network.name, tensors: writer.tensors, ops: writer.ops, inputs, outputs })
}

struct Writer<'a> {
    network: &'a Network,
    /// Tensors of the file.
    tensors: Vec<Tensor>,
    /// Where in the file the network's tensors are.
    index: Vec<Option<usize>>,
    ops: Vec<FileOp>,
}

impl Writer<'_> {
    fn id(&mut self, id: TensorId) -> usize {
        if let Some(index) = self.index[id.0] {
            return index;
        }
        let index = self.add(self.network.tensor(id).clone());
        self.index[id.0] = Some(index);
        index
    }

    fn add(&mut self, tensor: Tensor) -> usize {
        self.tensors.push(tensor);
        self.tensors.len() - 1
    }

    /// A constant of 32-bit integers.
    fn integers(&mut self, name: String, shape: Vec<usize>, values: impl Iterator<Item = i32>) -> usize {
        let data: Vec<u8> = values.flat_map(i32::to_le_bytes).collect();
        self.add(Tensor { name, shape, dtype: DType::I32, quant: None, data: Some(data.into()) })
    }

    /// The same of sizes.
    fn constant(&mut self, name: String, shape: Vec<usize>, values: impl Iterator<Item = usize>) -> usize {
        self.integers(name, shape, values.map(|v| v as i32))
    }

    fn op(&mut self, op: &Op) -> Result<(), String> {
        let network = self.network;
        let (x, out) = (network.tensor(op.inputs[0]), network.tensor(op.output));
        // What a function becomes is for its reader to compute.
        let operands = if matches!(op.kind, OpKind::Unary { .. }) { &op.inputs[..1] } else { &op.inputs };
        let mut inputs: Vec<Option<usize>> = operands.iter().map(|id| Some(self.id(*id))).collect();
        let weighted =
            matches!(op.kind, OpKind::Conv2d { .. } | OpKind::DepthwiseConv2d { .. } | OpKind::FullyConnected { .. });
        if let (true, [_, _, Some(bias)]) = (weighted, &inputs[..]) {
            let bias = *bias;
            self.scale_bias(bias, x, network.tensor(op.inputs[1]));
        }
        let (code, version, options) = match &op.kind {
            OpKind::Conv2d { window, clamp } => {
                let filter = &network.tensor(op.inputs[1]).shape;
                let padding = self.pad(&mut inputs[0], x, Hw { h: filter[1], w: filter[2] }, window, out)?;
                let fields = vec![
                    (0, Field::Byte(padding)),
                    (1, int(window.stride.w)),
                    (2, int(window.stride.h)),
                    (3, Field::Byte(activation(*clamp, out)?)),
                    (4, int(window.dilation.w)),
                    (5, int(window.dilation.h)),
                ];
                (CONV_2D, 3, Options { number: CONV_2D_OPTIONS, fields })
            }
            OpKind::DepthwiseConv2d { window, multiplier, clamp } => {
                let filter = &network.tensor(op.inputs[1]).shape;
                let padding = self.pad(&mut inputs[0], x, Hw { h: filter[1], w: filter[2] }, window, out)?;
                let fields = vec![
                    (0, Field::Byte(padding)),
                    (1, int(window.stride.w)),
                    (2, int(window.stride.h)),
                    (3, int(*multiplier)),
                    (4, Field::Byte(activation(*clamp, out)?)),
                    (5, int(window.dilation.w)),
                    (6, int(window.dilation.h)),
                ];
                (DEPTHWISE_CONV_2D, 3, Options { number: DEPTHWISE_CONV_2D_OPTIONS, fields })
            }
            OpKind::FullyConnected { clamp } => {
                // An output of higher rank keeps the input's leading dimensions.
                let keep = out.shape.len() > 2;
                let fields = vec![(0, Field::Byte(activation(*clamp, out)?)), (2, Field::Byte(keep.into()))];
                (FULLY_CONNECTED, 4, Options { number: FULLY_CONNECTED_OPTIONS, fields })
            }
            OpKind::Add { clamp } => {
                let fields = vec![(0, Field::Byte(activation(*clamp, out)?))];
                (ADD, 2, Options { number: ADD_OPTIONS, fields })
            }
            OpKind::Binary { function, clamp } => binary(*function, activation(*clamp, out)?),
            OpKind::AveragePool2d { filter, window, clamp } => {
                let Some(padding) = named_padding(x, *filter, window, out) else {
                    return Err("its padding is neither SAME nor VALID, and padded values would count".into());
                };
                (AVERAGE_POOL_2D, 2, pool(padding, *filter, window, activation(*clamp, out)?))
            }
            OpKind::MaxPool2d { filter, window, clamp } => {
                if named_padding(x, *filter, window, out).is_none() && x.zero_point() != -128 {
                    return Err("its padding is neither SAME nor VALID, and padded zeros could be the largest".into());
                }
                let padding = self.pad(&mut inputs[0], x, *filter, window, out)?;
                (MAX_POOL_2D, 2, pool(padding, *filter, window, activation(*clamp, out)?))
            }
            OpKind::Unary { function } => unary(*function)?,
            OpKind::Concat { axis } => {
                (CONCATENATION, 2, Options { number: CONCATENATION_OPTIONS, fields: vec![(0, int(*axis))] })
            }
            OpKind::Rearrange(rearrangement) => {
                let (code, options, numbers) = rearranged(rearrangement, x, out)?;
                for (name, values) in numbers {
                    let (name, shape) = (format!("{}/{name}", out.name), vec![values.len()]);
                    inputs.push(Some(self.integers(name, shape, values.into_iter())));
                }
                (code, 2, options)
            }
            OpKind::ResizeBilinear { align_corners, half_pixel_centers } => {
                let size = self.constant(format!("{}/size", out.name), vec![2], out.shape[1..3].iter().copied());
                inputs.push(Some(size));
                let fields = vec![(2, flag(*align_corners)), (3, flag(*half_pixel_centers))];
                (RESIZE_BILINEAR, 3, Options { number: RESIZE_BILINEAR_OPTIONS, fields })
            }
            OpKind::Reduce { function, axes, keep_dims } => {
                let name = format!("{}/axes", out.name);
                inputs.push(Some(self.constant(name, vec![axes.len()], axes.iter().copied())));
                let code = match function {
                    Reduction::Sum => SUM,
                    Reduction::Maximum => REDUCE_MAX,
                    Reduction::Minimum => REDUCE_MIN,
                };
                (code, 2, Options { number: REDUCER_OPTIONS, fields: vec![(0, flag(*keep_dims))] })
            }
            OpKind::Mean { axes, keep_dims } => {
                let name = format!("{}/axes", out.name);
                inputs.push(Some(self.constant(name, vec![axes.len()], axes.iter().copied())));
                let fields = vec![(0, Field::Byte((*keep_dims).into()))];
                (MEAN, 2, Options { number: REDUCER_OPTIONS, fields })
            }
            OpKind::Pad { pads } => {
                inputs.push(Some(self.paddings(&out.name, pads)));
                (PAD, 2, Options { number: PAD_OPTIONS, fields: Vec::new() })
            }
            OpKind::Reshape => {
                let shape = out.shape.clone();
                // A scalar's shape is a list of nothing, and a tensor of nothing is refused by import.
                if !shape.is_empty() {
                    let name = format!("{}/shape", out.name);
                    inputs.push(Some(self.constant(name, vec![shape.len()], shape.into_iter())));
                }
                (RESHAPE, 1, Options { number: RESHAPE_OPTIONS, fields: Vec::new() })
            }
            OpKind::Softmax { beta } => {
                (SOFTMAX, 2, Options { number: SOFTMAX_OPTIONS, fields: vec![(0, Field::Float(*beta))] })
            }
            OpKind::Quantize => (QUANTIZE, 2, Options::default()),
            OpKind::Dequantize => (DEQUANTIZE, 2, Options::default()),
        };
        let output = self.id(op.output);
        self.ops.push(FileOp { code, version, options, inputs, output });
        Ok(())
    }

    /// TFLite reads the accumulator's scale from the bias and wants it to agree.
    fn scale_bias(&mut self, bias: usize, x: &Tensor, filter: &Tensor) {
        let bias = &mut self.tensors[bias];
        if bias.quant.is_none() {
            let scales = filter.quant.as_ref().map_or(&[1.0][..], |quant| &quant.scale);
            let scale: Vec<f32> = scales.iter().map(|scale| x.scale() * scale).collect();
            bias.quant = Some(Quantization { zero_point: vec![0; scale.len()], scale, axis: 0 });
        }
    }

    /// The padding to name for a window; puts a PAD before the operator where none fits.
    fn pad(
        &mut self,
        input: &mut Option<usize>,
        x: &Tensor,
        filter: Hw,
        window: &Window,
        out: &Tensor,
    ) -> Result<i8, String> {
        if let Some(padding) = named_padding(x, filter, window, out) {
            return Ok(padding);
        }
        let Pads { top, bottom, left, right } = window.pads;
        let mut padded = x.clone();
        padded.name = format!("{}/padded", out.name);
        padded.shape[1] += top + bottom;
        padded.shape[2] += left + right;
        if named_padding(&padded, filter, &Window { pads: Pads::default(), ..*window }, out) != Some(VALID as i8) {
            return Err("its output size does not follow from input, filter, stride and padding".into());
        }
        let paddings = self.paddings(&out.name, &[(0, 0), (top, bottom), (left, right), (0, 0)]);
        let output = self.add(padded);
        let options = Options { number: PAD_OPTIONS, fields: Vec::new() };
        self.ops.push(FileOp { code: PAD, version: 2, options, inputs: vec![*input, Some(paddings)], output });
        *input = Some(output);
        Ok(VALID as i8)
    }

    fn paddings(&mut self, name: &str, pads: &[(usize, usize)]) -> usize {
        let values = pads.iter().flat_map(|(before, after)| [*before, *after]);
        self.constant(format!("{name}/paddings"), vec![pads.len(), 2], values)
    }
}

/// The operator, its version and its options.
fn binary(function: Binary, activation: i8) -> (i32, i32, Options) {
    let activated = |number| Options { number, fields: vec![(0, Field::Byte(activation))] };
    let extreme = Options { number: MAXIMUM_MINIMUM_OPTIONS, fields: Vec::new() };
    match function {
        Binary::Add => (ADD, 2, activated(ADD_OPTIONS)),
        Binary::Subtract => (SUB, 2, activated(SUB_OPTIONS)),
        Binary::Multiply => (MUL, 2, activated(MUL_OPTIONS)),
        Binary::Maximum => (MAXIMUM, 2, extreme),
        Binary::Minimum => (MINIMUM, 2, extreme),
        Binary::Prelu => (PRELU, 1, Options::default()),
        Binary::SquaredDifference => (SQUARED_DIFFERENCE, 2, Options::default()),
    }
}

/// The operator, its version and its options.
fn unary(function: Unary) -> Result<(i32, i32, Options), String> {
    let bare = |code, version| (code, version, Options::default());
    Ok(match function {
        Unary::Table => return Err("it is nothing but a table".into()),
        Unary::Logistic => bare(LOGISTIC, 2),
        Unary::Tanh => bare(TANH, 2),
        Unary::HardSwish => bare(HARD_SWISH, 1),
        Unary::LeakyRelu { alpha } => {
            (LEAKY_RELU, 2, Options { number: LEAKY_RELU_OPTIONS, fields: vec![(0, Field::Float(alpha))] })
        }
        Unary::Rectifier(Activation::Relu6) => bare(RELU6, 2),
        Unary::Rectifier(Activation::ReluN1To1) => bare(RELU_N1_TO_1, 1),
        Unary::Rectifier(_) => bare(RELU, 2),
        Unary::Abs => bare(ABS, 2),
        Unary::Elu => bare(ELU, 1),
        Unary::Rsqrt => bare(RSQRT, 2),
    })
}

/// The operator, its options, and its operands beside the input: names and numbers.
type Rearranged = (i32, Options, Vec<(&'static str, Vec<i32>)>);

fn rearranged(rearrangement: &Rearrangement, x: &Tensor, out: &Tensor) -> Result<Rearranged, String> {
    let block = |number, block: &usize| Options { number, fields: vec![(0, int(*block))] };
    Ok(match rearrangement {
        Rearrangement::Slice { begin, size, stride } => {
            // Dimensions of which one position is left may be missing in the output.
            let mut missing = out.shape.iter().peekable();
            let (mut ends, mut shrinks) = (0, 0);
            // From a single position there is no way to another.
            let stride = |axis: usize| if size[axis] == 1 { 1 } else { stride[axis] };
            let mut last = Vec::with_capacity(begin.len());
            for axis in 0..x.shape.len() {
                if missing.next_if(|next| **next == size[axis]).is_none() {
                    shrinks |= 1 << axis;
                }
                let end = begin[axis] as isize + size[axis] as isize * stride(axis);
                // A number below 0 would count from the end.
                ends |= i32::from(end < 0) << axis;
                last.push(end.max(0) as i32);
            }
            let one = |axis: usize| shrinks >> axis & 1 == 0 || size[axis] == 1;
            if missing.next().is_some() || !(0..size.len()).all(one) {
                return Err("its output's shape is not that of the slice".into());
            }
            let fields = vec![(1, Field::Int(ends)), (4, Field::Int(shrinks))];
            let numbers = vec![
                ("begin", begin.iter().map(|at| *at as i32).collect()),
                ("end", last),
                ("strides", (0..size.len()).map(|axis| stride(axis) as i32).collect()),
            ];
            (STRIDED_SLICE, Options { number: STRIDED_SLICE_OPTIONS, fields }, numbers)
        }
        Rearrangement::Transpose { axes } => {
            let numbers = vec![("axes", axes.iter().map(|axis| *axis as i32).collect())];
            (TRANSPOSE, Options { number: TRANSPOSE_OPTIONS, fields: Vec::new() }, numbers)
        }
        Rearrangement::Tile { counts } => {
            let numbers = vec![("multiples", counts.iter().map(|count| *count as i32).collect())];
            (TILE, Options { number: TILE_OPTIONS, fields: Vec::new() }, numbers)
        }
        Rearrangement::Gather { positions } => {
            let numbers = vec![("positions", positions.iter().map(|at| *at as i32).collect())];
            // Columns of NHWC.
            (GATHER, Options { number: GATHER_OPTIONS, fields: vec![(0, int(2))] }, numbers)
        }
        Rearrangement::DepthToSpace { block: b } => (DEPTH_TO_SPACE, block(DEPTH_TO_SPACE_OPTIONS, b), Vec::new()),
        Rearrangement::SpaceToDepth { block: b } => (SPACE_TO_DEPTH, block(SPACE_TO_DEPTH_OPTIONS, b), Vec::new()),
        Rearrangement::ResizeNearest { align_corners, half_pixel_centers } => {
            let fields = vec![(0, flag(*align_corners)), (1, flag(*half_pixel_centers))];
            let size = out.shape.iter().skip(1).take(2).map(|side| *side as i32).collect();
            let options = Options { number: RESIZE_NEAREST_OPTIONS, fields };
            (RESIZE_NEAREST_NEIGHBOR, options, vec![("size", size)])
        }
    })
}

fn flag(value: bool) -> Field {
    Field::Byte(value.into())
}

fn int(value: usize) -> Field {
    Field::Int(value as i32)
}

fn pool(padding: i8, filter: Hw, window: &Window, activation: i8) -> Options {
    let fields = vec![
        (0, Field::Byte(padding)),
        (1, int(window.stride.w)),
        (2, int(window.stride.h)),
        (3, int(filter.w)),
        (4, int(filter.h)),
        (5, Field::Byte(activation)),
    ];
    Options { number: POOL_2D_OPTIONS, fields }
}

/// VALID or SAME where either pads as `window` does.
fn named_padding(x: &Tensor, filter: Hw, window: &Window, out: &Tensor) -> Option<i8> {
    let Window { stride, dilation, pads } = window;
    let size = [out.shape[1], out.shape[2]];
    let valid = [
        geometry::padded(x.shape[1], filter.h, stride.h, dilation.h, 0),
        geometry::padded(x.shape[2], filter.w, stride.w, dilation.w, 0),
    ];
    if *pads == Pads::default() && size == valid {
        return Some(VALID as i8);
    }
    let (h, top, bottom) = geometry::same(x.shape[1], filter.h, stride.h, dilation.h);
    let (w, left, right) = geometry::same(x.shape[2], filter.w, stride.w, dilation.w);
    (size == [h, w] && *pads == Pads { top, bottom, left, right }).then_some(SAME as i8)
}

/// The fused activation that clamps so.
fn activation(clamp: Clamp, out: &Tensor) -> Result<i8, String> {
    let fits = |activation: &Activation| activation.clamp(out) == clamp;
    let code = Activation::ALL.iter().position(fits);
    code.map(|code| code as i8)
        .ok_or_else(|| format!("its clamp to {}..={} is no fused activation", clamp.min, clamp.max))
}
