//! Cortex-M4: three stages, one instruction at a time.
//!
//! - Cycles per class, and N + 1 for N loads in a row: Arm 100166 "Cortex-M4 Technical Reference Manual", 3.3.1 and 3.3.2.
//! - When loads and stores go on in each other's shadow: measured on STM32F407, github.com/jnk0le/random, "pipeline cycle
//!   test", cortex_m3m4.md.
//! - Wide instructions that are not word-aligned: compendium.i-0.nl, "Alignment rules", measured with code in flash and data
//!   in SRAM2; that a group pays again after an access is a reading of "more than one" there.

use super::uses::{Kind, Mask, Uses};
use crate::emulator::isa::{Class, Code, Insn};

/// Refill of the pipeline after a branch whose target is known at decode; the manual says P = 1 to 3.
/// Chosen with measurements in sight; see the module above.
pub(super) const REFILL_DIRECT: u32 = 1;
/// After one whose target comes from a register or memory.
pub(super) const REFILL_INDIRECT: u32 = 2;

/// What of the instructions before matters.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct M4 {
    /// Registers that the instruction before wrote.
    written: Mask,
    before: Before,
    /// Wide instructions in a row that are not word-aligned.
    unaligned: u32,
    narrow_before: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Before {
    #[default]
    Other,
    Load,
    Store,
}

impl M4 {
    /// Cycles of an instruction, branches as not taken; and whether it went on in the shadow of the load before.
    pub fn step(&mut self, code: &Code, insn: &Insn, uses: &Uses) -> (u32, bool) {
        let mut cycles = base(code, insn, uses);
        let needs_before = uses.address & self.written != 0;
        let shadowed = self.before == Before::Load
            && !needs_before
            && match uses.kind {
                Kind::Load { .. } => true,
                Kind::Store => !uses.indexed,
                _ => false,
            };
        if shadowed || code.class() == Class::It && self.narrow_before {
            cycles -= 1;
        }
        if self.before == Before::Load && code.class() == Class::Nop {
            cycles -= 1;
        }
        // The address must be there a cycle before the other operands.
        if needs_before && self.before == Before::Other && matches!(uses.kind, Kind::Load { .. } | Kind::Store) {
            cycles += 1;
        }
        let wide_off = code.length() == 4 && code.pc & 2 != 0;
        self.unaligned = if wide_off { self.unaligned + 1 } else { 0 };
        if self.unaligned == 3 {
            cycles += 1;
        }
        // A group in which an access stands pays again after it.
        if self.unaligned >= 3 && matches!(uses.kind, Kind::Load { .. } | Kind::Store) {
            self.unaligned = 0;
        }
        self.written = uses.result | uses.base;
        self.before = match uses.kind {
            Kind::Load { .. } => Before::Load,
            Kind::Store => Before::Store,
            _ => Before::Other,
        };
        self.narrow_before = code.length() == 2;
        (cycles, shadowed && self.before == Before::Load)
    }
}

fn base(code: &Code, insn: &Insn, uses: &Uses) -> u32 {
    let (class, text) = (code.class(), code.row().text);
    let words = match uses.kind {
        Kind::Multiple { words, .. } => words,
        _ => 1,
    };
    let to_pc = match insn {
        Insn::LoadMultiple { list, .. } => list >> 15 == 1,
        Insn::Load { t, .. } => *t == 15,
        Insn::Alu { op, d, .. } => *d == 15 && !op.is_compare(),
        _ => false,
    };
    let refill = if to_pc { REFILL_INDIRECT } else { 0 };
    refill
        + match class {
            Class::Multiply if text.starts_with("mla{") || text.starts_with("mls{") => 2,
            Class::Alu | Class::Multiply | Class::Nop | Class::FloatMove | Class::FloatAdd | Class::FloatMultiply => 1,
            Class::FloatConvert | Class::It | Class::Barrier | Class::System => 1,
            Class::Divide | Class::Load | Class::Exclusive => 2,
            Class::Store => 1 + u32::from(uses.indexed),
            Class::FloatLoad => 1 + words,
            Class::FloatStore => words,
            Class::LoadDouble | Class::StoreDouble => 3,
            Class::LoadMultiple | Class::StoreMultiple | Class::FloatLoadMultiple | Class::FloatStoreMultiple => {
                1 + words
            }
            Class::Branch | Class::CompareBranch => 1,
            Class::BranchLink => 1,
            Class::BranchIndirect => 1 + REFILL_INDIRECT,
            Class::TableBranch => 2 + REFILL_INDIRECT,
            Class::FloatMultiplyAdd => 3,
            Class::FloatDivide | Class::FloatRoot => 14,
        }
}
