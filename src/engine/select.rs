//! The kernel for an operator.

use super::kernel::{self, Kernel, Weights, ZeroPoints};
use super::pack::{self, Output, Packed, Row};
use super::plan::PlanError;
use crate::network::binary::{Axis, broadcast};
use crate::network::derive::{
    self, AddParams, SoftmaxParams, channel_requants, dense_requants, mean_requant, sum_requant,
};
use crate::network::rearrange::{self, Walk};
use crate::network::{
    Binary, Clamp, DType, Hw, Network, Op, OpKind, Pads, Rearrangement, Reduction, Requant, Tensor, TensorId, Window,
};

/// The kernel of `op` that takes the least flash, with its parameters.
pub(super) fn select(network: &Network, op: &Op) -> Result<Kernel, PlanError> {
    let context = Context { network, op };
    let (x, out) = (context.quantised(context.operand(0)?)?, context.quantised(op.output)?);
    let zero = ZeroPoints { input: x.zero_point(), output: out.zero_point() };
    Ok(match &op.kind {
        OpKind::Conv2d { window, clamp } => context.conv(x, out, window, *clamp)?,
        OpKind::DepthwiseConv2d { window, multiplier, clamp } => {
            let (weights, filter) = context.weights(4, 3, out)?;
            let mut depthwise = kernel::Depthwise {
                weights,
                filter: Hw { h: filter.shape[1], w: filter.shape[2] },
                multiplier: *multiplier,
                window: *window,
                zero,
                clamp: *clamp,
                requants: channel_requants(x, filter, out),
                packed: None,
            };
            depthwise.packed = context.plane(&depthwise, x, out);
            Kernel::Depthwise(depthwise)
        }
        OpKind::FullyConnected { clamp } => {
            let (weights, filter) = context.weights(2, 0, out)?;
            let (depth, filter_zero) = (filter.shape[1], filter.zero_point());
            let requants = dense_requants(x, filter, out);
            let rows = context.rows(weights, &requants, 0);
            let packed = if filter_zero == 0 {
                pack::row(&rows, zero.input, &Output { zero: zero.output, clamp: *clamp })
            } else {
                None
            };
            Kernel::FullyConnected(kernel::FullyConnected {
                weights,
                depth,
                filter_zero,
                zero,
                clamp: *clamp,
                requants,
                packed,
            })
        }
        OpKind::Add { clamp } => {
            let rhs = context.quantised(context.operand(1)?)?;
            Kernel::Add(kernel::Add {
                params: AddParams::new(x.scale(), rhs.scale(), out.scale()),
                lhs_zero: x.zero_point(),
                rhs_zero: rhs.zero_point(),
                output_zero: out.zero_point(),
                clamp: *clamp,
                small: false,
            })
        }
        OpKind::Binary { function, clamp } => {
            let rhs = context.quantised(context.operand(1)?)?;
            let clamps = matches!(function, Binary::Maximum | Binary::Minimum | Binary::Prelu);
            if clamps && *clamp != (Clamp { min: -128, max: 127 }) {
                return Err(context.fail(op.output, "no kernel clamps what it makes".into()));
            }
            Kernel::Binary(kernel::Binary {
                arithmetic: function.arithmetic(x, rhs, out),
                axes: context.axes(x, rhs, out)?,
                lhs_zero: x.zero_point(),
                rhs_zero: rhs.zero_point(),
                output_zero: out.zero_point(),
                clamp: *clamp,
            })
        }
        OpKind::Unary { .. } => {
            let table = context.operand(1)?;
            if network.tensor(table).data.as_ref().is_none_or(|data| data.len() != 256) {
                return Err(context.fail(table, "it must be a constant of 256 bytes".into()));
            }
            Kernel::Lookup(kernel::Lookup { table })
        }
        OpKind::AveragePool2d { filter, window, clamp } => {
            Kernel::AveragePool(kernel::Pool { filter: *filter, window: *window, clamp: *clamp })
        }
        OpKind::MaxPool2d { filter, window, clamp } => {
            Kernel::MaxPool(kernel::Pool { filter: *filter, window: *window, clamp: *clamp })
        }
        OpKind::Mean { axes, .. } => {
            let count = context.reduced(axes, x)?;
            let requant = mean_requant(x.scale(), out.scale(), count);
            Kernel::Mean(kernel::Mean { axes: axes.clone(), count, zero, requant })
        }
        OpKind::Reduce { function: Reduction::Sum, axes, .. } => {
            let count = context.reduced(axes, x)?;
            let requant = sum_requant(x.scale(), out.scale());
            Kernel::Mean(kernel::Mean { axes: axes.clone(), count, zero, requant })
        }
        OpKind::Reduce { function, axes, .. } => {
            context.reduced(axes, x)?;
            Kernel::Extreme(kernel::Extreme { axes: axes.clone(), largest: *function == Reduction::Maximum })
        }
        OpKind::Concat { axis } => context.concat(out, *axis)?,
        OpKind::Rearrange(rearrangement) => context.rearrange(x, out, rearrangement)?,
        OpKind::ResizeBilinear { align_corners, half_pixel_centers } => {
            let (&[1, in_h, in_w, _], &[1, out_h, out_w, _]) = (&x.shape[..], &out.shape[..]) else {
                return Err(context.fail(op.output, "kernels take one NHWC image at a time".into()));
            };
            let side = |from, to| derive::Bilinear::new(from, to, *align_corners, *half_pixel_centers);
            Kernel::Bilinear(kernel::Bilinear { rows: side(in_h, out_h), columns: side(in_w, out_w) })
        }
        OpKind::Softmax { beta } => {
            let depth = x.shape.last().copied().unwrap_or(1);
            Kernel::Softmax(kernel::Softmax { depth, params: SoftmaxParams::new(*beta, x.scale()) })
        }
        OpKind::Pad { pads } => Kernel::Pad(kernel::Pad { pads: pads.clone(), value: zero.output }),
        OpKind::Quantize => {
            let real = f64::from(x.scale()) / f64::from(out.scale());
            let requant = (x.dtype != DType::F32).then(|| Requant::new(real));
            Kernel::Quantize(kernel::Quantize { zero, from: x.dtype, to: out.dtype, scale: out.scale(), requant })
        }
        OpKind::Dequantize => {
            Kernel::Dequantize(kernel::Dequantize { from: x.dtype, zero: zero.input, scale: x.scale() })
        }
        OpKind::Reshape => Kernel::Alias,
    })
}

/// All kernels that compute `op`, never none.
pub(super) fn candidates(network: &Network, op: &Op) -> Result<Vec<Kernel>, PlanError> {
    let smallest = select(network, op)?;
    let context = Context { network, op };
    let mut found = Vec::new();
    if let Kernel::Conv(conv) | Kernel::Conv1x1(conv) = &smallest {
        found.extend(context.winograd(conv).map(Kernel::Conv));
        found.extend(context.covering(conv).map(Kernel::FullyConnected));
    }
    found.push(smallest);
    Ok(found)
}

struct Context<'a> {
    network: &'a Network,
    op: &'a Op,
}

impl<'a> Context<'a> {
    fn fail(&self, tensor: TensorId, problem: String) -> PlanError {
        let tensor = self.network.tensor(tensor).name.clone();
        PlanError::Operator { op: self.op.origin, kind: self.op.kind.name(), tensor, problem }
    }

    fn operand(&self, index: usize) -> Result<TensorId, PlanError> {
        let missing = || self.fail(self.op.output, format!("operand {index} is missing"));
        self.op.inputs.get(index).copied().ok_or_else(missing)
    }

    /// A tensor whose first scale and zero point may be read.
    fn quantised(&self, id: TensorId) -> Result<&'a Tensor, PlanError> {
        let tensor = self.network.tensor(id);
        let broken = |q: &crate::network::Quantization| q.scale.is_empty() || q.scale.len() != q.zero_point.len();
        if tensor.quant.as_ref().is_some_and(broken) {
            return Err(self.fail(id, "its scales and zero points do not match".into()));
        }
        Ok(tensor)
    }

    /// Elements that are made one.
    fn reduced(&self, axes: &[usize], x: &Tensor) -> Result<usize, PlanError> {
        match axes.iter().find(|axis| **axis >= x.shape.len()) {
            Some(axis) => Err(self.fail(self.operand(0)?, format!("it has no dimension {axis} to reduce"))),
            None => Ok(axes.iter().map(|&axis| x.shape[axis]).product()),
        }
    }

    fn concat(&self, out: &Tensor, axis: usize) -> Result<Kernel, PlanError> {
        let outer: usize = out.shape.iter().take(axis).product();
        let bytes = |id: &TensorId| self.network.tensor(*id).bytes() / outer.max(1);
        let blocks: Vec<usize> = self.op.inputs.iter().map(bytes).collect();
        if outer * blocks.iter().sum::<usize>() != out.bytes() {
            return Err(self.fail(self.op.output, "its operands do not fill it".into()));
        }
        Ok(Kernel::Concat(kernel::Concat { outer, blocks }))
    }

    fn rearrange(&self, x: &Tensor, out: &Tensor, rearrangement: &Rearrangement) -> Result<Kernel, PlanError> {
        let size = x.dtype.bytes();
        if let Some(Walk { start, mut steps }) = rearrangement.walk(&x.shape, &out.shape) {
            steps.iter_mut().for_each(|step| step.stride *= size as isize);
            // Elements of several bytes are a step of their own, unless they adjoin.
            match steps.last_mut() {
                _ if size == 1 => {}
                Some(inner) if inner.stride == size as isize => {
                    *inner = rearrange::Step { size: inner.size * size, stride: 1 }
                }
                _ => steps.push(rearrange::Step { size, stride: 1 }),
            }
            if steps.len() <= kernel::Gather::MAX_STEPS {
                return Ok(Kernel::Gather(kernel::Gather { walk: Walk { start: start * size, steps } }));
            }
            let shapes = format!("{:?} to {:?}", x.shape, out.shape);
            return Err(self.fail(self.op.output, format!("elements move along too many dimensions: {shapes}")));
        }
        match (rearrangement.nearest(&x.shape, &out.shape), x.shape.first()) {
            (Some([rows, columns]), Some(1))
                if rows.len().max(columns.len()).max(x.shape[1]) <= usize::from(u16::MAX) =>
            {
                let pixel = size * x.shape[3];
                Ok(Kernel::Nearest(kernel::Nearest { rows, columns, in_w: x.shape[2], pixel }))
            }
            _ => {
                let shapes = format!("{:?} to {:?}", x.shape, out.shape);
                Err(self.fail(self.op.output, format!("kernels resize one NHWC image at a time, not {shapes}")))
            }
        }
    }

    /// How the operands are repeated.
    fn axes(&self, lhs: &Tensor, rhs: &Tensor, out: &Tensor) -> Result<Vec<Axis>, PlanError> {
        let axes = broadcast(&lhs.shape, &rhs.shape, &out.shape);
        let fail = |problem: &str| {
            let shapes = format!("{:?} and {:?} to {:?}", lhs.shape, rhs.shape, out.shape);
            self.fail(self.op.output, format!("operands of shapes {shapes} {problem}"))
        };
        let axes = axes.ok_or_else(|| fail("do not fit"))?;
        if axes.len() > kernel::Binary::MAX_AXES {
            return Err(fail("are repeated along too many dimensions in turn"));
        }
        Ok(axes)
    }

    fn conv(&self, x: &Tensor, out: &Tensor, window: &Window, clamp: Clamp) -> Result<Kernel, PlanError> {
        let (weights, filter) = self.weights(4, 0, out)?;
        let depth = filter.shape[3];
        let channels = x.shape.last().copied().unwrap_or(0);
        if depth == 0 || !channels.is_multiple_of(depth) {
            let problem = format!("its depth {depth} does not divide the {channels} input channels");
            return Err(self.fail(weights.filter, problem));
        }
        let mut conv = kernel::Conv {
            weights,
            filter: Hw { h: filter.shape[1], w: filter.shape[2] },
            depth,
            groups: channels / depth,
            window: *window,
            zero: ZeroPoints { input: x.zero_point(), output: out.zero_point() },
            clamp,
            requants: channel_requants(x, filter, out),
            packed: None,
            sum: None,
        };
        if conv.groups == 1 {
            let rows = self.rows(weights, &conv.requants, 0);
            conv.packed = pack::matrix(&rows, conv.zero.input, &Output { zero: conv.zero.output, clamp }, channels);
        }
        let pixel = conv.filter == Hw { h: 1, w: 1 };
        Ok(if pixel && conv.groups == 1 && window.pads == Pads::default() {
            Kernel::Conv1x1(conv)
        } else {
            Kernel::Conv(conv)
        })
    }

    /// The same by minimal filtering, where that is for it.
    fn winograd(&self, conv: &kernel::Conv) -> Option<kernel::Conv> {
        let (three, one) = (Hw { h: 3, w: 3 }, Hw { h: 1, w: 1 });
        let plain = conv.window.stride == one && conv.window.dilation == one;
        if conv.filter != three || conv.groups != 1 || !plain {
            return None;
        }
        let output = Output { zero: conv.zero.output, clamp: conv.clamp };
        let rows = self.rows(conv.weights, &conv.requants, 0);
        let packed = pack::winograd(&rows, conv.zero.input, &output, conv.depth)?;
        Some(kernel::Conv { packed: Some(packed), ..conv.clone() })
    }

    /// The same as a fully connected layer, where the filter covers the map.
    fn covering(&self, conv: &kernel::Conv) -> Option<kernel::FullyConnected> {
        let x = self.network.tensor(*self.op.inputs.first()?).shape.as_slice();
        let (&[1, h, w, _], &[1, 1, 1, _]) = (x, self.network.tensor(self.op.output).shape.as_slice()) else {
            return None;
        };
        let plain = conv.window.pads == Pads::default() && conv.window.dilation == Hw { h: 1, w: 1 };
        if conv.filter != (Hw { h, w }) || conv.groups != 1 || !plain || conv.packed.is_none() {
            return None;
        }
        let kernel::Conv { weights, zero, clamp, .. } = *conv;
        let output = Output { zero: zero.output, clamp };
        let packed = Some(pack::row(&self.rows(weights, &conv.requants, 0), zero.input, &output)?);
        let (depth, requants) = (h * w * conv.depth, conv.requants.clone());
        Some(kernel::FullyConnected { weights, depth, filter_zero: 0, zero, clamp, requants, packed })
    }

    /// Weights, bias and requantisation by output channel; channels run along `axis` of the filter.
    fn rows(&self, weights: Weights, requants: &[Requant], axis: usize) -> Vec<Row> {
        let filter = self.network.tensor(weights.filter);
        let data = filter.data.as_deref().unwrap_or_default();
        let biases = self.network.tensor(weights.bias).data.as_deref().unwrap_or_default().chunks_exact(4);
        let inner: usize = filter.shape[axis + 1..].iter().product();
        let outer: usize = filter.shape[..axis].iter().product();
        let channels = filter.shape[axis];
        let row = |(c, (bias, requant)): (usize, (&[u8], &Requant))| Row {
            weights: (0..outer)
                .flat_map(|o| data[(o * channels + c) * inner..][..inner].iter().map(|b| *b as i8))
                .collect(),
            bias: i32::from_le_bytes([bias[0], bias[1], bias[2], bias[3]]),
            requant: *requant,
        };
        biases.zip(requants).enumerate().map(row).collect()
    }

    fn plane(&self, depthwise: &kernel::Depthwise, x: &Tensor, out: &Tensor) -> Option<Packed> {
        let kernel::Depthwise { filter, window, .. } = depthwise;
        let ([_, _, in_w, _], [_, out_h, out_w, _]) = (x.shape.as_slice(), out.shape.as_slice()) else { return None };
        let plane = kernel::Plane { out: Hw { h: *out_h, w: *out_w }, filter: *filter, stride: window.stride };
        let flat = kernel::is_column(*filter, window, (*in_w, *out_w));
        let plane = if flat { plane.laid_flat() } else { plane };
        let plain = window.dilation == Hw { h: 1, w: 1 };
        let scratch = if plain { plane.scratch_bytes()? } else { return None };
        let weights = self.rows(depthwise.weights, &depthwise.requants, 3);
        let output = Output { zero: depthwise.zero.output, clamp: depthwise.clamp };
        pack::plane(&weights, depthwise.zero.input, &output, plane.filter.w, scratch)
    }

    /// Filter of the given rank and bias, constants with one entry per channel; channels run along `axis`.
    fn weights(&self, rank: usize, axis: usize, out: &Tensor) -> Result<(Weights, &'a Tensor), PlanError> {
        let weights = Weights { filter: self.operand(1)?, bias: self.operand(2)? };
        let (filter, bias) = (self.quantised(weights.filter)?, self.network.tensor(weights.bias));
        for (id, tensor) in [(weights.filter, filter), (weights.bias, bias)] {
            if tensor.data.is_none() {
                return Err(self.fail(id, "weights must be constant".into()));
            }
        }
        if filter.shape.len() != rank {
            let problem = format!("the filter has {} dimensions, not {rank}", filter.shape.len());
            return Err(self.fail(weights.filter, problem));
        }
        let channels = filter.shape[axis];
        // Rows of a fully connected output may be flattened, so that only its size is known to fit.
        let fits = if rank == 4 {
            out.shape.last() == Some(&channels)
        } else {
            channels > 0 && out.elements().is_multiple_of(channels)
        };
        if !fits {
            let problem = format!("shape {:?} does not fit the filter's {channels} channels", out.shape);
            return Err(self.fail(self.op.output, problem));
        }
        if bias.elements() != channels {
            let problem = format!("the bias has {} elements for {channels} channels", bias.elements());
            return Err(self.fail(weights.bias, problem));
        }
        Ok((weights, filter))
    }
}
