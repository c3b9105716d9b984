//! What happened on a board while it computed, as far as its power depends on it.

use std::ops::{Add, Sub};

use serde::Serialize;

/// Counts since power-on, or the difference of two of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Activity {
    /// Core cycles, those asleep included.
    pub cycles: u64,
    /// Cycles in which the core's clock was stopped by WFI or WFE.
    pub asleep: u64,
    /// Instructions; one whose condition did not hold counts, too.
    pub instructions: u64,
    /// Data accesses of up to 32 bits, whatever answers them.
    pub accesses: u64,
    /// Multiplications and multiply-accumulates, dual ones once.
    pub multiplies: u64,
    /// Reads of the flash array, or lines from it, for instructions.
    pub flash_fetches: u64,
    /// The same for data.
    pub flash_reads: u64,
    /// Lines that the data cache brought from RAM.
    pub ram_fills: u64,
}

impl Activity {
    /// Cycles in which the core was awake.
    pub fn awake(&self) -> u64 {
        self.cycles.saturating_sub(self.asleep)
    }
}

impl Add for Activity {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            cycles: self.cycles + other.cycles,
            asleep: self.asleep + other.asleep,
            instructions: self.instructions + other.instructions,
            accesses: self.accesses + other.accesses,
            multiplies: self.multiplies + other.multiplies,
            flash_fetches: self.flash_fetches + other.flash_fetches,
            flash_reads: self.flash_reads + other.flash_reads,
            ram_fills: self.ram_fills + other.ram_fills,
        }
    }
}

impl Sub for Activity {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            cycles: self.cycles.saturating_sub(before.cycles),
            asleep: self.asleep.saturating_sub(before.asleep),
            instructions: self.instructions.saturating_sub(before.instructions),
            accesses: self.accesses.saturating_sub(before.accesses),
            multiplies: self.multiplies.saturating_sub(before.multiplies),
            flash_fetches: self.flash_fetches.saturating_sub(before.flash_fetches),
            flash_reads: self.flash_reads.saturating_sub(before.flash_reads),
            ram_fills: self.ram_fills.saturating_sub(before.ram_fills),
        }
    }
}
