//! What flash costs: wait states, hidden by prefetch and by the caches in front of it.
//!
//! A miss costs the wait states, and brings what one read of the array brings: 64 bits with two banks and 128 with one on
//! STM32L4+ (RM0432, 3.3.4), 128 bits on STM32F4, 256 on STM32F7. Where prefetch is on, a read ahead has run while the core
//! executed what the read before brought.

use super::cache::{Cache as Lines, CacheGeometry};
use crate::board::{Cache, FlashInterface, LineFill};
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
    /// Whether what serves instructions serves data too.
    pub unified: bool,
    /// Cycles beyond the wait states for a line from flash.
    pub flash_fill: u32,
    /// Cycles for a line from RAM that the data cache serves too; 0 where the cache does not serve RAM.
    pub ram_fill: u32,
}

impl FlashPath {
    /// Flash that answers at once.
    pub const IMMEDIATE: Self = Self {
        wait_states: 0,
        width: 16,
        prefetch: false,
        instructions: None,
        data: None,
        unified: false,
        flash_fill: 0,
        ram_fill: 0,
    };

    /// As a board file describes it, for a core that fetches by AHB. A miss brings what one read of the array brings.
    pub fn of(flash: &FlashInterface, wait_states: u32) -> Self {
        let geometry = |cache: Cache| CacheGeometry {
            bytes: cache.size,
            ways: cache.ways,
            line: cache.line,
            sector: cache.line.min(flash.line),
            random: false,
        };
        Self {
            wait_states,
            width: flash.line,
            prefetch: flash.prefetch,
            instructions: flash.instruction_cache.map(geometry),
            data: flash.data_cache.map(geometry),
            unified: flash.unified,
            flash_fill: flash.fill,
            ram_fill: 0,
        }
    }

    /// STM32F4 (RM0402, 3.5): 64 lines of 16 bytes for instructions, 8 for data.
    pub const fn stm32f4(wait_states: u32) -> Self {
        Self {
            wait_states,
            width: 16,
            prefetch: true,
            instructions: Some(CacheGeometry::whole(1024, 64, 16)),
            data: Some(CacheGeometry::whole(128, 8, 16)),
            unified: false,
            flash_fill: 0,
            ram_fill: 0,
        }
    }

    /// A Cortex-M7 that reaches flash by AXI through its own caches, of which the data cache serves RAM too. Which line a miss
    /// replaces is not documented: any of the set.
    pub const fn by_axi(wait_states: u32, instructions: CacheGeometry, data: CacheGeometry, fill: LineFill) -> Self {
        let data = CacheGeometry { random: true, ..data };
        Self {
            wait_states,
            width: 32,
            prefetch: false,
            instructions: Some(instructions),
            data: Some(data),
            unified: false,
            flash_fill: fill.flash,
            ram_fill: fill.ram,
        }
    }
}

/// A cache, and the buffer of one access that is there without it.
#[derive(Debug, Clone)]
struct Side {
    geometry: Option<CacheGeometry>,
    cache: Lines,
    buffer: Lines,
    on: bool,
}

impl Side {
    fn new(geometry: Option<CacheGeometry>, width: u32) -> Self {
        let buffer = Lines::new(CacheGeometry::whole(width, 1, width));
        Self { geometry, cache: geometry.map_or(buffer.clone(), Lines::new), buffer, on: true }
    }

    #[inline]
    fn access(&mut self, address: u32) -> bool {
        if self.on { self.cache.access(address) } else { self.buffer.access(address) }
    }

    fn switch(&mut self, on: bool) {
        self.on = on;
        self.buffer.clear();
    }

    /// Gives a line one place or as many as there are ways; what was in is lost.
    fn map_directly(&mut self, direct: bool) {
        if let Some(geometry) = self.geometry {
            let ways = if direct { 1 } else { geometry.ways };
            self.cache = Lines::new(CacheGeometry { ways, ..geometry });
        }
    }
}

/// What no cache and no buffer answered, since power-on.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reads {
    /// Of flash, for instructions.
    pub fetches: u64,
    /// Of flash, for data.
    pub reads: u64,
    /// Of RAM behind the data cache.
    pub fills: u64,
    /// Cycles that were lost on wait states of flash.
    pub wait_cycles: u64,
    /// Cycles that were lost on bringing lines into a cache, beyond wait states.
    pub fill_cycles: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Flash {
    wait_states: u32,
    prefetch: bool,
    instructions: Side,
    data: Side,
    unified: bool,
    flash_fill: u32,
    ram_fill: u32,
    pub counts: Reads,
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
            unified: path.unified,
            flash_fill: path.flash_fill,
            ram_fill: path.ram_fill,
            counts: Reads::default(),
            setup: None,
            last: u32::MAX,
            epoch: 1,
        }
    }

    /// Bytes by which blocks note what they are fetched from.
    pub fn line(&self) -> u32 {
        self.instructions.cache.sector_bytes().min(self.instructions.buffer.sector_bytes())
    }

    /// Follows the flash controller.
    pub fn set_up(&mut self, setup: FlashSetup) {
        if self.setup == Some(setup) {
            return;
        }
        if self.setup.is_some_and(|before| before.direct_mapped) != setup.direct_mapped {
            self.instructions.map_directly(setup.direct_mapped);
            self.data.map_directly(setup.direct_mapped);
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
                self.counts.fetches += 1;
                let ahead = self.prefetch && line == self.last.wrapping_add(self.line());
                // Meanwhile the core executes what it has: about a word a cycle.
                let hidden = if ahead { self.line() / 4 - 1 } else { 0 };
                let waits = self.wait_states.saturating_sub(hidden);
                self.lose(waits, self.flash_fill);
                lost += waits + self.flash_fill;
            }
            self.last = line;
        }
        lost
    }

    fn lose(&mut self, waits: u32, fill: u32) {
        self.counts.wait_cycles += u64::from(waits);
        self.counts.fill_cycles += u64::from(fill);
    }

    /// Cycles that are lost on reading data.
    #[inline]
    pub fn read(&mut self, address: u32) -> u32 {
        if self.wait_states == 0 {
            return 0;
        }
        if self.unified {
            if self.instructions.access(address) {
                return 0;
            }
            self.epoch += 1;
        } else if self.data.access(address) {
            return 0;
        }
        self.counts.reads += 1;
        self.lose(self.wait_states, self.flash_fill);
        self.wait_states + self.flash_fill
    }

    /// Whether the data cache serves RAM.
    pub fn serves_ram(&self) -> bool {
        self.ram_fill != 0
    }

    /// Cycles that are lost on an access to RAM that the data cache serves. A store that misses is buffered.
    #[inline(always)]
    pub fn ram(&mut self, address: u32, store: bool) -> u32 {
        if self.data.on && self.data.cache.is_last(address) { 0 } else { self.ram_slow(address, store) }
    }

    #[inline(never)]
    fn ram_slow(&mut self, address: u32, store: bool) -> u32 {
        let hit = self.data.on && self.data.cache.access(address);
        self.counts.fills += u64::from(!hit && self.data.on);
        if hit || store {
            return 0;
        }
        self.lose(0, self.ram_fill);
        self.ram_fill
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
    fn what_is_in_a_cache_costs_nothing_and_the_next_line_is_read_ahead() {
        let mut flash = Flash::new(FlashPath::stm32f4(5));
        // Four words are executed while the next four are read.
        assert_eq!(flash.fetch(&[0, 16, 32]), 5 + 2 + 2);
        let epoch = flash.epoch;
        assert_eq!(flash.fetch(&[0, 16, 32]), 0);
        assert_eq!(flash.epoch, epoch);
        assert_eq!(flash.fetch(&[256]), 5);
        assert_eq!((flash.read(0x1000), flash.read(0x100C), flash.read(0x1010)), (5, 0, 5));
    }

    #[test]
    fn the_controller_switches_caches_and_wait_states() {
        let mut flash = Flash::new(FlashPath::stm32f4(5));
        let setup = FlashSetup {
            wait_states: 3,
            prefetch: false,
            instruction_cache: false,
            data_cache: false,
            direct_mapped: false,
        };
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
