//! One TFLite operator to one [`Op`], with every assumption of the reference kernels checked.

use super::ImportError;
use super::reader::Table;
use crate::network::derive::Activation;
use crate::network::geometry;
use crate::network::{Clamp, DType, Hw, Network, Op, OpKind, Pads, Tensor, TensorId, Window};

/// A problem of this operator as text, or an error of the file.
enum Problem {
    Text(String),
    File(ImportError),
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        Problem::File(error)
    }
}

fn ensure(holds: bool, text: &str) -> Result<(), Problem> {
    if holds { Ok(()) } else { Err(Problem::Text(text.into())) }
}

/// Builtin operator names by their number in the schema, as far as they are supported.
fn kind_name(code: i32) -> String {
    let name = match code {
        0 => "ADD",
        1 => "AVERAGE_POOL_2D",
        3 => "CONV_2D",
        4 => "DEPTHWISE_CONV_2D",
        6 => "DEQUANTIZE",
        9 => "FULLY_CONNECTED",
        17 => "MAX_POOL_2D",
        22 => "RESHAPE",
        25 => "SOFTMAX",
        34 => "PAD",
        39 => "TRANSPOSE",
        40 => "MEAN",
        45 => "STRIDED_SLICE",
        77 => "SHAPE",
        83 => "PACK",
        114 => "QUANTIZE",
        other => return format!("builtin operator {other}"),
    };
    name.into()
}

pub(super) fn lower(
    network: &mut Network,
    index: usize,
    code: i32,
    options: Option<Table>,
    inputs: &[Option<TensorId>],
    outputs: &[TensorId],
) -> Result<(), ImportError> {
    let name = outputs.first().map_or(String::new(), |id| network.tensor(*id).name.clone());
    let lowered = (|| {
        ensure(outputs.len() == 1, "it must have one output")?;
        let out = network.tensor(outputs[0]);
        // A shape computed at run time is known here: RESHAPE takes it from its output.
        if matches!(code, 77 | 45 | 83) {
            ensure(out.dtype == DType::I32, "it is supported only where it computes a shape")?;
            return Ok(None);
        }
        let given: Vec<TensorId> = inputs.iter().copied().map_while(|id| id).collect();
        let kind = kind(network, code, options, &given, out)?;
        let operands = operand_count(&kind);
        Ok(Some((kind, given[..operands.min(given.len())].to_vec())))
    })();
    let (kind, mut used) = match lowered {
        Ok(None) => return Ok(()),
        Ok(Some(found)) => found,
        Err(Problem::File(error)) => return Err(error),
        Err(Problem::Text(problem)) => {
            return Err(ImportError::Operator { index, kind: kind_name(code), tensor: name, problem });
        }
    };
    if operand_count(&kind) == 3 && used.len() == 2 {
        used.push(zero_bias(network, used[1], &kind));
    }
    network.ops.push(Op { kind, inputs: used, output: outputs[0], origin: index });
    Ok(())
}

fn operand_count(kind: &OpKind) -> usize {
    match kind {
        OpKind::Conv2d { .. } | OpKind::DepthwiseConv2d { .. } | OpKind::FullyConnected { .. } => 3,
        OpKind::Add { .. } => 2,
        _ => 1,
    }
}

fn zero_bias(network: &mut Network, filter: TensorId, kind: &OpKind) -> TensorId {
    let shape = &network.tensor(filter).shape;
    let channels = if matches!(kind, OpKind::DepthwiseConv2d { .. }) { shape[3] } else { shape[0] };
    let name = format!("{}_zero_bias", network.tensor(filter).name);
    let data = Some(vec![0u8; 4 * channels].into());
    network.tensors.push(Tensor { name, shape: vec![channels], dtype: DType::I32, quant: None, data });
    TensorId(network.tensors.len() - 1)
}

fn kind(
    network: &Network,
    code: i32,
    options: Option<Table>,
    inputs: &[TensorId],
    out: &Tensor,
) -> Result<OpKind, Problem> {
    ensure(!inputs.is_empty(), "it has no input")?;
    let x = network.tensor(inputs[0]);
    let second = || inputs.get(1).map(|id| network.tensor(*id)).ok_or(Problem::Text("it lacks an operand".into()));
    let int = |id: usize, default: i32| options.map_or(Ok(default), |o| o.i32(id, default));
    let byte = |id: usize| options.map_or(Ok(0), |o| o.u8(id));
    if !matches!(code, 114 | 6 | 22) {
        for tensor in [x, out] {
            ensure(tensor.dtype == DType::I8 && per_tensor(tensor), "input and output must be int8 with one scale")?;
        }
    }
    match code {
        3 | 4 => {
            let filter = second()?;
            let depthwise = code == 4;
            let dilation = if depthwise { 5 } else { 4 };
            let window = Stride {
                byte: byte(0)?,
                w: int(1, 0)?,
                h: int(2, 0)?,
                dw: int(dilation, 1)?,
                dh: int(dilation + 1, 1)?,
            };
            let clamp = activation(byte(if depthwise { 4 } else { 3 })?, out)?;
            ensure(filter.shape.len() == 4, "the filter must have 4 dimensions")?;
            let window = window.resolve(x, Hw { h: filter.shape[1], w: filter.shape[2] }, out)?;
            let channels = filter.shape[if depthwise { 3 } else { 0 }];
            weights(network, filter, inputs.get(2), channels)?;
            ensure(
                filter.quant.as_ref().is_some_and(|q| q.zero_point.iter().all(|z| *z == 0)),
                "filter zero points must be 0",
            )?;
            ensure(out.shape[3] == channels, "output channels differ from the filter's")?;
            if depthwise {
                let multiplier = channels / x.shape[3];
                ensure(
                    filter.shape[0] == 1 && multiplier * x.shape[3] == channels,
                    "filter and input channels do not fit",
                )?;
                return Ok(OpKind::DepthwiseConv2d { window, multiplier, clamp });
            }
            let groups = x.shape[3] / filter.shape[3];
            ensure(
                groups > 0 && groups * filter.shape[3] == x.shape[3] && channels % groups == 0,
                "filter and input channels do not fit",
            )?;
            Ok(OpKind::Conv2d { window, clamp })
        }
        9 => {
            let filter = second()?;
            ensure(filter.shape.len() == 2, "the filter must have 2 dimensions")?;
            weights(network, filter, inputs.get(2), filter.shape[0])?;
            let rows = x.elements() / filter.shape[1];
            ensure(
                rows * filter.shape[1] == x.elements() && out.elements() == rows * filter.shape[0],
                "shapes do not fit",
            )?;
            Ok(OpKind::FullyConnected { clamp: activation(byte(0)?, out)? })
        }
        0 => {
            let rhs = second()?;
            ensure(rhs.dtype == DType::I8 && per_tensor(rhs), "both inputs must be int8 with one scale")?;
            ensure(x.shape == rhs.shape && x.shape == out.shape, "shapes must be equal (no broadcasting)")?;
            Ok(OpKind::Add { clamp: activation(byte(0)?, out)? })
        }
        1 | 17 => {
            let side = |id| Ok::<_, Problem>(usize::try_from(int(id, 0)?).unwrap_or(0));
            let filter = Hw { h: side(4)?, w: side(3)? };
            ensure(
                (1..=4096).contains(&filter.h) && (1..=4096).contains(&filter.w),
                "the filter size is out of range",
            )?;
            let window =
                Stride { byte: byte(0)?, w: int(1, 0)?, h: int(2, 0)?, dw: 1, dh: 1 }.resolve(x, filter, out)?;
            ensure(
                x.shape[3] == out.shape[3] && x.quant == out.quant,
                "input and output must agree in channels and scale",
            )?;
            let clamp = activation(byte(5)?, out)?;
            Ok(if code == 1 {
                OpKind::AveragePool2d { filter, window, clamp }
            } else {
                OpKind::MaxPool2d { filter, window, clamp }
            })
        }
        40 => {
            let rank = x.shape.len() as i32;
            let mut axes: Vec<usize> = constant(second()?)?
                .iter()
                .map(|&a| (if a < 0 { a.saturating_add(rank) } else { a }) as u32 as usize)
                .collect();
            axes.sort_unstable();
            axes.dedup();
            ensure(!axes.is_empty() && axes.iter().all(|a| *a < x.shape.len()), "an axis is out of range")?;
            let kept: usize = (0..x.shape.len()).filter(|a| !axes.contains(a)).map(|a| x.shape[a]).product();
            ensure(out.elements() == kept, "the output shape does not fit the axes")?;
            Ok(OpKind::Mean { axes, keep_dims: byte(0)? != 0 })
        }
        34 => {
            let flat = constant(second()?)?;
            ensure(
                flat.len() == 2 * x.shape.len() && flat.iter().all(|p| (0..=4096).contains(p)),
                "the paddings are out of range",
            )?;
            let pads: Vec<_> = flat.chunks(2).map(|p| (p[0] as usize, p[1] as usize)).collect();
            let fits = out.shape.len() == x.shape.len()
                && (0..pads.len()).all(|i| out.shape[i] == x.shape[i] + pads[i].0 + pads[i].1);
            ensure(fits && x.quant == out.quant, "the output must be the padded input with the same scale")?;
            Ok(OpKind::Pad { pads })
        }
        22 => {
            ensure(
                x.elements() == out.elements() && x.dtype == out.dtype,
                "input and output must have as many elements",
            )?;
            Ok(OpKind::Reshape)
        }
        39 => {
            let perm = constant(second()?)?;
            let moved: Vec<i32> =
                perm.iter().copied().filter(|&p| x.shape.get(p as u32 as usize).is_some_and(|&d| d > 1)).collect();
            ensure(
                moved.is_sorted() && x.elements() == out.elements(),
                "only a transpose that moves dimensions of 1 is supported",
            )?;
            Ok(OpKind::Reshape)
        }
        25 => {
            ensure(
                out.scale() == 1.0 / 256.0 && out.zero_point() == -128,
                "its output must have scale 1/256 and zero point -128",
            )?;
            // The reference sums 12-bit exponentials in 32 bits: a longer row could overflow.
            ensure(x.shape.last().is_some_and(|&depth| depth < 4096), "its last dimension must be below 4096")?;
            let beta = options.map_or(Ok(1.0), |o| o.f32(0))?;
            ensure(
                x.shape == out.shape && !x.shape.is_empty() && beta > 0.0 && beta.is_finite(),
                "shapes must be equal and beta positive",
            )?;
            Ok(OpKind::Softmax { beta })
        }
        114 => {
            let from = x.dtype == DType::F32 || (matches!(x.dtype, DType::I8 | DType::U8) && per_tensor(x));
            let to = matches!(out.dtype, DType::I8 | DType::U8) && per_tensor(out);
            ensure(
                from && to && x.elements() == out.elements(),
                "it must turn float32, uint8 or int8 into uint8 or int8",
            )?;
            Ok(OpKind::Quantize)
        }
        6 => {
            let from = matches!(x.dtype, DType::I8 | DType::U8) && per_tensor(x);
            ensure(
                from && out.dtype == DType::F32 && x.elements() == out.elements(),
                "it must turn uint8 or int8 into float32",
            )?;
            Ok(OpKind::Dequantize)
        }
        _ => Err(Problem::Text("this operator is not supported".into())),
    }
}

fn per_tensor(tensor: &Tensor) -> bool {
    tensor.quant.as_ref().is_some_and(|q| q.scale.len() == 1)
}

/// Filter and bias are constants of the right type and size.
fn weights(network: &Network, filter: &Tensor, bias: Option<&TensorId>, channels: usize) -> Result<(), Problem> {
    let quantised = filter.quant.as_ref().is_some_and(|q| q.scale.len() == 1 || q.scale.len() == channels);
    ensure(
        filter.dtype == DType::I8 && filter.data.is_some() && quantised,
        "the filter must be a quantised int8 constant",
    )?;
    let Some(bias) = bias.map(|id| network.tensor(*id)) else { return Ok(()) };
    ensure(
        bias.dtype == DType::I32 && bias.data.is_some() && bias.elements() == channels,
        "the bias must be an int32 constant, one per channel",
    )
}

fn constant(tensor: &Tensor) -> Result<Vec<i32>, Problem> {
    let data = tensor.data.as_deref().filter(|_| tensor.dtype == DType::I32 && tensor.elements() <= 64);
    let data = data.ok_or(Problem::Text(format!("`{}` must be a short int32 constant", tensor.name)))?;
    Ok(data.chunks_exact(4).map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
}

/// The fused activation as a clamp.
fn activation(code: u8, out: &Tensor) -> Result<Clamp, Problem> {
    let activation = Activation::ALL.get(usize::from(code));
    let activation = activation.ok_or_else(|| Problem::Text(format!("fused activation {code} is not supported")))?;
    Ok(activation.clamp(out))
}

struct Stride {
    /// 0 is SAME, 1 is VALID.
    byte: u8,
    w: i32,
    h: i32,
    dw: i32,
    dh: i32,
}

impl Stride {
    fn resolve(self, x: &Tensor, filter: Hw, out: &Tensor) -> Result<Window, Problem> {
        ensure(
            x.shape.len() == 4 && out.shape.len() == 4 && x.shape[0] == out.shape[0],
            "input and output must be NHWC",
        )?;
        let sane = [self.w, self.h, self.dw, self.dh].iter().all(|v| (1..=4096).contains(v))
            && filter.h <= 4096
            && filter.w <= 4096;
        ensure(sane, "a stride, dilation or filter size is out of range")?;
        let axis = |size: usize, filter: usize, stride: i32, dilation: i32| {
            let (stride, dilation) = (stride as usize, dilation as usize);
            match self.byte {
                0 => geometry::same(size, filter, stride, dilation),
                _ => (geometry::padded(size, filter, stride, dilation, 0), 0, 0),
            }
        };
        let (h, top, bottom) = axis(x.shape[1], filter.h, self.h, self.dh);
        let (w, left, right) = axis(x.shape[2], filter.w, self.w, self.dw);
        ensure(out.shape[1..3] == [h, w], "the output size does not follow from input, filter, stride and padding")?;
        let hw = |h: i32, w: i32| Hw { h: h as usize, w: w as usize };
        Ok(Window {
            stride: hw(self.h, self.w),
            dilation: hw(self.dh, self.dw),
            pads: Pads { top, bottom, left, right },
        })
    }
}
