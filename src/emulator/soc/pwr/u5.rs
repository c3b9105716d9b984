//! PWR of STM32U5 (RM0456 Rev 6, chapter 10). Low-power modes are not modelled.

use super::{Family, anything};
use crate::emulator::soc::registers::{Register, Registers};
use crate::emulator::soc::wires::Wires;

const CR3: u32 = 0x08;
const VOSR: u32 = 0x0c;
const SVMCR: u32 = 0x10;
const SVMSR: u32 = 0x3c;

/// STM32U575.
pub static U5: Family = Family { table: TABLE, settle, check: anything, unlock: (0x28, 0) };

const TABLE: &[Register] = &[
    Register::rw("CR1", 0x00, 0, 0x0000_0fe7),
    Register::rw("CR2", 0x04, 0, 0x80ff_6f77),
    Register::rw("CR3", 0x08, 0, 0x0000_0006),
    Register::rw("VOSR", 0x0c, 0x0000_8000, 0x0007_0000),
    Register::rw("SVMCR", 0x10, 0, 0x7f00_00f0),
    Register::rw("WUCR1", 0x14, 0, 0x0000_00ff),
    Register::rw("WUCR2", 0x18, 0, 0x0000_00ff),
    Register::rw("WUCR3", 0x1c, 0, 0x0000_ffff),
    Register::rw("BDCR1", 0x20, 0, 0x0000_0011),
    Register::rw("BDCR2", 0x24, 0, 0x0000_0003),
    Register::rw("DBPR", 0x28, 0, 0x0000_0001),
    Register::rw("UCPDR", 0x2c, 0, 0x0000_0003),
    Register::ro("SECCFGR", 0x30, 0),
    Register::rw("PRIVCFGR", 0x34, 0, 0x0000_0002),
    Register::ro("SR", 0x38, 0),
    Register::ro("SVMSR", 0x3c, 0x0000_8000),
    Register::ro("BDSR", 0x40, 0),
    Register::ro("WUSR", 0x44, 0),
    Register::ro("WUSCR", 0x48, 0),
    Register::rw("APCR", 0x4c, 0, 0x0000_0001),
];

/// Every flag follows what it tells of at once. Ranges 4, 3, 2 and 1 bear the highest clocks of RM0456 Rev 6, table 54, 25, 55,
/// 110 and 160 MHz, and ranges 2 and 1 more than 55 MHz only with the booster (10.10.4, BOOSTEN).
fn settle(registers: &mut Registers, _: &Wires) -> u64 {
    let vosr = registers.get(VOSR);
    let (range, boosted) = (vosr >> 16 & 3, vosr >> 18 & 1 == 1);
    registers.put(VOSR, 1 << 14, boosted);
    let converter = registers.get(CR3) >> 1 & 1;
    // VDDUSB, VDDIO2 and the analog supplies are there where software looks for them.
    let supplies = registers.get(SVMCR) >> 24 & 0xf;
    registers.set(SVMSR, supplies << 24 | range << 16 | 1 << 15 | converter << 1);
    match (range, boosted) {
        (0, _) => 25_000_000,
        (1, _) | (_, false) => 55_000_000,
        (2, true) => 110_000_000,
        _ => 160_000_000,
    }
}
