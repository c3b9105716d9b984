//! What every peripheral implements, and what it sees of the rest.

use super::wires::Wires;
use crate::emulator::interface::{Memory, Width};

/// Why a device does not do what software asks: no model is right here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Register, or `+offset` where it is unknown.
    pub register: String,
    pub problem: String,
}

impl Refusal {
    pub fn register(register: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { register: register.into(), problem: problem.into() }
    }
}

/// What a device reaches while it is asked.
pub struct Bus<'a> {
    /// Core cycles since power-on.
    pub now: u64,
    pub wires: &'a mut Wires,
    pub memory: &'a mut dyn Memory,
}

/// A peripheral. Offsets are from its base address.
pub trait Device: Send {
    fn read(&mut self, offset: u32, width: Width, bus: &mut Bus) -> Result<u32, Refusal>;

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal>;

    /// The core stores to memory that this device programs.
    fn store(&mut self, _address: u32, _: Width, _value: u32, _: &mut Bus) -> Result<(), Refusal> {
        Err(Refusal::register("memory", "a store to memory that this device does not program"))
    }

    /// Back to the state after power-on; lines that it drives fall.
    fn reset(&mut self, bus: &mut Bus);

    /// Erasing and programming so many bytes from an offset of this device's memory fail from now on.
    fn spoil(&mut self, _offset: u32, _size: u32) {}

    /// The cycle at which [`Device::tick`] is needed next.
    fn due(&self) -> u64 {
        u64::MAX
    }

    /// Does all that falls due at `bus.now` or before.
    fn tick(&mut self, _: &mut Bus) {}

    /// The clock tree has changed at `bus.now`: what was timed by the old rates is brought up to date and timed anew.
    fn clocks_changed(&mut self, _: &mut Bus) {}

    /// Transfers that a DMA controller wants to make now; empty where there is nothing to do.
    fn transfer(&mut self, _: &mut Bus) -> Option<Transfer> {
        None
    }

    /// The outcome of the transfer that [`Device::transfer`] asked for.
    fn transferred(&mut self, _ok: bool, _: &mut Bus) {}
}

/// One item that a DMA controller moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
    pub from: u32,
    pub from_width: Width,
    pub to: u32,
    pub to_width: Width,
}

/// Stands in for memory where none is reached.
pub struct NoMemory;

impl Memory for NoMemory {
    fn load(&self, _: u32, _: &mut [u8]) -> bool {
        false
    }

    fn store(&mut self, _: u32, _: &[u8]) -> bool {
        false
    }
}
