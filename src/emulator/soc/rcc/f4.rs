//! RCC of STM32F412 (RM0402 chapter 6).

use super::f7::{self, RESET_FLAGS};
use super::{Family, Follows, Oscillators, Switch, running, within};
use crate::emulator::soc::clocks::Clocks;
use crate::emulator::soc::device::Refusal;
use crate::emulator::soc::registers::{Register, Registers};

const CR: u32 = 0x00;
const PLLCFGR: u32 = 0x04;
const CFGR: u32 = 0x08;
const BDCR: u32 = 0x70;
const CSR: u32 = 0x74;
const DCKCFGR: u32 = 0x8c;

const HSI: u64 = 16_000_000;

const TABLE: &[Register] = &[
    Register::rw("CR", 0x00, 0x0000_0083, 0x050d_00f9),
    Register::rw("PLLCFGR", 0x04, 0x2400_3010, 0x7f43_7fff),
    Register::rw("CFGR", 0x08, 0, 0xff7f_fcf3),
    Register::rw("CIR", 0x0c, 0, 0x0000_7f00),
    Register::rw("AHB1RSTR", 0x10, 0, 0x0060_10ff),
    Register::rw("AHB2RSTR", 0x14, 0, 0x0000_00c0),
    Register::rw("AHB3RSTR", 0x18, 0, 0x0000_0003),
    Register::rw("APB1RSTR", 0x20, 0, 0x17e6_c9ff),
    Register::rw("APB2RSTR", 0x24, 0, 0x0117_7933),
    Register::rw("AHB1ENR", 0x30, 0, 0x0060_10ff),
    Register::rw("AHB2ENR", 0x34, 0, 0x0000_00c0),
    Register::rw("AHB3ENR", 0x38, 0, 0x0000_0003),
    Register::rw("APB1ENR", 0x40, 0, 0x17e6_cdff),
    Register::rw("APB2ENR", 0x44, 0, 0x0117_f933),
    Register::rw("AHB1LPENR", 0x50, 0x0061_90ff, 0x0061_90ff),
    Register::rw("AHB2LPENR", 0x54, 0x0000_00c0, 0x0000_00c0),
    Register::rw("AHB3LPENR", 0x58, 0x0000_0003, 0x0000_0003),
    Register::rw("APB1LPENR", 0x60, 0x17e6_cdff, 0x17e6_cdff),
    Register::rw("APB2LPENR", 0x64, 0x0117_f933, 0x0117_f933),
    Register::rw("BDCR", 0x70, 0, 0x0001_830d),
    Register::rw("CSR", 0x74, 0x0e00_0000, 0x0100_0001),
    Register::rw("SSCGR", 0x80, 0, 0xcfff_ffff),
    Register::rw("PLLI2SCFGR", 0x84, 0x2400_3010, 0x7f40_7fff),
    Register::rw("DCKCFGR", 0x8c, 0, 0x9f00_8000),
    Register::rw("CKGATENR", 0x90, 0, 0x0000_00ff),
    Register::rw("DCKCFGR2", 0x94, 0, 0x18c0_0000),
];

const FOLLOWS: &[Follows] = &[
    Follows { register: CR, enable: 1 << 0, ready: 1 << 1 },
    Follows { register: CR, enable: 1 << 16, ready: 1 << 17 },
    Follows { register: CR, enable: 1 << 24, ready: 1 << 25 },
    Follows { register: CR, enable: 1 << 26, ready: 1 << 27 },
    Follows { register: BDCR, enable: 1 << 0, ready: 1 << 1 },
    Follows { register: CSR, enable: 1 << 0, ready: 1 << 1 },
];

/// STM32F412.
pub static FAMILY: Family = Family {
    table: TABLE,
    follows: FOLLOWS,
    clocks,
    switch: Switch { register: CFGR, mask: 3, shown: 2, ready: &[1, 17, 25, 25], lse: (BDCR, 1 << 1) },
    wait_states,
    reset_flags: RESET_FLAGS,
    backup: Some(BDCR),
    resets: (0x10, 0x24),
    kernels: &[],
};

/// The PLL has an output P for the core and an output R, which can be the system clock too.
fn pll(registers: &Registers, oscillators: Oscillators, by_r: bool) -> Result<u64, Refusal> {
    let word = registers.get(PLLCFGR);
    let source = if word >> 22 & 1 == 1 { oscillators.hse } else { HSI };
    let m = u64::from(word & 0x3f).max(1);
    within("PLL input", source / m, 950_000, 2_100_000)?;
    let vco = source * u64::from(word >> 6 & 0x1ff) / m;
    within("PLL VCO", vco, 100_000_000, 432_000_000)?;
    let divider = if by_r { word >> 28 & 7 } else { ((word >> 16 & 3) + 1) * 2 };
    if divider < 2 {
        return Err(Refusal::register("PLLCFGR", format!("PLLR is {divider}, and 0 and 1 are not allowed")));
    }
    Ok(vco / u64::from(divider))
}

fn clocks(registers: &Registers, oscillators: Oscillators) -> Result<Clocks, Refusal> {
    let cfgr = registers.get(CFGR);
    let sys = match cfgr >> 2 & 3 {
        0 => HSI,
        1 => oscillators.hse,
        chosen => pll(registers, oscillators, chosen == 3)?,
    };
    let sys = running(sys, "CFGR")?;
    f7::tree(registers, oscillators, sys, [50_000_000, 100_000_000], DCKCFGR)
}

/// RM0402 3.4.1, table of wait states at 2.7 to 3.6 V: up to 30, 64, 90 and 100 MHz.
fn wait_states(hz: u64, _: u64) -> u32 {
    [30, 64, 90].iter().filter(|mhz| hz > **mhz * 1_000_000).count() as u32
}
