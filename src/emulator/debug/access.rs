//! A memory access port (ADIv5.2, chapter C2): what turns transfers of a debug port into accesses of a bus.

use crate::emulator::interface::{AccessError, Width};
use crate::emulator::machine::Machine;

/// Bits of CSW.
const CSW_SIZE: u32 = 7;
const CSW_DEVICE_EN: u32 = 1 << 6;
const CSW_WRITABLE: u32 = 0x7F00_0037;
/// The address counts up in its low bits only (ADIv5.2, C2.2.2).
const WRAP: u32 = 0x400;

/// Stands between a port's addresses and the machine's: first address, bytes, address in the machine.
pub type Shift = (u32, u32, u32);

/// One access port.
#[derive(Debug, Clone)]
pub struct AccessPort {
    idr: u32,
    base: u32,
    shifts: &'static [Shift],
    /// Nothing but what is shifted is behind it.
    only_shifts: bool,
    csw: u32,
    tar: u32,
}

impl AccessPort {
    pub(super) const fn new(idr: u32, base: u32, shifts: &'static [Shift], only_shifts: bool) -> Self {
        Self { idr, base, shifts, only_shifts, csw: 0x2300_0042, tar: 0 }
    }

    fn place(&self, address: u32) -> Option<u32> {
        let shifted = self.shifts.iter().find(|(from, size, _)| address.wrapping_sub(*from) < *size);
        match shifted {
            Some((from, _, to)) => Some(address - from + to),
            None => (!self.only_shifts).then_some(address),
        }
    }

    fn width(&self) -> Width {
        match self.csw & CSW_SIZE {
            0 => Width::Byte,
            1 => Width::Half,
            _ => Width::Word,
        }
    }

    fn advance(&mut self, by: u32) {
        self.tar = self.tar & !(WRAP - 1) | self.tar.wrapping_add(by) & (WRAP - 1);
    }

    /// How many accesses one transfer of DRW makes: with packed increment as many as fill a word.
    fn packed(&self) -> u32 {
        if self.csw >> 4 & 3 == 2 { 4 / self.width().bytes() } else { 1 }
    }

    /// Reads the register at `address`, its bank above its low four bits.
    pub(super) fn read(&mut self, machine: &mut Machine, address: u32) -> Result<u32, AccessError> {
        Ok(match address {
            0x00 => self.csw | CSW_DEVICE_EN,
            0x04 => self.tar,
            0x0C => {
                let width = self.width();
                let mut word = 0;
                for _ in 0..self.packed() {
                    let lane = 8 * (self.tar & 3 & !(width.bytes() - 1));
                    word |= self.load(machine, self.tar, width)? << lane;
                    if self.csw >> 4 & 3 != 0 {
                        self.advance(width.bytes());
                    }
                }
                word
            }
            0x10..=0x1C => self.load(machine, self.tar & !15 | address & 0xC, Width::Word)?,
            0xF8 => self.base,
            0xFC => self.idr,
            _ => 0,
        })
    }

    pub(super) fn write(&mut self, machine: &mut Machine, address: u32, value: u32) -> Result<(), AccessError> {
        match address {
            0x00 => self.csw = self.csw & !CSW_WRITABLE | value & CSW_WRITABLE,
            0x04 => self.tar = value,
            0x0C => {
                let width = self.width();
                for _ in 0..self.packed() {
                    let lane = 8 * (self.tar & 3 & !(width.bytes() - 1));
                    self.store(machine, self.tar, width, value >> lane)?;
                    if self.csw >> 4 & 3 != 0 {
                        self.advance(width.bytes());
                    }
                }
            }
            0x10..=0x1C => self.store(machine, self.tar & !15 | address & 0xC, Width::Word, value)?,
            _ => {}
        }
        Ok(())
    }

    fn load(&self, machine: &mut Machine, address: u32, width: Width) -> Result<u32, AccessError> {
        let aligned = address & !(width.bytes() - 1);
        let place = self.place(aligned).ok_or(AccessError::Unmapped { address })?;
        machine.debugger().read_one(place, width)
    }

    fn store(&self, machine: &mut Machine, address: u32, width: Width, value: u32) -> Result<(), AccessError> {
        let aligned = address & !(width.bytes() - 1);
        let place = self.place(aligned).ok_or(AccessError::Unmapped { address })?;
        let mask = ((1u64 << (8 * width.bytes())) - 1) as u32;
        machine.debugger().write_one(place, width, value & mask)
    }

    pub(super) fn address(&self) -> u32 {
        self.tar
    }

    /// Whether a register's access reaches the bus behind the port.
    pub(super) fn reaches_bus(address: u32) -> bool {
        matches!(address, 0x0C..=0x1C)
    }

    /// Whether the bus access of the next transfer stays within what a core in reset still answers.
    pub(super) fn in_debug_registers(&self) -> bool {
        (0xE000_0000..0xE010_0000).contains(&self.tar)
    }
}
