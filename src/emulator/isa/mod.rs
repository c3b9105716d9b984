//! The ARMv7E-M instruction set, and what Armv8-M adds to it, as a table: encoding, fields, semantics, cycle class and disassembly of each instruction.
//!
//! Two rows may match the same bits only where one refines the other; the more specific one counts.

mod armv8;
mod float;
mod immediate;
mod insn;
mod memory16;
mod memory32;
mod multiply;
mod narrow;
mod pattern;
mod text;
mod wide;

pub use armv8::is_armv8;
pub use insn::{Address, Alu, Class, Insn, Operand, Shift, Size};
pub use pattern::{Code, Row, find, is_wide};
pub use text::disassemble;

/// All rows.
pub fn rows() -> impl Iterator<Item = &'static Row> {
    narrow::ROWS
        .iter()
        .chain(memory16::ROWS)
        .chain(wide::ROWS)
        .chain(multiply::ROWS)
        .chain(memory32::ROWS)
        .chain(float::ROWS)
        .chain(armv8::ROWS)
}
