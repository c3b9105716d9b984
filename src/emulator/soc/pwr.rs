//! Power control: voltage ranges and their ready flags. Low-power modes are not modelled.

use super::device::{Bus, Device, Refusal};
use super::registers::{Register, Registers};
use super::wires::Wires;
use crate::emulator::interface::Width;

mod f4;
mod h7;
mod u5;

pub use f4::F4;
pub use h7::{H7A3, H743};
pub use u5::U5;

/// What differs between families.
pub struct Family {
    table: &'static [Register],
    /// Sets status bits; returns the highest core clock in Hz.
    settle: fn(&mut Registers, &Wires) -> u64,
    /// Whether the board bears what software chose.
    check: fn(&Registers, &Wires) -> Result<(), Refusal>,
    /// Register and bit that open the backup domain.
    unlock: (u32, u32),
}

/// DBP of all families but U5.
const DBP: (u32, u32) = (0x00, 8);

fn anything(_: &Registers, _: &Wires) -> Result<(), Refusal> {
    Ok(())
}

fn is_pll_on(wires: &Wires) -> bool {
    wires.rcc.first().is_some_and(|cr| cr >> 24 & 1 == 1)
}

/// STM32L4+ (RM0432 chapter 5).
pub static L4PLUS: Family = Family { table: L4PLUS_TABLE, settle: settle_l4plus, check: anything, unlock: DBP };
/// STM32F7 (RM0385 chapter 4).
pub static F7: Family = Family { table: F7_TABLE, settle: settle_f7, check: anything, unlock: DBP };

const L4PLUS_TABLE: &[Register] = &[
    Register::rw("CR1", 0x00, 0x0000_0200, 0x0000_4717),
    Register::rw("CR2", 0x04, 0, 0x0000_06ff),
    Register::rw("CR3", 0x08, 0x0000_8000, 0x0000_951f),
    Register::rw("CR4", 0x0c, 0, 0x0000_031f),
    Register::ro("SR1", 0x10, 0),
    Register::ro("SR2", 0x14, 0x0000_0100),
    Register::ro("SCR", 0x18, 0),
    Register::rw("PUCRA", 0x20, 0, 0xbfff),
    Register::rw("PDCRA", 0x24, 0, 0x5fff),
    Register::rw("PUCRB", 0x28, 0, 0xffff),
    Register::rw("PDCRB", 0x2c, 0, 0xffef),
    Register::rw("PUCRC", 0x30, 0, 0xffff),
    Register::rw("PDCRC", 0x34, 0, 0xffff),
    Register::rw("PUCRD", 0x38, 0, 0xffff),
    Register::rw("PDCRD", 0x3c, 0, 0xffff),
    Register::rw("PUCRE", 0x40, 0, 0xffff),
    Register::rw("PDCRE", 0x44, 0, 0xffff),
    Register::rw("PUCRF", 0x48, 0, 0xffff),
    Register::rw("PDCRF", 0x4c, 0, 0xffff),
    Register::rw("PUCRG", 0x50, 0, 0xffff),
    Register::rw("PDCRG", 0x54, 0, 0xffff),
    Register::rw("PUCRH", 0x58, 0, 0xffff),
    Register::rw("PDCRH", 0x5c, 0, 0xffff),
    Register::rw("PUCRI", 0x60, 0, 0x0fff),
    Register::rw("PDCRI", 0x64, 0, 0x0fff),
    Register::rw("CR5", 0x80, 0x0000_0100, 0x0000_0100),
];

/// VOSF falls at once. Ranges: 1 boost 120 MHz, 1 normal 80 MHz, 2 26 MHz (RM0432 5.1.7).
fn settle_l4plus(registers: &mut Registers, _: &Wires) -> u64 {
    let range = registers.get(0x00) >> 9 & 3;
    let boost = registers.get(0x80) >> 8 & 1 == 0;
    // REGLPF follows LPR.
    registers.put(0x14, 1 << 9, registers.get(0x00) >> 14 & 1 == 1);
    match (range, boost) {
        (1, true) => 120_000_000,
        (1, false) => 80_000_000,
        _ => 26_000_000,
    }
}

const F7_TABLE: &[Register] = &[
    Register::rw("CR1", 0x00, 0x0000_c000, 0x000f_effb),
    Register::rw("CSR1", 0x04, 0, 0x000c_0300),
    Register::rw("CR2", 0x08, 0, 0x0000_3f00),
    Register::rw("CSR2", 0x0c, 0, 0x0000_3f00),
];

/// Scales 3, 2 and 1 bear 144, 168 and 180 MHz; over-drive lifts 2 to 180 and 1 to 216 (RM0385 4.1.4). With the PLL off the
/// regulator is at scale 3 and VOSRDY is low.
fn settle_f7(registers: &mut Registers, wires: &Wires) -> u64 {
    let cr1 = registers.get(0x00);
    let pll_on = is_pll_on(wires);
    let over_drive = cr1 >> 16 & 3 == 3;
    registers.put(0x04, 1 << 14, pll_on);
    registers.put(0x04, 1 << 16, cr1 >> 16 & 1 == 1);
    registers.put(0x04, 1 << 17, over_drive);
    match (cr1 >> 14 & 3, over_drive) {
        _ if !pll_on => 144_000_000,
        (3, true) => 216_000_000,
        (3, false) | (2, true) => 180_000_000,
        (2, false) => 168_000_000,
        _ => 144_000_000,
    }
}

pub struct Pwr {
    family: &'static Family,
    registers: Registers,
}

impl Pwr {
    pub fn new(family: &'static Family) -> Self {
        Self { family, registers: Registers::new(family.table) }
    }

    fn settle(&mut self, bus: &mut Bus) {
        let limit = (self.family.settle)(&mut self.registers, bus.wires);
        bus.wires.limits_changed |= limit != bus.wires.supply_limit_hz;
        bus.wires.supply_limit_hz = limit;
        let (register, bit) = self.family.unlock;
        bus.wires.backup_writable = self.registers.get(register) >> bit & 1 == 1;
    }
}

impl Device for Pwr {
    fn read(&mut self, offset: u32, width: Width, bus: &mut Bus) -> Result<u32, Refusal> {
        self.settle(bus);
        self.registers.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        self.registers.write(offset, width, value)?;
        (self.family.check)(&self.registers, bus.wires)?;
        self.settle(bus);
        Ok(())
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.registers.reset();
        self.settle(bus);
    }

    fn clocks_changed(&mut self, bus: &mut Bus) {
        self.settle(bus);
    }
}
