//! Flash of STM32L4+ (RM0432 chapter 3): double words, pages of 4 KB in two banks (8 KB in one).

use super::{Erase, Family, Geometry, Pending, Program, Store, gather};
use crate::emulator::soc::registers::{Register, Registers};

const CR: u32 = 0x14;
const OPTR: u32 = 0x20;

const PROGERR: u32 = 1 << 3;
const SIZERR: u32 = 1 << 6;
const PGAERR: u32 = 1 << 5;
const PGSERR: u32 = 1 << 7;
/// Status bits that writing 1 clears: EOP and the errors.
const CLEARS: u32 = 0xc3fb;
const DUAL_BANK: u32 = 1 << 22;

const TABLE: &[Register] = &[
    Register::rw("ACR", 0x00, 0x0000_0600, 0x0000_7f0f),
    Register::rw("PDKEYR", 0x04, 0, 0),
    Register::ro("KEYR", 0x08, 0),
    Register::ro("OPTKEYR", 0x0c, 0),
    Register::w1c("SR", 0x10, 0, 0, CLEARS),
    Register::rw("CR", 0x14, 0xc000_0000, 0xcf07_8fff),
    Register::w1c("ECCR", 0x18, 0, 0x0100_0000, 0xf000_0000),
    Register::rw("OPTR", 0x20, 0xffef_f8aa, 0x0fff_77ff),
    Register::rw("PCROP1SR", 0x24, 0xffff_ffff, 0x0001_ffff),
    Register::rw("PCROP1ER", 0x28, 0x0000_0000, 0x8001_ffff),
    Register::rw("WRP1AR", 0x2c, 0xff00_ffff, 0x00ff_00ff),
    Register::rw("WRP1BR", 0x30, 0xff00_ffff, 0x00ff_00ff),
    Register::rw("PCROP2SR", 0x44, 0xffff_ffff, 0x0001_ffff),
    Register::rw("PCROP2ER", 0x48, 0x0000_0000, 0x0001_ffff),
    Register::rw("WRP2AR", 0x4c, 0xff00_ffff, 0x00ff_00ff),
    Register::rw("WRP2BR", 0x50, 0xff00_ffff, 0x00ff_00ff),
    Register::rw("CFGR", 0x130, 0, 1),
];

/// STM32L4R, L4S.
pub static FAMILY: Family = Family {
    table: TABLE,
    latency: 0xf,
    accelerates: true,
    key: 0x08,
    option_key: 0x0c,
    status: 0x10,
    control: CR,
    option_lock: (CR, 1 << 30),
    option_start: (CR, 1 << 17 | 1 << 27),
    errors: 0xc3fa,
    start,
    program,
};

fn start(registers: &Registers, geometry: &Geometry) -> Result<Vec<Erase>, u32> {
    let cr = registers.get(CR);
    let half = geometry.size / 2;
    let dual = registers.get(OPTR) & DUAL_BANK != 0;
    let mut erases = Vec::new();
    if cr & 1 << 1 != 0 {
        let (page, bank_2) = (cr >> 3 & 0xff, cr >> 11 & 1);
        let (size, bank) = if dual { (0x1000, bank_2 * half) } else { (0x2000, 0) };
        erases.push(Erase { offset: bank + page * size, size, micros: 22_020 });
    }
    for (bit, bank) in [(2, 0), (15, half)] {
        if cr >> bit & 1 == 1 {
            erases.push(Erase { offset: bank, size: half, micros: 22_130 });
        }
    }
    let inside = erases.iter().all(|e| e.offset + e.size <= geometry.size);
    if erases.is_empty() || cr & 1 == 1 || !inside { Err(PGSERR) } else { Ok(erases) }
}

/// A double word is two stores of words, the lower first.
fn program(pending: &mut Pending, registers: &Registers, store: Store) -> Result<Option<Program>, u32> {
    if registers.get(CR) & 1 == 0 {
        return Err(PGSERR);
    }
    let row = gather(pending, store, 8, (PGAERR, SIZERR))?;
    Ok(row.map(|(offset, bytes)| Program { offset, bytes, only_erased: Some(PROGERR), micros: 82 }))
}
