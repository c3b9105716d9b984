//! Flash of STM32F412 (RM0402 chapter 3): 8, 16 or 32 bits at a time, sectors of 16, 64 and 128 KB.

use super::f7::{self, at_parallelism};
use super::{Erase, Family, Geometry, Registers};
use crate::emulator::soc::registers::Register;

const CR: u32 = 0x10;

const PGSERR: u32 = 1 << 7;

const TABLE: &[Register] = &[
    Register::rw("ACR", 0x00, 0, 0x0000_1f0f),
    Register::ro("KEYR", 0x04, 0),
    Register::ro("OPTKEYR", 0x08, 0),
    Register::w1c("SR", 0x0c, 0, 0, 0x0000_01f3),
    Register::rw("CR", 0x10, 0x8000_0000, 0x8301_03ff),
    Register::rw("OPTCR", 0x14, 0x0fff_aaed, 0x8fff_ffef),
];

/// STM32F412.
pub static FAMILY: Family = Family {
    table: TABLE,
    latency: 0xf,
    accelerates: true,
    key: 0x04,
    option_key: 0x08,
    status: 0x0c,
    control: CR,
    option_lock: (0x14, 1),
    option_start: (0x14, 1 << 1),
    errors: 0x1f2,
    start,
    program: |_, registers, store| at_parallelism(registers, store, PGSERR),
};

/// Offset, bytes and erase time of a sector at 32 bits of parallelism.
fn sector(number: u32) -> Option<Erase> {
    let (offset, size, micros) = match number {
        0..=3 => (number * 0x4000, 0x4000, 250_000),
        4 => (0x1_0000, 0x1_0000, 550_000),
        5..=11 => ((number - 4) * 0x2_0000, 0x2_0000, 1_000_000),
        _ => return None,
    };
    Some(Erase { offset, size, micros })
}

fn start(registers: &Registers, geometry: &Geometry) -> Result<Vec<Erase>, u32> {
    f7::erasures(registers, geometry, 12, sector, PGSERR)
}
