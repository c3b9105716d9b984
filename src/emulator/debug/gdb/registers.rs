//! Registers in the order of `target.xml`.

use gdbstub::arch::{Arch, Registers};

use super::super::{Debugger, Register};

/// All of them: 32 bits each, but that two of the FPU make one of 64.
pub const COUNT: usize = 17 + 32 + 1 + 6;
const PC: usize = 15;

/// A Cortex-M with FPU.
pub enum CortexM {}

impl Arch for CortexM {
    type Usize = u32;
    type Registers = Words;
    type BreakpointKind = usize;
    type RegId = ();

    fn target_description_xml() -> Option<&'static str> {
        Some(include_str!("target.xml"))
    }
}

/// The registers' values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Words([u32; COUNT]);

impl Default for Words {
    fn default() -> Self {
        Self([0; COUNT])
    }
}

impl Registers for Words {
    type ProgramCounter = u32;

    fn pc(&self) -> u32 {
        self.0[PC]
    }

    fn gdb_serialize(&self, mut write_byte: impl FnMut(Option<u8>)) {
        for byte in self.0.iter().flat_map(|word| word.to_le_bytes()) {
            write_byte(Some(byte));
        }
    }

    fn gdb_deserialize(&mut self, bytes: &[u8]) -> Result<(), ()> {
        let (words, rest) = bytes.as_chunks::<4>();
        if words.len() != COUNT || !rest.is_empty() {
            return Err(());
        }
        for (to, from) in self.0.iter_mut().zip(words) {
            *to = u32::from_le_bytes(*from);
        }
        Ok(())
    }
}

/// Where a word is in the core: a register, and the byte of it that is meant, if not all of it.
fn place(index: usize) -> (Register, Option<u32>) {
    match index {
        0..=15 => (Register::Core(index as u8), None),
        16 => (Register::Xpsr, None),
        17..=48 => (Register::Float((index - 17) as u8), None),
        49 => (Register::Fpscr, None),
        50 => (Register::Msp, None),
        51 => (Register::Psp, None),
        // PRIMASK, BASEPRI, FAULTMASK and CONTROL, from the lowest byte on.
        _ => (Register::Special, Some(8 * (index - 52) as u32)),
    }
}

/// The present values.
pub fn read(debugger: &Debugger, words: &mut Words) {
    for (index, word) in words.0.iter_mut().enumerate() {
        let (register, byte) = place(index);
        let value = debugger.register(register);
        *word = byte.map_or(value, |shift| value >> shift & 0xFF);
    }
}

/// Sets those that differ: the current stack pointer and one of the two are the same register.
pub fn write(debugger: &mut Debugger, words: &Words) {
    let mut present = Words::default();
    read(debugger, &mut present);
    for (index, (new, old)) in words.0.iter().zip(present.0).enumerate() {
        if *new != old {
            let (register, byte) = place(index);
            let value =
                byte.map_or(*new, |shift| debugger.register(register) & !(0xFF << shift) | (new & 0xFF) << shift);
            debugger.set_register(register, value);
        }
    }
}
