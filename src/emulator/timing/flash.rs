//! What flash costs: wait states, hidden by prefetch and by the caches in front of it.
//!
//! NOT VALIDATED. A miss costs the wait states; the line after one that is being executed is prefetched in time.

use super::cache::{Cache, CacheGeometry};
use crate::emulator::interface::FlashSetup;

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

/// A cache, and the buffer of one access that is there without it.
#[derive(Debug, Clone)]
struct Side {
    cache: Cache,
    buffer: Cache,
    on: bool,
}

impl Side {
    fn new(geometry: Option<CacheGeometry>, width: u32) -> Self {
        let buffer = Cache::new(CacheGeometry { bytes: width, ways: 1, line: width });
        Self { cache: geometry.map_or(buffer.clone(), Cache::new), buffer, on: true }
    }

    #[inline]
    fn access(&mut self, address: u32) -> bool {
        if self.on { self.cache.access(address) } else { self.buffer.access(address) }
    }

    fn switch(&mut self, on: bool) {
        self.on = on;
        self.buffer.clear();
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Flash {
    wait_states: u32,
    prefetch: bool,
    instructions: Side,
    data: Side,
    /// What the periphery said last.
    setup: Option<FlashSetup>,
    /// Line fetched last.
    last: u32,
    /// Changes whenever a line came into the instruction cache: what was in before may have gone.
    pub epoch: u64,
}

impl Flash {
    pub fn new(path: FlashPath) -> Self {
        Self {
            wait_states: path.wait_states,
            prefetch: path.prefetch,
            instructions: Side::new(path.instructions, path.width),
            data: Side::new(path.data, path.width),
            setup: None,
            last: u32::MAX,
            epoch: 1,
        }
    }

    /// Bytes by which blocks note what they are fetched from.
    pub fn line(&self) -> u32 {
        self.instructions.cache.line_bytes().min(self.instructions.buffer.line_bytes())
    }

    /// Follows the flash controller.
    pub fn set_up(&mut self, setup: FlashSetup) {
        if self.setup == Some(setup) {
            return;
        }
        self.setup = Some(setup);
        self.wait_states = setup.wait_states;
        self.prefetch = setup.prefetch;
        self.switch(setup.instruction_cache, setup.data_cache);
    }

    pub fn set_wait_states(&mut self, wait_states: u32) {
        self.wait_states = wait_states;
    }

    /// Switches the caches on or off; what is in them stays.
    pub fn switch(&mut self, instructions: bool, data: bool) {
        self.instructions.switch(instructions);
        self.data.switch(data);
        self.epoch += 1;
    }

    /// Cycles that are lost on fetching the lines of a block.
    pub fn fetch(&mut self, lines: &[u32]) -> u32 {
        if self.wait_states == 0 {
            return 0;
        }
        let mut lost = 0;
        for &line in lines {
            if !self.instructions.access(line) {
                self.epoch += 1;
                let ahead = self.prefetch && line == self.last.wrapping_add(self.line());
                lost += if ahead { 0 } else { self.wait_states };
            }
            self.last = line;
        }
        lost
    }

    /// Cycles that are lost on reading data.
    #[inline]
    pub fn read(&mut self, address: u32) -> u32 {
        if self.wait_states == 0 || self.data.access(address) { 0 } else { self.wait_states }
    }

    /// Invalidates the instruction cache.
    pub fn clear_instructions(&mut self) {
        self.instructions.cache.clear();
        self.last = u32::MAX;
        self.epoch += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_a_cache_costs_nothing_and_the_next_line_is_prefetched() {
        let mut flash = Flash::new(FlashPath::stm32f4(5));
        assert_eq!(flash.fetch(&[0, 16, 32]), 5);
        let epoch = flash.epoch;
        assert_eq!(flash.fetch(&[0, 16, 32]), 0);
        assert_eq!(flash.epoch, epoch);
        assert_eq!(flash.fetch(&[256]), 5);
        assert_eq!((flash.read(0x1000), flash.read(0x100C), flash.read(0x1010)), (5, 0, 5));
    }

    #[test]
    fn the_controller_switches_caches_and_wait_states() {
        let mut flash = Flash::new(FlashPath::stm32f4(5));
        let setup = FlashSetup { wait_states: 3, prefetch: false, instruction_cache: false, data_cache: false };
        flash.set_up(setup);
        assert_eq!(flash.fetch(&[0, 16]), 6);
        assert_eq!(flash.fetch(&[0, 16]), 6);
        flash.set_up(FlashSetup { instruction_cache: true, ..setup });
        assert_eq!(flash.fetch(&[0, 16]), 6);
        assert_eq!(flash.fetch(&[0, 16]), 0);
        flash.clear_instructions();
        assert_eq!(flash.fetch(&[0]), 3);
    }
}
