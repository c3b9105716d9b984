//! Weights that only ever meet padding: on a small map the rim of a large filter. Padding stands for zero, so that they
//! count for nothing.

use crate::network::{Hw, Network, Op, OpKind, Pads, Tensor, TensorId, Window};

/// Drops rows and columns of filters that lie on padding wherever the filter is put.
///
/// Tensors keep their ids; a smaller filter is a new one.
pub fn crop_filters(network: &Network) -> Network {
    let mut cropped = network.clone();
    for index in 0..cropped.ops.len() {
        let Some((filter, window)) = smaller(&cropped, &cropped.ops[index]) else { continue };
        let op = &mut cropped.ops[index];
        op.inputs[1] = TensorId(cropped.tensors.len());
        if let OpKind::Conv2d { window: w, .. } | OpKind::DepthwiseConv2d { window: w, .. } = &mut op.kind {
            *w = window;
        }
        cropped.tensors.push(filter);
    }
    cropped
}

/// Filter and window of `op` without what is dropped; none where nothing is.
fn smaller(network: &Network, op: &Op) -> Option<(Tensor, Window)> {
    let (OpKind::Conv2d { window, .. } | OpKind::DepthwiseConv2d { window, .. }) = &op.kind else { return None };
    let shape = |id: &TensorId| network.tensor(*id).shape.as_slice();
    let filter = network.tensor(*op.inputs.get(1)?);
    let (&[_, in_h, in_w, _], &[_, out_h, out_w, _]) = (shape(op.inputs.first()?), shape(&op.output)) else {
        return None;
    };
    let &[_, h, w, _] = filter.shape.as_slice() else { return None };
    let Window { stride, dilation, pads } = *window;
    let rows = Axis { size: in_h, out: out_h, taps: h, stride: stride.h, dilation: dilation.h, before: pads.top };
    let columns = Axis { size: in_w, out: out_w, taps: w, stride: stride.w, dilation: dilation.w, before: pads.left };
    let (y, x) = (rows.cropped()?, columns.cropped()?);
    if (y.taps, x.taps) == (h, w) {
        return None;
    }
    let pads = Pads { top: y.before, bottom: y.after, left: x.before, right: x.after };
    Some((part(filter, (y.first, x.first), Hw { h: y.taps, w: x.taps }), Window { stride, dilation, pads }))
}

/// Taps `size` from `first` on, of a filter whose second and third dimensions are height and width.
fn part(filter: &Tensor, first: (usize, usize), size: Hw) -> Tensor {
    let (width, inner) = (filter.shape[2], filter.shape[3]);
    let data = filter.data.as_deref().map(|data| {
        let outer = data.chunks_exact((filter.shape[1] * width * inner).max(1));
        let rows = outer.flat_map(|one| one.chunks_exact(width * inner).skip(first.0).take(size.h));
        rows.flat_map(|row| row[first.1 * inner..][..size.w * inner].iter().copied()).collect()
    });
    Tensor { shape: vec![filter.shape[0], size.h, size.w, inner], data, ..filter.clone() }
}

/// A window along height or width.
struct Axis {
    size: usize,
    out: usize,
    taps: usize,
    stride: usize,
    dilation: usize,
    before: usize,
}

/// What is left of a filter, and the padding around the map then.
struct Cropped {
    first: usize,
    taps: usize,
    before: usize,
    after: usize,
}

impl Axis {
    /// None where no tap meets the map, or another padding would give another output.
    fn cropped(&self) -> Option<Cropped> {
        let Self { size, out, taps, stride, dilation, before } = *self;
        let inside = |tap: usize| {
            (0..out).any(|at| (at * stride + tap * dilation).checked_sub(before).is_some_and(|at| at < size))
        };
        let first = (0..taps).find(|tap| inside(*tap))?.min(before / dilation.max(1));
        let taps = (0..taps).rev().find(|tap| inside(*tap))? + 1 - first;
        let before = before - first * dilation;
        let reach = (taps - 1) * dilation + 1;
        let after = ((out - 1) * stride + reach).saturating_sub(size + before);
        let same = (size + before + after).checked_sub(reach)? / stride.max(1) + 1 == out;
        same.then_some(Cropped { first, taps, before, after })
    }
}
