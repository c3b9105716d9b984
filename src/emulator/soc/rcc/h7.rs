//! RCC of STM32H743 (RM0433 chapter 8) and STM32H7A3 (RM0455 chapter 8), which differ in masks, offsets and limits.

use super::{Family, Follows, Oscillators, ResetFlags, Switch, ahb_divider, apb_divider, running, steps, within};
use crate::emulator::soc::clocks::{Clocks, Node};
use crate::emulator::soc::device::Refusal;
use crate::emulator::soc::registers::{Register, Registers};

const CR: u32 = 0x00;
const CFGR: u32 = 0x10;
/// D1CFGR, D2CFGR and D3CFGR; on H7A3 CDCFGR1, CDCFGR2 and SRDCFGR.
const DOMAIN1: u32 = 0x18;
const DOMAIN2: u32 = 0x1c;
const DOMAIN3: u32 = 0x20;
const PLLCKSELR: u32 = 0x28;
const PLLCFGR: u32 = 0x2c;
const PLL1DIVR: u32 = 0x30;
const PLL1FRACR: u32 = 0x34;
const BDCR: u32 = 0x70;
const CSR: u32 = 0x74;

const HSI: u64 = 64_000_000;
const CSI: u64 = 4_000_000;
const LSI: u64 = 32_000;

const TABLE_743: &[Register] = &[
    Register::rw("CR", 0x00, 0x0000_c025, 0x150d_129b),
    Register::rw("HSICFGR", 0x04, 0x4000_0000, 0x7f00_0000),
    Register::rw("CRRCR", 0x08, 0, 0),
    Register::rw("CSICFGR", 0x0c, 0x2000_0000, 0x3f00_0000),
    Register::rw("CFGR", 0x10, 0, 0xfffc_ffc7),
    Register::rw("D1CFGR", 0x18, 0, 0x0000_0f7f),
    Register::rw("D2CFGR", 0x1c, 0, 0x0000_0770),
    Register::rw("D3CFGR", 0x20, 0, 0x0000_0070),
    Register::rw("PLLCKSELR", 0x28, 0x0202_0200, 0x03f3_f3f3),
    Register::rw("PLLCFGR", 0x2c, 0x01ff_0000, 0x01ff_0fff),
    Register::rw("PLL1DIVR", 0x30, 0x0101_0280, 0x7f7f_ffff),
    Register::rw("PLL1FRACR", 0x34, 0, 0x0000_fff8),
    Register::rw("PLL2DIVR", 0x38, 0x0101_0280, 0x7f7f_ffff),
    Register::rw("PLL2FRACR", 0x3c, 0, 0x0000_fff8),
    Register::rw("PLL3DIVR", 0x40, 0x0101_0280, 0x7f7f_ffff),
    Register::rw("PLL3FRACR", 0x44, 0, 0x0000_fff8),
    Register::rw("D1CCIPR", 0x4c, 0, 0x3001_0033),
    Register::rw("D2CCIP1R", 0x50, 0, 0xb137_71c7),
    Register::rw("D2CCIP2R", 0x54, 0, 0x70f0_333f),
    Register::rw("D3CCIPR", 0x58, 0, 0x77e3_ff07),
    Register::rw("CIER", 0x60, 0, 0x0000_03ff),
    Register::ro("CIFR", 0x64, 0),
    Register::ro("CICR", 0x68, 0),
    Register::rw("BDCR", 0x70, 0, 0x0001_833d),
    Register::rw("CSR", 0x74, 0, 0x0000_0001),
    Register::rw("AHB3RSTR", 0x7c, 0, 0x0001_5031),
    Register::rw("AHB1RSTR", 0x80, 0, 0x0a00_8023),
    Register::rw("AHB2RSTR", 0x84, 0, 0x0000_0241),
    Register::rw("AHB4RSTR", 0x88, 0, 0x0328_07ff),
    Register::rw("APB3RSTR", 0x8c, 0, 0x0000_0008),
    Register::rw("APB1LRSTR", 0x90, 0, 0xe8ff_c3ff),
    Register::rw("APB1HRSTR", 0x94, 0, 0x0000_0136),
    Register::rw("APB2RSTR", 0x98, 0, 0x31d7_3033),
    Register::rw("APB4RSTR", 0x9c, 0, 0x0020_deaa),
    Register::rw("GCR", 0xa0, 0, 0x0000_0001),
    Register::rw("D3AMR", 0xa8, 0, 0x3129_dea9),
    Register::rw("RSR", 0xd0, 0, 0x0001_0000),
    Register::rw("AHB3ENR", 0xd4, 0, 0x0001_5031),
    Register::rw("AHB1ENR", 0xd8, 0, 0x1e03_8023),
    Register::rw("AHB2ENR", 0xdc, 0, 0xe000_0241),
    Register::rw("AHB4ENR", 0xe0, 0, 0x1328_07ff),
    Register::rw("APB3ENR", 0xe4, 0, 0x0000_0048),
    Register::rw("APB1LENR", 0xe8, 0, 0xe8ff_c3ff),
    Register::rw("APB1HENR", 0xec, 0, 0x0000_0136),
    Register::rw("APB2ENR", 0xf0, 0, 0x31d7_3033),
    Register::rw("APB4ENR", 0xf4, 0, 0x0021_deaa),
    Register::rw("AHB3LPENR", 0xfc, 0xf001_5131, 0xf001_5131),
    Register::rw("AHB1LPENR", 0x100, 0x1e03_8023, 0x1e03_8023),
    Register::rw("AHB2LPENR", 0x104, 0xe000_0241, 0xe000_0241),
    Register::rw("AHB4LPENR", 0x108, 0x3128_07ff, 0x3128_07ff),
    Register::rw("APB3LPENR", 0x10c, 0x0000_0048, 0x0000_0048),
    Register::rw("APB1LLPENR", 0x110, 0xe8ff_c3ff, 0xe8ff_c3ff),
    Register::rw("APB1HLPENR", 0x114, 0x0000_0136, 0x0000_0136),
    Register::rw("APB2LPENR", 0x118, 0x31d7_3033, 0x31d7_3033),
    Register::rw("APB4LPENR", 0x11c, 0x0021_deaa, 0x0021_deaa),
    // Reserved here, of the second core on H745 and H747 (C2_AHB3ENR); flash loaders for all of the line write it.
    Register::ro("reserved", 0x194, 0),
];

const TABLE_7A3: &[Register] = &[
    Register::rw("CR", 0x00, 0x0000_c025, 0x151d_129b),
    Register::rw("HSICFGR", 0x04, 0x4000_0000, 0x7f00_0000),
    Register::rw("CRRCR", 0x08, 0, 0),
    Register::rw("CSICFGR", 0x0c, 0x2000_0000, 0x3f00_0000),
    Register::rw("CFGR", 0x10, 0, 0xfffc_bfc7),
    Register::rw("CDCFGR1", 0x18, 0, 0x0000_0f7f),
    Register::rw("CDCFGR2", 0x1c, 0, 0x0000_0770),
    Register::rw("SRDCFGR", 0x20, 0, 0x0000_0070),
    Register::rw("PLLCKSELR", 0x28, 0x0202_0200, 0x03f3_f3f3),
    Register::rw("PLLCFGR", 0x2c, 0x01ff_0000, 0x01ff_0fff),
    Register::rw("PLL1DIVR", 0x30, 0x0101_0280, 0x7f7f_ffff),
    Register::rw("PLL1FRACR", 0x34, 0, 0x0000_fff8),
    Register::rw("PLL2DIVR", 0x38, 0x0101_0280, 0x7f7f_ffff),
    Register::rw("PLL2FRACR", 0x3c, 0, 0x0000_fff8),
    Register::rw("PLL3DIVR", 0x40, 0x0101_0280, 0x7f7f_ffff),
    Register::rw("PLL3FRACR", 0x44, 0, 0x0000_fff8),
    Register::rw("CDCCIPR", 0x4c, 0, 0x3001_0033),
    Register::rw("CDCCIP1R", 0x50, 0, 0xb137_7fc7),
    Register::rw("CDCCIP2R", 0x54, 0, 0x70f0_333f),
    Register::rw("SRDCCIPR", 0x58, 0, 0x7803_ff07),
    Register::rw("CIER", 0x60, 0, 0x0000_03ff),
    Register::ro("CIFR", 0x64, 0),
    Register::ro("CICR", 0x68, 0),
    Register::rw("BDCR", 0x70, 0, 0x0001_83bd),
    Register::rw("CSR", 0x74, 0, 0x0000_0001),
    Register::rw("AHB3RSTR", 0x7c, 0, 0x0129_5031),
    Register::rw("AHB1RSTR", 0x80, 0, 0x0200_0223),
    Register::rw("AHB2RSTR", 0x84, 0, 0x0000_0a45),
    Register::rw("AHB4RSTR", 0x88, 0, 0x0020_07ff),
    Register::rw("APB3RSTR", 0x8c, 0, 0x0000_0008),
    Register::rw("APB1LRSTR", 0x90, 0, 0xe8ff_c3ff),
    Register::rw("APB1HRSTR", 0x94, 0, 0x0000_0136),
    Register::rw("APB2RSTR", 0x98, 0, 0x40d7_30f3),
    Register::rw("APB4RSTR", 0x9c, 0, 0x0c00_e6aa),
    Register::rw("SRDAMR", 0xa8, 0, 0x3c01_e6ab),
    Register::rw("CKGAENR", 0xb0, 0, 0xe003_ffff),
    Register::rw("RSR", 0x130, 0, 0x0001_0000),
    Register::rw("AHB3ENR", 0x134, 0, 0x0129_5031),
    Register::rw("AHB1ENR", 0x138, 0, 0x0600_0223),
    Register::rw("AHB2ENR", 0x13c, 0, 0x6000_0a45),
    Register::rw("AHB4ENR", 0x140, 0, 0x3020_07ff),
    Register::rw("APB3ENR", 0x144, 0, 0x0000_0048),
    Register::rw("APB1LENR", 0x148, 0, 0xe8ff_c3ff),
    Register::rw("APB1HENR", 0x14c, 0, 0x0000_0136),
    Register::rw("APB2ENR", 0x150, 0, 0x40d7_30f3),
    Register::rw("APB4ENR", 0x154, 0, 0x0c01_e6aa),
    Register::rw("AHB3LPENR", 0x15c, 0xfd29_5131, 0xfd29_5131),
    Register::rw("AHB1LPENR", 0x160, 0x0600_0223, 0x0600_0223),
    Register::rw("AHB2LPENR", 0x164, 0x6000_0a41, 0x6000_0a41),
    Register::rw("AHB4LPENR", 0x168, 0x3020_07ff, 0x3020_07ff),
    Register::rw("APB3LPENR", 0x16c, 0x0000_0048, 0x0000_0048),
    Register::rw("APB1LLPENR", 0x170, 0xe8ff_c3ff, 0xe8ff_c3ff),
    Register::rw("APB1HLPENR", 0x174, 0x0000_0136, 0x0000_0136),
    Register::rw("APB2LPENR", 0x178, 0x40d7_30f3, 0x40d7_30f3),
    Register::rw("APB4LPENR", 0x17c, 0x0c01_e6aa, 0x0c01_e6aa),
];

const SWITCH: Switch = Switch { register: CFGR, mask: 7, shown: 3, ready: &[2, 8, 17, 25], lse: (BDCR, 1 << 1) };

const FOLLOWS: &[Follows] = &[
    Follows { register: CR, enable: 1 << 0, ready: 1 << 2 },
    Follows { register: CR, enable: 1 << 7, ready: 1 << 8 },
    Follows { register: CR, enable: 1 << 12, ready: 1 << 13 },
    Follows { register: CR, enable: 1 << 16, ready: 1 << 17 },
    Follows { register: CR, enable: 1 << 24, ready: 1 << 25 },
    Follows { register: CR, enable: 1 << 26, ready: 1 << 27 },
    Follows { register: CR, enable: 1 << 28, ready: 1 << 29 },
    Follows { register: BDCR, enable: 1 << 0, ready: 1 << 1 },
    Follows { register: CSR, enable: 1 << 0, ready: 1 << 1 },
];

/// STM32H742, H743, H750 and H753.
pub static H743: Family = Family {
    table: TABLE_743,
    follows: FOLLOWS,
    clocks: |registers, oscillators| clocks(registers, oscillators, &LIMITS_743),
    switch: SWITCH,
    wait_states: wait_states_743,
    reset_flags: reset_flags(0xd0, 0x00fa_0000),
    backup: Some(BDCR),
    resets: (0x7c, 0x9c),
    kernels: &[0x4c, 0x50, 0x54, 0x58],
};

/// STM32H7A3, H7B0 and H7B3.
pub static H7A3: Family = Family {
    table: TABLE_7A3,
    follows: FOLLOWS,
    clocks: |registers, oscillators| clocks(registers, oscillators, &LIMITS_7A3),
    switch: SWITCH,
    wait_states: wait_states_7a3,
    reset_flags: reset_flags(0x130, 0x00e8_0000),
    backup: Some(BDCR),
    resets: (0x7c, 0x9c),
    kernels: &[0x4c, 0x50, 0x54, 0x58],
};

/// `power` are the flags after power-on.
const fn reset_flags(register: u32, power: u32) -> ResetFlags {
    ResetFlags {
        register,
        clear: 1 << 16,
        all: 0xfffe_0000,
        power,
        software: 1 << 24,
        watchdog: 1 << 26,
        window: 1 << 28,
        pin: 1 << 22,
    }
}

/// Frequencies that a part bears, Hz.
struct Limits {
    /// VCO with an input of 2 MHz or more, and with less.
    wide: (u64, u64),
    medium: (u64, u64),
    bus: u64,
    apb: u64,
}

const LIMITS_743: Limits =
    Limits { wide: (192_000_000, 960_000_000), medium: (150_000_000, 420_000_000), bus: 240_000_000, apb: 120_000_000 };
const LIMITS_7A3: Limits =
    Limits { wide: (128_000_000, 560_000_000), medium: (150_000_000, 420_000_000), bus: 280_000_000, apb: 140_000_000 };

fn hsi(registers: &Registers) -> u64 {
    HSI >> (registers.get(CR) >> 3 & 3)
}

fn pll(registers: &Registers, oscillators: Oscillators, limits: &Limits) -> Result<u64, Refusal> {
    let (select, config, dividers) = (registers.get(PLLCKSELR), registers.get(PLLCFGR), registers.get(PLL1DIVR));
    let source = [hsi(registers), CSI, oscillators.hse, 0][(select & 3) as usize];
    let m = u64::from(select >> 4 & 0x3f);
    if source == 0 || m == 0 {
        return Err(Refusal::register("PLLCKSELR", "the PLL is the system clock and has no input"));
    }
    within("PLL input", source / m, 1_000_000, 16_000_000)?;
    let fraction = if config & 1 == 1 { u64::from(registers.get(PLL1FRACR) >> 3 & 0x1fff) } else { 0 };
    let n = u64::from(dividers & 0x1ff) + 1;
    let vco = source * (n * 8192 + fraction) / (m * 8192);
    let (low, high) = if config >> 1 & 1 == 1 { limits.medium } else { limits.wide };
    within("PLL VCO", vco, low, high)?;
    if config >> 16 & 1 == 0 {
        return Err(Refusal::register("PLLCFGR", "DIVP1EN is 0 and the PLL is the system clock"));
    }
    let p = u64::from(dividers >> 9 & 0x7f) + 1;
    if p > 1 && p % 2 == 1 {
        return Err(Refusal::register("PLL1DIVR", format!("DIVP1 divides by {p}, and odd divisions are not allowed")));
    }
    Ok(vco / p)
}

fn clocks(registers: &Registers, oscillators: Oscillators, limits: &Limits) -> Result<Clocks, Refusal> {
    let cfgr = registers.get(CFGR);
    let sys = match cfgr >> 3 & 7 {
        0 => hsi(registers),
        1 => CSI,
        2 => oscillators.hse,
        _ => pll(registers, oscillators, limits)?,
    };
    let sys = running(sys, "CFGR")?;
    let (one, two, three) = (registers.get(DOMAIN1), registers.get(DOMAIN2), registers.get(DOMAIN3));
    let mut clocks = Clocks::uniform(0);
    let core = sys / ahb_divider(one >> 8);
    let bus = core / ahb_divider(one);
    clocks.set(Node::Sys, sys);
    clocks.set(Node::Core, core);
    clocks.set(Node::Bus, bus);
    clocks.set(Node::Apb4, bus / apb_divider(three >> 4));
    // TIMPRE: timers at HCLK where the bus divides by up to 2 or 4, else at two or four times the bus (RM0433 8.7.6).
    let factor = if cfgr >> 15 & 1 == 1 { 4 } else { 2 };
    for (apb, timer, field) in [(Node::Apb1, Node::Timer1, two >> 4), (Node::Apb2, Node::Timer2, two >> 8)] {
        let divider = apb_divider(field);
        clocks.set(apb, bus / divider);
        clocks.set(timer, if divider <= factor { bus } else { bus / divider * factor });
    }
    let apb3 = bus / apb_divider(one >> 4);
    let held = [
        ("HCLK", bus, limits.bus),
        ("APB1", clocks.hz(Node::Apb1), limits.apb),
        ("APB2", clocks.hz(Node::Apb2), limits.apb),
        ("APB3", apb3, limits.apb),
        ("APB4", clocks.hz(Node::Apb4), limits.apb),
    ];
    for (name, hz, limit) in held {
        if hz > limit {
            return Err(Refusal::register("CFGR", format!("{name} at {hz} Hz exceeds {limit} Hz")));
        }
    }
    let when = |ready: bool, hz: u64| if ready { hz } else { 0 };
    clocks.set(Node::Hsi, when(registers.get(CR) >> 2 & 1 == 1, hsi(registers)));
    clocks.set(Node::Csi, when(registers.get(CR) >> 8 & 1 == 1, CSI));
    clocks.set(Node::Lse, when(registers.get(BDCR) >> 1 & 1 == 1, oscillators.lse));
    clocks.set(Node::Lsi, LSI);
    Ok(clocks)
}

/// RM0433 4.3.8, table of wait states by AXI clock: VOS3, VOS2, and VOS1 and VOS0.
fn wait_states_743(hz: u64, supply_limit: u64) -> u32 {
    match supply_limit {
        0..=200_000_000 => steps(hz, &[45, 90, 135, 180]),
        0..=300_000_000 => steps(hz, &[55, 110, 165, 225]),
        _ => steps(hz, &[70, 140, 210, 225]),
    }
}

/// RM0455 4.3.8, table of wait states by AXI clock: VOS3, VOS2, VOS1, VOS0.
fn wait_states_7a3(hz: u64, supply_limit: u64) -> u32 {
    match supply_limit {
        0..=88_000_000 => steps(hz, &[22, 44, 66]),
        0..=160_000_000 => steps(hz, &[34, 68, 102, 136]),
        0..=225_000_000 => steps(hz, &[38, 76, 114, 152, 190]),
        _ => steps(hz, &[42, 84, 126, 168, 210, 252]),
    }
}
