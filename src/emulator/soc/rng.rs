//! Random number generator (RM0432 chapter 32, RM0385 chapter 17): a seeded sequence, so that runs repeat. Every word is
//! ready when asked for; the 48 MHz clock is not looked at.

use super::device::{Bus, Device, Refusal};
use super::registers::{Register, Registers, lane};
use super::wires::Irq;
use crate::emulator::interface::Width;

const CR: u32 = 0x00;
const SR: u32 = 0x04;
const DR: u32 = 0x08;

const TABLE: &[Register] =
    &[Register::rw("CR", 0x00, 0, 0x2c), Register::ro("SR", 0x04, 0), Register::ro("DR", 0x08, 0)];

const SEED: u64 = 0x9e37_79b9_7f4a_7c15;

pub struct Rng {
    registers: Registers,
    state: u64,
    irq: Irq,
}

impl Rng {
    pub fn new(irq: Irq) -> Self {
        Self { registers: Registers::new(TABLE), state: SEED, irq }
    }

    /// splitmix64, upper half.
    fn next(&mut self) -> u32 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ self.state >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ mixed >> 31) >> 32) as u32
    }

    fn enabled(&self) -> bool {
        self.registers.get(CR) >> 2 & 1 == 1
    }
}

impl Device for Rng {
    fn read(&mut self, offset: u32, width: Width, _: &mut Bus) -> Result<u32, Refusal> {
        match offset & !3 {
            SR => Ok(lane(u32::from(self.enabled()), offset, width)),
            DR if self.enabled() => {
                let value = self.next();
                Ok(lane(value, offset, width))
            }
            _ => self.registers.read(offset, width),
        }
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        self.registers.write(offset, width, value)?;
        bus.wires.drive(self.irq, self.enabled() && self.registers.get(CR) >> 3 & 1 == 1);
        Ok(())
    }

    fn reset(&mut self, bus: &mut Bus) {
        // The sequence goes on, as noise would.
        self.registers.reset();
        bus.wires.drive(self.irq, false);
    }
}
