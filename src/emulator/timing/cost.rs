//! Cycles per class of instruction.
//!
//! Cortex-M4: Arm "Cortex-M4 Technical Reference Manual" (100166), 3.3 "Instruction set summary", without wait states and with
//! P, the refill of the pipeline, taken as 2. Cortex-M7: an estimate, as Arm publishes no table: half of the single-cycle
//! instructions issue as the second of a pair.

use crate::board::Core;
use crate::emulator::isa::{Address, Class, Code, Insn};

/// What a core charges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    core: Core,
    /// Extra for an access to RAM that is not aligned.
    pub unaligned: u32,
    /// Entry of an exception, from recognition to the first instruction.
    pub exception_entry: u32,
    pub exception_return: u32,
}

impl Cost {
    pub fn of(core: Core) -> Self {
        match core {
            Core::CortexM4f => Self { core, unaligned: 1, exception_entry: 12, exception_return: 10 },
            Core::CortexM7f => Self { core, unaligned: 1, exception_entry: 12, exception_return: 10 },
        }
    }

    /// Cycles of an instruction in half cycles, branches as not taken; `before` is the instruction before it in its block.
    pub(crate) fn half_cycles(&self, code: &Code, before: Option<&Code>) -> u32 {
        let insn = code.insn();
        match self.core {
            Core::CortexM4f => 2 * (m4(code.class(), &insn) - m4_overlap(code, &insn, before)),
            Core::CortexM7f => m7(code.class(), &insn),
        }
    }

    /// Extra cycles of a branch that is taken.
    pub(crate) fn taken(&self, code: &Code) -> u32 {
        match (self.core, code.class()) {
            (Core::CortexM4f, Class::Branch | Class::CompareBranch) => 2,
            // Well predicted by the BTAC.
            (Core::CortexM7f, Class::Branch | Class::CompareBranch) => 0,
            _ => 0,
        }
    }

    /// Cycles of a division beyond the least: the quotient's bits decide.
    #[inline]
    pub(crate) fn divide(&self, dividend: u32, divisor: u32) -> u32 {
        if divisor == 0 {
            return 0;
        }
        let bits = (divisor.leading_zeros() + 1).saturating_sub(dividend.leading_zeros());
        match self.core {
            Core::CortexM4f => bits.div_ceil(4) + u32::from(bits > 0),
            Core::CortexM7f => bits.div_ceil(2),
        }
    }
}

fn registers(insn: &Insn) -> u32 {
    match insn {
        Insn::LoadMultiple { list, .. } | Insn::StoreMultiple { list, .. } => list.count_ones(),
        Insn::FloatLoadMultiple { count, .. } | Insn::FloatStoreMultiple { count, .. } => u32::from(*count),
        Insn::FloatLoad { double, .. } | Insn::FloatStore { double, .. } => 1 + u32::from(*double),
        _ => 0,
    }
}

fn writes_pc(insn: &Insn) -> bool {
    match insn {
        Insn::LoadMultiple { list, .. } => list >> 15 == 1,
        Insn::Load { t, .. } => *t == 15,
        Insn::Alu { op, d, .. } => *d == 15 && !op.is_compare(),
        _ => false,
    }
}

fn m4(class: Class, insn: &Insn) -> u32 {
    let refill = if writes_pc(insn) { 2 } else { 0 };
    refill
        + match class {
            Class::Alu | Class::Multiply | Class::Nop | Class::FloatMove | Class::FloatAdd | Class::FloatMultiply => 1,
            Class::Divide => 2,
            Class::Load => 2,
            // The write buffer takes it.
            Class::Store => 1,
            Class::FloatStore => registers(insn),
            Class::FloatLoad => 1 + registers(insn),
            Class::LoadDouble | Class::StoreDouble => 3,
            Class::LoadMultiple | Class::StoreMultiple | Class::FloatLoadMultiple | Class::FloatStoreMultiple => {
                1 + registers(insn)
            }
            Class::Exclusive => 2,
            Class::Branch | Class::CompareBranch => 1,
            Class::BranchLink | Class::BranchIndirect => 3,
            Class::TableBranch => 5,
            Class::It => 1,
            Class::Barrier => 1,
            Class::System => 1,
            Class::FloatMultiplyAdd => 3,
            Class::FloatDivide | Class::FloatRoot => 14,
            Class::FloatConvert => 1,
        }
}

/// Cycles that an instruction shares with the one before it (TRM 3.3.2 and 3.3.3): the address phase of a load or store goes with
/// the data phase of a load, unless it needs what that loads; and IT is folded into a 16-bit instruction.
fn m4_overlap(code: &Code, insn: &Insn, before: Option<&Code>) -> u32 {
    let Some(before) = before else { return 0 };
    match (code.class(), before.class()) {
        (Class::It, _) if before.length() == 2 => 1,
        (Class::Load, Class::Load) => {
            let Insn::Load { t: loaded, .. } = before.insn() else { return 0 };
            let Insn::Load { t, from, .. } = insn else { return 0 };
            let needs = match *from {
                Address::Offset { n, .. } | Address::PreIndexed { n, .. } | Address::PostIndexed { n, .. } => {
                    n == loaded
                }
                Address::Register { n, m, .. } => n == loaded || m == loaded,
                Address::Absolute(_) => false,
            };
            u32::from(!needs && *t != 15)
        }
        _ => 0,
    }
}

/// In half cycles.
fn m7(class: Class, insn: &Insn) -> u32 {
    let refill = if writes_pc(insn) { 6 } else { 0 };
    refill
        + match class {
            Class::Alu | Class::Nop | Class::It | Class::FloatMove | Class::Store | Class::Load => 1,
            Class::Multiply => 2,
            Class::Divide => 6,
            Class::FloatLoad | Class::FloatStore => 1,
            Class::LoadDouble | Class::StoreDouble => 2,
            Class::LoadMultiple | Class::StoreMultiple | Class::FloatLoadMultiple | Class::FloatStoreMultiple => {
                1 + registers(insn)
            }
            Class::Exclusive => 4,
            Class::Branch | Class::CompareBranch | Class::BranchLink => 2,
            Class::BranchIndirect => 6,
            Class::TableBranch => 10,
            Class::Barrier => 10,
            Class::System => 4,
            Class::FloatAdd | Class::FloatMultiply | Class::FloatConvert => 2,
            Class::FloatMultiplyAdd => 4,
            Class::FloatDivide | Class::FloatRoot => 32,
        }
}
