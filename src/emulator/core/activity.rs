//! What the core counts beside cycles and instructions, and when software looked at its clock.

use std::collections::VecDeque;

use super::Core;
use super::cpu::Cpu;
use crate::board::Activity;

/// Reads of the cycle counter that are kept: two for each call of a step of a network.
const KEPT: usize = 1 << 15;
/// Longest time between two calls of [`Counts::settle`], in cycles: fewer than 4 accesses a cycle fit in 32 bits.
pub(crate) const SETTLE: u64 = 1 << 30;

/// A block's accesses in the low half of a word and its multiplications in the high half, so that one addition counts both.
pub(crate) fn tally(accesses: u32, multiplies: u32) -> u64 {
    u64::from(multiplies) << 32 | u64::from(accesses)
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    pub asleep: u64,
    accesses: u64,
    multiplies: u64,
    /// Of blocks since [`Counts::settle`].
    pub tally: u64,
}

impl Counts {
    /// Makes room in the tally.
    pub fn settle(&mut self) {
        self.accesses += self.tally & u64::from(u32::MAX);
        self.multiplies += self.tally >> 32;
        self.tally = 0;
    }
}

/// Activity at the last reads of the cycle counter, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Looks {
    kept: VecDeque<Activity>,
    /// Reads so far.
    count: u64,
}

impl Looks {
    pub fn push(&mut self, activity: Activity) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(activity);
        self.count += 1;
    }

    /// Reads so far, to go back to.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Forgets what was read after there were `count` reads: a debugger looks at the counter, too.
    pub fn back_to(&mut self, count: u64) {
        while self.count > count {
            self.kept.pop_back();
            self.count -= 1;
        }
    }
}

impl Cpu {
    /// Counts up to the start of the block that runs.
    pub(crate) fn activity(&self, cycles: u64) -> Activity {
        let mut counts = self.counts;
        counts.settle();
        Activity {
            cycles,
            asleep: counts.asleep,
            instructions: self.instructions,
            accesses: counts.accesses,
            multiplies: counts.multiplies,
            flash_fetches: self.flash.counts.fetches,
            flash_reads: self.flash.counts.reads,
            ram_fills: self.flash.counts.fills,
        }
    }
}

impl Core {
    /// What has happened since power-on.
    pub fn activity(&self) -> Activity {
        self.cpu.activity(self.cpu.cycles)
    }

    /// What happened between the reads of the cycle counter, two by two: the last `count` pairs, oldest first, or as many as
    /// there are. Cycles are exact; the rest is to within the blocks that read the counter. So software that times itself
    /// says which part of a run is meant.
    pub fn windows(&self, count: usize) -> Vec<Activity> {
        let looks = &self.cpu.looks.kept;
        let pairs = count.min(looks.len() / 2);
        let last: Vec<Activity> = looks.range(looks.len() - 2 * pairs..).copied().collect();
        last.chunks_exact(2).map(|pair| pair[1] - pair[0]).collect()
    }
}
