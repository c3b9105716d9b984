//! Which operators write over what they have read: their output then begins where an operand does.

use super::kernel::Kernel;
use super::lifetime::Lifetimes;
use crate::network::{Network, Pads, TensorId};

/// Which operand each operator writes over: one of [`Overlays::options`], if any.
pub(super) type Choice = Vec<Option<usize>>;

/// What may be written over, as indices of spans.
pub(super) struct Overlays {
    /// Per operator the spans of operands that it may write over and is the last to read.
    pub options: Vec<Vec<usize>>,
    /// Per operator the span of its output.
    outputs: Vec<Option<usize>>,
    spans: usize,
}

impl Overlays {
    pub fn new(network: &Network, kernels: &[Kernel], lifetimes: &Lifetimes) -> Self {
        let spans = &lifetimes.spans;
        let span_of = |id: TensorId| spans.iter().position(|span| span.tensor == lifetimes.owner(id));
        let kept: Vec<_> = network.outputs.iter().filter_map(|id| span_of(*id)).collect();
        let outputs: Vec<_> = network.ops.iter().map(|op| span_of(op.output)).collect();
        let options = |op: usize| {
            let dying = |&from: &usize| spans[from].last == op && !kept.contains(&from) && Some(from) != outputs[op];
            let mut found: Vec<usize> =
                overwritten(network, kernels, op).iter().filter_map(|id| span_of(*id)).filter(dying).collect();
            found.dedup();
            // A reshape computes nothing: its output is its input.
            if outputs[op].is_some() { found } else { Vec::new() }
        };
        Self { options: (0..kernels.len()).map(options).collect(), outputs, spans: spans.len() }
    }

    /// Every operator writes over its first operand that it may.
    pub fn all(&self) -> Choice {
        self.options.iter().map(|options| options.first().copied()).collect()
    }

    /// Spans in groups that begin at the same offset.
    pub fn groups(&self, choice: &Choice) -> Vec<Vec<usize>> {
        let mut groups: Vec<Vec<usize>> = (0..self.spans).map(|span| vec![span]).collect();
        let mut group_of: Vec<usize> = (0..self.spans).collect();
        for (op, from) in choice.iter().enumerate() {
            if let (Some(from), Some(to)) = (*from, self.outputs[op]) {
                group_of[to] = group_of[from];
                groups[to].clear();
                groups[group_of[from]].push(to);
            }
        }
        groups.retain(|group| !group.is_empty());
        groups
    }
}

/// Operands that the kernel of `op` has read before it writes over them.
fn overwritten<'a>(network: &'a Network, kernels: &[Kernel], op: usize) -> &'a [TensorId] {
    let operator = &network.ops[op];
    let bytes = |id: TensorId| network.tensor(id).bytes();
    let first = |n: usize| &operator.inputs[..n.min(operator.inputs.len())];
    let shrinks = operator.inputs.first().is_some_and(|x| bytes(operator.output) <= bytes(*x));
    match &kernels[op] {
        // Each channel is copied before its output is written, and that lies where the channel lay.
        Kernel::Depthwise(depthwise) if depthwise.packed.is_some() && shrinks => first(1),
        // Pixels are copied before theirs are written; the direction follows from which are larger.
        Kernel::Conv1x1(conv) if conv.by_pixels() => first(1),
        // No window begins before the pixel that it makes.
        Kernel::AveragePool(pool) | Kernel::MaxPool(pool) if pool.window.pads == Pads::default() => first(1),
        // Element by element.
        Kernel::Add(_) => first(2),
        Kernel::Quantize(quantize) if quantize.from.bytes() == quantize.to.bytes() => first(1),
        Kernel::Softmax(_) => first(1),
        _ => &[],
    }
}
