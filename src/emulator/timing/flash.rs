//! What flash costs: wait states, hidden by prefetch and by the caches in front of it.
//!
//! NOT VALIDATED. A miss costs the wait states; the line after one that is being executed is prefetched in time.

use super::cache::{Cache, CacheGeometry};

/// The way from core to flash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlashPath {
    /// Cycles beyond the first for an access that no cache answers.
    pub wait_states: u32,
    /// Bytes that one access reads.
    pub width: u32,
    /// Whether the next line is fetched ahead.
    pub prefetch: bool,
    pub instructions: Option<CacheGeometry>,
    pub data: Option<CacheGeometry>,
}

impl FlashPath {
    /// Flash that answers at once.
    pub const IMMEDIATE: Self = Self { wait_states: 0, width: 16, prefetch: false, instructions: None, data: None };

    /// STM32L4+ in single-bank mode (RM0432, 3.3.4 and 3.3.5): 32 lines of 32 bytes for instructions, 8 for data.
    pub const fn stm32l4plus(wait_states: u32) -> Self {
        Self {
            wait_states,
            width: 16,
            prefetch: true,
            instructions: Some(CacheGeometry { bytes: 1024, ways: 32, line: 32 }),
            data: Some(CacheGeometry { bytes: 256, ways: 8, line: 32 }),
        }
    }

    /// STM32F4 (RM0402, 3.5): 64 lines of 16 bytes for instructions, 8 for data.
    pub const fn stm32f4(wait_states: u32) -> Self {
        Self {
            wait_states,
            width: 16,
            prefetch: true,
            instructions: Some(CacheGeometry { bytes: 1024, ways: 64, line: 16 }),
            data: Some(CacheGeometry { bytes: 128, ways: 8, line: 16 }),
        }
    }

    /// A Cortex-M7 that fetches by AXI through its own caches.
    pub const fn by_axi(wait_states: u32, instructions: CacheGeometry, data: CacheGeometry) -> Self {
        Self { wait_states, width: 32, prefetch: false, instructions: Some(instructions), data: Some(data) }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Flash {
    path: FlashPath,
    instructions: Cache,
    data: Cache,
    /// Line fetched last.
    last: u32,
    /// Changes whenever a line came into the instruction cache: what was in before may have gone.
    pub epoch: u64,
}

impl Flash {
    pub fn new(path: FlashPath) -> Self {
        // Without a cache there is still the buffer of one access.
        let buffer = CacheGeometry { bytes: path.width, ways: 1, line: path.width };
        Self {
            path,
            instructions: Cache::new(path.instructions.unwrap_or(buffer)),
            data: Cache::new(path.data.unwrap_or(buffer)),
            last: u32::MAX,
            epoch: u64::from(path.wait_states > 0),
        }
    }

    /// Bytes that are fetched together.
    pub fn line(&self) -> u32 {
        self.instructions.line_bytes()
    }

    /// Cycles that are lost on fetching the lines of a block.
    pub fn fetch(&mut self, lines: &[u32]) -> u32 {
        if self.path.wait_states == 0 {
            return 0;
        }
        let mut lost = 0;
        for &line in lines {
            if !self.instructions.access(line) {
                self.epoch += 1;
                let ahead = self.path.prefetch && line == self.last.wrapping_add(self.line());
                lost += if ahead { 0 } else { self.path.wait_states };
            }
            self.last = line;
        }
        lost
    }

    /// Cycles that are lost on reading data.
    #[inline]
    pub fn read(&mut self, address: u32) -> u32 {
        if self.path.wait_states == 0 || self.data.access(address) { 0 } else { self.path.wait_states }
    }

    /// What invalidating the caches does.
    pub fn clear(&mut self) {
        self.instructions.clear();
        self.data.clear();
        self.last = u32::MAX;
        self.epoch += 1;
    }
}
