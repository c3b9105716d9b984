//! Basic, general-purpose and advanced timers TIMx (RM0432 chapters 36 to 39, RM0385 chapters 21 to 25).
//!
//! Counting up and down, prescaler, preload, one pulse, repetition, update and compare events with their interrupts. Refused
//! where software turns them on: centre-aligned counting, slave modes and external clocks, DMA requests. Input channels
//! never capture, outputs do not reach pins.

mod count;

use super::clocks::Rate;
use super::device::{Bus, Device, Refusal};
use super::registers::{Register, Registers, lane};
use super::wires::{Irq, Kernel};
use crate::emulator::interface::Width;
use count::{Counter, Events};

const CR1: u32 = 0x00;
const SMCR: u32 = 0x08;
const DIER: u32 = 0x0c;
const SR: u32 = 0x10;
const EGR: u32 = 0x14;
const CCMR1: u32 = 0x18;
const CCMR2: u32 = 0x1c;
const CNT: u32 = 0x24;
const PSC: u32 = 0x28;
const ARR: u32 = 0x2c;
const RCR: u32 = 0x30;
const CCR1: u32 = 0x34;
const DMAR: u32 = 0x4c;

const UIF: u32 = 1;

/// SR is cleared by writing 0, so its write is handled apart.
macro_rules! timer {
    ($name:ident, $arr:expr) => {
        const $name: &[Register] = &[
            Register::rw("CR1", 0x00, 0, 0x0bff),
            Register::rw("CR2", 0x04, 0, 0x00f5_7ffd),
            Register::rw("SMCR", 0x08, 0, 0x0001_fff7),
            Register::rw("DIER", 0x0c, 0, 0x7fff),
            Register::ro("SR", 0x10, 0),
            Register::ro("EGR", 0x14, 0),
            Register::rw("CCMR1", 0x18, 0, 0x0101_ffff),
            Register::rw("CCMR2", 0x1c, 0, 0x0101_ffff),
            Register::rw("CCER", 0x20, 0, 0x0033_bfff),
            Register::ro("CNT", 0x24, 0),
            Register::rw("PSC", 0x28, 0, 0xffff),
            Register::rw("ARR", 0x2c, $arr, $arr),
            Register::rw("RCR", 0x30, 0, 0xffff),
            Register::rw("CCR1", 0x34, 0, $arr),
            Register::rw("CCR2", 0x38, 0, $arr),
            Register::rw("CCR3", 0x3c, 0, $arr),
            Register::rw("CCR4", 0x40, 0, $arr),
            Register::rw("BDTR", 0x44, 0, 0x03ff_ffff),
            Register::rw("DCR", 0x48, 0, 0x1f1f),
            Register::ro("DMAR", 0x4c, 0),
            Register::rw("OR1", 0x50, 0, 0x0000_0cff),
            Register::rw("CCMR3", 0x54, 0, 0x0101_fcfc),
            Register::rw("CCR5", 0x58, 0, 0xe000_ffff),
            Register::rw("CCR6", 0x5c, 0, 0xffff),
            Register::rw("OR2", 0x60, 0, 0x0001_ffff),
            Register::rw("OR3", 0x64, 0, 0x0001_ffff),
        ];
    };
}

timer!(NARROW, 0xffff);
timer!(WIDE, u32::MAX);

/// What a timer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// A counter of 32 bits.
    pub wide: bool,
    /// Capture/compare channels.
    pub channels: u8,
    /// A repetition counter.
    pub advanced: bool,
}

impl Shape {
    /// TIM6 and TIM7.
    pub const BASIC: Self = Self { wide: false, channels: 0, advanced: false };
    pub const NARROW_1: Self = Self { wide: false, channels: 1, advanced: false };
    pub const NARROW_2: Self = Self { wide: false, channels: 2, advanced: false };
    pub const NARROW_4: Self = Self { wide: false, channels: 4, advanced: false };
    /// TIM2 and TIM5.
    pub const WIDE_4: Self = Self { wide: true, channels: 4, advanced: false };
    /// TIM1 and TIM8.
    pub const ADVANCED: Self = Self { wide: false, channels: 4, advanced: true };
}

pub struct Timer {
    shape: Shape,
    registers: Registers,
    kernel: Kernel,
    counter: Counter,
    update_irq: Irq,
    compare_irq: Irq,
    due: u64,
}

impl Timer {
    /// `irqs` are the lines of update and compare events, the same for a timer with one line.
    pub fn new(shape: Shape, kernel: Kernel, irqs: [Irq; 2]) -> Self {
        let top = if shape.wide { u32::MAX } else { 0xffff };
        Self {
            shape,
            registers: Registers::new(if shape.wide { WIDE } else { NARROW }),
            kernel,
            counter: Counter::new(top, usize::from(shape.channels.min(4))),
            update_irq: irqs[0],
            compare_irq: irqs[1],
            due: u64::MAX,
        }
    }

    fn on(&self, register: u32, bit: u32) -> bool {
        self.registers.get(register) >> bit & 1 == 1
    }

    /// Whether a channel compares; one that captures never does anything.
    fn compares(&self, channel: usize) -> bool {
        let word = self.registers.get(if channel < 2 { CCMR1 } else { CCMR2 });
        word >> (8 * (channel % 2)) & 3 == 0
    }

    fn preloads(&self, channel: usize) -> bool {
        let word = self.registers.get(if channel < 2 { CCMR1 } else { CCMR2 });
        word >> (8 * (channel % 2) + 3) & 1 == 1
    }

    /// Hands the counter what takes effect at once, and what waits for an update.
    fn configure(&mut self) {
        let counter = &mut self.counter;
        counter.disable_updates = self.registers.get(CR1) >> 1 & 1 == 1;
        counter.one_pulse = self.registers.get(CR1) >> 3 & 1 == 1;
        counter.down = self.registers.get(CR1) >> 4 & 1 == 1;
        counter.preload.prescaler = self.registers.get(PSC);
        counter.preload.reload = self.registers.get(ARR);
        counter.preload.repetition = if self.shape.advanced { self.registers.get(RCR) } else { 0 };
        if self.registers.get(CR1) >> 7 & 1 == 0 {
            counter.active.reload = counter.preload.reload;
        }
        for channel in 0..usize::from(self.shape.channels.min(4)) {
            let value = self.registers.get(CCR1 + 4 * channel as u32);
            self.counter.preload.compare[channel] = value;
            if !self.preloads(channel) {
                self.counter.active.compare[channel] = value;
            }
            self.counter.compares[channel] = self.compares(channel);
        }
    }

    fn note(&mut self, events: Events) {
        let mut flags = u32::from(events.compares) << 1;
        if events.update {
            flags |= UIF;
        }
        let sr = self.registers.get(SR);
        // A compare event on a flag that is already up: overcapture is for inputs only.
        self.registers.set(SR, sr | flags);
        if events.stopped {
            self.registers.put(CR1, 1, false);
        }
    }

    fn update(&mut self, bus: &mut Bus) {
        let events = self.counter.advance(bus.now);
        self.note(events);
        self.drive(bus);
    }

    fn drive(&mut self, bus: &mut Bus) {
        let (enabled, flags) = (self.registers.get(DIER), self.registers.get(SR));
        let pending = enabled & flags;
        bus.wires.drive(self.update_irq, pending & UIF != 0);
        bus.wires.drive(self.compare_irq, pending & 0x1e != 0);
        // What is already flagged or asked for by nobody needs no tick.
        let wanted = enabled & !flags;
        let channels = (wanted >> 1 & 0xf) as u8;
        self.due = self.counter.due(wanted & UIF != 0 || self.counter.one_pulse, channels);
    }

    fn generate(&mut self, raw: u32, now: u64) {
        if raw & 1 == 1 {
            self.counter.reinitialise(now);
            // URS keeps an update that software generates from setting the flag.
            if !self.on(CR1, 2) && !self.on(CR1, 1) {
                self.registers.put(SR, UIF, true);
            }
        }
        let channels = (1 << self.shape.channels.min(4)) - 1;
        self.registers.put(SR, raw & channels << 1, true);
    }

    fn refuse_modes(&self) -> Result<(), Refusal> {
        if self.on(CR1, 0) && self.registers.get(CR1) >> 5 & 3 != 0 {
            return Err(Refusal::register("CR1", "CMS: centre-aligned counting"));
        }
        let smcr = self.registers.get(SMCR);
        if smcr & 0x1_0007 != 0 || smcr >> 14 & 1 == 1 {
            return Err(Refusal::register("SMCR", "slave modes and external clocks"));
        }
        if self.registers.get(DIER) & 0x7f00 != 0 {
            return Err(Refusal::register("DIER", "DMA requests of timers"));
        }
        Ok(())
    }
}

impl Device for Timer {
    fn read(&mut self, offset: u32, width: Width, bus: &mut Bus) -> Result<u32, Refusal> {
        self.update(bus);
        if offset & !3 == CNT {
            let copy = if self.on(CR1, 11) { (self.registers.get(SR) & UIF) << 31 } else { 0 };
            let count = self.counter.count();
            let value = if self.on(CR1, 11) { (count & 0x7fff_ffff) | copy } else { count };
            return Ok(lane(value, offset, width));
        }
        self.registers.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        self.update(bus);
        let written = self.registers.write(offset, width, value)?;
        match written.offset {
            SR => {
                // Flags are cleared by writing 0; lanes that the access does not reach keep theirs.
                let (mask, raw) = super::registers::spread(value, offset, width);
                self.registers.set(SR, written.old & (raw | !mask));
            }
            EGR => {
                self.configure();
                self.generate(written.raw, bus.now);
            }
            CNT => {
                let count = self.counter.count();
                let (mask, raw) = super::registers::spread(value, offset, width);
                self.counter.set(bus.now, (count & !mask) | raw);
            }
            DMAR => return Err(Refusal::register("DMAR", "DMA bursts of timers")),
            _ => {}
        }
        self.configure();
        self.counter.run(bus.now, self.on(CR1, 0));
        self.drive(bus);
        self.refuse_modes()
    }

    fn reset(&mut self, bus: &mut Bus) {
        let rate = self.counter.rate();
        self.registers.reset();
        self.counter = Counter::new(if self.shape.wide { u32::MAX } else { 0xffff }, usize::from(self.shape.channels));
        self.counter.set_rate(bus.now, rate);
        self.configure();
        self.drive(bus);
    }

    fn due(&self) -> u64 {
        self.due
    }

    fn tick(&mut self, bus: &mut Bus) {
        self.update(bus);
    }

    fn clocks_changed(&mut self, bus: &mut Bus) {
        self.update(bus);
        let rate: Rate = bus.wires.rate(self.kernel);
        self.counter.set_rate(bus.now, rate);
        self.drive(bus);
    }
}
