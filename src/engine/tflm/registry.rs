//! The kernels of TFLM of July 2020 that a network may need, and what they do not take.

use super::super::interface::EngineError;
use crate::network::tflite::file::{Field, File, FileOp};
use crate::network::{DType, Network, Rearrangement, Tensor};

/// `BuiltinData` of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Options {
    pub bytes: usize,
    pub alignment: usize,
}

/// Number of PAD in TFLite's schema.
pub(super) const PAD: i32 = 34;

const NO_OPTIONS: Options = Options { bytes: 0, alignment: 1 };

/// An operator of the library.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kernel {
    /// Number in TFLite's schema.
    code: i32,
    /// As `tflite::BuiltinOperator_…` and `Register_…` name it.
    pub kind: &'static str,
    /// As `MicroMutableOpResolver::Add…` of later versions names it.
    pub later: &'static str,
    /// As tables name it.
    pub name: &'static str,
    /// What the parser allocates (`ParseOpData`).
    pub options: Options,
    /// What the kernel's Init allocates.
    pub data_bytes: usize,
    /// The axis of the filter along which Prepare allocates multipliers and shifts.
    pub channel_axis: Option<usize>,
}

const fn kernel(code: i32, kind: &'static str, later: &'static str, name: &'static str) -> Kernel {
    Kernel { code, kind, later, name, options: NO_OPTIONS, data_bytes: 0, channel_axis: None }
}

const KERNELS: &[Kernel] = &[
    Kernel { options: Options { bytes: 1, alignment: 1 }, ..kernel(0, "ADD", "Add", "add") },
    Kernel {
        options: Options { bytes: 40, alignment: 4 },
        ..kernel(1, "AVERAGE_POOL_2D", "AveragePool2D", "average_pool")
    },
    Kernel {
        options: Options { bytes: 24, alignment: 4 },
        data_bytes: 40,
        channel_axis: Some(0),
        ..kernel(3, "CONV_2D", "Conv2D", "conv")
    },
    Kernel {
        options: Options { bytes: 28, alignment: 4 },
        data_bytes: 40,
        channel_axis: Some(3),
        ..kernel(4, "DEPTHWISE_CONV_2D", "DepthwiseConv2D", "depthwise")
    },
    Kernel { data_bytes: 8, ..kernel(6, "DEQUANTIZE", "Dequantize", "dequantize") },
    Kernel {
        options: Options { bytes: 4, alignment: 1 },
        data_bytes: 20,
        ..kernel(9, "FULLY_CONNECTED", "FullyConnected", "fully_connected")
    },
    Kernel { options: Options { bytes: 40, alignment: 4 }, ..kernel(17, "MAX_POOL_2D", "MaxPool2D", "max_pool") },
    Kernel { options: Options { bytes: 36, alignment: 4 }, ..kernel(22, "RESHAPE", "Reshape", "reshape") },
    Kernel { options: Options { bytes: 4, alignment: 4 }, ..kernel(25, "SOFTMAX", "Softmax", "softmax") },
    kernel(PAD, "PAD", "Pad", "pad"),
    Kernel { options: Options { bytes: 8, alignment: 4 }, ..kernel(2, "CONCATENATION", "Concatenation", "concat") },
    kernel(14, "LOGISTIC", "Logistic", "logistic"),
    Kernel { options: Options { bytes: 1, alignment: 1 }, ..kernel(18, "MUL", "Mul", "multiply") },
    kernel(19, "RELU", "Relu", "relu"),
    kernel(21, "RELU6", "Relu6", "relu6"),
    kernel(28, "TANH", "Tanh", "tanh"),
    Kernel { options: Options { bytes: 1, alignment: 1 }, ..kernel(41, "SUB", "Sub", "subtract") },
    Kernel {
        options: Options { bytes: 20, alignment: 4 },
        ..kernel(45, "STRIDED_SLICE", "StridedSlice", "strided_slice")
    },
    kernel(54, "PRELU", "Prelu", "prelu"),
    kernel(55, "MAXIMUM", "Maximum", "maximum"),
    kernel(57, "MINIMUM", "Minimum", "minimum"),
    Kernel {
        options: Options { bytes: 2, alignment: 1 },
        ..kernel(97, "RESIZE_NEAREST_NEIGHBOR", "ResizeNearestNeighbor", "resize_nearest")
    },
    Kernel { data_bytes: 8, ..kernel(114, "QUANTIZE", "Quantize", "quantize") },
];

/// What only later versions compute in integers.
const LATER: &[Kernel] = &[
    kernel(5, "DEPTH_TO_SPACE", "DepthToSpace", "depth_to_space"),
    kernel(23, "RESIZE_BILINEAR", "ResizeBilinear", "resize_bilinear"),
    kernel(26, "SPACE_TO_DEPTH", "SpaceToDepth", "space_to_depth"),
    kernel(36, "GATHER", "Gather", "gather"),
    kernel(39, "TRANSPOSE", "Transpose", "transpose"),
    kernel(40, "MEAN", "Mean", "mean"),
    kernel(74, "SUM", "Sum", "sum"),
    kernel(76, "RSQRT", "Rsqrt", "rsqrt"),
    kernel(82, "REDUCE_MAX", "ReduceMax", "reduce_max"),
    kernel(98, "LEAKY_RELU", "LeakyRelu", "leaky_relu"),
    kernel(99, "SQUARED_DIFFERENCE", "SquaredDifference", "squared_difference"),
    kernel(101, "ABS", "Abs", "abs"),
    kernel(111, "ELU", "Elu", "elu"),
    kernel(117, "HARD_SWISH", "HardSwish", "hard_swish"),
];

/// The library that is to compute a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    July2020,
    /// Of the user, which refuses on the board what it cannot do.
    Later,
}

/// The kernel of every operator of `file`, or the first operator that the library cannot compute. `origins` has the
/// index of the network's operator for each of the file's.
pub(super) fn kernels(
    version: Version,
    network: &Network,
    file: &File,
    origins: &[usize],
) -> Result<Vec<&'static Kernel>, EngineError> {
    let later: &[Kernel] = if version == Version::Later { LATER } else { &[] };
    let of = |(op, &origin): (&FileOp, &usize)| {
        let found = KERNELS.iter().chain(later).find(|kernel| kernel.code == op.code);
        let problem = match found {
            None if version == Version::Later => Some("the engine registers no kernel for it"),
            None => Some("TFLM of July 2020 has no int8 kernel for it"),
            Some(_) if version == Version::Later => None,
            Some(kernel) => refusal(file, op, kernel),
        };
        let source = &network.ops[origin];
        match (found, problem) {
            (Some(kernel), None) => Ok(kernel),
            (_, problem) => Err(EngineError::Operator {
                op: source.origin,
                kind: source.kind.name(),
                tensor: network.tensor(source.output).name.clone(),
                problem: problem.unwrap_or_default().into(),
            }),
        }
    };
    file.ops.iter().zip(origins).map(of).collect()
}

/// What the kernel refuses when it is prepared or run, or computes otherwise than TFLite defines.
fn refusal(file: &File, op: &FileOp, kernel: &Kernel) -> Option<&'static str> {
    let tensor = |operand: usize| op.inputs.get(operand).copied().flatten().map(|index| &file.tensors[index]);
    let input = tensor(0)?;
    match kernel.kind {
        "QUANTIZE" if input.dtype != DType::F32 => Some("TFLM of July 2020 quantises floats only, not other integers"),
        "CONV_2D" | "DEPTHWISE_CONV_2D"
            if tensor(1)
                .and_then(|f| f.quant.as_ref())
                .is_some_and(|q| q.scale.len() > 1 && Some(q.axis) != kernel.channel_axis) =>
        {
            Some("TFLM of July 2020 wants the filter's scales along its output channels")
        }
        "CONV_2D" if tensor(1).is_some_and(|filter| filter.shape[3] != input.shape[3]) => {
            Some("TFLM of July 2020 has no grouped convolution")
        }
        "FULLY_CONNECTED" if tensor(1).and_then(|f| f.quant.as_ref()).is_some_and(|quant| quant.scale.len() > 1) => {
            Some("TFLM of July 2020 takes filters of a fully connected layer with one scale only")
        }
        "FULLY_CONNECTED" if !bias_scale_agrees(input, tensor(1)?, tensor(2)?, &file.tensors[op.output]) => {
            Some("TFLM of July 2020 wants the bias's scale to be the product of the input's and the filter's")
        }
        "RELU" | "RELU6" if input.quant != file.tensors[op.output].quant => {
            Some("TFLM of July 2020 wants the input and the output of a rectifier to have one scale")
        }
        "ADD" | "MUL" | "SUB" | "MAXIMUM" | "MINIMUM" | "PRELU"
            if file.tensors[op.output].shape.len() > 4 && tensor(1).is_some_and(|rhs| rhs.shape != input.shape) =>
        {
            Some("TFLM of July 2020 repeats operands of at most 4 dimensions")
        }
        "RESIZE_NEAREST_NEIGHBOR" if is_shifted(op, input, &file.tensors[op.output]) => {
            Some("TFLM of July 2020 resizes as if pixels had no centres")
        }
        "CONCATENATION" if op.inputs.len() > 10 => Some("TFLM of July 2020 joins at most 10 operands"),
        "STRIDED_SLICE" if input.shape.len() > 4 => Some("TFLM of July 2020 slices at most 4 dimensions"),
        "SOFTMAX" if file.tensors[op.output].zero_point() != -128 => {
            Some("TFLM of July 2020 wants the output's zero point to be -128")
        }
        _ => None,
    }
}

/// Whether other pixels are nearest to centres of pixels than to their corners: its kernel overlooks that option.
fn is_shifted(op: &FileOp, input: &Tensor, output: &Tensor) -> bool {
    let is_set =
        |field: u16| op.options.fields.iter().any(|(at, value)| *at == field && matches!(value, Field::Byte(1)));
    let pixels = |half_pixel_centers| {
        let of = Rearrangement::ResizeNearest { align_corners: is_set(0), half_pixel_centers };
        of.nearest(&input.shape, &output.shape)
    };
    pixels(is_set(1)) != pixels(false)
}

/// The condition of `GetQuantizedConvolutionMultipler`.
fn bias_scale_agrees(input: &Tensor, filter: &Tensor, bias: &Tensor, output: &Tensor) -> bool {
    let scale = |tensor: &Tensor| f64::from(tensor.scale());
    (scale(input) * scale(filter) - scale(bias)).abs() / scale(output) <= 0.02
}
