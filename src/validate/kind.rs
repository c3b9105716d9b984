//! Time of an inference by the kind of kernel, told from what its instructions do: published images have no symbols.
//!
//! A run is cut into slices, each of which is of the kind that its counts say. A layer lasts for many slices, so that those
//! across its ends matter little.

use crate::board::{Activity, Board};

/// Cycles of a slice.
pub const SLICE: u64 = 2000;
/// Multiplications per instruction below which a slice computes no products worth speaking of.
const SOME: f64 = 0.05;
/// Bytes from flash per multiplication from which on weights are used once: two weights for a dual multiply-accumulate, or
/// one each, where a convolution uses what it has read for several outputs.
const STREAMS: f64 = 0.8;
/// Data accesses per multiplication from which on operands are not shared between products, as in a depthwise convolution:
/// with kernels that compute four channels at a time, 1.2 and more, while a convolution has 0.8 and less.
const SPARSE: f64 = 1.0;

/// What a stretch of code mostly does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Products of operands that are used for several outputs: convolutions, pointwise ones among them.
    Dense,
    /// Products of operands that are loaded for one use: depthwise convolutions.
    Sparse,
    /// Products with weights that stream from flash: fully connected layers.
    Streaming,
    /// Hardly any product: copying, padding, pooling, requantisation, softmax, the interpreter.
    Other,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Dense, Self::Sparse, Self::Streaming, Self::Other];

    pub fn name(self) -> &'static str {
        match self {
            Self::Dense => "convolution",
            Self::Sparse => "depthwise",
            Self::Streaming => "fully connected",
            Self::Other => "other",
        }
    }

    /// Of a slice on a board whose flash gives `line` bytes at a time.
    pub fn of(slice: &Activity, line: u32) -> Self {
        let (products, count) = (slice.multiplies as f64, slice.instructions as f64);
        if products < SOME * count || products == 0.0 {
            Self::Other
        } else if slice.accesses as f64 >= SPARSE * products {
            // A small cache before flash may bring the same few weights again and again: this comes first.
            Self::Sparse
        } else if slice.flash_reads as f64 * f64::from(line) >= STREAMS * products {
            Self::Streaming
        } else {
            Self::Dense
        }
    }
}

/// Bytes that a read of flash for data brings.
pub fn flash_line(board: &Board) -> u32 {
    board.processor.data_cache.map_or(board.flash.line, |cache| cache.line)
}

/// Cycles of each kind, as [`Kind::ALL`] orders them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kinds(pub [u64; 4]);

impl Kinds {
    pub fn add(&mut self, slice: &Activity, line: u32) {
        self.0[Kind::of(slice, line) as usize] += slice.cycles;
    }

    /// What is more than before.
    pub fn since(self, before: Self) -> Self {
        let mut rest = self;
        rest.0.iter_mut().zip(before.0).for_each(|(cycles, before)| *cycles = cycles.saturating_sub(before));
        rest
    }

    /// Shares, which make 1 unless there are no cycles.
    pub fn shares(self) -> [f64; 4] {
        let sum = self.0.iter().sum::<u64>().max(1) as f64;
        self.0.map(|cycles| cycles as f64 / sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_told_apart_by_their_counts() {
        let slice = |multiplies, accesses, flash_reads| Activity {
            cycles: SLICE,
            instructions: 1500,
            multiplies,
            accesses,
            flash_reads,
            ..Activity::default()
        };
        assert_eq!(Kind::of(&slice(400, 300, 5), 8), Kind::Dense);
        assert_eq!(Kind::of(&slice(300, 600, 5), 8), Kind::Sparse);
        assert_eq!(Kind::of(&slice(300, 600, 75), 8), Kind::Sparse);
        assert_eq!(Kind::of(&slice(300, 350, 45), 8), Kind::Sparse);
        assert_eq!(Kind::of(&slice(300, 250, 75), 8), Kind::Streaming);
        assert_eq!(Kind::of(&slice(300, 250, 7), 32), Kind::Dense);
        assert_eq!(Kind::of(&slice(10, 800, 0), 8), Kind::Other);
        assert_eq!(Kind::of(&Activity::default(), 8), Kind::Other);
    }

    #[test]
    fn shares_are_of_what_was_added() {
        let mut kinds = Kinds::default();
        let dense = Activity { cycles: 3000, instructions: 100, multiplies: 50, ..Activity::default() };
        kinds.add(&dense, 8);
        let before = kinds;
        kinds.add(&dense, 8);
        kinds.add(&Activity { cycles: 1000, ..Activity::default() }, 8);
        assert_eq!(kinds.since(before).shares(), [0.75, 0.0, 0.0, 0.25]);
        assert_eq!(Kinds::default().shares(), [0.0; 4]);
    }
}
