//! Handlers: what each operation does.

mod alu;
mod bits;
mod branch;
mod dsp;
mod float;
mod memory;
mod multiple;
mod system;

pub use alu::*;
pub use bits::*;
pub use branch::*;
pub use dsp::*;
pub use float::*;
pub use memory::*;
pub use multiple::*;
pub use system::*;

use super::cpu::Cpu;

impl Cpu {
    #[inline(always)]
    pub(crate) fn reg(&self, number: u8) -> u32 {
        self.r[usize::from(number & 15)]
    }

    #[inline(always)]
    pub(crate) fn set_reg(&mut self, number: u8, value: u32) {
        self.r[usize::from(number & 15)] = value;
    }
}
