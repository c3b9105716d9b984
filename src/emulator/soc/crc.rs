//! CRC calculation unit (RM0432 chapter 15, RM0385 chapter 12): any polynomial of 7, 8, 16 or 32 bits; on F4 (RM0402
//! chapter 4) the one of Ethernet, by words.

use super::device::{Bus, Device, Refusal};
use super::registers::{Register, Registers, lane};
use crate::emulator::interface::Width;

const DR: u32 = 0x00;
const CR: u32 = 0x08;
const INIT: u32 = 0x10;
const POL: u32 = 0x14;

const ETHERNET: u32 = 0x04c1_1db7;

const TABLE: &[Register] = &[
    Register::ro("DR", 0x00, u32::MAX),
    Register::rw("IDR", 0x04, 0, u32::MAX),
    Register::rw("CR", 0x08, 0, 0xf8),
    Register::rw("INIT", 0x10, u32::MAX, u32::MAX),
    Register::rw("POL", 0x14, ETHERNET, u32::MAX),
];

const FIXED: &[Register] =
    &[Register::ro("DR", 0x00, u32::MAX), Register::rw("IDR", 0x04, 0, 0xff), Register::rw("CR", 0x08, 0, 0)];

/// Which polynomials there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Any,
    Ethernet,
}

pub struct Crc {
    kind: Kind,
    registers: Registers,
    value: u32,
}

impl Crc {
    pub fn new(kind: Kind) -> Self {
        let table = if kind == Kind::Any { TABLE } else { FIXED };
        Self { kind, registers: Registers::new(table), value: u32::MAX }
    }

    /// Bits of the polynomial.
    fn bits(&self) -> u32 {
        [32, 16, 8, 7][(self.registers.get(CR) >> 3 & 3) as usize]
    }

    fn mask(&self) -> u32 {
        u32::MAX >> (32 - self.bits())
    }

    /// Data with bits reversed by byte, half-word or word, as REV_IN says.
    fn reversed_in(&self, data: u32, width: Width) -> u32 {
        let by = match self.registers.get(CR) >> 5 & 3 {
            0 => return data,
            1 => 8,
            2 => 16.min(width.bytes() * 8),
            _ => width.bytes() * 8,
        };
        let all = width.bytes() * 8;
        (0..all / by).fold(0, |out, group| {
            let part = data >> (group * by) & (u32::MAX >> (32 - by));
            out | (part.reverse_bits() >> (32 - by)) << (group * by)
        })
    }

    fn feed(&mut self, data: u32, width: Width) {
        let polynomial = if self.kind == Kind::Any { self.registers.get(POL) } else { ETHERNET };
        let (bits, mask) = (self.bits(), self.mask());
        let data = self.reversed_in(data, width);
        for bit in (0..width.bytes() * 8).rev() {
            let top = self.value >> (bits - 1) & 1 ^ data >> bit & 1;
            self.value = (self.value << 1 ^ if top == 1 { polynomial } else { 0 }) & mask;
        }
    }
}

impl Device for Crc {
    fn read(&mut self, offset: u32, width: Width, _: &mut Bus) -> Result<u32, Refusal> {
        if offset & !3 == DR {
            let out = self.registers.get(CR) >> 7 & 1 == 1;
            let value = if out { self.value.reverse_bits() >> (32 - self.bits()) } else { self.value };
            return Ok(lane(value, offset, width));
        }
        self.registers.read(offset, width)
    }

    fn write(&mut self, offset: u32, width: Width, value: u32, _: &mut Bus) -> Result<(), Refusal> {
        if offset == DR {
            if self.kind == Kind::Ethernet && width != Width::Word {
                return Err(Refusal::register("DR", "a write that is no word"));
            }
            self.feed(value, width);
            return Ok(());
        }
        let written = self.registers.write(offset, width, value)?;
        match written.offset {
            CR if written.raw & 1 == 1 && self.kind == Kind::Ethernet => self.value = u32::MAX,
            CR if written.raw & 1 == 1 => self.value = self.registers.get(INIT) & self.mask(),
            INIT => self.value = written.new & self.mask(),
            _ => {}
        }
        Ok(())
    }

    fn reset(&mut self, _: &mut Bus) {
        *self = Self::new(self.kind);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Check values of the catalogue of parametrised CRC algorithms for "123456789".
    #[test]
    fn catalogued_crcs_come_out() {
        for (control, init, polynomial, expected) in [
            (0, u32::MAX, 0x04c1_1db7, 0x0376_e6e7),
            (0b1010_0000, u32::MAX, 0x04c1_1db7, !0xcbf4_3926u32),
            (0b0000_1000, 0xffff, 0x1021, 0x29b1),
            (0b0001_0000, 0, 0x07, 0xf4),
            (0b0001_1000, 0, 0x09, 0x75),
        ] {
            let mut crc = Crc::new(Kind::Any);
            crc.registers.set(CR, control);
            crc.registers.set(POL, polynomial);
            crc.value = init & crc.mask();
            b"123456789".iter().for_each(|byte| crc.feed(u32::from(*byte), Width::Byte));
            let out = if control >> 7 == 1 { crc.value.reverse_bits() >> (32 - crc.bits()) } else { crc.value };
            assert_eq!(out, expected, "{control:#x}");
        }
    }
}
