//! PWR of STM32F412 (RM0402 chapter 5).

use super::{DBP, Family, anything, is_pll_on};
use crate::emulator::soc::registers::{Register, Registers};
use crate::emulator::soc::wires::Wires;

pub static F4: Family = Family { table: TABLE, settle, check: anything, unlock: DBP };

const TABLE: &[Register] =
    &[Register::rw("CR", 0x00, 0x0000_c000, 0x0030_eff3), Register::rw("CSR", 0x04, 0, 0x0000_03c0)];

/// Scales 3, 2 and 1 bear 64, 84 and 100 MHz (RM0402 5.1.4). With the PLL off the regulator is at scale 3 and VOSRDY is low.
fn settle(registers: &mut Registers, wires: &Wires) -> u64 {
    let pll_on = is_pll_on(wires);
    registers.put(0x04, 1 << 14, pll_on);
    match registers.get(0x00) >> 14 & 3 {
        3 if pll_on => 100_000_000,
        2 if pll_on => 84_000_000,
        _ => 64_000_000,
    }
}
