//! System configuration (RM0432 chapter 9, RM0385 chapter 7). Remapping what stands at address 0 is refused.

use super::device::{Bus, Device, Refusal};
use super::registers::{Register, Registers};
use crate::emulator::interface::Width;

const L4PLUS: &[Register] = &[
    Register::rw("MEMRMP", 0x00, 0, 0x0000_0107),
    Register::rw("CFGR1", 0x04, 0x7c00_0001, 0xfcff_0101),
    Register::rw("EXTICR1", 0x08, 0, 0xffff),
    Register::rw("EXTICR2", 0x0c, 0, 0xffff),
    Register::rw("EXTICR3", 0x10, 0, 0xffff),
    Register::rw("EXTICR4", 0x14, 0, 0xffff),
    Register::rw("SCSR", 0x18, 0, 0x1),
    Register::w1c("CFGR2", 0x1c, 0, 0x0000_000f, 0x0000_0100),
    Register::rw("SWPR", 0x20, 0, u32::MAX),
    Register::ro("SKR", 0x24, 0),
    Register::rw("SWPR2", 0x28, 0, u32::MAX),
];

const F7: &[Register] = &[
    Register::rw("MEMRMP", 0x00, 0, 0x0000_0c00),
    Register::rw("PMC", 0x04, 0, 0x0087_0000),
    Register::rw("EXTICR1", 0x08, 0, 0xffff),
    Register::rw("EXTICR2", 0x0c, 0, 0xffff),
    Register::rw("EXTICR3", 0x10, 0, 0xffff),
    Register::rw("EXTICR4", 0x14, 0, 0xffff),
    Register::rw("CMPCR", 0x20, 0, 0x1),
];

const F4: &[Register] = &[
    Register::rw("MEMRMP", 0x00, 0, 0),
    Register::rw("PMC", 0x04, 0, 0x0001_0000),
    Register::rw("EXTICR1", 0x08, 0, 0xffff),
    Register::rw("EXTICR2", 0x0c, 0, 0xffff),
    Register::rw("EXTICR3", 0x10, 0, 0xffff),
    Register::rw("EXTICR4", 0x14, 0, 0xffff),
    Register::rw("CFGR2", 0x1c, 0, 0x5),
    Register::rw("CMPCR", 0x20, 0, 0x1),
    Register::rw("CFGR", 0x24, 0, 0x3),
];

macro_rules! h7 {
    ($pmcr:expr, $cfgr:expr, $cccsr:expr, $cccr:expr) => {
        &[
            Register::rw("PMCR", 0x04, 0, $pmcr),
            Register::rw("EXTICR1", 0x08, 0, 0xffff),
            Register::rw("EXTICR2", 0x0c, 0, 0xffff),
            Register::rw("EXTICR3", 0x10, 0, 0xffff),
            Register::rw("EXTICR4", 0x14, 0, 0xffff),
            Register::rw("CFGR", 0x18, 0, $cfgr),
            Register::rw("CCCSR", 0x20, 0, $cccsr),
            Register::ro("CCVR", 0x24, 0x88),
            Register::rw("CCCR", 0x28, 0, $cccr),
            Register::rw("PWRCR", 0x2c, 0, 0x1),
        ]
    };
}

/// PWRCR is on H743 alone.
const H743: &[Register] = h7!(0x0fe0_03ff, 0xfecc, 0x0001_0003, 0xff);
const H7A3: &[Register] = {
    let all: &[Register; 10] = h7!(0x0f00_00ff, 0x604c, 0x000f_000b, 0xffff);
    all.split_at(9).0
};

/// STM32U5 (RM0456 chapter 15), whose EXTI chooses ports itself.
pub const U5: &[Register] = &[
    Register::ro("SECCFGR", 0x00, 0),
    Register::rw("CFGR1", 0x04, 0, 0x000f_0300),
    Register::rw("FPUIMR", 0x08, 0x1f, 0x3f),
    Register::rw("CNSLCKR", 0x0c, 0, 0x3),
    Register::rw("CFGR2", 0x14, 0, 0xf),
    Register::ro("MESR", 0x18, 0),
    Register::rw("CCCSR", 0x1c, 0x0a, 0x0f),
    Register::ro("CCVR", 0x20, 0),
    Register::rw("CCCR", 0x24, 0x0000_7878, 0xffff),
];

/// Which registers there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    L4Plus,
    F4,
    F7,
    H743,
    H7A3,
}

const MEMRMP: u32 = 0x00;
const EXTICR: u32 = 0x08;
/// The compensation cell: of F4 and F7, and of H7.
const CMPCR: u32 = 0x20;
const CCCSR: u32 = 0x20;
const PWRCR: u32 = 0x2c;

pub struct Syscfg {
    kind: Kind,
    registers: Registers,
}

impl Syscfg {
    pub fn new(kind: Kind) -> Self {
        let table = match kind {
            Kind::L4Plus => L4PLUS,
            Kind::F4 => F4,
            Kind::F7 => F7,
            Kind::H743 => H743,
            Kind::H7A3 => H7A3,
        };
        Self { kind, registers: Registers::new(table) }
    }

    /// PWR looks at it when the clocks are looked at.
    fn publish_over_drive(&self, bus: &mut Bus) {
        bus.wires.over_drive = self.registers.get(PWRCR) & 1 == 1;
        bus.wires.clocks_changed = true;
    }

    fn publish(&self, bus: &mut Bus) {
        for line in 0..16 {
            let word = self.registers.get(EXTICR + 4 * (line as u32 / 4));
            bus.wires.pins.exti_port[line] = (word >> (4 * (line % 4)) & 0xf) as u8;
        }
        bus.wires.pins.changed = true;
    }
}

impl Device for Syscfg {
    fn read(&mut self, offset: u32, width: Width, _: &mut Bus) -> Result<u32, Refusal> {
        self.registers.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        let written = self.registers.write(offset, width, value)?;
        if self.kind == Kind::L4Plus && written.offset == MEMRMP && written.new != 0 {
            return Err(Refusal::register("MEMRMP", "memory other than flash at address 0, or swapped banks"));
        }
        if matches!(self.kind, Kind::F4 | Kind::F7) && written.offset == CMPCR {
            // The compensation cell is ready as soon as it is on.
            self.registers.put(CMPCR, 1 << 8, written.new & 1 == 1);
        }
        if matches!(self.kind, Kind::H743 | Kind::H7A3) && written.offset == CCCSR {
            self.registers.put(CCCSR, 1 << 8, written.new & 1 == 1);
        }
        if written.offset == PWRCR && self.kind == Kind::H743 {
            self.publish_over_drive(bus);
        }
        if (EXTICR..EXTICR + 16).contains(&written.offset) {
            self.publish(bus);
        }
        Ok(())
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.registers.reset();
        if self.kind == Kind::H743 {
            self.publish_over_drive(bus);
        }
        self.publish(bus);
    }
}
