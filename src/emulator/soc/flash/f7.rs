//! Flash of STM32F74x and F75x (RM0385 chapter 3), F76x and F77x with one bank (RM0410 chapter 3): 8, 16 or 32 bits at a
//! time, sectors of 32, 128 and 256 KB.

use super::{Erase, Family, Geometry, Program, Store};
use crate::emulator::interface::Width;
use crate::emulator::soc::registers::{Register, Registers};

const CR: u32 = 0x10;

const PGPERR: u32 = 1 << 6;
const ERSERR: u32 = 1 << 7;

const TABLE: &[Register] = &[
    Register::rw("ACR", 0x00, 0, 0x0000_0b0f),
    Register::ro("KEYR", 0x04, 0),
    Register::ro("OPTKEYR", 0x08, 0),
    Register::w1c("SR", 0x0c, 0, 0, 0x0000_00f3),
    Register::rw("CR", 0x10, 0x8000_0000, 0x8301_037f),
    Register::rw("OPTCR", 0x14, 0xc0ff_aafd, 0xf0ff_ffff),
    Register::rw("OPTCR1", 0x18, 0x0040_0080, 0xffff_ffff),
];

const TABLE_76: &[Register] = &[
    Register::rw("ACR", 0x00, 0, 0x0000_0b0f),
    Register::ro("KEYR", 0x04, 0),
    Register::ro("OPTKEYR", 0x08, 0),
    Register::w1c("SR", 0x0c, 0, 0, 0x0000_00f3),
    Register::rw("CR", 0x10, 0x8000_0000, 0x8301_83ff),
    Register::rw("OPTCR", 0x14, 0xffff_aafd, 0xffff_ffff),
    Register::rw("OPTCR1", 0x18, 0x0040_0080, 0xffff_ffff),
];

/// STM32F74x, F75x.
pub static FAMILY: Family = family(TABLE, |registers, geometry| erasures(registers, geometry, 8, sector, ERSERR));
/// STM32F76x, F77x.
pub static F76: Family = family(TABLE_76, |registers, geometry| erasures(registers, geometry, 12, sector, ERSERR));

const fn family(table: &'static [Register], start: fn(&Registers, &Geometry) -> Result<Vec<Erase>, u32>) -> Family {
    Family {
        table,
        latency: 0xf,
        accelerates: true,
        key: 0x04,
        option_key: 0x08,
        status: 0x0c,
        control: CR,
        option_lock: (0x14, 1),
        option_start: (0x14, 1 << 1),
        errors: 0xf2,
        start,
        program: |_, registers, store| at_parallelism(registers, store, ERSERR),
    }
}

/// Offset, bytes and erase time of a sector at 32 bits of parallelism.
fn sector(number: u32) -> Option<Erase> {
    let (offset, size, micros) = match number {
        0..=3 => (number * 0x8000, 0x8000, 250_000),
        4 => (0x2_0000, 0x2_0000, 500_000),
        5..=11 => ((number - 4) * 0x4_0000, 0x4_0000, 1_000_000),
        _ => return None,
    };
    Some(Erase { offset, size, micros })
}

/// What CR asks to erase, of so many sectors; `error` is what a wrong request sets.
pub(super) fn erasures(
    registers: &Registers,
    geometry: &Geometry,
    sectors: u32,
    sector: fn(u32) -> Option<Erase>,
    error: u32,
) -> Result<Vec<Erase>, u32> {
    let cr = registers.get(CR);
    if cr >> 2 & 1 == 1 {
        return Ok((0..sectors).filter_map(sector).filter(|e| e.offset + e.size <= geometry.size).collect());
    }
    let chosen = if cr >> 1 & 1 == 1 { sector(cr >> 3 & 31) } else { None };
    match chosen {
        Some(erase) if erase.offset + erase.size <= geometry.size && cr & 1 == 0 => Ok(vec![erase]),
        _ => Err(error),
    }
}

/// A store of just the width that PSIZE says; `error` is what one without PG sets.
pub(super) fn at_parallelism(registers: &Registers, store: Store, error: u32) -> Result<Option<Program>, u32> {
    let cr = registers.get(CR);
    let parallelism = [Width::Byte, Width::Half, Width::Word].get((cr >> 8 & 3) as usize).copied();
    if cr & 1 == 0 {
        return Err(error);
    }
    if parallelism != Some(store.width) {
        return Err(PGPERR);
    }
    let bytes = store.value.to_le_bytes()[..store.width.bytes() as usize].to_vec();
    Ok(Some(Program { offset: store.offset, bytes, only_erased: None, micros: 16 }))
}
