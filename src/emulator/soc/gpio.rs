//! General-purpose I/O port (RM0432 chapter 8, RM0385 chapter 6). Alternate functions do not reach the pins: a pin in
//! alternate mode reads what the host drives, or its pull.

use super::device::{Bus, Device, Refusal};
use super::registers::{Register, Registers};
use crate::emulator::interface::Width;

const MODER: u32 = 0x00;
const OTYPER: u32 = 0x04;
const PUPDR: u32 = 0x0c;
const IDR: u32 = 0x10;
const ODR: u32 = 0x14;
const BSRR: u32 = 0x18;
const LCKR: u32 = 0x1c;
const BRR: u32 = 0x28;

/// Registers from MODER to AFRH, by the reset values of a port.
macro_rules! port {
    ($name:ident, $moder:expr, $ospeedr:expr, $pupdr:expr) => {
        const $name: &[Register] = &[
            Register::rw("MODER", 0x00, $moder, u32::MAX),
            Register::rw("OTYPER", 0x04, 0, 0xffff),
            Register::rw("OSPEEDR", 0x08, $ospeedr, u32::MAX),
            Register::rw("PUPDR", 0x0c, $pupdr, u32::MAX),
            Register::ro("IDR", 0x10, 0),
            Register::rw("ODR", 0x14, 0, 0xffff),
            Register::ro("BSRR", 0x18, 0),
            Register::rw("LCKR", 0x1c, 0, 0x1_ffff),
            Register::rw("AFRL", 0x20, 0, u32::MAX),
            Register::rw("AFRH", 0x24, 0, u32::MAX),
            Register::ro("BRR", 0x28, 0),
        ];
    };
}

port!(ANALOG_A, 0xabff_ffff, 0x0c00_0000, 0x6400_0000);
port!(ANALOG_B, 0xffff_febf, 0, 0x0000_0100);
port!(ANALOG, 0xffff_ffff, 0, 0);
port!(INPUT_A, 0xa800_0000, 0x0c00_0000, 0x6400_0000);
port!(INPUT_B, 0x0000_0280, 0x0000_00c0, 0x0000_0100);
port!(INPUT, 0, 0, 0);

/// What unused pins are after reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resting {
    /// Analog: L4, L4+, U5.
    Analog,
    /// Analog, and the port has no BRR: H7.
    AnalogWithoutBrr,
    /// Input: F4, F7.
    Input,
}

pub struct Gpio {
    port: u8,
    registers: Registers,
    /// F4, F7 and H7 have no BRR (RM0385 6.4).
    has_brr: bool,
    locked: u32,
}

impl Gpio {
    /// `port` counts from 0 (`A`).
    pub fn new(port: u8, resting: Resting) -> Self {
        let table = match (resting, port) {
            (Resting::Analog | Resting::AnalogWithoutBrr, 0) => ANALOG_A,
            (Resting::Analog | Resting::AnalogWithoutBrr, 1) => ANALOG_B,
            (Resting::Analog | Resting::AnalogWithoutBrr, _) => ANALOG,
            (Resting::Input, 0) => INPUT_A,
            (Resting::Input, 1) => INPUT_B,
            (Resting::Input, _) => INPUT,
        };
        Self { port, registers: Registers::new(table), has_brr: resting == Resting::Analog, locked: 0 }
    }

    /// Pins in a mode, as a mask.
    fn in_mode(&self, mode: u32) -> u16 {
        let moder = self.registers.get(MODER);
        (0..16).filter(|n| moder >> (2 * n) & 3 == mode).fold(0, |mask, n| mask | 1 << n)
    }

    fn pulled_up(&self) -> u16 {
        let pupdr = self.registers.get(PUPDR);
        (0..16).filter(|n| pupdr >> (2 * n) & 3 == 1).fold(0, |mask, n| mask | 1 << n)
    }

    /// Drives the outputs and reads the pins back.
    fn update(&mut self, bus: &mut Bus) {
        let (output, analog) = (self.in_mode(1), self.in_mode(3));
        let odr = self.registers.get(ODR) as u16;
        let (outside, levels) = bus.wires.pins.outside(self.port);
        let floating = (levels & outside) | (self.pulled_up() & !outside);
        let open = self.registers.get(OTYPER) as u16 & output & odr;
        let driven = output & !open;
        let pins = (odr & driven) | (floating & !driven & !analog);
        self.registers.set(IDR, u32::from(pins));
        bus.wires.pins.drive(self.port, odr & output, bus.now);
        bus.wires.pins.set_inputs(self.port, pins);
    }

    /// The lock sequence: LCKK with the same pins three times, 1 0 1 (RM0432 8.4.8).
    fn lock(&mut self, raw: u32) {
        let (pins, key) = (raw & 0xffff, raw >> 16 & 1);
        let (step, held) = (self.locked >> 16, self.locked & 0xffff);
        let next = match (step, key) {
            (0, 1) => 1,
            (1, 0) if pins == held => 2,
            (2, 1) if pins == held => 3,
            _ => 0,
        };
        self.locked = next << 16 | pins;
        self.registers.set(LCKR, pins | u32::from(next == 3) << 16);
    }
}

impl Device for Gpio {
    fn read(&mut self, offset: u32, width: Width, _: &mut Bus) -> Result<u32, Refusal> {
        self.registers.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, bus: &mut Bus) -> Result<(), Refusal> {
        if offset & !3 == BRR && !self.has_brr {
            return Err(Refusal::register("+0x028", "this family's ports have no BRR"));
        }
        if offset & !3 == LCKR {
            if self.registers.get(LCKR) >> 16 & 1 == 0 {
                self.lock(value << ((offset & 3) * 8));
            }
            return Ok(());
        }
        let odr = self.registers.get(ODR);
        let frozen = if self.registers.get(LCKR) >> 16 & 1 == 1 { self.registers.get(LCKR) & 0xffff } else { 0 };
        let written = self.registers.write(offset, width, value)?;
        if frozen != 0 && !matches!(written.offset, ODR | BSRR | BRR) {
            self.registers.set(written.offset, keep(written.offset, written.old, written.new, frozen));
        }
        match written.offset {
            BSRR => self.registers.set(ODR, (odr & !(written.raw >> 16)) | (written.raw & 0xffff)),
            BRR => self.registers.set(ODR, odr & !(written.raw & 0xffff)),
            _ => {}
        }
        self.update(bus);
        Ok(())
    }

    fn reset(&mut self, bus: &mut Bus) {
        self.registers.reset();
        self.locked = 0;
        self.update(bus);
    }

    fn tick(&mut self, bus: &mut Bus) {
        self.update(bus);
    }
}

/// A configuration register in which the fields of frozen pins keep their old value.
fn keep(offset: u32, old: u32, new: u32, frozen: u32) -> u32 {
    let bits = match offset {
        OTYPER => 1,
        0x20 | 0x24 => 4,
        _ => 2,
    };
    let first = if offset == 0x24 { 8 } else { 0 };
    let mut mask = 0u32;
    for field in 0..32 / bits {
        let pin = field + first;
        if pin < 16 && frozen >> pin & 1 == 1 {
            mask |= ((1 << bits) - 1) << (field * bits);
        }
    }
    (old & mask) | (new & !mask)
}
