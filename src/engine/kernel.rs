//! Kernels and their parameters, derived from an operator and the quantisation of its tensors.

use super::pack::{Form, Packed};
use crate::network::binary::{Arithmetic, Axis};
use crate::network::derive::{self, AddParams, SoftmaxParams};
use crate::network::rearrange::Walk;
use crate::network::{Clamp, DType, Hw, Network, Op, Requant, TensorId, Window};

/// How an operator is computed.
#[derive(Debug, Clone, PartialEq)]
pub enum Kernel {
    /// A convolution whose filter is one pixel, without padding or groups: a matrix product.
    Conv1x1(Conv),
    /// Any other convolution.
    Conv(Conv),
    Depthwise(Depthwise),
    FullyConnected(FullyConnected),
    Add(Add),
    /// Of two operands that are repeated to the shape of the output.
    Binary(Binary),
    /// Element by element, by a table.
    Lookup(Lookup),
    AveragePool(Pool),
    MaxPool(Pool),
    /// A mean, or a sum where the requantisation does not divide.
    Mean(Mean),
    /// The largest or the smallest of elements.
    Extreme(Extreme),
    /// Operands one after another.
    Concat(Concat),
    /// Elements at other places.
    Gather(Gather),
    /// Pixels that are named one by one.
    Nearest(Nearest),
    Bilinear(Bilinear),
    Softmax(Softmax),
    Pad(Pad),
    Quantize(Quantize),
    Dequantize(Dequantize),
    /// Nothing to do: the output shares the bytes of the input.
    Alias,
}

impl Kernel {
    /// Names of a convolution of single pixels, and of one that adds.
    const SINGLE: &str = "conv1x1";
    const ADDING: &str = "conv1x1_add";

    /// The name of a kernel that computes what the one of this name does, but adds nothing.
    pub fn without_sum(name: &str) -> &str {
        if name == Self::ADDING { Self::SINGLE } else { name }
    }

    /// The name used in tables and JSON.
    pub fn name(&self) -> &'static str {
        match self {
            Kernel::Conv1x1(conv) => {
                if conv.sum.is_some() {
                    Self::ADDING
                } else {
                    Self::SINGLE
                }
            }
            Kernel::Conv(_) => "conv",
            Kernel::Depthwise(_) => "depthwise",
            Kernel::FullyConnected(_) => "fully_connected",
            Kernel::Add(_) => "add",
            Kernel::Binary(binary) => binary.name(),
            Kernel::Lookup(_) => "lookup",
            Kernel::AveragePool(_) => "average_pool",
            Kernel::MaxPool(_) => "max_pool",
            Kernel::Mean(_) => "mean",
            Kernel::Extreme(_) => "extreme",
            Kernel::Concat(_) => "concat",
            Kernel::Gather(_) => "gather",
            Kernel::Nearest(_) => "nearest",
            Kernel::Bilinear(_) => "bilinear",
            Kernel::Softmax(_) => "softmax",
            Kernel::Pad(_) => "pad",
            Kernel::Quantize(_) => "quantize",
            Kernel::Dequantize(_) => "dequantize",
            Kernel::Alias => "alias",
        }
    }

    /// The same without a specialised form.
    pub fn into_general(mut self) -> Self {
        match &mut self {
            Kernel::Conv1x1(conv) | Kernel::Conv(conv) => conv.packed = None,
            Kernel::Depthwise(depthwise) => depthwise.packed = None,
            Kernel::FullyConnected(dense) => dense.packed = None,
            _ => {}
        }
        self
    }

    /// What the specialised form of the kernel reads; none where only the general form computes what it should.
    pub fn packed(&self) -> Option<&Packed> {
        match self {
            Kernel::Conv1x1(conv) | Kernel::Conv(conv) => conv.packed.as_ref(),
            Kernel::Depthwise(depthwise) => depthwise.packed.as_ref(),
            Kernel::FullyConnected(dense) => dense.packed.as_ref(),
            _ => None,
        }
    }

    pub(super) fn packed_mut(&mut self) -> Option<&mut Packed> {
        match self {
            Kernel::Conv1x1(conv) | Kernel::Conv(conv) => conv.packed.as_mut(),
            Kernel::Depthwise(depthwise) => depthwise.packed.as_mut(),
            Kernel::FullyConnected(dense) => dense.packed.as_mut(),
            _ => None,
        }
    }

    /// Bytes of scratch memory while it runs, as `firmware/kernels/` computes it for cores with the DSP extension. In
    /// the general form: columns of the input, widened to 16 bits; one that is gathered byte by byte first where its
    /// depth is no multiple of 4.
    pub fn scratch_bytes(&self) -> usize {
        if let Some(packed) = self.packed() {
            return packed.scratch_bytes;
        }
        const BYTES_PER_VALUE: usize = 2;
        let widened = |count: usize| count.next_multiple_of(4);
        match self {
            Kernel::Conv1x1(conv) => 2 * BYTES_PER_VALUE * widened(conv.depth),
            Kernel::Conv(conv) => {
                let column = widened(conv.filter.h * conv.filter.w * conv.depth);
                2 * BYTES_PER_VALUE * column + if conv.depth.is_multiple_of(4) { 0 } else { column }
            }
            Kernel::FullyConnected(dense) => BYTES_PER_VALUE * widened(dense.depth),
            _ => 0,
        }
    }

    /// The same for least flash: it shares the code of all layers, and tells its constants in fewer bytes. As it is where
    /// there is no such form.
    pub(super) fn shrunk(mut self, network: &Network, op: &Op) -> Self {
        let shape = |id: Option<&TensorId>| id.map_or(&[][..], |id| network.tensor(*id).shape.as_slice());
        let fits = |shape: &[usize]| shape.iter().all(|size| u16::try_from(*size).is_ok());
        let window = |filter: Hw, window: &Window| {
            let Window { stride, dilation, pads } = window;
            let sizes = [filter.h, filter.w, stride.h, stride.w, dilation.h, dilation.w, pads.top, pads.left];
            sizes.iter().all(|size| u8::try_from(*size).is_ok())
        };
        let (input, output) = (shape(op.inputs.first()), shape(Some(&op.output)));
        if !fits(input) || !fits(output) {
            return self;
        }
        let small = match &self {
            Kernel::Conv1x1(Conv { filter, window: w, packed: Some(packed), .. })
            | Kernel::Conv(Conv { filter, window: w, packed: Some(packed), .. }) => {
                window(*filter, w).then(|| packed.shrunk(filter.w)).flatten()
            }
            Kernel::Depthwise(Depthwise { filter, window: w, packed: Some(packed), .. }) => {
                let width = |shape: &[usize]| shape.get(2).copied().unwrap_or(0);
                let flat = is_column(*filter, w, (width(input), width(output)));
                window(*filter, w).then(|| packed.shrunk(if flat { filter.h } else { filter.w })).flatten()
            }
            Kernel::FullyConnected(FullyConnected { packed: Some(packed), depth, .. }) => {
                let rows = output.iter().product::<usize>() / packed.channels.len().max(1);
                fits(&[*depth, packed.channels.len(), rows]).then(|| packed.shrunk(0)).flatten()
            }
            _ => None,
        };
        if let (Some(small), Some(packed)) = (small, self.packed_mut()) {
            *packed = small;
        }
        if let Kernel::Add(add) = &mut self {
            add.small = true;
        }
        self
    }

    /// Whether it shares the code of all layers.
    pub fn is_small(&self) -> bool {
        self.packed().is_some_and(|packed| packed.small.is_some()) || matches!(self, Kernel::Add(add) if add.small)
    }

    /// Operands that it reads as they lie in memory: those of `inputs` that are no constants which it names itself.
    pub fn activations(&self, inputs: &[TensorId]) -> Vec<TensorId> {
        let named = matches!(self, Kernel::Lookup(_)) || !self.channel_requants().is_empty();
        let mut read = inputs[..if named { inputs.len().min(1) } else { inputs.len() }].to_vec();
        read.extend(self.sum().map(|sum| sum.other));
        read
    }

    /// What it adds to its outputs.
    pub fn sum(&self) -> Option<&Sum> {
        match self {
            Kernel::Conv1x1(conv) => conv.sum.as_ref(),
            _ => None,
        }
    }

    /// One requantisation per output channel; empty for kernels that have none per channel.
    pub fn channel_requants(&self) -> &[Requant] {
        match self {
            Kernel::Conv1x1(conv) | Kernel::Conv(conv) => &conv.requants,
            Kernel::Depthwise(depthwise) => &depthwise.requants,
            Kernel::FullyConnected(dense) => &dense.requants,
            _ => &[],
        }
    }
}

/// Whether a window slides down a map one pixel wide, `widths` being those of input and output: then it may as well
/// slide along a row.
pub(super) fn is_column(filter: Hw, window: &Window, widths: (usize, usize)) -> bool {
    filter.w == 1 && widths == (1, 1) && window.pads.left == 0 && window.pads.right == 0
}

/// The constants of a layer with weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weights {
    pub filter: TensorId,
    /// One i32 per output channel.
    pub bias: TensorId,
}

/// Zero points on both sides of a kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ZeroPoints {
    pub input: i32,
    pub output: i32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Conv {
    pub weights: Weights,
    /// Pixels of the filter.
    pub filter: Hw,
    /// Input channels that one output channel reads: all of them, divided by `groups`.
    pub depth: usize,
    pub groups: usize,
    pub window: Window,
    pub zero: ZeroPoints,
    pub clamp: Clamp,
    /// One per output channel.
    pub requants: Vec<Requant>,
    pub packed: Option<Packed>,
    /// What is added to its outputs before they are written; only where it takes pixel after pixel.
    pub sum: Option<Sum>,
}

/// The addition of an operand to what a convolution makes ([`super::fuse`]).
#[derive(Debug, Clone, PartialEq)]
pub struct Sum {
    /// What the convolution makes, which never exists as a whole.
    pub product: TensorId,
    /// The operand that is added.
    pub other: TensorId,
    /// Whether the product is the addition's first operand.
    pub leads: bool,
    pub add: Add,
}

impl Conv {
    /// Whether it takes one pixel after another to one of the output, in the specialised form
    /// (`hil_matrix_pixels`).
    pub(super) fn by_pixels(&self) -> bool {
        let unit = Hw { h: 1, w: 1 };
        let Window { stride, pads, .. } = self.window;
        self.packed.is_some() && self.filter == unit && stride == unit && pads == Default::default()
    }

    /// Whether it takes tiles of 2x2 outputs, four at a time (`hil_winograd_conv`).
    pub(super) fn by_tiles(&self) -> bool {
        self.packed.as_ref().is_some_and(|packed| packed.form == Form::Winograd)
    }

    /// Whether pixels of the output are larger than those of the input.
    pub(super) fn grows(&self) -> bool {
        self.requants.len() > self.depth * self.groups
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Depthwise {
    pub weights: Weights,
    /// Pixels of the filter.
    pub filter: Hw,
    /// Output channels per input channel.
    pub multiplier: usize,
    pub window: Window,
    pub zero: ZeroPoints,
    pub clamp: Clamp,
    /// One per output channel.
    pub requants: Vec<Requant>,
    pub packed: Option<Packed>,
}

/// What the plane of a depthwise convolution depends on (`firmware/kernels/hil_plane.h`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plane {
    pub out: Hw,
    pub filter: Hw,
    pub stride: Hw,
}

impl Plane {
    /// Widest and highest filter.
    const MAX_TAPS: usize = 16;

    pub fn laid_flat(self) -> Self {
        let turn = |Hw { h, w }: Hw| Hw { h: w, w: h };
        Self { out: turn(self.out), filter: turn(self.filter), stride: turn(self.stride) }
    }

    /// Bytes of the plane; none where there is no kernel for it.
    pub fn scratch_bytes(&self) -> Option<usize> {
        let fits = |taps: usize| (1..=Self::MAX_TAPS).contains(&taps);
        if !fits(self.filter.h) || !fits(self.filter.w) || !(1..=2).contains(&self.stride.w) {
            return None;
        }
        let outputs = if self.stride.w == 1 { self.out.w.next_multiple_of(2) } else { self.out.w };
        let pitch = (outputs.checked_sub(1)? * self.stride.w + self.filter.w).next_multiple_of(2);
        Some(2 * pitch * (self.out.h.checked_sub(1)? * self.stride.h + self.filter.h))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct FullyConnected {
    pub weights: Weights,
    /// Inputs of one output.
    pub depth: usize,
    pub filter_zero: i32,
    pub zero: ZeroPoints,
    pub clamp: Clamp,
    /// One per output.
    pub requants: Vec<Requant>,
    pub packed: Option<Packed>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Add {
    pub params: AddParams,
    pub lhs_zero: i32,
    pub rhs_zero: i32,
    pub output_zero: i32,
    pub clamp: Clamp,
    /// Whether it shares the code of all additions.
    pub small: bool,
}

impl Add {
    /// Whether the fast forms compute what the reference does (`firmware/kernels/hil_sum.h`).
    pub(super) fn halves(&self) -> bool {
        let halved = |q: Requant| q.multiplier >= 1 << 30 && (-22..=0).contains(&q.shift);
        let AddParams { lhs, rhs, output } = self.params;
        halved(lhs) && halved(rhs) && halved(output) && output.shift < 0
    }

    /// Whether it has the fast form with code of its own.
    pub fn specialised(&self) -> bool {
        !self.small && self.halves()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Binary {
    pub arithmetic: Arithmetic,
    /// At most [`Self::MAX_AXES`], outermost first.
    pub axes: Vec<Axis>,
    pub lhs_zero: i32,
    pub rhs_zero: i32,
    pub output_zero: i32,
    pub clamp: Clamp,
}

impl Binary {
    /// Dimensions that kernels take.
    pub const MAX_AXES: usize = 4;

    /// The name used in tables and JSON.
    pub fn name(&self) -> &'static str {
        match self.arithmetic {
            Arithmetic::Sum(_) => "broadcast_add",
            Arithmetic::Difference(_) => "subtract",
            Arithmetic::Product(_) => "multiply",
            Arithmetic::Maximum => "maximum",
            Arithmetic::Minimum => "minimum",
            Arithmetic::Prelu { .. } => "prelu",
            Arithmetic::Square(_) => "squared_difference",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Lookup {
    /// 256 bytes: at `v & 0xff` what the value `v` becomes.
    pub table: TensorId,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Pool {
    pub filter: Hw,
    pub window: Window,
    pub clamp: Clamp,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Mean {
    /// Sorted.
    pub axes: Vec<usize>,
    /// Elements that one output is the mean of.
    pub count: usize,
    pub zero: ZeroPoints,
    /// Applied to the centred sum, division by `count` included.
    pub requant: Requant,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Extreme {
    /// Sorted.
    pub axes: Vec<usize>,
    pub largest: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Concat {
    /// Blocks of each operand.
    pub outer: usize,
    /// Bytes of a block of each operand.
    pub blocks: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Gather {
    /// In bytes; at most [`Self::MAX_STEPS`], the innermost of one byte each or repeated bytes.
    pub walk: Walk,
}

impl Gather {
    /// Nested steps that kernels take.
    pub const MAX_STEPS: usize = 6;
}

#[derive(Debug, Clone, PartialEq)]
pub struct Nearest {
    /// Per row of the output the row of the input; likewise columns.
    pub rows: Vec<usize>,
    pub columns: Vec<usize>,
    /// Pixels of a row of the input.
    pub in_w: usize,
    /// Bytes of a pixel.
    pub pixel: usize,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Bilinear {
    pub rows: derive::Bilinear,
    pub columns: derive::Bilinear,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Softmax {
    /// Elements of a row.
    pub depth: usize,
    pub params: SoftmaxParams,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Pad {
    /// (before, after) per dimension, in elements.
    pub pads: Vec<(usize, usize)>,
    /// What is padded with.
    pub value: i32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Quantize {
    pub zero: ZeroPoints,
    pub from: DType,
    pub to: DType,
    /// Scale of the output, in real units per step; used where the input is f32.
    pub scale: f32,
    /// From one quantised domain to another; none where the input is f32.
    pub requant: Option<Requant>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Dequantize {
    pub from: DType,
    /// Zero point of the input.
    pub zero: i32,
    /// Scale of the input, in real units per step.
    pub scale: f32,
}
