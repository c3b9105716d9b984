//! Cycles of instructions: static ones when a block is decoded, and those that only operands decide.

use super::m4::{self, M4};
use super::m7::M7;
use super::m33::M33;
use super::uses::{Kind, Uses};
use crate::board::Core;
use crate::emulator::isa::{Class, Code, Insn};

/// What a core charges beyond its pipeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost {
    core: Core,
    /// Extra for an access to RAM that is not aligned.
    pub unaligned: u32,
    /// Entry of an exception, from recognition to the first instruction (Arm 100166, 3.9; 12 cycles on M4 and M7 without
    /// wait states; assumed of M33).
    pub exception_entry: u32,
    pub exception_return: u32,
    /// Whether branches are foretold.
    pub predicts: bool,
}

impl Cost {
    pub fn of(core: Core) -> Self {
        let (unaligned, predicts) = match core {
            // Two accesses.
            Core::CortexM4f | Core::CortexM33f => (1, false),
            // Measured to take 3 more (cortex_m7.md, "loads").
            Core::CortexM7f => (3, true),
        };
        Self { core, unaligned, exception_entry: 12, exception_return: 10, predicts }
    }

    /// The state of the pipeline at the start of a block.
    pub(crate) fn pipeline(&self) -> Pipeline {
        match self.core {
            Core::CortexM4f => Pipeline::M4(M4::default(), 0),
            Core::CortexM7f => Pipeline::M7(M7::new()),
            Core::CortexM33f => Pipeline::M33(M33::new()),
        }
    }

    /// Cycles of a division beyond the least. M4: 2 to 12 by the bits of the quotient (Arm 100166, 3.3.1, note on early
    /// termination; 4 bits of quotient a cycle), and M33 the same (assumed: its manual is silent). M7: 2 bits of quotient a
    /// cycle (assumed likewise).
    #[inline]
    pub(crate) fn divide(&self, dividend: u32, divisor: u32) -> u32 {
        if divisor == 0 {
            return 0;
        }
        let bits = (divisor.leading_zeros() + 1).saturating_sub(dividend.leading_zeros());
        match self.core {
            Core::CortexM7f => bits.div_ceil(2),
            Core::CortexM4f | Core::CortexM33f => (bits.div_ceil(4) + u32::from(bits > 0)).min(10),
        }
    }
}

/// What the instructions of a block cost so far.
#[derive(Debug, Clone)]
pub(crate) enum Pipeline {
    M4(M4, u32),
    M7(M7),
    M33(M33),
}

/// What one instruction adds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Charge {
    /// Cycle of the block at which it starts.
    pub at: u32,
    /// Cycles that are saved where its condition does not hold.
    pub saved: u32,
    /// It goes on in the shadow of the load before.
    pub shadowed: bool,
    /// Data accesses of up to 32 bits.
    pub accesses: u32,
    pub multiplies: u32,
}

impl Pipeline {
    pub fn step(&mut self, code: &Code, insn: &Insn) -> Charge {
        let uses = Uses::of(code, insn);
        let accesses = match uses.kind {
            Kind::Load { .. } | Kind::Store => 1,
            Kind::Multiple { words, .. } => words,
            _ => 0,
        };
        let multiplies =
            u32::from(matches!(code.class(), Class::Multiply | Class::FloatMultiply | Class::FloatMultiplyAdd));
        match self {
            Self::M4(state, total) => {
                let at = *total;
                let (cycles, shadowed) = state.step(code, insn, &uses);
                *total += cycles;
                Charge { at, saved: cycles.saturating_sub(1), shadowed, accesses, multiplies }
            }
            Self::M33(state) => {
                let at = state.step(code, insn, &uses);
                Charge { at, saved: (state.end() - at).saturating_sub(1), shadowed: false, accesses, multiplies }
            }
            Self::M7(state) => {
                let at = state.step(code, insn, &uses);
                let multiple = matches!(uses.kind, Kind::Multiple { .. });
                Charge {
                    at,
                    saved: if multiple { state.end() - at - 1 } else { 0 },
                    shadowed: false,
                    accesses,
                    multiplies,
                }
            }
        }
    }

    /// Cycles of the block so far.
    pub fn total(&self) -> u32 {
        match self {
            Self::M33(state) => state.end(),
            Self::M4(_, total) => *total,
            Self::M7(state) => state.end(),
        }
    }

    /// Cycles where the block ends without a jump; where it ends with one; and what a wrong prediction adds.
    pub fn ends(&self, last: Option<&Code>, target_unaligned: bool) -> Ends {
        let class = last.map(Code::class);
        let can_miss = last.is_some_and(|code| {
            let insn = code.insn();
            let conditional = matches!(insn, Insn::BranchIf { .. } | Insn::CompareBranch { .. })
                || matches!(insn, Insn::Branch { .. }) && code.in_it;
            conditional || !matches!(class, Some(Class::Branch | Class::BranchLink)) && writes_pc(code, &insn)
        });
        let branch = matches!(class, Some(Class::Branch | Class::CompareBranch));
        match self {
            Self::M4(_, total) => {
                let direct = branch || class == Some(Class::BranchLink);
                let refill = if direct { m4::REFILL_DIRECT + u32::from(target_unaligned) } else { 0 };
                Ends { fall: *total, taken: total + refill, miss: 0 }
            }
            Self::M33(state) => {
                let direct = branch || class == Some(Class::BranchLink);
                let conditional = can_miss && direct;
                let refill = u32::from(direct && target_unaligned);
                let taken = if direct { state.end_taken(conditional) + refill } else { state.end() };
                Ends { fall: state.end(), taken, miss: 0 }
            }
            Self::M7(state) => {
                Ends { fall: state.end_fall(branch), taken: state.end(), miss: if can_miss { state.miss() } else { 0 } }
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Ends {
    pub fall: u32,
    pub taken: u32,
    pub miss: u32,
}

/// Whether an instruction goes where a register or memory says.
pub(super) fn writes_pc(code: &Code, insn: &Insn) -> bool {
    match insn {
        Insn::LoadMultiple { list, .. } => list >> 15 == 1,
        Insn::Load { t, .. } => *t == 15,
        Insn::Alu { op, d, .. } => *d == 15 && !op.is_compare(),
        _ => matches!(code.class(), Class::BranchIndirect | Class::TableBranch),
    }
}
