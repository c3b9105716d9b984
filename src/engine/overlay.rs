//! Which operators write over what they have read: their output then begins where an operand does, or somewhat before it.

use super::arena::Block;
use super::kernel::{Conv, Kernel};
use super::lifetime::{Lifetime, Lifetimes};
use super::patch::{self, Stage};
use crate::network::{Network, Op, Pads, TensorId};

/// What an operator may write over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overlay {
    /// Span of the operand.
    pub from: usize,
    /// Bytes by which the output must begin before the operand at least, since it catches up with what is read.
    pub lead: usize,
}

/// Which operand each operator writes over: one of [`Overlays::options`], if any.
pub(super) type Choice = Vec<Option<Overlay>>;

/// What may be written over, as indices of spans.
pub(super) struct Overlays {
    /// Per operator the spans of operands that it may write over and is the last to read.
    pub options: Vec<Vec<Overlay>>,
    /// Per operator the span of its output.
    outputs: Vec<Option<usize>>,
    /// What is held of each span, and when.
    held: Vec<Vec<Block>>,
    /// Bytes of scratch memory of each operator.
    scratch: Vec<usize>,
}

impl Overlays {
    pub fn new(network: &Network, kernels: &[Kernel], lifetimes: &Lifetimes) -> Self {
        let spans = &lifetimes.spans;
        let span_of = |id: TensorId| spans.iter().position(|span| span.tensor == lifetimes.owner(id));
        let kept: Vec<_> = network.outputs.iter().filter_map(|id| span_of(*id)).collect();
        let outputs: Vec<_> = network.ops.iter().map(|op| span_of(op.output)).collect();
        let options = |op: usize| {
            let dying = |from: usize| spans[from].last == op && !kept.contains(&from) && Some(from) != outputs[op];
            let (operands, lead) = overwritten(network, kernels, op);
            let found = operands.iter().filter_map(|id| span_of(*id)).filter(|from| dying(*from));
            let mut found: Vec<Overlay> = found.map(|from| Overlay { from, lead }).collect();
            found.dedup();
            // A reshape computes nothing: its output is its input.
            if outputs[op].is_some() { found } else { Vec::new() }
        };
        let whole = |&Lifetime { first, last, bytes, .. }: &Lifetime| vec![Block { first, last, bytes }];
        Self {
            options: (0..kernels.len()).map(options).collect(),
            outputs,
            held: spans.iter().map(whole).collect(),
            scratch: kernels.iter().map(Kernel::scratch_bytes).collect(),
        }
    }

    /// The same where `stages` are computed band by band.
    pub fn staged(mut self, stages: &[Stage], network: &Network, kernels: &[Kernel], lifetimes: &Lifetimes) -> Self {
        let spans = &lifetimes.spans;
        let span_of = |id: TensorId| spans.iter().position(|span| span.tensor == lifetimes.owner(id));
        for stage in stages {
            let (first, last) = (stage.cut.first, stage.cut.last);
            let input = span_of(stage.input);
            let is_kept = |span: usize| network.outputs.iter().any(|id| span_of(*id) == Some(span));
            let is_read_later = |span: usize| Some(span) == input && (spans[span].last > last || is_kept(span));
            for (index, op) in (first..=last).enumerate() {
                let kernel = &kernels[op];
                let width = network.tensor(network.ops[op].output).shape.get(2).copied().unwrap_or(0);
                self.scratch[op] = patch::scratch_bytes(kernel, width, stage.rows[index]);
                let over =
                    stage.over[index].and_then(|over| Some(Overlay { from: span_of(over.from)?, lead: over.lead }));
                self.options[op] = over.into_iter().filter(|over| !is_read_later(over.from)).collect();
                let (Some(span), Some(window)) = (self.outputs[op], stage.windows.get(index)) else { continue };
                self.held[span] = vec![
                    Block { first: op, last: first + window.until, bytes: window.bytes() },
                    Block { first, last, bytes: window.kept_bytes() },
                ];
            }
            // Both are there as a whole from the first band to the last.
            for span in input.into_iter().chain(self.outputs[last]) {
                for block in &mut self.held[span] {
                    (block.first, block.last) = (block.first.min(first), block.last.max(last));
                }
            }
        }
        self
    }

    /// The same where nothing is written over.
    pub fn apart(mut self) -> Self {
        self.options.iter_mut().for_each(Vec::clear);
        self
    }

    /// What is held of a span, and when.
    pub fn held(&self, span: usize) -> &[Block] {
        &self.held[span]
    }

    /// Bytes of scratch memory of each operator.
    pub fn scratch(&self) -> &[usize] {
        &self.scratch
    }

    /// Every operator writes over its first operand that it may.
    pub fn all(&self) -> Choice {
        self.options.iter().map(|options| options.first().copied()).collect()
    }

    /// The same where the output may begin where the operand does.
    pub fn without_lead(&self) -> Choice {
        let level = |options: &Vec<Overlay>| options.first().copied().filter(|overlay| overlay.lead == 0);
        self.options.iter().map(level).collect()
    }

    /// Spans in groups, and how far from the group's offset each begins; `alignment` is that of offsets.
    pub fn groups(&self, choice: &Choice, alignment: usize) -> Vec<Vec<(usize, usize)>> {
        // Distances may be negative until the lowest of a group is known.
        let mut groups: Vec<Vec<(usize, isize)>> = (0..self.held.len()).map(|span| vec![(span, 0)]).collect();
        let mut place: Vec<(usize, isize)> = (0..self.held.len()).map(|span| (span, 0)).collect();
        for (op, overlay) in choice.iter().enumerate() {
            if let (Some(Overlay { from, lead }), Some(to)) = (*overlay, self.outputs[op]) {
                let (group, delta) = place[from];
                place[to] = (group, delta - lead.next_multiple_of(alignment) as isize);
                groups[to].clear();
                groups[group].push((to, place[to].1));
            }
        }
        groups.retain(|group| !group.is_empty());
        let raised = |group: Vec<(usize, isize)>| {
            let lowest = group.iter().map(|(_, delta)| *delta).min().unwrap_or(0);
            group.into_iter().map(|(span, delta)| (span, (delta - lowest) as usize)).collect()
        };
        groups.into_iter().map(raised).collect()
    }
}

/// Operands that the kernel of `op` has read before it writes over them, if the output begins that many bytes earlier.
fn overwritten(network: &Network, kernels: &[Kernel], op: usize) -> (Vec<TensorId>, usize) {
    let operator = &network.ops[op];
    let bytes = |id: TensorId| network.tensor(id).bytes();
    let first = |n: usize| &operator.inputs[..n.min(operator.inputs.len())];
    let shrinks = operator.inputs.first().is_some_and(|x| bytes(operator.output) <= bytes(*x));
    let operands = match &kernels[op] {
        Kernel::Conv(conv) | Kernel::Conv1x1(conv) if conv.packed.is_some() && !conv.by_pixels() => {
            let lead = if conv.by_tiles() { lead_of_tiles } else { lead };
            return (first(1).to_vec(), lead(network, operator, conv));
        }
        // Each channel is copied before its output is written, and that lies where the channel lay.
        Kernel::Depthwise(depthwise) if depthwise.packed.is_some() && depthwise.multiplier == 1 && shrinks => first(1),
        // What is added is read before it is written over; of pixels see below.
        Kernel::Conv1x1(conv) if let Some(sum) = &conv.sum => return (vec![sum.other, operator.inputs[0]], 0),
        // Pixels are copied before theirs are written; the direction follows from which are larger.
        Kernel::Conv1x1(conv) if conv.by_pixels() => first(1),
        // No window begins before the pixel that it makes.
        Kernel::AveragePool(pool) | Kernel::MaxPool(pool) if pool.window.pads == Pads::default() => first(1),
        // Element by element.
        Kernel::Add(_) => first(2),
        // An operand that is not repeated is read element by element.
        Kernel::Binary(_) => {
            match operator.inputs.iter().map(|id| bytes(*id) == bytes(operator.output)).collect::<Vec<_>>()[..] {
                [true, true] => first(2),
                [true, false] => first(1),
                [false, true] => &operator.inputs[1..2],
                _ => &[],
            }
        }
        Kernel::Quantize(quantize) if quantize.from.bytes() == quantize.to.bytes() => first(1),
        Kernel::Softmax(_) | Kernel::Lookup(_) => first(1),
        _ => &[],
    };
    (operands.to_vec(), 0)
}

/// How far the output of `hil_winograd_conv` must lead: four tiles are written once they and all before them are read.
fn lead_of_tiles(network: &Network, op: &Op, conv: &Conv) -> usize {
    let (x, out) = (&network.tensor(op.inputs[0]).shape, &network.tensor(op.output).shape);
    let ([_, _, in_w, in_c], [_, out_h, out_w, out_c]) = (x.as_slice(), out.as_slice()) else { return usize::MAX / 4 };
    let across = out_w.div_ceil(2);
    let pads = conv.window.pads;
    let corner = |tile: usize| (2 * (tile / across), 2 * (tile % across));
    let first_read = |tile: usize| {
        let (y, x) = corner(tile);
        (y.saturating_sub(pads.top) * in_w + x.saturating_sub(pads.left)) * in_c
    };
    let end_written = |tile: usize| {
        let (y, x) = corner(tile);
        ((y + 1).min(out_h - 1) * out_w + (x + 2).min(*out_w)) * out_c
    };
    let tiles = across * out_h.div_ceil(2);
    // The lowest that is read from each tile on, the last tile first.
    let mut lowest = usize::MAX;
    let from_tile = |tile: usize| {
        lowest = lowest.min(first_read(tile));
        lowest
    };
    let unread: Vec<usize> = (0..tiles).rev().map(from_tile).collect();
    let (mut lead, mut written) = (0usize, 0usize);
    for (tile, unread) in unread.iter().rev().enumerate() {
        if tile.is_multiple_of(4) {
            lead = lead.max(written.saturating_sub(*unread));
        }
        written = written.max(end_written(tile));
    }
    lead
}

/// How far the output of `hil_matrix_conv` must lead: four pixels are written once they and all before them are read.
fn lead(network: &Network, op: &Op, conv: &Conv) -> usize {
    let (x, out) = (&network.tensor(op.inputs[0]).shape, &network.tensor(op.output).shape);
    let ([_, _, in_w, in_c], [_, out_h, out_w, out_c]) = (x.as_slice(), out.as_slice()) else { return usize::MAX / 4 };
    let (stride, pads) = (conv.window.stride, conv.window.pads);
    let first_read = |pixel: usize| {
        let (y, x) = (pixel / out_w * stride.h, pixel % out_w * stride.w);
        (y.saturating_sub(pads.top) * in_w + x.saturating_sub(pads.left)) * in_c
    };
    let (mut unread, mut lead) = (usize::MAX, 0);
    for pixel in (0..out_h * out_w).rev() {
        // What is written before `pixel` is read, and all that is read from there on.
        unread = unread.min(first_read(pixel));
        if pixel.is_multiple_of(4) {
            lead = lead.max((pixel * out_c).saturating_sub(unread));
        }
    }
    lead
}
