//! Flash of STM32U5 (RM0456 chapter 7), non-secure side with TrustZone disabled: rows of 128 bits, pages of 8 KB in two banks.

use super::{Erase, Family, Geometry, Pending, Program, Store, gather};
use crate::emulator::soc::registers::{Register, Registers};

const NSCR: u32 = 0x28;

const PROGERR: u32 = 1 << 3;
const PGAERR: u32 = 1 << 5;
const SIZERR: u32 = 1 << 6;
const PGSERR: u32 = 1 << 7;

const TABLE: &[Register] = &[
    Register::rw("ACR", 0x00, 0x0000_0001, 0x0000_790f),
    Register::ro("NSKEYR", 0x08, 0),
    Register::ro("OPTKEYR", 0x10, 0),
    Register::ro("PDKEY1R", 0x18, 0),
    Register::ro("PDKEY2R", 0x1c, 0),
    Register::w1c("NSSR", 0x20, 0, 0, 0x0000_20fb),
    Register::rw("NSCR", 0x28, 0xc000_0000, 0xcb03_cbff),
    Register::ro("ECCR", 0x30, 0),
    Register::ro("OPSR", 0x34, 0),
    Register::ro("OPTR", 0x40, 0x1fef_f8aa),
    Register::ro("NSBOOTADD0R", 0x44, 0x0800_007f),
    Register::ro("NSBOOTADD1R", 0x48, 0x0bf9_007f),
    Register::ro("WRP1AR", 0x58, 0x0f00_ffff),
    Register::ro("WRP1BR", 0x5c, 0x0f00_ffff),
    Register::ro("WRP2AR", 0x68, 0x0f00_ffff),
    Register::ro("WRP2BR", 0x6c, 0x0f00_ffff),
    Register::rw("PRIVCFGR", 0xc4, 0, 0x0000_0002),
];

/// STM32U575.
pub static FAMILY: Family = Family {
    table: TABLE,
    latency: 0xf,
    accelerates: false,
    key: 0x08,
    option_key: 0x10,
    status: 0x20,
    control: NSCR,
    option_lock: (NSCR, 1 << 30),
    option_start: (NSCR, 1 << 17 | 1 << 27),
    errors: 0x20fa,
    start,
    program,
};

fn start(registers: &Registers, geometry: &Geometry) -> Result<Vec<Erase>, u32> {
    let cr = registers.get(NSCR);
    let half = geometry.size / 2;
    let mut erases = Vec::new();
    if cr >> 1 & 1 == 1 {
        let (page, bank) = (cr >> 3 & 0x7f, (cr >> 11 & 1) * half);
        erases.push(Erase { offset: bank + page * 0x2000, size: 0x2000, micros: 1_500 });
    }
    for (bit, bank) in [(2, 0), (15, half)] {
        if cr >> bit & 1 == 1 {
            erases.push(Erase { offset: bank, size: half, micros: 195_000 });
        }
    }
    let inside = erases.iter().all(|e| e.offset + e.size <= geometry.size);
    if erases.is_empty() || cr & 1 == 1 || !inside { Err(PGSERR) } else { Ok(erases) }
}

/// A row is four stores of words in order.
fn program(pending: &mut Pending, registers: &Registers, store: Store) -> Result<Option<Program>, u32> {
    if registers.get(NSCR) & 1 == 0 {
        return Err(PGSERR);
    }
    let row = gather(pending, store, 16, (PGAERR, SIZERR))?;
    Ok(row.map(|(offset, bytes)| Program { offset, bytes, only_erased: Some(PROGERR), micros: 118 }))
}
