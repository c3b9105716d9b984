//! The call of a kernel: the parameters that `firmware/kernels/hil_kernels.h` declares, as numbers.

use serde::Serialize;

use super::super::interface::EngineError;
use super::super::kernel::{self, Kernel};
use super::super::plan::Step;
use crate::network::binary::{Arithmetic, Axis};
use crate::network::derive::AddParams;
use crate::network::{Clamp, DType, Hw, Network, Op, Requant, Tensor, Window};

/// `hil_window`.
#[derive(Serialize)]
#[rustfmt::skip]
pub(super) struct WindowArgs {
    in_h: usize, in_w: usize, in_c: usize,
    out_h: usize, out_w: usize, out_c: usize,
    filter_h: usize, filter_w: usize,
    stride_h: usize, stride_w: usize,
    dilation_h: usize, dilation_w: usize,
    pad_top: usize, pad_left: usize,
    input_offset: i32, output_offset: i32,
    clamp_min: i32, clamp_max: i32,
}

impl WindowArgs {
    /// Height and width exchanged: of a map one pixel wide the bytes stay where they are.
    #[rustfmt::skip]
    fn laid_flat(self) -> Self {
        Self {
            in_h: self.in_w, in_w: self.in_h, out_h: self.out_w, out_w: self.out_h,
            filter_h: self.filter_w, filter_w: self.filter_h, stride_h: self.stride_w, stride_w: self.stride_h,
            dilation_h: self.dilation_w, dilation_w: self.dilation_h,
            pad_top: self.pad_left, pad_left: self.pad_top,
            ..self
        }
    }
}

impl WindowArgs {
    /// Of a fully connected layer: so many rows, with as many inputs and outputs each.
    #[rustfmt::skip]
    fn rows(rows: usize, (in_c, out_c): (usize, usize), offsets: (i32, i32), clamp: Clamp) -> Self {
        Self {
            in_h: rows, in_w: 1, in_c, out_h: rows, out_w: 1, out_c,
            filter_h: 1, filter_w: 1, stride_h: 1, stride_w: 1, dilation_h: 1, dilation_w: 1,
            pad_top: 0, pad_left: 0,
            input_offset: offsets.0, output_offset: offsets.1, clamp_min: clamp.min, clamp_max: clamp.max,
        }
    }
}

/// `hil_requant`.
#[derive(Serialize)]
pub(super) struct RequantArgs {
    multiplier: i32,
    shift: i32,
}

impl From<Requant> for RequantArgs {
    fn from(Requant { multiplier, shift }: Requant) -> Self {
        Self { multiplier, shift }
    }
}

/// `hil_add_params` but its count.
#[derive(Serialize)]
#[rustfmt::skip]
pub(super) struct AddArgs {
    left_shift: u32, lhs_offset: i32, rhs_offset: i32, output_offset: i32,
    lhs: RequantArgs, rhs: RequantArgs, output: RequantArgs, clamp_min: i32, clamp_max: i32,
}

impl AddArgs {
    fn new(params: AddParams, left_shift: u32, (lhs, rhs, output): (i32, i32, i32), clamp: Clamp) -> Self {
        Self {
            left_shift,
            lhs_offset: -lhs,
            rhs_offset: -rhs,
            output_offset: output,
            lhs: params.lhs.into(),
            rhs: params.rhs.into(),
            output: params.output.into(),
            clamp_min: clamp.min,
            clamp_max: clamp.max,
        }
    }

    fn of(add: &kernel::Add) -> Self {
        Self::new(add.params, AddParams::LEFT_SHIFT, (add.lhs_zero, add.rhs_zero, add.output_zero), add.clamp)
    }
}

/// `hil_matrix_sum`, but for the operand.
#[derive(Serialize)]
pub(super) struct SumArgs {
    add: AddArgs,
    leads: u8,
}

/// `hil_grid`.
#[derive(Serialize)]
pub(super) struct Grid {
    size: [usize; kernel::Binary::MAX_AXES],
    lhs: [usize; kernel::Binary::MAX_AXES],
    rhs: [usize; kernel::Binary::MAX_AXES],
}

impl Grid {
    fn new(axes: &[Axis]) -> Self {
        let mut grid = Self { size: [1; 4], lhs: [0; 4], rhs: [0; 4] };
        for (axis, at) in axes.iter().rev().zip((0..kernel::Binary::MAX_AXES).rev()) {
            (grid.size[at], grid.lhs[at], grid.rhs[at]) = (axis.size, axis.lhs, axis.rhs);
        }
        grid
    }
}

/// Bytes of each block of an operand, and where in the output the first one goes.
#[derive(Serialize)]
pub(super) struct Block {
    bytes: usize,
    offset: usize,
}

/// One kernel and its parameters; the names are the fields of the C structures.
#[derive(Serialize)]
#[serde(tag = "function", rename_all = "snake_case")]
#[rustfmt::skip]
pub(super) enum Call {
    /// Of a layer in the form of least flash; the name is that of its function.
    Small { kernel: String, scratch: &'static str, window: WindowArgs, shift: u8, backwards: u8 },
    /// Of a convolution in its specialised form.
    Matrix { window: WindowArgs },
    /// Of a 3x3 convolution by minimal filtering.
    Winograd { window: WindowArgs },
    /// Of a convolution of single pixels in its specialised form.
    Pixels { window: WindowArgs, backwards: u8, sum: Option<SumArgs> },
    /// Of a depthwise convolution in its specialised form.
    Plane { window: WindowArgs },
    Conv { window: WindowArgs, filter_c: usize },
    Conv1x1 { window: WindowArgs },
    Depthwise { window: WindowArgs },
    FullyConnected {
        rows: usize, in_c: usize, out_c: usize, input_offset: i32, filter_offset: i32, output_offset: i32,
        clamp_min: i32, clamp_max: i32, specialised: bool,
    },
    Add { count: usize, #[serde(flatten)] add: AddArgs, form: &'static str },
    /// The name is that of its function.
    Sum { kernel: &'static str, grid: Grid, #[serde(flatten)] add: AddArgs },
    Multiply { grid: Grid, lhs_offset: i32, rhs_offset: i32, output_offset: i32, requant: RequantArgs, clamp_min: i32, clamp_max: i32 },
    Prelu { grid: Grid, lhs_offset: i32, rhs_offset: i32, output_offset: i32, positive: RequantArgs, negative: RequantArgs },
    /// The name is that of its function.
    Outer { kernel: &'static str, grid: Grid },
    /// The table is that of this tensor.
    Lookup { count: usize, table: usize },
    AveragePool { window: WindowArgs },
    MaxPool { window: WindowArgs },
    Mean {
        outer: usize, reduced: usize, inner: usize, input_offset: i32, output_offset: i32, requant: RequantArgs,
    },
    Extreme { kernel: &'static str, outer: usize, reduced: usize, inner: usize },
    Concat { outer: usize, pitch: usize, blocks: Vec<Block> },
    Gather { start: usize, size: [usize; kernel::Gather::MAX_STEPS], step: [isize; kernel::Gather::MAX_STEPS] },
    Nearest { rows: Vec<usize>, columns: Vec<usize>, in_w: usize, pixel: usize },
    Bilinear {
        in_h: usize, in_w: usize, channels: usize, out_h: usize, out_w: usize,
        row_first: i32, row_step: i32, column_first: i32, column_step: i32,
    },
    Softmax { rows: usize, depth: usize, scaling: RequantArgs, diff_min: i32 },
    Pad { shape: [usize; 4], before: [usize; 4], after: [usize; 4], value: i32 },
    /// From f32.
    Quantize { count: usize, scale: String, zero: i32, unsigned: bool },
    Requantize { count: usize, requant: RequantArgs, offset: i32, zero: i32, from_unsigned: bool, to_unsigned: bool },
    Dequantize { count: usize, scale: String, offset: i32, unsigned: bool },
}

struct Context<'a> {
    network: &'a Network,
    op: &'a Op,
    x: &'a Tensor,
    out: &'a Tensor,
}

pub(super) fn call(network: &Network, step: &Step) -> Result<Call, EngineError> {
    let op = &network.ops[step.op];
    let context = Context { network, op, x: network.tensor(op.inputs[0]), out: network.tensor(op.output) };
    let (x, out) = (context.x, context.out);
    if let Some(small) = context.small(&step.kernel)? {
        return Ok(small);
    }
    Ok(match &step.kernel {
        Kernel::Conv1x1(conv) if conv.by_pixels() => {
            let sum = conv.sum.as_ref().map(|sum| SumArgs { add: AddArgs::of(&sum.add), leads: sum.leads.into() });
            Call::Pixels { window: context.conv(conv)?, backwards: conv.grows().into(), sum }
        }
        Kernel::Conv(conv) | Kernel::Conv1x1(conv) if conv.packed.is_some() => {
            let window = context.conv(conv)?;
            if conv.by_tiles() { Call::Winograd { window } } else { Call::Matrix { window } }
        }
        Kernel::Conv(conv) => Call::Conv { window: context.conv(conv)?, filter_c: conv.depth },
        Kernel::Conv1x1(conv) => Call::Conv1x1 { window: context.conv(conv)? },
        Kernel::Depthwise(depthwise) => {
            let kernel::Depthwise { filter, window, zero, clamp, .. } = depthwise;
            let window = context.window(*filter, window, (-zero.input, zero.output), *clamp)?;
            if depthwise.packed.is_some() { Call::Plane { window } } else { Call::Depthwise { window } }
        }
        Kernel::FullyConnected(dense) => {
            let out_c = dense.requants.len();
            Call::FullyConnected {
                rows: out.elements() / out_c,
                in_c: dense.depth,
                out_c,
                input_offset: -dense.zero.input,
                filter_offset: -dense.filter_zero,
                output_offset: dense.zero.output,
                clamp_min: dense.clamp.min,
                clamp_max: dense.clamp.max,
                specialised: dense.packed.is_some(),
            }
        }
        Kernel::Add(add) => Call::Add {
            count: out.elements(),
            add: AddArgs::of(add),
            form: match add.halves() {
                false => "add",
                true if add.small => "small_sum",
                true => "sum",
            },
        },
        Kernel::Binary(kernel) => binary(kernel),
        Kernel::Lookup(lookup) => Call::Lookup { count: out.elements(), table: lookup.table.0 },
        Kernel::AveragePool(pool) => {
            Call::AveragePool { window: context.window(pool.filter, &pool.window, (0, 0), pool.clamp)? }
        }
        Kernel::MaxPool(pool) => {
            Call::MaxPool { window: context.window(pool.filter, &pool.window, (0, 0), pool.clamp)? }
        }
        Kernel::Mean(mean) => context.mean(mean)?,
        Kernel::Extreme(extreme) => {
            let (outer, reduced, inner) = context.reduced(&extreme.axes)?;
            Call::Extreme { kernel: if extreme.largest { "max" } else { "min" }, outer, reduced, inner }
        }
        Kernel::Concat(kernel::Concat { outer, blocks }) => {
            let offset = |at: usize| blocks[..at].iter().sum();
            let block = |(at, bytes): (usize, &usize)| Block { bytes: *bytes, offset: offset(at) };
            Call::Concat {
                outer: *outer,
                pitch: blocks.iter().sum(),
                blocks: blocks.iter().enumerate().map(block).collect(),
            }
        }
        Kernel::Gather(kernel::Gather { walk }) => {
            let (mut size, mut step) = ([1; kernel::Gather::MAX_STEPS], [0; kernel::Gather::MAX_STEPS]);
            for (at, of) in (0..kernel::Gather::MAX_STEPS).rev().zip(walk.steps.iter().rev()) {
                (size[at], step[at]) = (of.size, of.stride);
            }
            Call::Gather { start: walk.start, size, step }
        }
        Kernel::Nearest(kernel::Nearest { rows, columns, in_w, pixel }) => {
            Call::Nearest { rows: rows.clone(), columns: columns.clone(), in_w: *in_w, pixel: *pixel }
        }
        Kernel::Bilinear(kernel::Bilinear { rows, columns }) => Call::Bilinear {
            in_h: x.shape[1],
            in_w: x.shape[2],
            channels: x.shape[3],
            out_h: out.shape[1],
            out_w: out.shape[2],
            row_first: rows.first,
            row_step: rows.step,
            column_first: columns.first,
            column_step: columns.step,
        },
        Kernel::Softmax(softmax) => Call::Softmax {
            rows: out.elements() / softmax.depth.max(1),
            depth: softmax.depth,
            scaling: softmax.params.scaling.into(),
            diff_min: softmax.params.diff_min,
        },
        Kernel::Pad(pad) => context.pad(pad)?,
        Kernel::Quantize(quantize) => {
            let (count, zero, to_unsigned) = (out.elements(), quantize.zero.output, quantize.to == DType::U8);
            match quantize.requant {
                None => Call::Quantize { count, scale: float(quantize.scale), zero, unsigned: to_unsigned },
                Some(requant) => Call::Requantize {
                    count,
                    requant: requant.into(),
                    offset: -quantize.zero.input,
                    zero,
                    from_unsigned: quantize.from == DType::U8,
                    to_unsigned,
                },
            }
        }
        Kernel::Dequantize(kernel) => Call::Dequantize {
            count: x.elements(),
            scale: float(kernel.scale),
            offset: -kernel.zero,
            unsigned: kernel.from == DType::U8,
        },
        Kernel::Alias => return Err(context.fail("it computes nothing and has no call")),
    })
}

fn binary(binary: &kernel::Binary) -> Call {
    let kernel::Binary { arithmetic, axes, clamp, .. } = binary;
    let grid = Grid::new(axes);
    let (lhs_offset, rhs_offset, output_offset) = (-binary.lhs_zero, -binary.rhs_zero, binary.output_zero);
    let (clamp_min, clamp_max) = (clamp.min, clamp.max);
    match *arithmetic {
        Arithmetic::Sum(params) | Arithmetic::Difference(params) | Arithmetic::Square(params) => {
            let squares = matches!(arithmetic, Arithmetic::Square(_));
            let left_shift = if squares { AddParams::SQUARE_SHIFT } else { AddParams::LEFT_SHIFT };
            let zeros = (binary.lhs_zero, binary.rhs_zero, output_offset);
            Call::Sum { kernel: binary.name(), grid, add: AddArgs::new(params, left_shift, zeros, *clamp) }
        }
        Arithmetic::Product(requant) => {
            let requant = requant.into();
            Call::Multiply { grid, lhs_offset, rhs_offset, output_offset, requant, clamp_min, clamp_max }
        }
        Arithmetic::Prelu { positive, negative } => {
            let (positive, negative) = (positive.into(), negative.into());
            Call::Prelu { grid, lhs_offset, rhs_offset, output_offset, positive, negative }
        }
        Arithmetic::Maximum | Arithmetic::Minimum => Call::Outer { kernel: binary.name(), grid },
    }
}

/// A literal that reads back as the same float.
fn float(value: f32) -> String {
    format!("{value:e}f")
}

impl Context<'_> {
    fn fail(&self, problem: impl Into<String>) -> EngineError {
        let tensor = self.network.tensor(self.op.output).name.clone();
        EngineError::Operator { op: self.op.origin, kind: self.op.kind.name(), tensor, problem: problem.into() }
    }

    /// The call of the form of least flash, where the kernel has it.
    fn small(&self, kernel: &Kernel) -> Result<Option<Call>, EngineError> {
        let Some((packed, shift)) = kernel.packed().and_then(|packed| Some((packed, packed.small?))) else {
            return Ok(None);
        };
        let call = |kernel: &str, scratch, window, backwards: bool| {
            Some(Call::Small { kernel: kernel.into(), scratch, window, shift, backwards: backwards.into() })
        };
        Ok(match kernel {
            Kernel::Conv(conv) | Kernel::Conv1x1(conv) => {
                let kernel = if conv.by_pixels() { "pixels" } else { "conv" };
                call(kernel, "conv", self.conv(conv)?, conv.by_pixels() && conv.grows())
            }
            Kernel::Depthwise(depthwise) => {
                let kernel::Depthwise { filter, window, zero, clamp, .. } = depthwise;
                let args = self.window(*filter, window, (-zero.input, zero.output), *clamp)?;
                let square = args.filter_h == args.filter_w && args.stride_h == args.stride_w;
                let kernel = match (args.filter_h, args.stride_h) {
                    (taps @ (3 | 5 | 7), stride @ (1 | 2)) if square => format!("plane_{taps}_{stride}"),
                    _ => "plane".into(),
                };
                call(&kernel, "plane", args, false)
            }
            Kernel::FullyConnected(dense) => {
                let outputs = packed.channels.len().min(dense.requants.len());
                let offsets = (-dense.zero.input, dense.zero.output);
                call(
                    "dense",
                    "dense",
                    WindowArgs::rows(self.out.elements() / outputs, (dense.depth, outputs), offsets, dense.clamp),
                    false,
                )
            }
            _ => None,
        })
    }

    fn conv(&self, conv: &kernel::Conv) -> Result<WindowArgs, EngineError> {
        self.window(conv.filter, &conv.window, (-conv.zero.input, conv.zero.output), conv.clamp)
    }

    fn window(
        &self,
        filter: Hw,
        window: &Window,
        offsets: (i32, i32),
        clamp: Clamp,
    ) -> Result<WindowArgs, EngineError> {
        let ([1, in_h, in_w, in_c], [1, out_h, out_w, out_c]) = (self.x.shape.as_slice(), self.out.shape.as_slice())
        else {
            let shapes = format!("{:?} to {:?}", self.x.shape, self.out.shape);
            return Err(self.fail(format!("kernels take one NHWC image at a time, not {shapes}")));
        };
        let flat = kernel::is_column(filter, window, (*in_w, *out_w));
        let args = WindowArgs {
            in_h: *in_h,
            in_w: *in_w,
            in_c: *in_c,
            out_h: *out_h,
            out_w: *out_w,
            out_c: *out_c,
            filter_h: filter.h,
            filter_w: filter.w,
            stride_h: window.stride.h,
            stride_w: window.stride.w,
            dilation_h: window.dilation.h,
            dilation_w: window.dilation.w,
            pad_top: window.pads.top,
            pad_left: window.pads.left,
            input_offset: offsets.0,
            output_offset: offsets.1,
            clamp_min: clamp.min,
            clamp_max: clamp.max,
        };
        Ok(if flat { args.laid_flat() } else { args })
    }

    fn mean(&self, mean: &kernel::Mean) -> Result<Call, EngineError> {
        let (outer, reduced, inner) = self.reduced(&mean.axes)?;
        Ok(Call::Mean {
            outer,
            reduced,
            inner,
            input_offset: -mean.zero.input,
            output_offset: mean.zero.output,
            requant: mean.requant.into(),
        })
    }

    /// Elements outside the axes, along them and inside them. A pass has made them adjoin.
    fn reduced(&self, axes: &[usize]) -> Result<(usize, usize, usize), EngineError> {
        let shape = &self.x.shape;
        // Dimensions of one element may count as reduced or not, whichever makes the reduced ones adjoin.
        let reduced = |axis: usize| axes.contains(&axis) && shape[axis] != 1;
        let Some(first) = (0..shape.len()).find(|axis| reduced(*axis)) else {
            return Ok((self.out.elements(), 1, 1));
        };
        let last = (first..shape.len()).rev().find(|axis| reduced(*axis)).unwrap_or(first);
        if (first..=last).any(|axis| !reduced(axis) && shape[axis] != 1) {
            return Err(self.fail(format!("axes {axes:?} do not adjoin; only adjoining ones are reduced")));
        }
        let product = |range: std::ops::Range<usize>| shape[range].iter().product();
        Ok((product(0..first), product(first..last + 1), product(last + 1..shape.len())))
    }

    fn pad(&self, pad: &kernel::Pad) -> Result<Call, EngineError> {
        let rank = self.x.shape.len();
        let Some(missing) = 4usize.checked_sub(rank) else {
            return Err(self.fail(format!("at most 4 dimensions can be padded, not {rank}")));
        };
        let mut args = ([1; 4], [0; 4], [0; 4]);
        for (axis, (size, (before, after))) in self.x.shape.iter().zip(&pad.pads).enumerate() {
            let at = missing + axis;
            (args.0[at], args.1[at], args.2[at]) = (*size, *before, *after);
        }
        Ok(Call::Pad { shape: args.0, before: args.1, after: args.2, value: pad.value })
    }
}
