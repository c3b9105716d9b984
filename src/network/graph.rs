//! The typed int8 graph: tensors, operators and their attributes, with TFLite semantics.
//!
//! A [`Network`] is already normalised: padding is explicit, fused activations are integer clamps in the
//! output's quantised domain, and constants carry their bytes. Operators stand in execution order.

use std::sync::Arc;

use super::{Binary, Rearrangement, Unary};

/// Index of a tensor in [`Network::tensors`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TensorId(pub usize);

/// Element type of a tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DType {
    I8,
    U8,
    I32,
    F32,
}

impl DType {
    /// Bytes of one element.
    pub fn bytes(self) -> usize {
        match self {
            DType::I8 | DType::U8 => 1,
            DType::I32 | DType::F32 => 4,
        }
    }
}

/// Affine quantisation: `real = scale * (q - zero_point)`, per tensor or per channel.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Quantization {
    /// One scale, or one per channel of dimension `axis`.
    pub scale: Vec<f32>,
    /// As many as scales.
    pub zero_point: Vec<i32>,
    /// The dimension that per-channel scales run along.
    pub axis: usize,
}

/// A tensor: an activation (`data` is none) or a constant.
#[derive(Debug, Clone)]
pub struct Tensor {
    pub name: String,
    /// NHWC for activations; OHWI for convolution filters, 1HWC for depthwise, OI for fully connected.
    pub shape: Vec<usize>,
    pub dtype: DType,
    /// None where the element type is not quantised (f32, shapes).
    pub quant: Option<Quantization>,
    /// Little-endian bytes of a constant.
    pub data: Option<Arc<[u8]>>,
}

impl Tensor {
    /// Number of elements.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// Size in bytes.
    pub fn bytes(&self) -> usize {
        self.elements() * self.dtype.bytes()
    }

    /// Scale of a per-tensor quantised tensor.
    pub fn scale(&self) -> f32 {
        self.quant.as_ref().map_or(1.0, |q| q.scale[0])
    }

    /// Zero point of a per-tensor quantised tensor.
    pub fn zero_point(&self) -> i32 {
        self.quant.as_ref().map_or(0, |q| q.zero_point[0])
    }
}

/// Height and width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hw {
    pub h: usize,
    pub w: usize,
}

/// Explicit padding in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Pads {
    pub top: usize,
    pub bottom: usize,
    pub left: usize,
    pub right: usize,
}

/// Inclusive clamp in the output's quantised domain; holds the fused activation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Clamp {
    pub min: i32,
    pub max: i32,
}

/// Window of a convolution or pooling.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    pub stride: Hw,
    pub dilation: Hw,
    pub pads: Pads,
}

/// What is made of many values, beside their mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reduction {
    Sum,
    /// Input and output have one scale.
    Maximum,
    /// Likewise.
    Minimum,
}

/// What an operator computes. Inputs are listed in [`Op::inputs`] in the order given here.
#[derive(Debug, Clone, PartialEq)]
pub enum OpKind {
    /// input, filter (OHWI), bias (i32).
    Conv2d {
        window: Window,
        clamp: Clamp,
    },
    /// input, filter (1HWC), bias (i32). Output channels = input channels × multiplier.
    DepthwiseConv2d {
        window: Window,
        multiplier: usize,
        clamp: Clamp,
    },
    /// input, filter (OI), bias (i32).
    FullyConnected {
        clamp: Clamp,
    },
    /// lhs, rhs; shapes equal.
    Add {
        clamp: Clamp,
    },
    /// lhs, rhs, each repeated to the shape of the output where it is 1 (for [`Binary::Prelu`] the input and its slopes).
    Binary {
        function: Binary,
        clamp: Clamp,
    },
    AveragePool2d {
        filter: Hw,
        window: Window,
        clamp: Clamp,
    },
    MaxPool2d {
        filter: Hw,
        window: Window,
        clamp: Clamp,
    },
    /// input, table (256 int8): at `v & 0xff` what the value `v` becomes, as [`Unary::table`] gives it.
    Unary {
        function: Unary,
    },
    /// Mean over `axes` (sorted).
    Mean {
        axes: Vec<usize>,
        keep_dims: bool,
    },
    /// Pads each dimension with the zero point: (before, after) per dimension.
    Pad {
        pads: Vec<(usize, usize)>,
    },
    /// Any number of operands, one after another along `axis`; all have the scale of the output.
    Concat {
        axis: usize,
    },
    /// Elements of the input at other places.
    Rearrange(Rearrangement),
    /// NHWC, interpolated between pixels.
    ResizeBilinear {
        align_corners: bool,
        half_pixel_centers: bool,
    },
    /// The largest or the sum over `axes` (sorted).
    Reduce {
        function: Reduction,
        axes: Vec<usize>,
        keep_dims: bool,
    },
    /// Same bytes, another shape.
    Reshape,
    /// Over the last dimension.
    Softmax {
        beta: f32,
    },
    /// f32, u8 or i8 to i8 or u8.
    Quantize,
    /// i8 or u8 to f32.
    Dequantize,
}

impl OpKind {
    /// The name used in tables and JSON.
    pub fn name(&self) -> &'static str {
        match self {
            OpKind::Conv2d { .. } => "conv2d",
            OpKind::DepthwiseConv2d { .. } => "depthwise",
            OpKind::FullyConnected { .. } => "fully_connected",
            OpKind::Add { .. } => "add",
            OpKind::Binary { function, .. } => function.name(),
            OpKind::AveragePool2d { .. } => "average_pool",
            OpKind::MaxPool2d { .. } => "max_pool",
            OpKind::Unary { function } => function.name(),
            OpKind::Mean { .. } => "mean",
            OpKind::Pad { .. } => "pad",
            OpKind::Concat { .. } => "concatenation",
            OpKind::Rearrange(rearrangement) => rearrangement.name(),
            OpKind::ResizeBilinear { .. } => "resize_bilinear",
            OpKind::Reduce { function: Reduction::Sum, .. } => "sum",
            OpKind::Reduce { function: Reduction::Maximum, .. } => "reduce_max",
            OpKind::Reduce { function: Reduction::Minimum, .. } => "reduce_min",
            OpKind::Reshape => "reshape",
            OpKind::Softmax { .. } => "softmax",
            OpKind::Quantize => "quantize",
            OpKind::Dequantize => "dequantize",
        }
    }
}

/// One operator.
#[derive(Debug, Clone)]
pub struct Op {
    pub kind: OpKind,
    pub inputs: Vec<TensorId>,
    pub output: TensorId,
    /// Index of the operator in the file that it came from, for messages.
    pub origin: usize,
}

/// A network.
#[derive(Debug, Clone)]
pub struct Network {
    pub name: String,
    pub tensors: Vec<Tensor>,
    /// In execution order.
    pub ops: Vec<Op>,
    pub inputs: Vec<TensorId>,
    pub outputs: Vec<TensorId>,
}

impl Network {
    pub fn tensor(&self, id: TensorId) -> &Tensor {
        &self.tensors[id.0]
    }

    /// Multiply-accumulates of one operator, 0 for those that have none.
    pub fn op_macs(&self, op: &Op) -> u64 {
        let out = self.tensor(op.output).elements() as u64;
        let filter = |i: usize| self.tensor(op.inputs[i]).shape.as_slice();
        match op.kind {
            OpKind::Conv2d { .. } => out * filter(1)[1..].iter().product::<usize>() as u64,
            OpKind::DepthwiseConv2d { .. } => out * (filter(1)[1] * filter(1)[2]) as u64,
            OpKind::FullyConnected { .. } => out * filter(1)[1] as u64,
            _ => 0,
        }
    }

    /// Multiply-accumulates of one inference (nominal: constant channels count).
    pub fn macs(&self) -> u64 {
        self.ops.iter().map(|op| self.op_macs(op)).sum()
    }
}
