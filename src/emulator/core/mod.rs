//! The Cortex-M processor: registers, decoded code, exceptions and the private peripheral bus.

mod config;
mod stop;

use crate::emulator::interface::Periphery;
use crate::emulator::memory::{Map, Touched};

pub use config::{CacheGeometry, CoreConfig};
pub use stop::{Pause, Stop, Symbols};

/// A Cortex-M4 or Cortex-M7 with its memory.
pub struct Core {
    config: CoreConfig,
    map: Map,
}

/// Lowest values of the stack pointers since [`Core::clear_watermarks`]; `u32::MAX` where a pointer was never set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StackLow {
    pub main: u32,
    pub process: u32,
}

impl Core {
    pub fn new(config: CoreConfig, map: Map) -> Self {
        Self { config, map }
    }

    /// Names for addresses, used in [`Stop`]s; sorted or not.
    pub fn set_symbols(&mut self, symbols: Vec<(u32, String)>) {
        let _ = symbols;
    }

    /// Resets all but memory, counters and time, and loads SP and PC from the boot vectors.
    pub fn reset(&mut self) {
        let _ = self.config.boot_address;
    }

    /// Runs until `until_cycle`, or until nothing will ever happen, or until software asks for a reset.
    ///
    /// Time is looked at between blocks: it may pass `until_cycle` by the cost of one block.
    pub fn run<P: Periphery>(&mut self, periphery: &mut P, until_cycle: u64) -> Result<Pause, Stop> {
        let _ = (periphery, until_cycle);
        todo!()
    }

    /// Core cycles since power-on.
    pub fn cycles(&self) -> u64 {
        0
    }

    /// Instructions since power-on.
    pub fn instructions(&self) -> u64 {
        0
    }

    /// R0 to R15; 13 is the current stack pointer, 15 the address of the next instruction.
    pub fn register(&self, number: usize) -> u32 {
        let _ = number;
        todo!()
    }

    pub fn set_register(&mut self, number: usize, value: u32) {
        let _ = (number, value);
        todo!()
    }

    /// APSR, IPSR and EPSR together.
    pub fn psr(&self) -> u32 {
        todo!()
    }

    pub fn set_psr(&mut self, value: u32) {
        let _ = value;
        todo!()
    }

    /// S0 to S31 as bits.
    pub fn float_register(&self, number: usize) -> u32 {
        let _ = number;
        todo!()
    }

    pub fn set_float_register(&mut self, number: usize, value: u32) {
        let _ = (number, value);
        todo!()
    }

    pub fn fpscr(&self) -> u32 {
        todo!()
    }

    pub fn set_fpscr(&mut self, value: u32) {
        let _ = value;
        todo!()
    }

    pub fn memory(&self) -> &Map {
        &self.map
    }

    /// For loaders and debuggers; [`Map::program`] writes flash too, and decoded code follows.
    pub fn memory_mut(&mut self) -> &mut Map {
        &mut self.map
    }

    pub fn stack_low(&self) -> StackLow {
        todo!()
    }

    /// What of RAM was read or written since [`Core::clear_watermarks`].
    pub fn touched(&self) -> Vec<Touched> {
        self.map.touched()
    }

    /// Starts stack watermark and touched ranges anew.
    pub fn clear_watermarks(&mut self) {
        self.map.clear_touched();
    }
}
