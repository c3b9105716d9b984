//! PWR of STM32H743 (RM0433 chapter 6) and STM32H7A3 (RM0455 chapter 6).
//!
//! After power-on the part waits, at the lowest voltage, for software to say in CR3 how the core is supplied; only then do
//! the flags of voltage scaling rise. A supply that the board is not wired for is refused: silicon would brown out.

use super::{DBP, Family};
use crate::board::Supply;
use crate::emulator::soc::device::Refusal;
use crate::emulator::soc::registers::{Register, Registers};
use crate::emulator::soc::wires::Wires;

/// STM32H743.
pub static H743: Family = Family { table: TABLE_743, settle: settle_743, check: check_743, unlock: DBP };
/// STM32H7A3 with its step-down converter.
pub static H7A3: Family = Family { table: TABLE_7A3, settle: settle_7a3, check: check_7a3, unlock: DBP };

const CSR1: u32 = 0x04;
const CR2: u32 = 0x08;
const CR3: u32 = 0x0c;
/// D3CR, on H7A3 SRDCR.
const VOS: u32 = 0x18;

/// BYPASS, LDOEN and, on parts with a converter, SMPSEN; without one the third bit says that CR3 was not written yet.
const SUPPLY: u32 = 0b111;
const BY_LDO: u32 = 0b010;
const BY_SMPS: u32 = 0b100;
/// After power-on.
const UNSAID: u32 = 0b110;

macro_rules! table {
    ($cr1:expr, $cr3:expr, $cpucr:expr, $vos:literal, $vos_reset:expr) => {
        &[
            Register::rw("CR1", 0x00, 0xf000_c000, $cr1),
            Register::ro("CSR1", 0x04, $vos_reset),
            Register::rw("CR2", 0x08, 0, 0x0000_0011),
            Register::rw("CR3", 0x0c, UNSAID, $cr3),
            Register::rw("CPUCR", 0x10, 0, $cpucr),
            Register::rw($vos, 0x18, $vos_reset, 0x0000_c000),
            Register::ro("WKUPCR", 0x20, 0),
            Register::ro("WKUPFR", 0x24, 0),
            Register::rw("WKUPEPR", 0x28, 0, 0x0fff_3f3f),
        ]
    };
}

const TABLE_743: &[Register] = table!(0x0007_c3f1, 0x0300_0307, 0x0000_0807, "D3CR", 0x0000_4000);
const TABLE_7A3: &[Register] = table!(0x0fff_d3f1, 0x0300_033f, 0x0000_0805, "SRDCR", 0);

fn flags(registers: &mut Registers) -> bool {
    let said = registers.get(CR3) & SUPPLY != UNSAID;
    let range = registers.get(VOS) >> 14 & 3;
    registers.put(VOS, 1 << 13, said);
    registers.put(CSR1, 0x3 << 14, false);
    registers.put(CSR1, range << 14, true);
    registers.put(CSR1, 1 << 13, said);
    // The backup regulator and the USB regulator are ready as soon as they are on.
    registers.put(CR2, 1 << 16, registers.get(CR2) & 1 == 1);
    registers.put(CR3, 1 << 26, registers.get(CR3) >> 24 & 1 == 1);
    said
}

/// RM0433 6.6.2 and the datasheet: VOS3 200 MHz, VOS2 300, VOS1 400; with over-drive, VOS0, 480.
fn settle_743(registers: &mut Registers, wires: &Wires) -> u64 {
    let said = flags(registers);
    match registers.get(VOS) >> 14 & 3 {
        _ if !said => 200_000_000,
        3 if wires.over_drive => 480_000_000,
        3 => 400_000_000,
        2 => 300_000_000,
        _ => 200_000_000,
    }
}

/// RM0455 6.6.2 and the datasheet: VOS3 88 MHz, VOS2 160, VOS1 225, VOS0 280.
fn settle_7a3(registers: &mut Registers, _: &Wires) -> u64 {
    let said = flags(registers);
    let range = if said { registers.get(VOS) >> 14 & 3 } else { 0 };
    [88_000_000, 160_000_000, 225_000_000, 280_000_000][range as usize]
}

fn check_743(registers: &Registers, wires: &Wires) -> Result<(), Refusal> {
    match (registers.get(CR3) & SUPPLY, wires.supply) {
        (UNSAID, _) | (_, None) | (BY_LDO, Some(Supply::Ldo)) => Ok(()),
        (chosen, Some(wired)) => wrong(chosen, wired),
    }
}

fn check_7a3(registers: &Registers, wires: &Wires) -> Result<(), Refusal> {
    match (registers.get(CR3) & SUPPLY, wires.supply) {
        (UNSAID, _) | (_, None) | (BY_LDO, Some(Supply::Ldo)) | (BY_SMPS, Some(Supply::DirectSmps)) => Ok(()),
        (chosen, Some(wired)) => wrong(chosen, wired),
    }
}

fn wrong(chosen: u32, wired: Supply) -> Result<(), Refusal> {
    let problem = format!("supply {chosen:#05b} (SMPSEN, LDOEN, BYPASS), and the board is wired for {wired:?}");
    Err(Refusal::register("CR3", problem))
}
