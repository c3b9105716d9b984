//! Weight sharing: the layers of a subnet are parts of the largest network's.

use super::layer::Layer;
use crate::network::TensorId;
use crate::network::float::{FloatKind, FloatNetwork, FloatOp};
use crate::network::space::Cut;

/// The layers of a subnet with `ops` operators, cut out of the largest network's.
pub fn gather(cuts: &[Cut], ops: usize, largest: &[Layer]) -> Vec<Layer> {
    let mut layers = vec![Layer::default(); ops];
    for cut in cuts {
        let (from, to) = (&largest[cut.of], &mut layers[cut.op]);
        let first = |of: &[f32]| of.iter().take(cut.part.outputs).copied().collect::<Vec<_>>();
        to.scale = first(&from.scale);
        to.shift = first(&from.shift);
        to.filter.reserve(cut.part.kernel.h * cut.part.kernel.w * cut.part.inputs * cut.part.outputs);
        for row in rows(cut) {
            to.filter.extend_from_slice(&from.filter[row..row + cut.part.outputs]);
        }
    }
    layers
}

/// Adds `share` of a subnet's gradients to the places in the largest network that its layers were cut from.
pub fn scatter(cuts: &[Cut], gradients: &[Layer], share: f32, largest: &mut [Layer]) {
    for cut in cuts {
        let (from, to) = (&gradients[cut.op], &mut largest[cut.of]);
        let add = |to: &mut [f32], from: &[f32]| to.iter_mut().zip(from).for_each(|(to, from)| *to += share * from);
        add(&mut to.scale, &from.scale);
        add(&mut to.shift, &from.shift);
        for (row, from) in rows(cut).zip(from.filter.chunks_exact(cut.part.outputs)) {
            add(&mut to.filter[row..row + cut.part.outputs], from);
        }
    }
}

/// Where each row of output channels of the part starts in the full filter.
fn rows(cut: &Cut) -> impl Iterator<Item = usize> {
    let (full, part, offset) = (cut.full, cut.part, cut.offset());
    let taps = (0..part.kernel.h).flat_map(move |y| (0..part.kernel.w).map(move |x| (y, x)));
    taps.flat_map(move |(y, x)| {
        let tap = (y + offset.h) * full.kernel.w + x + offset.w;
        (0..part.inputs).map(move |input| (tap * full.inputs + input) * full.outputs)
    })
}

/// An order of channels for each value of a network: `order[new] = old`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Values that share an order share an entry.
    group: Vec<usize>,
    /// By group; none where channels must stay where they are.
    orders: Vec<Option<Vec<usize>>>,
}

impl Order {
    /// The channels that matter most first, by the L1 norm of the weights that read them (arXiv 1908.09791, 3.3).
    pub fn by_importance(network: &FloatNetwork, layers: &[Layer]) -> Self {
        let groups = Groups::of(network);
        let mut importance: Vec<Vec<f64>> = vec![Vec::new(); network.values.len()];
        for (op, layer) in network.ops.iter().zip(layers) {
            if !mixes(op) || layer.filter.is_empty() {
                continue;
            }
            let (inputs, outputs) = (channels(network, op.inputs[0]), channels(network, op.output));
            let sums = &mut importance[groups.root(op.inputs[0])];
            sums.resize(inputs, 0.0);
            for (row, weights) in layer.filter.chunks_exact(outputs).enumerate() {
                sums[row % inputs] += weights.iter().map(|w| f64::from(w.abs())).sum::<f64>();
            }
        }
        let orders = importance.into_iter().enumerate().map(|(root, sums)| {
            let mut order: Vec<usize> = (0..sums.len()).collect();
            // A stable sort: channels that matter alike stay as they are.
            order.sort_by(|a, b| sums[*b].total_cmp(&sums[*a]));
            (!groups.fixed[root] && !order.is_empty()).then_some(order)
        });
        let orders = orders.collect();
        Self { group: (0..network.values.len()).map(|v| groups.root(TensorId(v))).collect(), orders }
    }

    /// Puts the channels of layers, or of what belongs to them, into this order. What the network computes stays the
    /// same.
    pub fn apply(&self, network: &FloatNetwork, layers: &mut [Layer]) {
        for (op, layer) in network.ops.iter().zip(layers) {
            if layer.filter.is_empty() {
                continue;
            }
            let outputs = channels(network, op.output);
            if let Some(order) = &self.orders[self.group[op.output.0]] {
                for part in [&mut layer.filter, &mut layer.scale, &mut layer.shift] {
                    for row in part.chunks_exact_mut(outputs) {
                        let old = row.to_vec();
                        row.iter_mut().zip(order).for_each(|(new, from)| *new = old[*from]);
                    }
                }
            }
            if !mixes(op) {
                continue;
            }
            if let Some(order) = &self.orders[self.group[op.inputs[0].0]] {
                for tap in layer.filter.chunks_exact_mut(order.len() * outputs) {
                    let old = tap.to_vec();
                    for (new, from) in tap.chunks_exact_mut(outputs).zip(order) {
                        new.copy_from_slice(&old[from * outputs..(from + 1) * outputs]);
                    }
                }
            }
        }
    }
}

/// Whether each output channel of `op` reads every input channel.
fn mixes(op: &FloatOp) -> bool {
    matches!(op.kind, FloatKind::Conv2d { .. } | FloatKind::Dense { .. })
}

fn channels(network: &FloatNetwork, id: TensorId) -> usize {
    network.value(id).channels()
}

/// Values whose channels are the same ones: a union-find structure.
struct Groups {
    parent: Vec<usize>,
    /// By root: channels with a meaning outside, such as colours and classes.
    fixed: Vec<bool>,
}

impl Groups {
    fn of(network: &FloatNetwork) -> Self {
        let count = network.values.len();
        let mut groups = Self { parent: (0..count).collect(), fixed: vec![false; count] };
        groups.fix(network.input);
        groups.fix(network.output);
        for op in &network.ops {
            match op.kind {
                FloatKind::Conv2d { .. } | FloatKind::Dense { .. } => {}
                FloatKind::DepthwiseConv2d { multiplier, .. } if multiplier != 1 => {
                    groups.fix(op.inputs[0]);
                    groups.fix(op.output);
                }
                FloatKind::Reshape if channels(network, op.inputs[0]) != channels(network, op.output) => {
                    groups.fix(op.inputs[0]);
                    groups.fix(op.output);
                }
                _ => op.inputs.iter().for_each(|input| groups.join(*input, op.output)),
            }
        }
        groups
    }

    fn root(&self, id: TensorId) -> usize {
        let mut at = id.0;
        while self.parent[at] != at {
            at = self.parent[at];
        }
        at
    }

    fn fix(&mut self, id: TensorId) {
        let root = self.root(id);
        self.fixed[root] = true;
    }

    fn join(&mut self, a: TensorId, b: TensorId) {
        let (a, b) = (self.root(a), self.root(b));
        self.parent[a] = b;
        self.fixed[b] |= self.fixed[a];
    }
}
