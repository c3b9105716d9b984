//! The call of a kernel: the parameters that `firmware/kernels/hil_kernels.h` declares, as numbers.

use serde::Serialize;

use super::super::interface::EngineError;
use super::super::kernel::{self, Kernel};
use super::super::plan::Step;
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
    Pixels { window: WindowArgs, backwards: u8 },
    /// Of a depthwise convolution in its specialised form.
    Plane { window: WindowArgs },
    Conv { window: WindowArgs, filter_c: usize },
    Conv1x1 { window: WindowArgs },
    Depthwise { window: WindowArgs },
    FullyConnected {
        rows: usize, in_c: usize, out_c: usize, input_offset: i32, filter_offset: i32, output_offset: i32,
        clamp_min: i32, clamp_max: i32, specialised: bool,
    },
    Add {
        count: usize, left_shift: u32, lhs_offset: i32, rhs_offset: i32, output_offset: i32, lhs: RequantArgs,
        rhs: RequantArgs, output: RequantArgs, clamp_min: i32, clamp_max: i32, form: &'static str,
    },
    AveragePool { window: WindowArgs },
    MaxPool { window: WindowArgs },
    Mean {
        outer: usize, reduced: usize, inner: usize, input_offset: i32, output_offset: i32, requant: RequantArgs,
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
            Call::Pixels { window: context.conv(conv)?, backwards: conv.grows().into() }
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
            left_shift: AddParams::LEFT_SHIFT,
            lhs_offset: -add.lhs_zero,
            rhs_offset: -add.rhs_zero,
            output_offset: add.output_zero,
            lhs: add.params.lhs.into(),
            rhs: add.params.rhs.into(),
            output: add.params.output.into(),
            clamp_min: add.clamp.min,
            clamp_max: add.clamp.max,
            form: match add.halves() {
                false => "add",
                true if add.small => "small_sum",
                true => "sum",
            },
        },
        Kernel::AveragePool(pool) => {
            Call::AveragePool { window: context.window(pool.filter, &pool.window, (0, 0), pool.clamp)? }
        }
        Kernel::MaxPool(pool) => {
            Call::MaxPool { window: context.window(pool.filter, &pool.window, (0, 0), pool.clamp)? }
        }
        Kernel::Mean(mean) => context.mean(mean)?,
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
        let shape = &self.x.shape;
        // Dimensions of one element may count as averaged or not, whichever makes the averaged ones adjoin.
        let averaged = |axis: usize| mean.axes.contains(&axis) && shape[axis] != 1;
        let Some(first) = (0..shape.len()).find(|axis| averaged(*axis)) else {
            return Ok(mean_call(self.out.elements(), 1, 1, mean));
        };
        let last = (first..shape.len()).rev().find(|axis| averaged(*axis)).unwrap_or(first);
        if (first..=last).any(|axis| !averaged(axis) && shape[axis] != 1) {
            return Err(self.fail(format!("axes {:?} do not adjoin; only adjoining ones are averaged", mean.axes)));
        }
        let product = |range: std::ops::Range<usize>| shape[range].iter().product();
        Ok(mean_call(product(0..first), mean.count, product(last + 1..shape.len()), mean))
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

fn mean_call(outer: usize, reduced: usize, inner: usize, mean: &kernel::Mean) -> Call {
    Call::Mean {
        outer,
        reduced,
        inner,
        input_offset: -mean.zero.input,
        output_offset: mean.zero.output,
        requant: mean.requant.into(),
    }
}
