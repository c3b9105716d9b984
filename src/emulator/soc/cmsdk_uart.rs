//! CMSDK APB UART (Arm DDI 0479 4.3), as QEMU models it: a byte is sent at once, so that the same instructions run there
//! and here.

use super::clocks::Node;
use super::device::{Bus, Device, Refusal};
use super::registers::{Register, Registers};
use super::wires::Irq;
use crate::emulator::interface::Width;

const DATA: u32 = 0x000;
const STATE: u32 = 0x004;
const CTRL: u32 = 0x008;
const INTSTATUS: u32 = 0x00c;

const TX_ENABLE: u32 = 1 << 0;
const RX_ENABLE: u32 = 1 << 1;
const RX_FULL: u32 = 1 << 1;
const RX_OVERRUN: u32 = 1 << 3;

const TABLE: &[Register] = &[
    Register::ro("DATA", 0x000, 0),
    Register::w1c("STATE", 0x004, 0, 0, 0b1100),
    Register::rw("CTRL", 0x008, 0, 0x7f),
    Register::w1c("INTSTATUS", 0x00c, 0, 0, 0xf),
    Register::rw("BAUDDIV", 0x010, 0, 0xf_ffff),
    Register::ro("PID4", 0xfd0, 0x04),
    Register::ro("PID5", 0xfd4, 0),
    Register::ro("PID6", 0xfd8, 0),
    Register::ro("PID7", 0xfdc, 0),
    Register::ro("PID0", 0xfe0, 0x21),
    Register::ro("PID1", 0xfe4, 0xb8),
    Register::ro("PID2", 0xfe8, 0x1b),
    Register::ro("PID3", 0xfec, 0),
    Register::ro("CID0", 0xff0, 0x0d),
    Register::ro("CID1", 0xff4, 0xf0),
    Register::ro("CID2", 0xff8, 0x05),
    Register::ro("CID3", 0xffc, 0xb1),
];

pub struct CmsdkUart {
    registers: Registers,
    line: usize,
    /// Receive, transmit, overrun.
    irqs: [Irq; 3],
    received: u8,
    due: u64,
}

impl CmsdkUart {
    pub fn new(line: usize, irqs: [Irq; 3]) -> Self {
        Self { registers: Registers::new(TABLE), line, irqs, received: 0, due: u64::MAX }
    }

    fn update(&mut self, bus: &mut Bus) {
        let core_hz = bus.wires.clocks.hz(Node::Core);
        while let Some((byte, _)) = bus.wires.serial[self.line].take(bus.now, core_hz) {
            if self.registers.get(CTRL) & RX_ENABLE == 0 {
                continue;
            }
            if self.registers.get(STATE) & RX_FULL != 0 {
                self.registers.put(STATE, RX_OVERRUN, true);
                if self.registers.get(CTRL) >> 5 & 1 == 1 {
                    self.registers.put(INTSTATUS, 1 << 3, true);
                }
            } else {
                self.received = byte;
                self.registers.put(STATE, RX_FULL, true);
                if self.registers.get(CTRL) >> 3 & 1 == 1 {
                    self.registers.put(INTSTATUS, 1 << 1, true);
                }
            }
        }
        self.due = bus.wires.serial[self.line].arrival();
        let status = self.registers.get(INTSTATUS);
        bus.wires.drive(self.irqs[0], status >> 1 & 1 == 1);
        bus.wires.drive(self.irqs[1], status & 1 == 1);
        bus.wires.drive(self.irqs[2], status >> 2 & 3 != 0);
    }
}

impl Device for CmsdkUart {
    fn read(&mut self, offset: u32, width: Width, bus: &mut Bus) -> Result<u32, Refusal> {
        self.update(bus);
        if offset == DATA {
            self.registers.put(STATE, RX_FULL, false);
            return Ok(u32::from(self.received));
        }
        self.registers.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        self.update(bus);
        let written = self.registers.write(offset, width, value)?;
        if written.offset == DATA && self.registers.get(CTRL) & TX_ENABLE != 0 {
            let baud = bus.wires.serial[self.line].baud;
            bus.wires.serial[self.line].hear(written.raw as u8, baud, bus.now);
            if self.registers.get(CTRL) >> 2 & 1 == 1 {
                self.registers.put(INTSTATUS, 1, true);
            }
        }
        self.update(bus);
        Ok(())
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.registers.reset();
        self.update(bus);
    }

    fn due(&self) -> u64 {
        self.due
    }

    fn tick(&mut self, bus: &mut Bus) {
        self.update(bus);
    }
}
