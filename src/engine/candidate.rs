//! Which of the kernels that compute an operator is taken.
//!
//! [`super::select::candidates`] names them, the estimates here rank them where nobody has measured, and [`choose`] keeps
//! the flash that the faster ones take beyond the smallest within a bound.

use super::kernel::{Conv, Kernel};
use super::pack::Form;
use super::plan::PlanError;
use super::select;
use crate::network::{Network, Op};

/// One way to compute an operator.
#[derive(Debug, Clone, PartialEq)]
pub struct KernelChoice {
    pub kernel: Kernel,
    /// Cycles by the static estimate, for ranking candidates of one operator alone; 0 where there is but one.
    pub cycles: u64,
    /// Bytes of flash of its constants, beyond the tensors that it shares with others.
    pub flash_bytes: usize,
}

/// Bytes of flash that a network may grow by for the sake of latency. The smallest boards have 1 MiB, most of which
/// networks with large filters leave free.
pub const EXPANSION_BYTES: usize = 256 * 1024;

/// The candidates of `op`, the one of the least flash first.
pub fn candidates(network: &Network, op: &Op) -> Result<Vec<KernelChoice>, PlanError> {
    let kernels = select::candidates(network, op)?;
    let alone = kernels.len() == 1;
    let mut choices: Vec<KernelChoice> = kernels
        .into_iter()
        .map(|kernel| {
            let cycles = if alone { 0 } else { estimate(network, op, &kernel) };
            let flash_bytes = kernel.packed().map_or(0, |packed| packed.filter_bytes() + packed.table_bytes());
            KernelChoice { kernel, cycles, flash_bytes }
        })
        .collect();
    choices.sort_by_key(|choice| choice.flash_bytes);
    Ok(choices)
}

/// One kernel per operator: the fastest by the estimates, as long as all together take no more than `expansion_bytes` of
/// flash beyond the smallest. What saves most cycles per byte goes first.
pub fn choose(network: &Network, expansion_bytes: usize) -> Result<Vec<Kernel>, PlanError> {
    let all = network.ops.iter().map(|op| candidates(network, op)).collect::<Result<Vec<_>, _>>()?;
    let mut chosen = vec![0; all.len()];
    let mut gains = Vec::new();
    for (op, choices) in all.iter().enumerate() {
        let Some(smallest) = choices.first() else { continue };
        let fastest = (0..choices.len()).min_by_key(|&i| choices[i].cycles).unwrap_or(0);
        let saved = smallest.cycles - choices[fastest].cycles;
        let bytes = choices[fastest].flash_bytes - smallest.flash_bytes;
        if saved > 0 {
            gains.push((op, fastest, saved, bytes));
        }
    }
    // Products instead of quotients: exact, and without a division by no bytes.
    gains.sort_by(|a, b| (b.2 as u128 * a.3 as u128).cmp(&(a.2 as u128 * b.3 as u128)).then(a.0.cmp(&b.0)));
    let mut left = expansion_bytes;
    for (op, fastest, _, bytes) in gains {
        if bytes <= left {
            left -= bytes;
            chosen[op] = fastest;
        }
    }
    let take = |(mut choices, index): (Vec<KernelChoice>, usize)| choices.swap_remove(index).kernel;
    Ok(all.into_iter().zip(chosen).map(take).collect())
}

/// Cycles by a count of instructions in the loops of `firmware/kernels/`, on a core that issues one at a time.
fn estimate(network: &Network, op: &Op, kernel: &Kernel) -> u64 {
    let (Kernel::Conv(conv), Some(&[_, out_h, out_w, out_c])) =
        (kernel, network.tensor(op.output).shape.first_chunk::<4>())
    else {
        return network.op_macs(op);
    };
    let (pixels, channels) = ((out_h * out_w) as u64, out_c as u64);
    match kernel.packed().map(|packed| packed.form) {
        Some(Form::Winograd) => winograd(conv, (out_h.div_ceil(2) * out_w.div_ceil(2)) as u64, channels),
        Some(_) => matrix(conv, pixels, channels),
        None => 3 * network.op_macs(op),
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
