//! Grouped convolutions whose groups are single channels, as the depthwise convolutions that they are.

use crate::network::{Network, OpKind, Tensor, TensorId};

/// Turns each convolution of which a channel of the output reads one of several channels into a depthwise convolution.
pub fn narrow_groups(network: &Network) -> Network {
    let mut narrowed = network.clone();
    for index in 0..narrowed.ops.len() {
        let op = &narrowed.ops[index];
        let OpKind::Conv2d { window, clamp } = op.kind else { continue };
        let (Some(&x), Some(&filter)) = (op.inputs.first(), op.inputs.get(1)) else { continue };
        let channels = narrowed.tensor(x).shape.last().copied().unwrap_or(0);
        let Some(filter) = transposed(narrowed.tensor(filter), channels) else { continue };
        let multiplier = filter.shape[3] / channels;
        narrowed.ops[index].inputs[1] = TensorId(narrowed.tensors.len());
        narrowed.ops[index].kind = OpKind::DepthwiseConv2d { window, multiplier, clamp };
        narrowed.tensors.push(filter);
    }
    narrowed
}

/// A filter OHW1 over that many channels as 1HWO.
fn transposed(filter: &Tensor, channels: usize) -> Option<Tensor> {
    let [out, h, w, 1] = filter.shape[..] else { return None };
    if channels < 2 || out == 0 || !out.is_multiple_of(channels) {
        return None;
    }
    let data = filter.data.as_deref()?;
    let taps = h * w;
    let turned = (0..taps).flat_map(|tap| data.iter().skip(tap).step_by(taps).copied());
    let mut quant = filter.quant.clone();
    if let Some(quant) = &mut quant {
        quant.axis = 3;
    }
    Some(Tensor { shape: vec![1, h, w, out], data: Some(turned.collect()), quant, ..filter.clone() })
}
