//! Rewrites of a network that change no output.

use crate::network::{DType, Network, Op, OpKind, Pads, Rearrangement, Tensor, TensorId};

/// Folds each PAD that only feeds one convolution into the explicit padding of that convolution.
///
/// It must pad nothing but height and width, and its input must be quantised like its output: then it pads with the
/// very zero point that the convolution pads with. A chain of such PADs folds as a whole. Tensors keep their ids; the
/// output of a folded PAD is left without an operator.
pub fn fold_pads(network: &Network) -> Network {
    let mut folded = network.clone();
    // Backwards, so that of a chain of PADs the one next to the convolution goes first.
    for index in (0..folded.ops.len()).rev() {
        if let Some((consumer, pads)) = foldable(&folded, index) {
            let pad = folded.ops.remove(index);
            // The consumer stood after the PAD.
            let consumer = &mut folded.ops[consumer - 1];
            consumer.inputs[0] = pad.inputs[0];
            if let OpKind::Conv2d { window, .. } | OpKind::DepthwiseConv2d { window, .. } = &mut consumer.kind {
                window.pads.top += pads.top;
                window.pads.bottom += pads.bottom;
                window.pads.left += pads.left;
                window.pads.right += pads.right;
            }
        }
    }
    folded
}

/// Drops each QUANTIZE that gives back what it was given: from a domain to the same one, by way of floats or not.
///
/// Readers of its output then read its input. A DEQUANTIZE that nobody reads any more goes, too. Where both sides are the
/// network's own it stays, since those are held apart.
pub fn drop_identities(network: &Network) -> Network {
    let mut kept = network.clone();
    let mut index = 0;
    while index < kept.ops.len() {
        let Some((from, by)) = identity(&kept, index) else {
            index += 1;
            continue;
        };
        let dropped = kept.ops.remove(index).output;
        let readers = kept.ops.iter_mut().flat_map(|op| op.inputs.iter_mut());
        readers.chain(kept.outputs.iter_mut()).filter(|id| **id == dropped).for_each(|id| *id = from);
        // The DEQUANTIZE stood before the QUANTIZE.
        if let Some(by) = by.filter(|at| !is_read(&kept, kept.ops[*at].output)) {
            kept.ops.remove(by);
            index -= 1;
        }
    }
    kept
}

fn is_read(network: &Network, id: TensorId) -> bool {
    network.outputs.contains(&id) || network.ops.iter().any(|op| op.inputs.contains(&id))
}

/// What operator `index` gives back, if that is a QUANTIZE which does; and the DEQUANTIZE that it undoes, if any.
fn identity(network: &Network, index: usize) -> Option<(TensorId, Option<usize>)> {
    let op = network.ops.get(index).filter(|op| op.kind == OpKind::Quantize)?;
    let mut from = *op.inputs.first()?;
    let mut by = None;
    if network.tensor(from).dtype == DType::F32 {
        let at = network.ops[..index].iter().position(|op| op.output == from)?;
        let undone = Some(&network.ops[at]).filter(|op| op.kind == OpKind::Dequantize)?;
        (from, by) = (*undone.inputs.first()?, Some(at));
        // A product of a few hundred steps and its quotient are off by far less than half a step, if the scale is normal.
        let scale = network.tensor(from).scale();
        if !scale.is_normal() || !(scale * 512.0).is_finite() {
            return None;
        }
    }
    let (x, out) = (network.tensor(from), network.tensor(op.output));
    let same = x.dtype == out.dtype && x.dtype != DType::F32 && x.quant == out.quant && x.shape == out.shape;
    let own = x.data.is_some() || network.inputs.contains(&from) || network.outputs.contains(&from);
    (same && !(own && network.outputs.contains(&op.output))).then_some((from, by))
}

/// Turns each depthwise convolution of a single channel into the convolution that it is.
pub fn widen_single_channels(network: &Network) -> Network {
    let mut widened = network.clone();
    for index in 0..widened.ops.len() {
        let op = &widened.ops[index];
        let OpKind::DepthwiseConv2d { window, clamp, .. } = op.kind else { continue };
        let (Some(&x), Some(&filter)) = (op.inputs.first(), op.inputs.get(1)) else { continue };
        if widened.tensor(x).shape.last() != Some(&1) {
            continue;
        }
        let Some(filter) = transposed(widened.tensor(filter)) else { continue };
        widened.ops[index].inputs[1] = TensorId(widened.tensors.len());
        widened.ops[index].kind = OpKind::Conv2d { window, clamp };
        widened.tensors.push(filter);
    }
    widened
}

/// Puts a transpose in front of each reduction along axes that do not adjoin: kernels take those that do.
pub fn adjoin_reductions(network: &Network) -> Network {
    let mut adjoined = network.clone();
    let mut ops = Vec::with_capacity(adjoined.ops.len());
    for mut op in std::mem::take(&mut adjoined.ops) {
        let (OpKind::Mean { axes, .. } | OpKind::Reduce { axes, .. }) = &mut op.kind else {
            ops.push(op);
            continue;
        };
        let x = op.inputs.first().map(|id| adjoined.tensor(*id).clone()).filter(|x| x.data.is_none());
        let Some(x) = x.filter(|x| scattered(&x.shape, axes)) else {
            ops.push(op);
            continue;
        };
        let (reduced, mut order): (Vec<usize>, Vec<usize>) = (0..x.shape.len()).partition(|axis| axes.contains(axis));
        *axes = (order.len()..x.shape.len()).collect();
        order.extend(&reduced);
        let shape = order.iter().map(|axis| x.shape[*axis]).collect();
        let turned = TensorId(adjoined.tensors.len());
        adjoined.tensors.push(Tensor { name: format!("{}/turned", x.name), shape, ..x });
        let kind = OpKind::Rearrange(Rearrangement::Transpose { axes: order });
        ops.push(Op { kind, inputs: op.inputs.clone(), output: turned, origin: op.origin });
        op.inputs = vec![turned];
        ops.push(op);
    }
    adjoined.ops = ops;
    adjoined
}

/// Whether some dimension of several elements between these axes is not one of them.
fn scattered(shape: &[usize], axes: &[usize]) -> bool {
    let large: Vec<usize> =
        axes.iter().copied().filter(|axis| shape.get(*axis).is_some_and(|size| *size > 1)).collect();
    let (Some(first), Some(last)) = (large.first(), large.last()) else { return false };
    (*first..*last).any(|axis| shape[axis] > 1 && !axes.contains(&axis))
}

/// A depthwise filter 1HWC as OHW1.
fn transposed(filter: &Tensor) -> Option<Tensor> {
    let [_, h, w, c] = filter.shape[..] else { return None };
    let data = filter.data.as_deref()?;
    let turned = (0..c).flat_map(|channel| data.iter().skip(channel).step_by(c).copied());
    let mut quant = filter.quant.clone();
    if let Some(quant) = &mut quant {
        quant.axis = 0;
    }
    Some(Tensor { shape: vec![c, h, w, 1], data: Some(turned.collect()), quant, ..filter.clone() })
}

/// The convolution that takes over the padding of operator `index`, if that is a PAD that may be folded.
fn foldable(network: &Network, index: usize) -> Option<(usize, Pads)> {
    let pad = &network.ops[index];
    let pads = spatial(pad)?;
    let (input, output) = (network.tensor(*pad.inputs.first()?), network.tensor(pad.output));
    if input.quant != output.quant || input.dtype != output.dtype || network.outputs.contains(&pad.output) {
        return None;
    }
    let mut readers = network.ops.iter().enumerate().filter(|(_, op)| op.inputs.contains(&pad.output));
    let (consumer, op) = readers.next()?;
    let conv = matches!(op.kind, OpKind::Conv2d { .. } | OpKind::DepthwiseConv2d { .. });
    let as_input = op.inputs.first() == Some(&pad.output) && !op.inputs[1..].contains(&pad.output);
    let sole = readers.next().is_none();
    (sole && conv && as_input && consumer > index).then_some((consumer, pads))
}

/// Padding of a PAD over NHWC that leaves batch and channels alone.
fn spatial(op: &Op) -> Option<Pads> {
    let OpKind::Pad { pads } = &op.kind else { return None };
    match pads.as_slice() {
        [(0, 0), (top, bottom), (left, right), (0, 0)] => {
            Some(Pads { top: *top, bottom: *bottom, left: *left, right: *right })
        }
        _ => None,
    }
}
