//! Which of the kernels that compute an operator is taken.
//!
//! [`super::select::candidates`] names them, the estimates here rank them where nobody has measured, and [`choose`] keeps
//! the flash that the faster ones take beyond the smallest within a bound.

use std::cmp::Ordering;

use super::kernel::{Conv, Kernel};
use super::pack::Form;
use super::plan::{PlanError, REQUANT_BYTES};
use super::select;
use crate::network::{Network, Op, OpKind};

/// One way to compute an operator.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelChoice {
    pub kernel: Kernel,
    /// What it costs by the static estimate, for ranking candidates of one operator alone; 0 where there is but one. Cycles, or
    /// where energy is preferred and known nanojoules ([`super::tariff`]).
    pub cost: u64,
    /// Bytes of flash of its constants, and of code that other layers of the kind may not need.
    pub flash_bytes: usize,
}

/// Bytes of flash that a network may grow by for the sake of latency. The smallest boards have 1 MiB, most of which
/// networks with large filters leave free.
pub const EXPANSION_BYTES: usize = 256 * 1024;

/// Bytes of code of the kernel for fully connected layers, which a network may have for a convolution alone.
const ROW_CODE_BYTES: usize = 2048;

/// The candidates of `op`, the one of the least flash first.
pub fn candidates(network: &Network, op: &Op) -> Result<Vec<KernelChoice>, PlanError> {
    let kernels = select::candidates(network, op)?;
    let alone = kernels.len() == 1;
    let mut choices: Vec<KernelChoice> = kernels
        .into_iter()
        .map(|kernel| {
            let cost = if alone { 0 } else { estimate(network, op, &kernel) };
            let another = matches!((&op.kind, &kernel), (OpKind::Conv2d { .. }, Kernel::FullyConnected(_)));
            let code = if another { ROW_CODE_BYTES } else { 0 };
            let flash_bytes = flash_bytes(network, op, &kernel) + code;
            KernelChoice { kernel, cost, flash_bytes }
        })
        .collect();
    choices.sort_by_key(|choice| choice.flash_bytes);
    Ok(choices)
}

/// One kernel per operator: the one at the index that `index_of` says, given the operator's index and its candidates; the last
/// where there are not so many.
pub fn pick(network: &Network, index_of: impl Fn(usize, &[KernelChoice]) -> usize) -> Result<Vec<Kernel>, PlanError> {
    let one = |(index, op): (usize, &Op)| {
        let mut choices = candidates(network, op)?;
        let at = index_of(index, &choices).min(choices.len() - 1);
        Ok(choices.swap_remove(at).kernel)
    };
    network.ops.iter().enumerate().map(one).collect()
}

/// One kernel per operator: the fastest by the estimates, as long as all together take no more than `expansion_bytes` of
/// flash beyond the smallest. What saves most per byte goes first.
pub fn choose(network: &Network, expansion_bytes: usize) -> Result<Vec<Kernel>, PlanError> {
    let all = network.ops.iter().map(|op| candidates(network, op)).collect::<Result<Vec<_>, _>>()?;
    Ok(choose_among(all, expansion_bytes))
}

/// The kernel of `op` where all that a network may grow by is little.
pub(super) fn modest(network: &Network, op: &Op) -> Result<Kernel, PlanError> {
    let choices = candidates(network, op)?;
    let mut chosen = choose_among(vec![choices], ROW_CODE_BYTES);
    Ok(chosen.remove(0))
}

/// The same among the given candidates of each operator.
pub(super) fn choose_among(all: Vec<Vec<KernelChoice>>, expansion_bytes: usize) -> Vec<Kernel> {
    let paths: Vec<Vec<usize>> = all.iter().map(|choices| path(choices)).collect();
    let mut gains = Vec::new();
    for (op, (path, choices)) in paths.iter().zip(&all).enumerate() {
        for (rank, pair) in path.windows(2).enumerate() {
            let (saved, bytes) = gain(&choices[pair[0]], &choices[pair[1]]);
            gains.push((op, rank, saved, bytes));
        }
    }
    gains.sort_by(|a, b| pays((b.2, b.3), (a.2, a.3)).then((a.0, a.1).cmp(&(b.0, b.1))));
    let mut left = expansion_bytes;
    let mut chosen = vec![0; all.len()];
    for (op, rank, _, bytes) in gains {
        if bytes <= left && chosen[op] == rank {
            left -= bytes;
            chosen[op] = rank + 1;
        }
    }
    let take = |(op, mut choices): (usize, Vec<KernelChoice>)| choices.swap_remove(paths[op][chosen[op]]).kernel;
    all.into_iter().enumerate().map(take).collect()
}

/// Candidates from the smallest to the fastest, each the one that saves most per byte from the one before.
fn path(choices: &[KernelChoice]) -> Vec<usize> {
    let smallest = (0..choices.len()).min_by_key(|&at| (choices[at].flash_bytes, choices[at].cost));
    let mut path: Vec<usize> = smallest.into_iter().collect();
    while let Some(from) = path.last().map(|&at| &choices[at]) {
        let faster = (0..choices.len()).filter(|&at| choices[at].cost < from.cost);
        match faster.max_by(|&a, &b| pays(gain(from, &choices[a]), gain(from, &choices[b]))) {
            Some(next) => path.push(next),
            None => break,
        }
    }
    path
}

/// Cost saved and bytes taken.
fn gain(from: &KernelChoice, to: &KernelChoice) -> (u64, usize) {
    (from.cost.saturating_sub(to.cost), to.flash_bytes.saturating_sub(from.flash_bytes))
}

/// Compares what is saved per byte taken: by products, which are exact and bear no bytes at all.
fn pays(a: (u64, usize), b: (u64, usize)) -> Ordering {
    (a.0 as u128 * b.1 as u128).cmp(&(b.0 as u128 * a.1 as u128)).then(a.0.cmp(&b.0))
}

pub(super) fn flash_bytes(network: &Network, op: &Op, kernel: &Kernel) -> usize {
    if let Some(packed) = kernel.packed() {
        return packed.filter_bytes() + packed.table_bytes();
    }
    let constants = op.inputs.iter().map(|id| network.tensor(*id)).filter(|tensor| tensor.data.is_some());
    constants.map(|tensor| tensor.bytes()).sum::<usize>() + REQUANT_BYTES * kernel.channel_requants().len()
}

/// Cycles by a count of instructions in the loops of `firmware/kernels/`, on a core that issues one at a time.
pub(super) fn estimate(network: &Network, op: &Op, kernel: &Kernel) -> u64 {
    let (Kernel::Conv(conv), Some(&[_, out_h, out_w, out_c])) =
        (kernel, network.tensor(op.output).shape.first_chunk::<4>())
    else {
        return dense_or_other(network, op, kernel);
    };
    let (pixels, channels) = ((out_h * out_w) as u64, out_c as u64);
    match kernel.packed().map(|packed| packed.form) {
        Some(Form::Winograd) => winograd(conv, (out_h.div_ceil(2) * out_w.div_ceil(2)) as u64, channels),
        Some(_) => matrix(conv, pixels, channels),
        None => 3 * network.op_macs(op),
    }
}

/// Of a dense layer per pair of inputs and block of 4 rows 11 cycles; of a convolution of a single pixel per pair of inputs and
/// of channels 8; of others per multiply-accumulate one.
fn dense_or_other(network: &Network, op: &Op, kernel: &Kernel) -> u64 {
    let macs = network.op_macs(op);
    let single = || network.tensor(op.output).shape.iter().rev().skip(1).product::<usize>() == 1;
    match kernel {
        Kernel::FullyConnected(_) => macs * 11 / 8,
        Kernel::Conv1x1(_) if single() => 2 * macs,
        _ => macs,
    }
}

/// Per element and block of 4 tiles by 2 channels: 17 cycles per pair of input channels, and 30 around the loop. Per
/// output 19 to gather and requantise, per tile and input channel 45 to transform.
fn winograd(conv: &Conv, tiles: u64, channels: u64) -> u64 {
    let (blocks, pairs, depth) = (tiles.div_ceil(4), channels.div_ceil(2), conv.depth as u64);
    let weights = 5;
    blocks * pairs * 16 * ((17 + weights) * depth / 2 + 30) + 4 * tiles * channels * 19 + tiles * depth * 45
}

/// Per block of 4 pixels by 2 channels: 17 cycles per pair of elements, and 90 to requantise. Per element of a column 2 to
/// widen it.
fn matrix(conv: &Conv, pixels: u64, channels: u64) -> u64 {
    let depth = (conv.filter.h * conv.filter.w * conv.depth).next_multiple_of(4) as u64;
    let weights = 3;
    pixels.div_ceil(4) * channels.div_ceil(2) * ((17 + weights) * depth / 2 + 90) + pixels * depth * 2
}
