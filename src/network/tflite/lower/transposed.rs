//! Transposed convolutions, as the convolutions that they are.

use super::{Lowering, Problem, SAME, ensure};
use crate::network::{DType, Hw, OpKind, Pads, Quantization, Rearrangement, Tensor, Window};

/// How outputs of one side are made of inputs: those at the same place modulo the stride are a convolution.
#[derive(Clone, Copy)]
struct Side {
    stride: usize,
    /// Elements of the transposed filter.
    filter: usize,
    /// Of the transposed convolution.
    pad: usize,
    /// Elements of the convolution's filter, and the input that its first one meets, from where the output is.
    taps: usize,
    first: isize,
    /// Outputs of the convolution: of each place one.
    outputs: usize,
    before: usize,
    after: usize,
}

impl Side {
    fn new(x: usize, out: usize, filter: usize, stride: usize, same: bool) -> Option<Self> {
        let [k, s] = [filter as isize, stride as isize];
        let reach = (x as isize - 1) * s + k;
        let pad = if same { (reach - out as isize).max(0) / 2 } else { 0 };
        // Inputs that some place modulo the stride reads.
        let first = -(k - 1 - pad).div_euclid(s);
        let last = (s - 1 + pad) / s;
        let outputs = out.div_ceil(stride);
        let after = outputs as isize - 1 + last - (x as isize - 1);
        let pads = [-first, after].map(|pad| usize::try_from(pad).ok());
        let [Some(before), Some(after)] = pads else { return None };
        let taps = usize::try_from(last - first + 1).ok()?;
        Some(Self { stride, filter, pad: pad as usize, taps, first, outputs, before, after })
    }

    /// The element of the transposed filter that a tap is at a place modulo the stride.
    fn element(&self, place: usize, tap: usize) -> Option<usize> {
        let input = self.first + tap as isize;
        let element = (place + self.pad) as isize - self.stride as isize * input;
        usize::try_from(element).ok().filter(|element| *element < self.filter)
    }
}

impl Lowering<'_> {
    /// A convolution with an output channel for each place in a block of as many pixels as the stride has, then the
    /// blocks laid out, then what is beyond the output cut off.
    pub(super) fn transpose_conv(&mut self) -> Result<(), Problem> {
        let text = |problem: &str| Problem::Text(problem.into());
        let [Some(filter_id), Some(x_id)] = [self.id(1), self.id(2)] else { return Err(text("it lacks an operand")) };
        let (filter, x, out) = (self.network.tensor(filter_id), self.network.tensor(x_id), self.out().clone());
        let int8 = |tensor: &Tensor| tensor.dtype == DType::I8 && super::per_tensor(tensor);
        ensure(int8(x) && int8(&out), "input and output must be int8 with one scale")?;
        let (&[n, in_h, in_w, depth], &[on, out_h, out_w, channels]) = (&x.shape[..], &out.shape[..]) else {
            return Err(text("input and output must be NHWC"));
        };
        let &[o, filter_h, filter_w, i] = &filter.shape[..] else {
            return Err(text("the filter must have 4 dimensions"));
        };
        ensure(n == on && (o, i) == (channels, depth), "filter and channels do not fit")?;
        let (data, quant) = (filter.data.clone(), filter.quant.clone());
        let (Some(data), Some(quant), DType::I8) = (data, quant, filter.dtype) else {
            return Err(text("the filter must be a quantised int8 constant"));
        };
        ensure(quant.zero_point.iter().all(|zero| *zero == 0), "filter zero points must be 0")?;
        ensure(quant.scale.len() == 1 || quant.scale.len() == channels, "the filter needs a scale for each channel")?;
        let (same, stride) = (self.byte(0)? == SAME, [self.int(2, 0)?, self.int(1, 0)?]);
        ensure(stride[0] == stride[1] && (1..=16).contains(&stride[0]), "its strides must be alike and at most 16")?;
        ensure(filter_h <= 256 && filter_w <= 256, "the filter size is out of range")?;
        let block = stride[0] as usize;
        let sides = (Side::new(in_h, out_h, filter_h, block, same), Side::new(in_w, out_w, filter_w, block, same));
        let (Some(rows), Some(columns)) = sides else {
            return Err(text("the output size does not follow from input, filter, stride and padding"));
        };
        let wide = channels * block * block;
        let taps = rows.taps * columns.taps;
        let size = wide.checked_mul(taps * depth).ok_or_else(|| text("the filter is too large"))?;
        let clamp = self.activation(3)?;
        let biases = match self.id(3) {
            Some(id) => {
                let bias = self.network.tensor(id);
                let fits = bias.dtype == DType::I32 && bias.elements() == channels;
                let data = bias.data.clone().filter(|_| fits);
                data.ok_or_else(|| text("the bias must be an int32 constant, one per channel"))?.to_vec()
            }
            None => vec![0; 4 * channels],
        };
        self.spend(size + 4 * wide)?;
        let mut weights = Vec::with_capacity(size);
        for place in 0..block * block {
            for c in 0..channels {
                for tap in 0..taps {
                    let row = rows.element(place / block, tap / columns.taps);
                    let column = columns.element(place % block, tap % columns.taps);
                    match row.zip(column) {
                        Some((row, column)) => {
                            weights.extend(&data[((c * filter_h + row) * filter_w + column) * depth..][..depth]);
                        }
                        None => weights.resize(weights.len() + depth, 0),
                    }
                }
            }
        }
        let each = |scales: &[f32]| if scales.len() == 1 { scales.to_vec() } else { scales.repeat(block * block) };
        let scale = each(&quant.scale);
        let quant = Quantization { zero_point: vec![0; scale.len()], scale, axis: 0 };
        let named = |part: &str| format!("{}/{part}", out.name);
        let filter = self.new_tensor(Tensor {
            name: named("filter"),
            shape: vec![wide, rows.taps, columns.taps, depth],
            dtype: DType::I8,
            quant: Some(quant),
            data: Some(weights.into()),
        });
        let bias = self.new_tensor(Tensor {
            name: named("bias"),
            shape: vec![wide],
            dtype: DType::I32,
            quant: None,
            data: Some(biases.repeat(block * block).into()),
        });
        let one = Hw { h: 1, w: 1 };
        let pads = Pads { top: rows.before, bottom: rows.after, left: columns.before, right: columns.after };
        let window = Window { stride: one, dilation: one, pads };
        let (h, w) = (rows.outputs, columns.outputs);
        let blocks = Tensor { name: named("blocks"), shape: vec![n, h, w, wide], ..out.clone() };
        let whole = vec![n, h * block, w * block, channels];
        let steps = [
            (OpKind::Rearrange(Rearrangement::DepthToSpace { block }), block > 1, whole.clone()),
            (
                OpKind::Rearrange(Rearrangement::Slice {
                    begin: vec![0; 4],
                    size: out.shape.clone(),
                    stride: vec![1; 4],
                }),
                whole != out.shape,
                out.shape.clone(),
            ),
        ];
        let mut left: Vec<(OpKind, Vec<usize>)> =
            steps.into_iter().filter(|(_, needed, _)| *needed).map(|(kind, _, shape)| (kind, shape)).collect();
        let output = self.operator.outputs[0];
        let mut at = if left.is_empty() { output } else { self.new_tensor(blocks) };
        self.push_op(OpKind::Conv2d { window, clamp }, vec![x_id, filter, bias], at);
        while !left.is_empty() {
            let (kind, shape) = left.remove(0);
            let to = if left.is_empty() {
                output
            } else {
                self.new_tensor(Tensor { name: named("whole"), shape, ..out.clone() })
            };
            self.push_op(kind, vec![at], to);
            at = to;
        }
        Ok(())
    }
}
