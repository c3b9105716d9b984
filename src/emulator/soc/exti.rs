//! Extended interrupts (RM0432 chapter 17, RM0385 chapter 11, RM0433 chapter 20,
//! RM0456 chapter 23): edges of pins and software triggers set pending bits.
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

const F4: &[Register] = &[
    Register::rw("IMR", 0x00, 0, 0x006b_ffff),
    Register::rw("EMR", 0x04, 0, 0x006b_ffff),
    Register::rw("RTSR", 0x08, 0, 0x006b_ffff),
    Register::rw("FTSR", 0x0c, 0, 0x006b_ffff),
    Register::rw("SWIER", 0x10, 0, 0x006b_ffff),
    Register::w1c("PR", 0x14, 0, 0, 0x006b_ffff),
];

const H7: &[Register] = &[
    Register::rw("RTSR1", 0x00, 0, 0x003f_ffff),
    Register::rw("FTSR1", 0x04, 0, 0x003f_ffff),
    Register::rw("SWIER1", 0x08, 0, 0x003f_ffff),
    Register::rw("D3PMR1", 0x0c, 0, 0x0138_ffff),
    Register::rw("D3PCR1L", 0x10, 0, 0xffff_ffff),
    Register::rw("D3PCR1H", 0x14, 0, 0x000c_0fc0),
    Register::rw("RTSR2", 0x20, 0, 0x000a_0000),
    Register::rw("FTSR2", 0x24, 0, 0x000a_0000),
    Register::rw("SWIER2", 0x28, 0, 0x000a_0000),
    Register::rw("D3PMR2", 0x2c, 0, 0x000f_020c),
    Register::rw("D3PCR2L", 0x30, 0, 0x000c_00f0),
    Register::rw("D3PCR2H", 0x34, 0, 0x0000_00ff),
    Register::rw("RTSR3", 0x40, 0, 0x0074_0000),
    Register::rw("FTSR3", 0x44, 0, 0x0074_0000),
    Register::rw("SWIER3", 0x48, 0, 0x0074_0000),
    Register::rw("D3PMR3", 0x4c, 0, 0x0200_0000),
    Register::rw("D3PCR3L", 0x50, 0, 0),
    Register::rw("D3PCR3H", 0x54, 0, 0x000c_0000),
    Register::rw("CPUIMR1", 0x80, 0xffc0_0000, 0xffff_ffff),
    Register::rw("CPUEMR1", 0x84, 0, 0xffff_ffff),
    Register::w1c("CPUPR1", 0x88, 0, 0, 0x003f_ffff),
    Register::rw("CPUIMR2", 0x90, 0xfff5_ffff, 0xffff_dfff),
    Register::rw("CPUEMR2", 0x94, 0, 0xffff_dfff),
    Register::w1c("CPUPR2", 0x98, 0, 0, 0x000a_0000),
    Register::rw("CPUIMR3", 0xa0, 0x018b_ffff, 0x01f5_ffff),
    Register::rw("CPUEMR3", 0xa4, 0, 0x01f5_ffff),
    Register::w1c("CPUPR3", 0xa8, 0, 0, 0x0074_0000),
];

const U5: &[Register] = &[
    Register::rw("RTSR1", 0x00, 0, 0x00ff_ffff),
    Register::rw("FTSR1", 0x04, 0, 0x00ff_ffff),
    Register::rw("SWIER1", 0x08, 0, 0x00ff_ffff),
    Register::w1c("RPR1", 0x0c, 0, 0, 0x00ff_ffff),
    Register::w1c("FPR1", 0x10, 0, 0, 0x00ff_ffff),
    Register::ro("SECCFGR1", 0x14, 0),
    Register::rw("PRIVCFGR1", 0x18, 0, 0x00ff_ffff),
    Register::rw("EXTICR1", 0x60, 0, 0x0f0f_0f0f),
    Register::rw("EXTICR2", 0x64, 0, 0x0f0f_0f0f),
    Register::rw("EXTICR3", 0x68, 0, 0x0f0f_0f0f),
    Register::rw("EXTICR4", 0x6c, 0, 0x0f0f_0f0f),
    Register::ro("LOCKR", 0x70, 0),
    Register::rw("IMR1", 0x80, 0, 0x00ff_ffff),
    Register::rw("EMR1", 0x84, 0, 0x00ff_ffff),
];

/// Which registers there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    L4Plus,
    F4,
    F7,
    H7,
    U5,
}

/// Offsets of the registers of lines 0 to 31.
#[derive(Debug, Clone, Copy)]
struct Places {
    mask: u32,
    rising: u32,
    falling: u32,
    software: u32,
    pending: u32,
    /// The pending bits of falling edges, where they are apart.
    fell: u32,
    /// The choice of ports, a byte a line, where SYSCFG does not hold it.
    ports: Option<u32>,
}

impl Places {
    const CLASSIC: Self =
        Self { mask: 0x00, rising: 0x08, falling: 0x0c, software: 0x10, pending: 0x14, fell: 0x14, ports: None };
    const H7: Self =
        Self { mask: 0x80, rising: 0x00, falling: 0x04, software: 0x08, pending: 0x88, fell: 0x88, ports: None };
    const U5: Self =
        Self { mask: 0x80, rising: 0x00, falling: 0x04, software: 0x08, pending: 0x0c, fell: 0x10, ports: Some(0x60) };
}

/// Lines of pins: 0 to 4 have an interrupt each, 5 to 9 and 10 to 15 share one.
pub const PIN_IRQS: &[u16] = &[6, 7, 8, 9, 10, 23, 40];

pub struct Exti {
    registers: Registers,
    at: Places,
    irqs: Vec<Irq>,
    levels: u16,
}

impl Exti {
    /// `irqs` in the order of [`PIN_IRQS`], or one for each of sixteen lines.
    pub fn new(kind: Kind, irqs: Vec<Irq>) -> Self {
        let (table, at) = match kind {
            Kind::L4Plus => (L4PLUS, Places::CLASSIC),
            Kind::F4 => (F4, Places::CLASSIC),
            Kind::F7 => (F7, Places::CLASSIC),
            Kind::H7 => (H7, Places::H7),
            Kind::U5 => (U5, Places::U5),
        };
        Self { registers: Registers::new(table), at, irqs, levels: 0 }
    }

    fn publish(&self, bus: &mut Bus) {
        let Some(ports) = self.at.ports else { return };
        for line in 0..16 {
            let word = self.registers.get(ports + 4 * (line as u32 / 4));
            bus.wires.pins.exti_port[line] = (word >> (8 * (line % 4)) & 0xf) as u8;
        }
        bus.wires.pins.changed = true;
    }

    fn drive(&self, bus: &mut Bus) {
        let pending = self.registers.get(self.at.pending) | self.registers.get(self.at.fell);
        let pending = pending & self.registers.get(self.at.mask);
        for (at, irq) in self.irqs.iter().enumerate() {
            let lines = match at {
                _ if self.irqs.len() == 16 => 1 << at,
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
        let Places { software, pending, .. } = self.at;
        if written.offset == software {
            self.registers.put(pending, written.rose(), true);
        } else if written.offset == pending || written.offset == self.at.fell {
            // Clearing a pending bit clears its software trigger.
            self.registers.put(software, written.old & !written.new, false);
        }
        if self.at.ports.is_some_and(|ports| (ports..ports + 16).contains(&written.offset)) {
            self.publish(bus);
        }
        self.drive(bus);
        Ok(())
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.registers.reset();
        self.publish(bus);
        self.drive(bus);
    }

    fn tick(&mut self, bus: &mut Bus) {
        let levels = (0..16).fold(0u16, |all, line| all | u16::from(bus.wires.pins.exti(line)) << line);
        let (rose, fell) = (levels & !self.levels, self.levels & !levels);
        self.levels = levels;
        let (rose, fell) = (u32::from(rose), u32::from(fell));
        self.registers.put(self.at.pending, rose & self.registers.get(self.at.rising), true);
        self.registers.put(self.at.fell, fell & self.registers.get(self.at.falling), true);
        self.drive(bus);
    }
}
