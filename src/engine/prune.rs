//! Removal of channels that hold one value whatever the input, or that nobody reads. No output changes: what a constant
//! adds to its readers goes to their biases.

use std::collections::BTreeSet;

use super::constant::Constants;
use crate::network::{Network, Op, OpKind, Pads, Quantization, TensorId};

/// Kernels are at their best with whole groups of this many channels, so that some constants are worth keeping.
const GROUP: usize = 4;

/// Removes such channels between convolutions, through depthwise convolutions, pooling and flattening.
///
/// Tensors keep their ids; filters and biases that change are new tensors.
pub fn drop_constant_channels(network: &Network) -> Network {
    let constants = Constants::of(network);
    let dropped = Dropped::choose(network, &constants);
    if dropped.0.iter().all(BTreeSet::is_empty) {
        return network.clone();
    }
    let mut pruned = network.clone();
    for index in 0..pruned.ops.len() {
        rewrite(&mut pruned, network, index, &constants, &dropped);
    }
    for (tensor, channels) in pruned.tensors.iter_mut().zip(&dropped.0) {
        if let Some(last) = tensor.shape.last_mut() {
            *last -= channels.len();
        }
    }
    pruned
}

/// Per tensor the channels to drop.
struct Dropped(Vec<BTreeSet<usize>>);

impl Dropped {
    fn choose(network: &Network, constants: &Constants) -> Self {
        let candidates = |i: usize| -> BTreeSet<usize> {
            let id = TensorId(i);
            let unread = unread(network, id);
            let channels = constants.channels(id).iter().enumerate();
            channels.filter(|(c, value)| value.is_some() || unread.contains(c)).map(|(c, _)| c).collect()
        };
        let mut sets: Vec<_> = (0..network.tensors.len()).map(candidates).collect();
        let mut written = vec![false; network.tensors.len()];
        network.ops.iter().for_each(|op| written[op.output.0] = true);
        for (i, set) in sets.iter_mut().enumerate() {
            if !written[i] || network.outputs.contains(&TensorId(i)) {
                set.clear();
            }
        }
        let mut chosen = Self(sets);
        chosen.settle(network, constants);
        // Whole groups are kept; what that keeps is the same along a chain, whose sets are the same.
        for i in 0..chosen.0.len() {
            let channels = network.tensors[i].shape.last().copied().unwrap_or(0);
            while !chosen.0[i].is_empty()
                && (chosen.0[i].len() == channels || !(channels - chosen.0[i].len()).is_multiple_of(GROUP))
            {
                chosen.0[i].pop_first();
            }
        }
        chosen.settle(network, constants);
        chosen
    }

    /// Takes channels back until every operator can do without those that are left.
    fn settle(&mut self, network: &Network, constants: &Constants) {
        loop {
            let before: usize = self.0.iter().map(BTreeSet::len).sum();
            network.ops.iter().for_each(|op| self.restrict(network, constants, op));
            if self.0.iter().map(BTreeSet::len).sum::<usize>() == before {
                return;
            }
        }
    }

    fn restrict(&mut self, network: &Network, constants: &Constants, op: &Op) {
        let Some(&x) = op.inputs.first() else { return };
        match &op.kind {
            OpKind::Conv2d { window, .. } => {
                let (filter, channels) = (network.tensor(op.inputs[1]), network.tensor(x).shape[3]);
                if filter.shape[3] != channels {
                    self.0[x.0].clear();
                    self.0[op.output.0].clear();
                } else if window.pads != Pads::default() {
                    // Constants other than the zero point count for less at the border.
                    let zero = network.tensor(x).zero_point();
                    let values = constants.channels(x);
                    self.0[x.0].retain(|c| values[*c].is_none_or(|v| v == zero) || reads_nothing(network, op, *c));
                }
            }
            OpKind::DepthwiseConv2d { multiplier: 1, .. }
            | OpKind::AveragePool2d { .. }
            | OpKind::MaxPool2d { .. }
            | OpKind::Mean { .. } => {
                let axes_keep_channels = match &op.kind {
                    OpKind::Mean { axes, .. } => !axes.contains(&(network.tensor(x).shape.len() - 1)),
                    _ => true,
                };
                let both = if axes_keep_channels { &self.0[x.0] & &self.0[op.output.0] } else { BTreeSet::new() };
                (self.0[x.0], self.0[op.output.0]) = (both.clone(), both);
            }
            OpKind::Reshape => {
                let (from, to) = (network.tensor(x), network.tensor(op.output));
                let channels = from.shape.last().copied().unwrap_or(1).max(1);
                let length = to.shape.last().copied().unwrap_or(0);
                if length == channels || (to.elements() == length && length.is_multiple_of(channels)) {
                    let all = |c: usize| (c..length).step_by(channels).all(|e| self.0[op.output.0].contains(&e));
                    let kept: BTreeSet<_> = self.0[x.0].iter().copied().filter(|c| all(*c)).collect();
                    self.0[op.output.0].retain(|e| kept.contains(&(e % channels)));
                    self.0[x.0] = kept;
                } else {
                    self.0[x.0].clear();
                    self.0[op.output.0].clear();
                }
            }
            OpKind::FullyConnected { .. } => {
                let whole =
                    network.tensor(op.inputs[1]).shape[1] == network.tensor(x).shape.last().copied().unwrap_or(0);
                if !whole {
                    self.0[x.0].clear();
                }
                self.0[op.output.0].clear();
            }
            _ => {
                op.inputs.iter().chain([&op.output]).for_each(|id| self.0[id.0].clear());
            }
        }
    }
}

/// Whether a convolution has no weight for input channel `c`.
fn reads_nothing(network: &Network, op: &Op, c: usize) -> bool {
    let filter = network.tensor(op.inputs[1]);
    let Some(data) = filter.data.as_deref() else { return false };
    match op.kind {
        OpKind::Conv2d { .. } | OpKind::FullyConnected { .. } => {
            let depth = filter.shape.last().copied().unwrap_or(1);
            filter.zero_point() == 0 && data.iter().skip(c).step_by(depth).all(|w| *w == 0)
        }
        OpKind::DepthwiseConv2d { multiplier: 1, .. } => data.iter().skip(c).step_by(filter.shape[3]).all(|w| *w == 0),
        _ => false,
    }
}

/// Channels of `id` that no operator reads.
fn unread(network: &Network, id: TensorId) -> BTreeSet<usize> {
    let readers: Vec<&Op> = network.ops.iter().filter(|op| op.inputs.contains(&id)).collect();
    let channels = network.tensor(id).shape.last().copied().unwrap_or(0);
    let weighted = |op: &&Op| {
        op.inputs.len() == 3
            && op.inputs[0] == id
            && network.tensor(op.inputs[1]).shape.last() == network.tensor(id).shape.last()
    };
    if readers.is_empty() || !readers.iter().all(weighted) {
        return BTreeSet::new();
    }
    (0..channels).filter(|c| readers.iter().all(|op| reads_nothing(network, op, *c))).collect()
}

/// Drops from the weights of operator `index` what its tensors drop.
fn rewrite(pruned: &mut Network, network: &Network, index: usize, constants: &Constants, dropped: &Dropped) {
    let op = &network.ops[index];
    let (none, x) = (BTreeSet::new(), op.inputs[0]);
    let (inputs, outputs) = (&dropped.0[x.0], &dropped.0[op.output.0]);
    let (rows, columns) = match op.kind {
        OpKind::Conv2d { .. } => (outputs, inputs),
        OpKind::FullyConnected { .. } => (&none, inputs),
        OpKind::DepthwiseConv2d { .. } => (&none, outputs),
        _ => return,
    };
    if rows.is_empty() && columns.is_empty() {
        return;
    }
    let folds = !matches!(op.kind, OpKind::DepthwiseConv2d { .. });
    let (mut filter, mut bias) = (network.tensor(op.inputs[1]).clone(), network.tensor(op.inputs[2]).clone());
    let (zero, filter_zero) = (network.tensor(x).zero_point(), if folds { filter.zero_point() } else { 0 });
    let rank = filter.shape.len();
    let depth = filter.shape[rank - 1];
    let inner: usize = filter.shape[1..].iter().product();
    let data = filter.data.take().unwrap_or_default();
    let words = bias.data.take().unwrap_or_default();
    let mut biases: Vec<i32> = words.chunks_exact(4).map(|w| i32::from_le_bytes([w[0], w[1], w[2], w[3]])).collect();
    let mut kept = Vec::new();
    for (row, weights) in data.chunks(inner).enumerate().filter(|(row, _)| !rows.contains(row)) {
        for (i, weight) in weights.iter().enumerate() {
            let column = i % depth;
            if !columns.contains(&column) {
                kept.push(*weight);
            } else if let (true, Some(value)) = (folds, constants.channels(x)[column]) {
                let product = (value - zero) * (i32::from(*weight as i8) - filter_zero);
                biases[row] = biases[row].wrapping_add(product);
            }
        }
    }
    let channels = if folds { rows } else { columns };
    let keep = |c: &usize| !channels.contains(c);
    let biases = biases.iter().enumerate().filter(|(c, _)| keep(c)).flat_map(|(_, b)| b.to_le_bytes());
    bias.data = Some(biases.collect());
    bias.shape = vec![bias.shape.iter().product::<usize>() - channels.len()];
    filter.data = Some(kept.into());
    filter.shape[0] -= rows.len();
    filter.shape[rank - 1] -= columns.len();
    for tensor in [&mut filter, &mut bias] {
        tensor.quant = tensor.quant.take().map(|quant| subset(quant, keep));
    }
    for (operand, tensor) in [(1, filter), (2, bias)] {
        pruned.ops[index].inputs[operand] = TensorId(pruned.tensors.len());
        pruned.tensors.push(tensor);
    }
}

/// Of per-channel scales those of the channels that are kept.
fn subset(quant: Quantization, keep: impl Fn(&usize) -> bool) -> Quantization {
    if quant.scale.len() <= 1 {
        return quant;
    }
    let kept = |i: &usize| keep(i);
    Quantization {
        scale: quant.scale.iter().enumerate().filter(|(i, _)| kept(i)).map(|(_, s)| *s).collect(),
        zero_point: quant.zero_point.iter().enumerate().filter(|(i, _)| kept(i)).map(|(_, z)| *z).collect(),
        axis: quant.axis,
    }
}
