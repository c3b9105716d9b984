//! Watchdogs: independent (RM0432 chapter 43, RM0385 chapter 27) and window (chapters 44 and 28).

use super::clocks::Node;
use super::device::{Bus, Device, Refusal};
use super::registers::{Register, Registers, lane};
use super::wires::{Cause, Irq, Kernel};
use crate::emulator::interface::Width;

const IWDG: &[Register] = &[
    Register::ro("KR", 0x00, 0),
    Register::rw("PR", 0x04, 0, 0x7),
    Register::rw("RLR", 0x08, 0xfff, 0xfff),
    Register::ro("SR", 0x0c, 0),
    Register::rw("WINR", 0x10, 0xfff, 0xfff),
];

const PR: u32 = 0x04;
const RLR: u32 = 0x08;
const SR: u32 = 0x0c;
const WINR: u32 = 0x10;

/// Counts LSI down; once started nothing but a reset stops it. Its status flags never show an update under way.
pub struct Iwdg {
    registers: Registers,
    writable: bool,
    started: bool,
    /// Cycle of the last refresh.
    refreshed: u64,
    due: u64,
}

impl Iwdg {
    pub fn new() -> Self {
        Self { registers: Registers::new(IWDG), writable: false, started: false, refreshed: 0, due: u64::MAX }
    }

    fn divider(&self) -> u64 {
        4 << self.registers.get(PR).min(6)
    }

    fn schedule(&mut self, bus: &mut Bus) {
        let steps = u64::from(self.registers.get(RLR)) + 1;
        let cycles = bus.wires.rate(Kernel::Fixed(Node::Lsi)).cycles(steps * self.divider(), 1);
        self.due = match cycles {
            Some(cycles) if self.started => self.refreshed + cycles,
            _ => u64::MAX,
        };
    }

    fn refresh(&mut self, bus: &mut Bus) {
        let passed = bus.wires.rate(Kernel::Fixed(Node::Lsi)).ticks(bus.now - self.refreshed) / self.divider();
        let count = u64::from(self.registers.get(RLR)).saturating_sub(passed);
        if self.started && count > u64::from(self.registers.get(WINR)) {
            bus.wires.ask_for_reset(Cause::Watchdog);
        }
        self.refreshed = bus.now;
    }
}

impl Device for Iwdg {
    fn read(&mut self, offset: u32, width: Width, _: &mut Bus) -> Result<u32, Refusal> {
        self.registers.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        match offset & !3 {
            0 => {
                self.writable = value & 0xffff == 0x5555;
                match value & 0xffff {
                    0xaaaa => self.refresh(bus),
                    0xcccc if !self.started => {
                        self.started = true;
                        self.refreshed = bus.now;
                    }
                    _ => {}
                }
            }
            SR => {}
            // Protected until the key is written; then a write has no effect.
            PR | RLR | WINR if !self.writable => {}
            WINR => {
                self.registers.write(offset, width, value)?;
                self.refreshed = bus.now;
            }
            _ => {
                self.registers.write(offset, width, value)?;
            }
        }
        self.schedule(bus);
        Ok(())
    }

    fn reset(&mut self, bus: &mut Bus) {
        *self = Self::new();
        self.refreshed = bus.now;
    }

    fn due(&self) -> u64 {
        self.due
    }

    fn tick(&mut self, bus: &mut Bus) {
        if self.due <= bus.now {
            bus.wires.ask_for_reset(Cause::Watchdog);
            self.due = u64::MAX;
        }
    }

    fn clocks_changed(&mut self, bus: &mut Bus) {
        // The time that has passed at the old core clock is not converted: a change makes the deadline late at most.
        self.refreshed = bus.now;
        self.schedule(bus);
    }
}

const WWDG: &[Register] = &[
    Register::rw("CR", 0x00, 0x7f, 0xff),
    Register::rw("CFR", 0x04, 0x7f, 0x3a00 | 0x3ff),
    Register::ro("SR", 0x08, 0),
];

const CFR: u32 = 0x04;
const WWDG_SR: u32 = 0x08;

/// Counts PCLK / 4096 / 2^WDGTB down from CR; a reset below 0x40, an early warning at 0x40.
pub struct Wwdg {
    registers: Registers,
    started: bool,
    refreshed: u64,
    from: u32,
    irq: Irq,
    due: u64,
}

impl Wwdg {
    pub fn new(irq: Irq) -> Self {
        Self { registers: Registers::new(WWDG), started: false, refreshed: 0, from: 0x7f, irq, due: u64::MAX }
    }

    /// Bus clocks of a step: two bits of WDGTB, three on later parts, which keep them at bits 11 to 13.
    fn step(&self) -> u64 {
        let cfr = self.registers.get(CFR);
        4096 << (cfr >> 7 & 3)
    }

    fn count(&self, bus: &mut Bus) -> u32 {
        if !self.started {
            return self.from;
        }
        let steps = bus.wires.rate(Kernel::Fixed(Node::Apb1)).ticks(bus.now - self.refreshed) / self.step();
        self.from.saturating_sub(u32::try_from(steps).unwrap_or(u32::MAX))
    }

    fn schedule(&mut self, bus: &mut Bus) {
        let rate = bus.wires.rate(Kernel::Fixed(Node::Apb1));
        let at = |count: u32| {
            let steps = u64::from(self.from.saturating_sub(count));
            rate.cycles(steps * self.step(), 1).map_or(u64::MAX, |cycles| self.refreshed + cycles)
        };
        let warned = self.registers.get(WWDG_SR) & 1 == 1;
        self.due = match (self.started, warned) {
            (false, _) => u64::MAX,
            (true, false) => at(0x40),
            (true, true) => at(0x3f),
        };
        let interrupt = warned && self.registers.get(CFR) >> 9 & 1 == 1;
        bus.wires.drive(self.irq, interrupt);
    }
}

impl Device for Wwdg {
    fn read(&mut self, offset: u32, width: Width, bus: &mut Bus) -> Result<u32, Refusal> {
        if offset & !3 == 0 {
            let value = self.count(bus) | u32::from(self.started) << 7;
            return Ok(lane(value, offset, width));
        }
        self.registers.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        if offset & !3 == 0 {
            let above = self.count(bus) > self.registers.get(CFR) & 0x7f;
            if value & 0x40 == 0 && (self.started || value & 0x80 != 0) || (self.started && above) {
                bus.wires.ask_for_reset(Cause::Window);
            }
            self.started |= value & 0x80 != 0;
            (self.from, self.refreshed) = (value & 0x7f, bus.now);
        } else if offset & !3 == WWDG_SR {
            // EWIF is cleared by writing 0.
            self.registers.put(WWDG_SR, 1, self.registers.get(WWDG_SR) & value & 1 == 1);
        } else {
            self.registers.write(offset, width, value)?;
        }
        self.schedule(bus);
        Ok(())
    }

    fn reset(&mut self, bus: &mut Bus) {
        *self = Self::new(self.irq);
        self.refreshed = bus.now;
        self.schedule(bus);
    }

    fn due(&self) -> u64 {
        self.due
    }

    fn tick(&mut self, bus: &mut Bus) {
        if self.due <= bus.now {
            if self.registers.get(WWDG_SR) & 1 == 1 {
                bus.wires.ask_for_reset(Cause::Window);
                self.due = u64::MAX;
                return;
            }
            self.registers.put(WWDG_SR, 1, true);
        }
        self.schedule(bus);
    }

    fn clocks_changed(&mut self, bus: &mut Bus) {
        self.refreshed = bus.now;
        self.schedule(bus);
    }
}
