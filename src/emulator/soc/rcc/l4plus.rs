//! RCC of STM32L4+ (RM0432 chapter 6).

use super::{
    Family, Follows, Oscillators, ResetFlags, Switch, ahb_divider, apb_divider, buses, oscillate, running, within,
};
use crate::emulator::soc::clocks::Clocks;
use crate::emulator::soc::device::Refusal;
use crate::emulator::soc::registers::{Register, Registers};

const CR: u32 = 0x00;
const CFGR: u32 = 0x08;
const PLLCFGR: u32 = 0x0c;
const BDCR: u32 = 0x90;
const CSR: u32 = 0x94;
const CRRCR: u32 = 0x98;

const HSI16: u64 = 16_000_000;
const LSI: u64 = 32_000;

/// MSI ranges, Hz (RM0432 6.4.1, MSIRANGE).
const MSI: [u64; 12] = [
    100_000, 200_000, 400_000, 800_000, 1_000_000, 2_000_000, 4_000_000, 8_000_000, 16_000_000, 24_000_000, 32_000_000,
    48_000_000,
];

const TABLE: &[Register] = &[
    Register::rw("CR", 0x00, 0x0000_0063, 0x150d_09fd),
    Register::rw("ICSCR", 0x04, 0x1000_0000, 0x7f00_ff00),
    Register::rw("CFGR", 0x08, 0, 0x7f00_bff3),
    Register::rw("PLLCFGR", 0x0c, 0x0000_1000, 0xff73_7ff3),
    Register::rw("PLLSAI1CFGR", 0x10, 0x0000_1000, 0xff73_7ff0),
    Register::rw("PLLSAI2CFGR", 0x14, 0x0000_1000, 0xff73_7ff0),
    Register::rw("CIER", 0x18, 0, 0x0000_06ff),
    Register::ro("CIFR", 0x1c, 0),
    Register::ro("CICR", 0x20, 0),
    Register::rw("AHB1RSTR", 0x28, 0, 0x0003_1107),
    Register::rw("AHB2RSTR", 0x2c, 0, 0x0054_71ff),
    Register::rw("AHB3RSTR", 0x30, 0, 0x0000_0301),
    Register::rw("APB1RSTR1", 0x38, 0, 0xf3fe_c03f),
    Register::rw("APB1RSTR2", 0x3c, 0, 0x0000_0023),
    Register::rw("APB2RSTR", 0x40, 0, 0x0167_7801),
    Register::rw("AHB1ENR", 0x48, 0x0000_0100, 0x0003_1107),
    Register::rw("AHB2ENR", 0x4c, 0, 0x0054_71ff),
    Register::rw("AHB3ENR", 0x50, 0, 0x0000_0301),
    Register::rw("APB1ENR1", 0x58, 0x0000_0400, 0xf3fe_cc3f),
    Register::rw("APB1ENR2", 0x5c, 0, 0x0000_0023),
    Register::rw("APB2ENR", 0x60, 0, 0x0167_7881),
    Register::rw("AHB1SMENR", 0x68, 0x0003_1307, 0x0003_1307),
    Register::rw("AHB2SMENR", 0x6c, 0x0054_77ff, 0x0054_77ff),
    Register::rw("AHB3SMENR", 0x70, 0x0000_0301, 0x0000_0301),
    Register::rw("APB1SMENR1", 0x78, 0xf3fe_cc3f, 0xf3fe_cc3f),
    Register::rw("APB1SMENR2", 0x7c, 0x0000_0023, 0x0000_0023),
    Register::rw("APB2SMENR", 0x80, 0x0167_7801, 0x0167_7801),
    Register::rw("CCIPR", 0x88, 0, 0x3fff_ffff),
    Register::rw("BDCR", 0x90, 0, 0x0301_83fd),
    Register::rw("CSR", 0x94, 0x0c00_0600, 0x0080_0f01),
    Register::rw("CRRCR", 0x98, 0, 0x0000_0001),
    Register::rw("CCIPR2", 0x9c, 0, 0x0033_47ff),
    Register::rw("DLYCFGR", 0xa4, 0, 0x0000_00ff),
];

const FOLLOWS: &[Follows] = &[
    Follows { register: CR, enable: 1 << 0, ready: 1 << 1 },
    Follows { register: CR, enable: 1 << 8, ready: 1 << 10 },
    Follows { register: CR, enable: 1 << 16, ready: 1 << 17 },
    Follows { register: CR, enable: 1 << 24, ready: 1 << 25 },
    Follows { register: CR, enable: 1 << 26, ready: 1 << 27 },
    Follows { register: CR, enable: 1 << 28, ready: 1 << 29 },
    Follows { register: BDCR, enable: 1 << 0, ready: 1 << 1 },
    Follows { register: CSR, enable: 1 << 0, ready: 1 << 1 },
    Follows { register: CRRCR, enable: 1 << 0, ready: 1 << 1 },
];

/// STM32L4R, L4S.
pub static FAMILY: Family = Family {
    table: TABLE,
    follows: FOLLOWS,
    clocks,
    switch: Switch { register: CFGR, mask: 3, shown: 2, ready: &[1, 10, 17, 25], lse: (BDCR, 1 << 1) },
    wait_states,
    reset_flags: ResetFlags {
        register: CSR,
        clear: 1 << 23,
        all: 0xff00_0000,
        power: 1 << 26 | 1 << 27,
        software: 1 << 28,
        watchdog: 1 << 29,
        window: 1 << 30,
        pin: 1 << 26,
    },
    backup: Some(BDCR),
    resets: (0x28, 0x40),
    kernels: &[0x88, 0x9c],
};

fn msi(registers: &Registers) -> u64 {
    let cr = registers.get(CR);
    let range = if cr >> 3 & 1 == 1 { cr >> 4 & 15 } else { registers.get(CSR) >> 8 & 15 };
    MSI.get(range as usize).copied().unwrap_or(0)
}

fn pll(registers: &Registers, oscillators: Oscillators) -> Result<u64, Refusal> {
    let word = registers.get(PLLCFGR);
    let source = [0, msi(registers), HSI16, oscillators.hse][(word & 3) as usize];
    let input = source / u64::from((word >> 4 & 15) + 1);
    within("PLL input", input, 2_660_000, 16_000_000)?;
    let vco = source * u64::from(word >> 8 & 0x7f) / u64::from((word >> 4 & 15) + 1);
    within("PLL VCO", vco, 64_000_000, 344_000_000)?;
    if word >> 24 & 1 == 0 {
        return Err(Refusal::register("PLLCFGR", "PLLREN is 0 and the PLL is the system clock"));
    }
    Ok(vco / u64::from(((word >> 25 & 3) + 1) * 2))
}

fn clocks(registers: &Registers, oscillators: Oscillators) -> Result<Clocks, Refusal> {
    let cfgr = registers.get(CFGR);
    let sys = match cfgr >> 2 & 3 {
        0 => msi(registers),
        1 => HSI16,
        2 => oscillators.hse,
        _ => pll(registers, oscillators)?,
    };
    let sys = running(sys, "CFGR")?;
    let mut clocks = Clocks::uniform(0);
    buses(&mut clocks, sys, ahb_divider(cfgr >> 4), apb_divider(cfgr >> 8), apb_divider(cfgr >> 11));
    oscillate(&mut clocks, registers, (10, HSI16), (BDCR, oscillators.lse), LSI);
    Ok(clocks)
}

/// RM0432 3.3.3, table of wait states by HCLK: steps of 20 MHz in range 1; 8, 16 and 26 MHz in range 2.
fn wait_states(hz: u64, supply_limit: u64) -> u32 {
    let steps: &[u64] = if supply_limit <= 26_000_000 { &[8, 16, 26] } else { &[20, 40, 60, 80, 100, 120] };
    super::steps(hz, steps)
}
