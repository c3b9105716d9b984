//! What the factory wrote into system memory: unique identifier, flash size, package.

use super::device::{Bus, Device, Refusal};
use super::registers::{Register, Registers};
use crate::emulator::interface::Width;

/// Words at their offsets; reads of anything else in the block are refused.
pub struct Identity(Registers);

/// RM0432 chapter 58, from 0x1FFF_7500: package, unique identifier, flash size of 2048 KB.
pub const L4PLUS: &[Register] = &[
    Register::ro("PACKAGE", 0x00, 0x12),
    Register::ro("UID0", 0x90, 0x0031_0024),
    Register::ro("UID1", 0x94, 0x3134_5105),
    Register::ro("UID2", 0x98, 0x3332_3939),
    Register::ro("FLASHSIZE", 0xe0, 2048),
];

/// RM0385 chapter 41, from 0x1FF0_F400: unique identifier, flash size of 1024 KB in the upper half of its word.
pub const F7: &[Register] = &[
    Register::ro("UID0", 0x20, 0x0031_0024),
    Register::ro("UID1", 0x24, 0x3134_5105),
    Register::ro("UID2", 0x28, 0x3332_3939),
    Register::ro("FLASHSIZE", 0x40, 1024 << 16),
    Register::ro("PACKAGE", 0x3e0, 0x0000_0700),
];

/// RM0410 chapter 45, from 0x1FF0_F400: as on F74x, with 2048 KB.
pub const F76: &[Register] = &[
    Register::ro("UID0", 0x20, 0x0031_0024),
    Register::ro("UID1", 0x24, 0x3134_5105),
    Register::ro("UID2", 0x28, 0x3332_3939),
    Register::ro("FLASHSIZE", 0x40, 2048 << 16),
    Register::ro("PACKAGE", 0x3e0, 0x0000_0100),
];

/// RM0402 chapter 31, from 0x1FFF_7A10: unique identifier, flash size of 1024 KB in the upper half of its word.
pub const F412: &[Register] = &[
    Register::ro("UID0", 0x00, 0x0031_0024),
    Register::ro("UID1", 0x04, 0x3134_5105),
    Register::ro("UID2", 0x08, 0x3332_3939),
    Register::ro("FLASHSIZE", 0x10, 1024 << 16),
];

/// RM0433 chapter 61, from 0x1FF1_E800: unique identifier, flash size of 2048 KB.
pub const H743: &[Register] = &[
    Register::ro("UID0", 0x00, 0x0031_0024),
    Register::ro("UID1", 0x04, 0x3134_5105),
    Register::ro("UID2", 0x08, 0x3332_3939),
    Register::ro("FLASHSIZE", 0x80, 2048),
];

/// RM0455 chapter 62, from 0x08FF_F800: unique identifier, then flash size of 2048 KB and the package in one word.
pub const H7A3: &[Register] = &[
    Register::ro("UID0", 0x00, 0x0031_0024),
    Register::ro("UID1", 0x04, 0x3134_5105),
    Register::ro("UID2", 0x08, 0x3332_3939),
    Register::ro("FLASHSIZE", 0x0c, 2048),
];

/// RM0456 chapter 76, from 0x0BFA_0500: package, unique identifier, flash size of 2048 KB.
pub const U575: &[Register] = &[
    Register::ro("PACKAGE", 0x000, 0x16),
    Register::ro("UID0", 0x200, 0x0031_0024),
    Register::ro("UID1", 0x204, 0x3134_5105),
    Register::ro("UID2", 0x208, 0x3332_3939),
    Register::ro("FLASHSIZE", 0x2a0, 2048),
];

impl Identity {
    pub fn new(table: &'static [Register]) -> Self {
        Self(Registers::new(table))
    }
}

impl Device for Identity {
    fn read(&mut self, offset: u32, width: Width, _: &mut Bus) -> Result<u32, Refusal> {
        self.0.read(offset, width)
    }

    fn write(&mut self, offset: u32, _: Width, _: u32, _: &mut Bus) -> Result<(), Refusal> {
        Err(Refusal::register(self.0.name(offset), "a write to system memory"))
    }

    fn reset(&mut self, _: &mut Bus) {}
}
