//! Reset and clock control: oscillators, PLL, switch, prescalers, gates and resets.
//!
//! An oscillator is ready as soon as it is on. A setting that the part does not bear (PLL out of range, core clock above
//! the limit of voltage or flash wait states) is refused: silicon would not run it.

pub mod f4;
pub mod f7;
pub mod h7;
pub mod l4plus;
pub mod u5;

use super::clocks::{Clocks, Node};
use super::device::{Bus, Device, Refusal};
use super::registers::{Register, Registers};
use super::wires::{Cause, Wires};
use crate::emulator::interface::Width;

/// Frequencies of what is soldered to the board, Hz; 0 where there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Oscillators {
    pub hse: u64,
    pub lse: u64,
}

/// A flag that follows an enable bit.
#[derive(Debug, Clone, Copy)]
pub struct Follows {
    pub register: u32,
    pub enable: u32,
    pub ready: u32,
}

/// Where the causes of a reset are told.
#[derive(Debug, Clone, Copy)]
pub struct ResetFlags {
    pub register: u32,
    /// Bit that clears them.
    pub clear: u32,
    pub all: u32,
    /// Those of power-on, which sets others too, of software, and of the two watchdogs.
    pub power: u32,
    pub software: u32,
    pub watchdog: u32,
    pub window: u32,
    pub pin: u32,
}

/// The switch of the system clock: a field says what is wanted, another what is in use.
#[derive(Debug, Clone, Copy)]
pub struct Switch {
    pub register: u32,
    /// The field of what is wanted, from bit 0 on.
    pub mask: u32,
    /// Where the other one begins.
    pub shown: u32,
    /// Bits of CR that say of each choice that it is ready.
    pub ready: &'static [u32],
    /// Register of the backup domain, and its flags of the low-speed crystal.
    pub lse: (u32, u32),
}

impl Switch {
    /// What is in use follows what is wanted as soon as that is ready; oscillators that the board lacks never are.
    fn settle(&self, registers: &mut Registers, oscillators: Oscillators) {
        if oscillators.hse == 0 {
            registers.put(CR, HSERDY, false);
        }
        if oscillators.lse == 0 {
            registers.put(self.lse.0, self.lse.1, false);
        }
        let word = registers.get(self.register);
        let wanted = word & self.mask;
        if self.ready.get(wanted as usize).is_some_and(|bit| registers.get(CR) >> bit & 1 == 1) {
            registers.set(self.register, word & !(self.mask << self.shown) | wanted << self.shown);
        }
    }
}

/// The first register of all families, and its flag of the high-speed crystal.
const CR: u32 = 0x00;
const HSERDY: u32 = 1 << 17;

/// What differs between families.
pub struct Family {
    pub table: &'static [Register],
    pub follows: &'static [Follows],
    /// The clock tree that the registers give.
    pub clocks: fn(&Registers, Oscillators) -> Result<Clocks, Refusal>,
    /// Shows in the registers which clock is in use.
    pub switch: Switch,
    /// Flash wait states that a bus clock needs where the supply limit is as given, Hz.
    pub wait_states: fn(u64, u64) -> u32,
    pub reset_flags: ResetFlags,
    /// Register of the backup domain, which only power-on resets.
    pub backup: Option<u32>,
    /// Offsets of the reset registers, first and last.
    pub resets: (u32, u32),
    /// Offsets of the registers that choose kernel clocks.
    pub kernels: &'static [u32],
}

pub struct Rcc {
    family: &'static Family,
    registers: Registers,
    oscillators: Oscillators,
}

impl Rcc {
    pub fn new(family: &'static Family, oscillators: Oscillators) -> Self {
        Self { family, registers: Registers::new(family.table), oscillators }
    }

    fn settle(&mut self) {
        for follows in self.family.follows {
            let on = self.registers.get(follows.register) & follows.enable == follows.enable;
            self.registers.put(follows.register, follows.ready, on);
        }
        self.family.switch.settle(&mut self.registers, self.oscillators);
    }

    fn publish(&mut self, wires: &mut Wires) -> Result<(), Refusal> {
        wires.rcc = self.registers.words();
        let clocks = (self.family.clocks)(&self.registers, self.oscillators)?;
        if clocks != wires.clocks {
            wires.clocks = clocks;
            wires.clocks_changed = true;
        }
        Ok(())
    }
}

/// Whether the core clock is one that voltage and flash bear.
pub fn check_core_clock(family: &Family, wires: &Wires) -> Result<(), Refusal> {
    let hz = wires.clocks.hz(Node::Core);
    if hz > wires.supply_limit_hz {
        let problem =
            format!("core clock of {hz} Hz, and the voltage range chosen in PWR bears {} Hz", wires.supply_limit_hz);
        return Err(Refusal::register("CFGR", problem));
    }
    let bus_hz = wires.clocks.hz(Node::Bus);
    let needed = (family.wait_states)(bus_hz, wires.supply_limit_hz);
    if wires.wait_states < needed {
        let problem =
            format!("bus clock of {bus_hz} Hz needs {needed} flash wait states, FLASH ACR has {}", wires.wait_states);
        return Err(Refusal::register("CFGR", problem));
    }
    Ok(())
}

impl Device for Rcc {
    fn read(&mut self, offset: u32, width: Width, _: &mut Bus) -> Result<u32, Refusal> {
        self.registers.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        if self.family.backup == Some(offset & !3) && !bus.wires.backup_writable {
            // Protected until DBP is set: the write has no effect.
            return self.registers.read(offset, width).map(|_| ());
        }
        let written = self.registers.write(offset, width, value)?;
        let flags = &self.family.reset_flags;
        if written.offset == flags.register && written.new & flags.clear != 0 {
            self.registers.put(flags.register, flags.all | flags.clear, false);
        }
        let (first, last) = self.family.resets;
        bus.wires.resets_changed |= (first..=last).contains(&written.offset) && written.old != written.new;
        // Who runs by a kernel clock has to look which one it is now.
        bus.wires.clocks_changed |= self.family.kernels.contains(&written.offset) && written.old != written.new;
        self.settle();
        self.publish(bus.wires)
    }

    fn reset(&mut self, bus: &mut Bus) {
        let flags = &self.family.reset_flags;
        let before = self.registers.get(flags.register) & flags.all;
        let backup = self.family.backup.map(|offset| (offset, self.registers.get(offset)));
        self.registers.reset();
        let cause = match bus.wires.reset_cause {
            Cause::Power => flags.power,
            Cause::Software => before | flags.software | flags.pin,
            Cause::Watchdog => before | flags.watchdog | flags.pin,
            Cause::Window => before | flags.window | flags.pin,
        };
        let others = self.registers.get(flags.register) & !flags.all;
        self.registers.set(flags.register, others | cause);
        if let (Some((offset, value)), true) = (backup, bus.wires.reset_cause != Cause::Power) {
            self.registers.set(offset, value);
        }
        self.settle();
        // The reset state of a family is one of its clock trees.
        let _ = self.publish(bus.wires);
    }
}

/// Divider of an AHB prescaler field of four bits.
pub fn ahb_divider(field: u32) -> u64 {
    match field & 15 {
        0..=7 => 1,
        field @ 8..=11 => 1 << (field - 7),
        field => 1 << (field - 6),
    }
}

/// Divider of an APB prescaler field of three bits.
pub fn apb_divider(field: u32) -> u64 {
    match field & 7 {
        0..=3 => 1,
        field => 1 << (field - 3),
    }
}

/// Sets the clocks that follow from SYSCLK; timers run at twice a divided bus.
pub fn buses(clocks: &mut Clocks, sys: u64, ahb: u64, apb1: u64, apb2: u64) {
    let core = sys / ahb;
    clocks.set(Node::Sys, sys);
    clocks.set(Node::Core, core);
    clocks.set(Node::Bus, core);
    for (bus, timer, divider) in [(Node::Apb1, Node::Timer1, apb1), (Node::Apb2, Node::Timer2, apb2)] {
        clocks.set(bus, core / divider);
        clocks.set(timer, if divider == 1 { core } else { core / divider * 2 });
    }
}

/// A refusal where the clock that was chosen stands still.
fn running(sys: u64, register: &str) -> Result<u64, Refusal> {
    match sys {
        0 => Err(Refusal::register(register, "the system clock is a source that the board does not have")),
        hz => Ok(hz),
    }
}

/// Sets the clocks of the internal oscillator, whose flag in CR is given, of the crystal that LSERDY of BDCR tells of, and LSI.
fn oscillate(clocks: &mut Clocks, registers: &Registers, hsi: (u32, u64), (bdcr, lse): (u32, u64), lsi: u64) {
    let (flag, hz) = hsi;
    clocks.set(Node::Hsi, if registers.get(CR) >> flag & 1 == 1 { hz } else { 0 });
    clocks.set(Node::Lse, if registers.get(bdcr) >> 1 & 1 == 1 { lse } else { 0 });
    clocks.set(Node::Lsi, lsi);
}

/// A refusal where a frequency is outside its range.
pub fn within(what: &str, hz: u64, low: u64, high: u64) -> Result<(), Refusal> {
    if (low..=high).contains(&hz) {
        return Ok(());
    }
    Err(Refusal::register("PLLCFGR", format!("{what} of {hz} Hz is outside {low} to {high} Hz")))
}

/// Wait states of a bus clock, of which each step in MHz bears one more.
fn steps(hz: u64, mhz: &[u64]) -> u32 {
    mhz.iter().filter(|mhz| hz > **mhz * 1_000_000).count() as u32
}
