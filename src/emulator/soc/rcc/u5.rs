//! RCC of STM32U5 (RM0456 Rev 6, chapter 11).

use super::{
    Family, Follows, Oscillators, ResetFlags, Switch, ahb_divider, apb_divider, buses, oscillate, running, steps,
    within,
};
use crate::emulator::soc::clocks::{Clocks, Node};
use crate::emulator::soc::device::Refusal;
use crate::emulator::soc::registers::{Register, Registers};

const CR: u32 = 0x00;
const ICSCR1: u32 = 0x08;
const CFGR1: u32 = 0x1c;
const CFGR2: u32 = 0x20;
const CFGR3: u32 = 0x24;
const PLL1CFGR: u32 = 0x28;
const PLL1DIVR: u32 = 0x34;
const PLL1FRACR: u32 = 0x38;
const BDCR: u32 = 0xf0;
const CSR: u32 = 0xf4;

const HSI16: u64 = 16_000_000;
const LSI: u64 = 32_000;

/// MSI ranges, Hz (RM0456 11.8.2, MSISRANGE); the odd ones as the divided oscillator gives them.
const MSI: [u64; 16] = [
    48_000_000, 24_000_000, 16_000_000, 12_000_000, 4_000_000, 2_000_000, 1_333_333, 1_000_000, 3_072_000, 1_536_000,
    1_024_000, 768_000, 400_000, 200_000, 133_333, 100_000,
];

const TABLE: &[Register] = &[
    Register::rw("CR", 0x00, 0x0000_0035, 0x151d_53db),
    Register::rw("ICSCR1", 0x08, 0x4400_0000, 0xffc0_0000),
    Register::rw("ICSCR2", 0x0c, 0x0008_4210, 0x000f_ffff),
    Register::rw("ICSCR3", 0x10, 0x0010_0000, 0x001f_0000),
    Register::ro("CRRCR", 0x14, 0),
    Register::rw("CFGR1", 0x1c, 0, 0x7f00_0033),
    Register::rw("CFGR2", 0x20, 0x0000_6000, 0x001f_077f),
    Register::rw("CFGR3", 0x24, 0, 0x0003_0070),
    Register::rw("PLL1CFGR", 0x28, 0, 0x0007_ff1f),
    Register::rw("PLL2CFGR", 0x2c, 0, 0x0007_0f1f),
    Register::rw("PLL3CFGR", 0x30, 0, 0x0007_0f1f),
    Register::rw("PLL1DIVR", 0x34, 0x0101_0280, 0x7f7f_ffff),
    Register::rw("PLL1FRACR", 0x38, 0, 0x0000_fff8),
    Register::rw("PLL2DIVR", 0x3c, 0x0101_0280, 0x7f7f_ffff),
    Register::rw("PLL2FRACR", 0x40, 0, 0x0000_fff8),
    Register::rw("PLL3DIVR", 0x44, 0x0101_0280, 0x7f7f_ffff),
    Register::rw("PLL3FRACR", 0x48, 0, 0x0000_fff8),
    Register::rw("CIER", 0x50, 0, 0x0000_19ff),
    Register::ro("CIFR", 0x54, 0),
    Register::ro("CICR", 0x58, 0),
    Register::rw("AHB1RSTR", 0x60, 0, 0x0007_100f),
    Register::rw("AHB2RSTR1", 0x64, 0, 0x1826_55ff),
    Register::rw("AHB2RSTR2", 0x68, 0, 0x0000_0111),
    Register::rw("AHB3RSTR", 0x6c, 0, 0x0000_0661),
    Register::rw("APB1RSTR1", 0x74, 0, 0x017e_403f),
    Register::rw("APB1RSTR2", 0x78, 0, 0x0080_0222),
    Register::rw("APB2RSTR", 0x7c, 0, 0x0067_7800),
    Register::rw("APB3RSTR", 0x80, 0, 0x0010_f8e2),
    Register::rw("AHB1ENR", 0x88, 0xd000_0100, 0xd107_110f),
    Register::rw("AHB2ENR1", 0x8c, 0xc000_0000, 0xd826_55ff),
    Register::rw("AHB2ENR2", 0x90, 0, 0x0000_0111),
    Register::rw("AHB3ENR", 0x94, 0x8000_0000, 0x8000_1665),
    Register::rw("APB1ENR1", 0x9c, 0, 0x017e_483f),
    Register::rw("APB1ENR2", 0xa0, 0, 0x0080_0222),
    Register::rw("APB2ENR", 0xa4, 0, 0x0067_7800),
    Register::rw("APB3ENR", 0xa8, 0, 0x0030_f8e2),
    Register::rw("AHB1SMENR", 0xb0, 0xffff_ffff, 0xf107_110f),
    Register::rw("AHB2SMENR1", 0xb4, 0xffff_ffff, 0xd826_55ff),
    Register::rw("AHB2SMENR2", 0xb8, 0xffff_ffff, 0x0000_0111),
    Register::rw("AHB3SMENR", 0xbc, 0xffff_ffff, 0x8000_1665),
    Register::rw("APB1SMENR1", 0xc4, 0xffff_ffff, 0x017e_483f),
    Register::rw("APB1SMENR2", 0xc8, 0xffff_ffff, 0x0080_0222),
    Register::rw("APB2SMENR", 0xcc, 0xffff_ffff, 0x0067_7800),
    Register::rw("APB3SMENR", 0xd0, 0xffff_ffff, 0x0030_f8e2),
    Register::rw("SRDAMR", 0xd8, 0, 0xbe30_f8e0),
    Register::rw("CCIPR1", 0xe0, 0, 0xefff_ffff),
    Register::rw("CCIPR2", 0xe4, 0, 0x0030_77e7),
    Register::rw("CCIPR3", 0xe8, 0, 0x0007_ffdf),
    Register::rw("BDCR", 0xf0, 0, 0x1701_93bd),
    Register::rw("CSR", 0xf4, 0x0c00_4400, 0x0080_ff00),
    Register::ro("SECCFGR", 0x110, 0),
    Register::rw("PRIVCFGR", 0x114, 0, 0x0000_0002),
];

const FOLLOWS: &[Follows] = &[
    Follows { register: CR, enable: 1 << 0, ready: 1 << 2 },
    Follows { register: CR, enable: 1 << 4, ready: 1 << 5 },
    Follows { register: CR, enable: 1 << 8, ready: 1 << 10 },
    Follows { register: CR, enable: 1 << 12, ready: 1 << 13 },
    Follows { register: CR, enable: 1 << 14, ready: 1 << 15 },
    Follows { register: CR, enable: 1 << 16, ready: 1 << 17 },
    Follows { register: CR, enable: 1 << 24, ready: 1 << 25 },
    Follows { register: CR, enable: 1 << 26, ready: 1 << 27 },
    Follows { register: CR, enable: 1 << 28, ready: 1 << 29 },
    Follows { register: BDCR, enable: 1 << 0, ready: 1 << 1 },
    Follows { register: BDCR, enable: 1 << 7, ready: 1 << 11 },
    Follows { register: BDCR, enable: 1 << 26, ready: 1 << 27 },
];

/// STM32U575.
pub static FAMILY: Family = Family {
    table: TABLE,
    follows: FOLLOWS,
    clocks,
    switch: Switch { register: CFGR1, mask: 3, shown: 2, ready: &[2, 10, 17, 25], lse: (BDCR, 1 << 1 | 1 << 11) },
    wait_states,
    reset_flags: ResetFlags {
        register: CSR,
        clear: 1 << 23,
        all: 0xfe00_0000,
        power: 1 << 26 | 1 << 27,
        software: 1 << 28,
        watchdog: 1 << 29,
        window: 1 << 30,
        pin: 1 << 26,
    },
    backup: Some(BDCR),
    resets: (0x60, 0x80),
    kernels: &[0xe0, 0xe4, 0xe8],
};

/// The range of MSIS or MSIK: that of CSR until MSIRGSEL is set.
fn msi(registers: &Registers, in_icscr1: u32, in_csr: u32) -> u64 {
    let icscr1 = registers.get(ICSCR1);
    let range = if icscr1 >> 23 & 1 == 1 { icscr1 >> in_icscr1 } else { registers.get(CSR) >> in_csr };
    MSI[(range & 15) as usize]
}

fn pll(registers: &Registers, oscillators: Oscillators) -> Result<u64, Refusal> {
    let (word, dividers) = (registers.get(PLL1CFGR), registers.get(PLL1DIVR));
    let source = [0, msi(registers, 28, 12), HSI16, oscillators.hse][(word & 3) as usize];
    let m = u64::from((word >> 8 & 15) + 1);
    within("PLL1 input", source / m, 4_000_000, 16_000_000)?;
    // RGE tells the input's range: up to 8 MHz, or above.
    if (source / m > 8_000_000) != (word >> 2 & 3 == 3) {
        return Err(Refusal::register("PLL1CFGR", format!("PLL1RGE does not fit an input of {} Hz", source / m)));
    }
    let fraction = if word >> 4 & 1 == 1 { u64::from(registers.get(PLL1FRACR) >> 3 & 0x1fff) } else { 0 };
    let n = u64::from((dividers & 0x1ff) + 1);
    let vco = source * (n * 8192 + fraction) / (m * 8192);
    within("PLL1 VCO", vco, 128_000_000, 544_000_000)?;
    // 11.8.12: DIVR divides by one or an even factor.
    let divider = dividers >> 24 & 0x7f;
    if divider != 0 && divider & 1 == 0 {
        return Err(Refusal::register("PLL1DIVR", format!("PLL1R divides by {}, which is odd", divider + 1)));
    }
    if word >> 18 & 1 == 0 {
        return Err(Refusal::register("PLL1CFGR", "PLL1REN is 0 and the PLL is the system clock"));
    }
    Ok(vco / u64::from(divider + 1))
}

fn clocks(registers: &Registers, oscillators: Oscillators) -> Result<Clocks, Refusal> {
    let (cfgr1, cfgr2) = (registers.get(CFGR1), registers.get(CFGR2));
    let sys = match cfgr1 >> 2 & 3 {
        0 => msi(registers, 28, 12),
        1 => HSI16,
        2 => oscillators.hse,
        _ => pll(registers, oscillators)?,
    };
    let sys = running(sys, "CFGR1")?;
    let mut clocks = Clocks::uniform(0);
    buses(&mut clocks, sys, ahb_divider(cfgr2), apb_divider(cfgr2 >> 4), apb_divider(cfgr2 >> 8));
    clocks.set(Node::Apb3, clocks.hz(Node::Core) / apb_divider(registers.get(CFGR3) >> 4));
    oscillate(&mut clocks, registers, (10, HSI16), (BDCR, oscillators.lse), LSI);
    clocks.set(Node::Msik, if registers.get(CR) >> 5 & 1 == 1 { msi(registers, 24, 8) } else { 0 });
    Ok(clocks)
}

/// RM0456 Rev 6, 7.3.3, table 54: wait states by HCLK and voltage range, with LPM = 0. STM32CubeU5 has lower bounds for ranges 2
/// to 4 (stm32u5xx_ll_utils.c), which these accept.
fn wait_states(hz: u64, supply_limit: u64) -> u32 {
    match supply_limit {
        0..=25_000_000 => steps(hz, &[12, 25]),
        0..=55_000_000 => steps(hz, &[24, 48, 55]),
        0..=110_000_000 => steps(hz, &[30, 60, 90, 110]),
        _ => steps(hz, &[32, 64, 96, 128, 160]),
    }
}
