//! The energy of a candidate by the coefficients of a board, where somebody measured them.
//!
//! They are charges of what the emulator counts ([`crate::board::Power`]); here the counts are those of the loops in
//! `firmware/kernels/`, as [`super::candidate`] estimates cycles. For ranking candidates of one operator alone.

use super::kernel::{Conv, Kernel};
use super::pack::Form;
use crate::board::Board;
use crate::network::{Network, Op};

/// What each event takes from the supply, femtojoules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tariff {
    /// A cycle with the instruction that it issues.
    pub cycle: u64,
    pub access: u64,
    pub multiply: u64,
    /// A byte that comes from flash.
    pub flash_byte: u64,
    /// Bytes of the cache that constants go through: what is no larger comes from flash once.
    pub cache: usize,
}

/// What is counted of a kernel that computes an operator once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    accesses: u64,
    multiplies: u64,
    /// Times that its filter is read from front to back.
    passes: u64,
}

impl Tariff {
    /// Of `board`; none where its power is not known.
    pub fn of(board: &Board) -> Option<Self> {
        let power = board.power.as_ref()?;
        let cache = board.processor.data_cache.or(board.flash.data_cache);
        // A milliampere for a second is 10^9 picocoulombs.
        let base = power.base_milliamps * 1e9 / f64::from(board.clock.hz.max(1));
        let charges = power.picocoulombs;
        let femtojoules = |picocoulombs: f64| (picocoulombs * power.volts * 1e3).round() as u64;
        Some(Self {
            cycle: femtojoules(base + charges.instruction),
            access: femtojoules(charges.access),
            multiply: femtojoules(charges.multiply),
            flash_byte: femtojoules(charges.flash_read / f64::from(board.flash.line.max(1))),
            cache: cache.map_or(0, |cache| cache.size as usize),
        })
    }

    /// Nanojoules of `kernel`, which takes so many cycles by the estimate.
    pub fn nanojoules(&self, network: &Network, op: &Op, kernel: &Kernel, cycles: u64) -> u64 {
        let bytes = kernel.packed().map_or(0, |packed| packed.filter_bytes());
        let counts = counts(network, op, kernel);
        let passes = if bytes <= self.cache { counts.passes.min(1) } else { counts.passes };
        let events = [
            (cycles, self.cycle),
            (counts.accesses, self.access),
            (counts.multiplies, self.multiply),
            (passes * bytes as u64, self.flash_byte),
        ];
        let femtojoules: u128 = events.iter().map(|(count, each)| u128::from(*count) * u128::from(*each)).sum();
        (femtojoules / 1_000_000) as u64
    }
}

/// A multiplication of two pairs at a time. Of a block of four columns by two channels, five loads serve eight of them.
fn counts(network: &Network, op: &Op, kernel: &Kernel) -> Counts {
    let out = &network.tensor(op.output).shape;
    let pixels = out.iter().rev().skip(1).product::<usize>() as u64;
    let macs = network.op_macs(op);
    let blocks = |multiplies: u64, passes: u64| Counts { accesses: multiplies * 5 / 8, multiplies, passes };
    match (kernel, kernel.packed().map(|packed| packed.form)) {
        (Kernel::Conv(conv), Some(Form::Winograd)) => winograd(conv, out),
        (_, Some(Form::Matrix)) => blocks(macs / 2, pixels.div_ceil(4)),
        // Nothing is loaded for several rows.
        (_, Some(Form::Row)) => Counts { accesses: macs * 3 / 8, multiplies: macs / 2, passes: pixels },
        (_, Some(_)) => blocks(macs / 2, 1),
        (_, None) => blocks(macs, pixels),
    }
}

/// Of a tile of 2x2 outputs 16 products for 36; six loads serve eight multiplications. 45 accesses transform a tile.
fn winograd(conv: &Conv, out: &[usize]) -> Counts {
    let &[_, h, w, channels] = out else { return Counts::default() };
    let tiles = (h.div_ceil(2) * w.div_ceil(2)) as u64;
    let (channels, depth) = (channels as u64, conv.depth as u64);
    let multiplies = tiles * 16 * channels * depth / 2;
    Counts { accesses: multiplies * 6 / 8 + tiles * depth * 45, multiplies, passes: tiles.div_ceil(4) }
}
