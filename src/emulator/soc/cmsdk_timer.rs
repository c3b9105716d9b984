//! CMSDK APB timer and dual timer (Arm DDI 0479 4.4 and 4.5), which count the core clock down.

use super::device::{Bus, Device, Refusal};
use super::down_counter::DownCounter;
use super::registers::{Register, Registers, lane};
use super::wires::Irq;
use crate::emulator::interface::Width;

const CTRL: u32 = 0x00;
const VALUE: u32 = 0x04;
const RELOAD: u32 = 0x08;
const INTSTATUS: u32 = 0x0c;

const TIMER: &[Register] = &[
    Register::rw("CTRL", 0x00, 0, 0xf),
    Register::rw("VALUE", 0x04, 0, u32::MAX),
    Register::rw("RELOAD", 0x08, 0, u32::MAX),
    Register::w1c("INTSTATUS", 0x0c, 0, 0, 1),
];

/// The simple timer.
pub struct Timer {
    registers: Registers,
    counter: DownCounter,
    seen: u64,
    irq: Irq,
    due: u64,
}

impl Timer {
    pub fn new(irq: Irq) -> Self {
        Self { registers: Registers::new(TIMER), counter: DownCounter::new(0), seen: 0, irq, due: u64::MAX }
    }

    fn update(&mut self, bus: &mut Bus) {
        let expired = self.counter.expirations(bus.now);
        if expired > self.seen && self.registers.get(CTRL) >> 3 & 1 == 1 {
            self.registers.set(INTSTATUS, 1);
        }
        self.seen = expired;
        self.due = self.counter.due(bus.now);
        bus.wires.drive(self.irq, self.registers.get(INTSTATUS) == 1);
    }
}

impl Device for Timer {
    fn read(&mut self, offset: u32, width: Width, bus: &mut Bus) -> Result<u32, Refusal> {
        self.update(bus);
        if offset & !3 == VALUE {
            return Ok(lane(self.counter.value(bus.now) as u32, offset, width));
        }
        self.registers.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        self.update(bus);
        let written = self.registers.write(offset, width, value)?;
        if self.registers.get(CTRL) & 0b110 != 0 {
            return Err(Refusal::register("CTRL", "external enable and clock"));
        }
        let reload = u64::from(self.registers.get(RELOAD));
        if written.offset == VALUE {
            self.counter.set(bus.now, written.new.into());
        } else if written.offset == RELOAD && self.counter.value(bus.now) == 0 {
            self.counter.set(bus.now, reload);
        }
        self.counter.configure(bus.now, self.registers.get(CTRL) & 1 == 1, 1, Some(reload));
        self.seen = self.counter.expirations(bus.now);
        self.update(bus);
        Ok(())
    }

    fn reset(&mut self, bus: &mut Bus) {
        *self = Self::new(self.irq);
        self.update(bus);
    }

    fn due(&self) -> u64 {
        self.due
    }

    fn tick(&mut self, bus: &mut Bus) {
        self.update(bus);
    }
}

const LOAD: u32 = 0x00;
const CONTROL: u32 = 0x08;
const INTCLR: u32 = 0x0c;
const RIS: u32 = 0x10;
const MIS: u32 = 0x14;
const BGLOAD: u32 = 0x18;
const ITCR: u32 = 0xf00;

const DUAL: &[Register] = &[
    Register::rw("TIMER1LOAD", 0x00, 0, u32::MAX),
    Register::ro("TIMER1VALUE", 0x04, 0xffff_ffff),
    Register::rw("TIMER1CONTROL", 0x08, 0x20, 0xef),
    Register::ro("TIMER1INTCLR", 0x0c, 0),
    Register::ro("TIMER1RIS", 0x10, 0),
    Register::ro("TIMER1MIS", 0x14, 0),
    Register::rw("TIMER1BGLOAD", 0x18, 0, u32::MAX),
    Register::rw("TIMER2LOAD", 0x20, 0, u32::MAX),
    Register::ro("TIMER2VALUE", 0x24, 0xffff_ffff),
    Register::rw("TIMER2CONTROL", 0x28, 0x20, 0xef),
    Register::ro("TIMER2INTCLR", 0x2c, 0),
    Register::ro("TIMER2RIS", 0x30, 0),
    Register::ro("TIMER2MIS", 0x34, 0),
    Register::rw("TIMER2BGLOAD", 0x38, 0, u32::MAX),
    Register::rw("TIMERITCR", 0xf00, 0, 1),
    Register::ro("TIMERITOP", 0xf04, 0),
];

/// Two timers on one interrupt line.
pub struct DualTimer {
    registers: Registers,
    counters: [DownCounter; 2],
    seen: [u64; 2],
    irq: Irq,
    due: u64,
}

impl DualTimer {
    pub fn new(irq: Irq) -> Self {
        let counter = DownCounter::new(u32::MAX.into());
        Self { registers: Registers::new(DUAL), counters: [counter; 2], seen: [0; 2], irq, due: u64::MAX }
    }

    fn control(&self, which: usize) -> u32 {
        self.registers.get(0x20 * which as u32 + CONTROL)
    }

    fn update(&mut self, bus: &mut Bus) {
        let mut high = false;
        for which in 0..2 {
            let base = 0x20 * which as u32;
            let expired = self.counters[which].expirations(bus.now);
            if expired > self.seen[which] {
                self.registers.set(base + RIS, 1);
            }
            self.seen[which] = expired;
            let masked = self.registers.get(base + RIS) & self.control(which) >> 5 & 1;
            self.registers.set(base + MIS, masked);
            high |= masked == 1;
        }
        self.due = self.counters[0].due(bus.now).min(self.counters[1].due(bus.now));
        bus.wires.drive(self.irq, high);
    }

    /// What the counter starts from after 0: its load value, everything where it runs free, nothing after one shot.
    fn configure(&mut self, which: usize, now: u64) {
        let control = self.control(which);
        let top = if control >> 1 & 1 == 1 { u64::from(u32::MAX) } else { 0xffff };
        let load = u64::from(self.registers.get(0x20 * which as u32 + LOAD)) & top;
        let reload = match (control & 1 == 1, control >> 6 & 1 == 1) {
            (true, _) => None,
            (false, true) => Some(load),
            (false, false) => Some(top),
        };
        let step = [1, 16, 256, 256][(control >> 2 & 3) as usize];
        self.counters[which].configure(now, control >> 7 & 1 == 1, step, reload);
        self.seen[which] = self.counters[which].expirations(now);
    }
}

impl Device for DualTimer {
    fn read(&mut self, offset: u32, width: Width, bus: &mut Bus) -> Result<u32, Refusal> {
        self.update(bus);
        if matches!(offset & !3, 0x04 | 0x24) {
            let which = usize::from(offset & 0x20 != 0);
            let narrow = self.control(which) >> 1 & 1 == 0;
            let value = self.counters[which].value(bus.now) as u32;
            return Ok(lane(if narrow { value & 0xffff } else { value }, offset, width));
        }
        self.registers.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        self.update(bus);
        let written = self.registers.write(offset, width, value)?;
        if written.offset == ITCR && written.new & 1 == 1 {
            return Err(Refusal::register("TIMERITCR", "integration test mode"));
        }
        let which = usize::from(written.offset & 0x20 != 0);
        let base = 0x20 * which as u32;
        match written.offset - base {
            LOAD => {
                self.registers.set(base + BGLOAD, written.new);
                self.counters[which].set(bus.now, written.new.into());
            }
            BGLOAD => self.registers.set(base + LOAD, written.new),
            INTCLR => self.registers.set(base + RIS, 0),
            _ => {}
        }
        self.configure(which, bus.now);
        self.update(bus);
        Ok(())
    }

    fn reset(&mut self, bus: &mut Bus) {
        *self = Self::new(self.irq);
        self.update(bus);
    }

    fn due(&self) -> u64 {
        self.due
    }

    fn tick(&mut self, bus: &mut Bus) {
        self.update(bus);
    }
}
