//! RCC of STM32F74x and F75x (RM0385 chapter 5), F76x and F77x (RM0410 chapter 5).

use super::{
    Family, Follows, Oscillators, ResetFlags, Switch, ahb_divider, apb_divider, buses, oscillate, running, within,
};
use crate::emulator::soc::clocks::{Clocks, Node};
use crate::emulator::soc::device::Refusal;
use crate::emulator::soc::registers::{Register, Registers};

const CR: u32 = 0x00;
const PLLCFGR: u32 = 0x04;
const CFGR: u32 = 0x08;
const BDCR: u32 = 0x70;
const CSR: u32 = 0x74;
const DCKCFGR1: u32 = 0x8c;

const HSI: u64 = 16_000_000;
const LSI: u64 = 32_000;

const TABLE: &[Register] = &[
    Register::rw("CR", 0x00, 0x0000_0083, 0x150d_00f9),
    Register::rw("PLLCFGR", 0x04, 0x2400_3010, 0x0f43_7fff),
    Register::rw("CFGR", 0x08, 0, 0xffff_fcf3),
    Register::rw("CIR", 0x0c, 0, 0x0000_7f00),
    Register::rw("AHB1RSTR", 0x10, 0, 0x22e0_17ff),
    Register::rw("AHB2RSTR", 0x14, 0, 0x0000_00c1),
    Register::rw("AHB3RSTR", 0x18, 0, 0x0000_0003),
    Register::rw("APB1RSTR", 0x20, 0, 0xffff_cbff),
    Register::rw("APB2RSTR", 0x24, 0, 0x04f7_7933),
    Register::rw("AHB1ENR", 0x30, 0x0010_0000, 0x7ef4_17ff),
    Register::rw("AHB2ENR", 0x34, 0, 0x0000_00c1),
    Register::rw("AHB3ENR", 0x38, 0, 0x0000_0003),
    Register::rw("APB1ENR", 0x40, 0, 0xffff_cbff),
    Register::rw("APB2ENR", 0x44, 0, 0x04f7_7f33),
    Register::rw("AHB1LPENR", 0x50, 0x7ef7_b7ff, 0x7ef7_b7ff),
    Register::rw("AHB2LPENR", 0x54, 0x0000_00f1, 0x0000_00f1),
    Register::rw("AHB3LPENR", 0x58, 0x0000_0003, 0x0000_0003),
    Register::rw("APB1LPENR", 0x60, 0xffff_cbff, 0xffff_cbff),
    Register::rw("APB2LPENR", 0x64, 0x04f7_7f33, 0x04f7_7f33),
    Register::rw("BDCR", 0x70, 0, 0x0001_831d),
    Register::rw("CSR", 0x74, 0x0e00_0000, 0x0100_0001),
    Register::rw("SSCGR", 0x80, 0, 0xcfff_ffff),
    Register::rw("PLLI2SCFGR", 0x84, 0x2400_3000, 0x7f03_7fc0),
    Register::rw("PLLSAICFGR", 0x88, 0x2400_3000, 0x7f03_7fc0),
    Register::rw("DCKCFGR1", 0x8c, 0, 0x01f3_1f1f),
    Register::rw("DCKCFGR2", 0x90, 0, 0x1fff_ffff),
];

const TABLE_76: &[Register] = &[
    Register::rw("CR", 0x00, 0x0000_0083, 0x150d_00f9),
    Register::rw("PLLCFGR", 0x04, 0x2400_3010, 0x7f43_7fff),
    Register::rw("CFGR", 0x08, 0, 0xffff_fcf3),
    Register::rw("CIR", 0x0c, 0, 0x0000_7f00),
    Register::rw("AHB1RSTR", 0x10, 0, 0x22e0_17ff),
    Register::rw("AHB2RSTR", 0x14, 0, 0x0000_00c3),
    Register::rw("AHB3RSTR", 0x18, 0, 0x0000_0003),
    Register::rw("APB1RSTR", 0x20, 0, 0xffff_ebff),
    Register::rw("APB2RSTR", 0x24, 0, 0x64f7_79b3),
    Register::rw("AHB1ENR", 0x30, 0x0010_0000, 0x7ef4_17ff),
    Register::rw("AHB2ENR", 0x34, 0, 0x0000_00c3),
    Register::rw("AHB3ENR", 0x38, 0, 0x0000_0003),
    Register::rw("APB1ENR", 0x40, 0, 0xffff_efff),
    Register::rw("APB2ENR", 0x44, 0, 0x64f7_7fb3),
    Register::rw("AHB1LPENR", 0x50, 0x7ef7_b7ff, 0x7ef7_b7ff),
    Register::rw("AHB2LPENR", 0x54, 0x0000_00c3, 0x0000_00c3),
    Register::rw("AHB3LPENR", 0x58, 0x0000_0003, 0x0000_0003),
    Register::rw("APB1LPENR", 0x60, 0xffff_efff, 0xffff_efff),
    Register::rw("APB2LPENR", 0x64, 0x64f7_7fb3, 0x64f7_7fb3),
    Register::rw("BDCR", 0x70, 0, 0x0001_831d),
    Register::rw("CSR", 0x74, 0x0e00_0000, 0x0100_0001),
    Register::rw("SSCGR", 0x80, 0, 0xcfff_ffff),
    Register::rw("PLLI2SCFGR", 0x84, 0x2400_3000, 0x7f03_7fc0),
    Register::rw("PLLSAICFGR", 0x88, 0x2400_3000, 0x7f03_7fc0),
    Register::rw("DCKCFGR1", 0x8c, 0, 0x07f3_1f1f),
    Register::rw("DCKCFGR2", 0x90, 0, 0x3fff_ffff),
];

const FOLLOWS: &[Follows] = &[
    Follows { register: CR, enable: 1 << 0, ready: 1 << 1 },
    Follows { register: CR, enable: 1 << 16, ready: 1 << 17 },
    Follows { register: CR, enable: 1 << 24, ready: 1 << 25 },
    Follows { register: CR, enable: 1 << 26, ready: 1 << 27 },
    Follows { register: CR, enable: 1 << 28, ready: 1 << 29 },
    Follows { register: BDCR, enable: 1 << 0, ready: 1 << 1 },
    Follows { register: CSR, enable: 1 << 0, ready: 1 << 1 },
];

/// STM32F74x, F75x.
pub static FAMILY: Family = family(TABLE);
/// STM32F76x, F77x.
pub static F76: Family = family(TABLE_76);

const fn family(table: &'static [Register]) -> Family {
    Family {
        table,
        follows: FOLLOWS,
        clocks,
        switch: Switch { register: CFGR, mask: 3, shown: 2, ready: &[1, 17, 25], lse: (BDCR, 1 << 1) },
        wait_states,
        reset_flags: RESET_FLAGS,
        backup: Some(BDCR),
        resets: (0x10, 0x24),
        kernels: &[0x8c, 0x90],
    }
}

/// F4 has the same.
pub(super) const RESET_FLAGS: ResetFlags = ResetFlags {
    register: CSR,
    clear: 1 << 24,
    all: 0xfe00_0000,
    power: 1 << 25 | 1 << 26 | 1 << 27,
    software: 1 << 28,
    watchdog: 1 << 29,
    window: 1 << 30,
    pin: 1 << 26,
};

fn pll(registers: &Registers, oscillators: Oscillators) -> Result<u64, Refusal> {
    let word = registers.get(PLLCFGR);
    let source = if word >> 22 & 1 == 1 { oscillators.hse } else { HSI };
    let m = u64::from(word & 0x3f).max(1);
    within("PLL input", source / m, 950_000, 2_100_000)?;
    let vco = source * u64::from(word >> 6 & 0x1ff) / m;
    within("PLL VCO", vco, 100_000_000, 432_000_000)?;
    Ok(vco / u64::from(((word >> 16 & 3) + 1) * 2))
}

fn clocks(registers: &Registers, oscillators: Oscillators) -> Result<Clocks, Refusal> {
    let cfgr = registers.get(CFGR);
    let sys = match cfgr >> 2 & 3 {
        0 => HSI,
        1 => oscillators.hse,
        _ => pll(registers, oscillators)?,
    };
    let sys = running(sys, "CFGR")?;
    tree(registers, oscillators, sys, [54_000_000, 108_000_000], DCKCFGR1)
}

/// What follows from the system clock on F4 too: buses, which have limits, and timers, by TIMPRE of `dedicated`.
pub(super) fn tree(
    registers: &Registers,
    oscillators: Oscillators,
    sys: u64,
    limits: [u64; 2],
    dedicated: u32,
) -> Result<Clocks, Refusal> {
    let cfgr = registers.get(CFGR);
    let (apb1, apb2) = (apb_divider(cfgr >> 10), apb_divider(cfgr >> 13));
    let mut clocks = Clocks::uniform(0);
    buses(&mut clocks, sys, ahb_divider(cfgr >> 4), apb1, apb2);
    let core = clocks.hz(Node::Core);
    for (bus, limit) in [(Node::Apb1, limits[0]), (Node::Apb2, limits[1])] {
        if clocks.hz(bus) > limit {
            let problem = format!("{bus:?} at {} Hz exceeds {limit} Hz", clocks.hz(bus));
            return Err(Refusal::register("CFGR", problem));
        }
    }
    if registers.get(dedicated) >> 24 & 1 == 1 {
        // TIMPRE: timers at HCLK where the bus divides by up to 4, else at four times the bus (RM0385 5.3.25,
        // RM0402 6.3.24).
        for (bus, timer, divider) in [(Node::Apb1, Node::Timer1, apb1), (Node::Apb2, Node::Timer2, apb2)] {
            clocks.set(timer, if divider <= 4 { core } else { clocks.hz(bus) * 4 });
        }
    }
    oscillate(&mut clocks, registers, (1, HSI), (BDCR, oscillators.lse), LSI);
    Ok(clocks)
}

/// RM0385 3.3.2, table of wait states at 2.7 to 3.6 V: steps of 30 MHz.
fn wait_states(hz: u64, _: u64) -> u32 {
    (hz.max(1) - 1) as u32 / 30_000_000
}
