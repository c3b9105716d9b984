//! Extended interrupts (RM0432 chapter 17, RM0385 chapter 11): edges of pins and software triggers set pending bits.
//! Lines of peripherals (above 15) reach the processor by their own interrupts; here they only hold what is written.

use super::device::{Bus, Device, Refusal};
use super::registers::{Register, Registers};
use super::wires::Irq;
use crate::emulator::interface::Width;

const L4PLUS: &[Register] = &[
    Register::rw("IMR1", 0x00, 0xff82_0000, u32::MAX),
    Register::rw("EMR1", 0x04, 0, u32::MAX),
    Register::rw("RTSR1", 0x08, 0, 0x007d_ffff),
    Register::rw("FTSR1", 0x0c, 0, 0x007d_ffff),
    Register::rw("SWIER1", 0x10, 0, 0x007d_ffff),
    Register::w1c("PR1", 0x14, 0, 0, 0x007d_ffff),
    Register::rw("IMR2", 0x20, 0x0000_0087, 0x0000_017b),
    Register::rw("EMR2", 0x24, 0, 0x0000_017b),
    Register::rw("RTSR2", 0x28, 0, 0x0000_0078),
    Register::rw("FTSR2", 0x2c, 0, 0x0000_0078),
    Register::rw("SWIER2", 0x30, 0, 0x0000_0078),
    Register::w1c("PR2", 0x34, 0, 0, 0x0000_0078),
];

const F7: &[Register] = &[
    Register::rw("IMR", 0x00, 0, 0x01ff_ffff),
    Register::rw("EMR", 0x04, 0, 0x01ff_ffff),
    Register::rw("RTSR", 0x08, 0, 0x01ff_ffff),
    Register::rw("FTSR", 0x0c, 0, 0x01ff_ffff),
    Register::rw("SWIER", 0x10, 0, 0x01ff_ffff),
    Register::w1c("PR", 0x14, 0, 0, 0x01ff_ffff),
];

/// Which registers there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    L4Plus,
    F7,
}

const IMR: u32 = 0x00;
const RTSR: u32 = 0x08;
const FTSR: u32 = 0x0c;
const SWIER: u32 = 0x10;
const PR: u32 = 0x14;

/// Lines of pins: 0 to 4 have an interrupt each, 5 to 9 and 10 to 15 share one.
pub const PIN_IRQS: &[u16] = &[6, 7, 8, 9, 10, 23, 40];

pub struct Exti {
    registers: Registers,
    irqs: Vec<Irq>,
    levels: u16,
}

impl Exti {
    /// `irqs` in the order of [`PIN_IRQS`].
    pub fn new(kind: Kind, irqs: Vec<Irq>) -> Self {
        let table = if kind == Kind::L4Plus { L4PLUS } else { F7 };
        Self { registers: Registers::new(table), irqs, levels: 0 }
    }

    fn drive(&self, bus: &mut Bus) {
        let pending = self.registers.get(PR) & self.registers.get(IMR);
        for (at, irq) in self.irqs.iter().enumerate() {
            let lines = match at {
                0..=4 => 1 << at,
                5 => 0x03e0,
                _ => 0xfc00,
            };
            bus.wires.drive(*irq, pending & lines != 0);
        }
    }
}

impl Device for Exti {
    fn read(&mut self, offset: u32, width: Width, _: &mut Bus) -> Result<u32, Refusal> {
        self.registers.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        let written = self.registers.write(offset, width, value)?;
        match written.offset {
            SWIER => self.registers.put(PR, written.rose(), true),
            // Clearing a pending bit clears its software trigger.
            PR => self.registers.put(SWIER, written.old & !written.new, false),
            _ => {}
        }
        self.drive(bus);
        Ok(())
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.registers.reset();
        self.drive(bus);
    }

    fn tick(&mut self, bus: &mut Bus) {
        let levels = (0..16).fold(0u16, |all, line| all | u16::from(bus.wires.pins.exti(line)) << line);
        let (rose, fell) = (levels & !self.levels, self.levels & !levels);
        self.levels = levels;
        let hits = (u32::from(rose) & self.registers.get(RTSR)) | (u32::from(fell) & self.registers.get(FTSR));
        self.registers.put(PR, hits, true);
        self.drive(bus);
    }
}
