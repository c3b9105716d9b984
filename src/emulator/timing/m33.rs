//! Cortex-M33: in order, one instruction a cycle, or two short ones where the second is a branch, an IT or a NOP.
//!
//! Arm publishes no table. The rules are those measured on RP2350, r1p0 (github.com/jnk0le/random, "pipeline cycle test",
//! cortex_m33.md): result latencies, what pairs, branches, accesses of several words and the floating multiply-accumulate.
//! No source supports divisions, barriers, exclusive and system instructions, jumps to where a register says, and an
//! unaligned wide instruction at the target of a branch: they are charged as on the Cortex-M4. Other float results are taken
//! as ready at once. Times are in cycles from the start of the block; a block starts with nothing in flight.

use super::uses::{FLAGS, Kind, Mask, Uses};
use crate::emulator::isa::{Alu, Class, Code, Insn, Operand};

/// Cycles that a taken branch adds to its own; 2 in all where the flags were made just before it.
pub(super) const REFILL_DIRECT: u32 = 1;
/// After one whose target comes from a register or memory.
const REFILL_INDIRECT: u32 = 2;

#[derive(Debug, Clone, Copy)]
pub(crate) struct M33 {
    /// Cycle of the instruction that issued last, and cycles that it holds the pipeline beyond that.
    time: u32,
    hold: u32,
    started: bool,
    /// A short instruction issued alone in that cycle.
    open: bool,
    /// That one made flags.
    made_flags: bool,
    /// The last one is a branch that shared the cycle of the one before.
    shares: bool,
    /// When each register can be had.
    ready: [u32; 17],
    /// Registers that a load brought.
    loaded: Mask,
    /// When the floating-point unit takes the next instruction.
    float_free: u32,
}

impl M33 {
    pub fn new() -> Self {
        Self {
            time: 0,
            hold: 0,
            started: false,
            open: false,
            made_flags: false,
            shares: false,
            ready: [0; 17],
            loaded: 0,
            float_free: 0,
        }
    }

    fn latest(&self, mask: Mask) -> u32 {
        let mut rest = mask;
        let mut latest = 0;
        while rest != 0 {
            latest = latest.max(self.ready[rest.trailing_zeros() as usize]);
            rest &= rest - 1;
        }
        latest
    }

    /// The first cycle at which operands allow it. What a multiplication adds to, what an extension adds to unless a load
    /// brought it, and what is stored is needed a cycle later than the rest.
    fn earliest(&self, code: &Code, uses: &Uses) -> u32 {
        let late = match uses.kind {
            Kind::Multiply => uses.accumulate,
            Kind::Store | Kind::Multiple { load: false, .. } => uses.late & !uses.address,
            Kind::Dsp { .. } if extends_and_adds(code) => uses.late & !uses.early & !self.loaded,
            _ => 0,
        };
        let now = (uses.address | uses.early | uses.late) & !late;
        self.latest(now).max(self.latest(late).saturating_sub(1))
    }

    /// Issues an instruction; returns the cycle.
    pub fn step(&mut self, code: &Code, insn: &Insn, uses: &Uses) -> u32 {
        let class = code.class();
        let short = code.length() == 2;
        let second = matches!(class, Class::Branch | Class::CompareBranch | Class::It | Class::Nop);
        let mut earliest = self.earliest(code, uses);
        if second && class != Class::CompareBranch {
            // Flags of the same cycle are not too late.
            earliest = 0;
        }
        if class.is_float() {
            earliest = earliest.max(self.float_free);
        }
        let last = self.time + self.hold;
        self.shares = self.started && self.open && short && second && earliest <= last;
        let at = match (self.shares, self.started) {
            (true, _) => last,
            (false, true) => earliest.max(last + 1),
            (false, false) => earliest,
        };
        if self.shares {
            self.open = false;
            (self.time, self.hold) = (last, 0);
            return at;
        }
        self.started = true;
        self.time = at;
        self.hold = hold(code, insn, uses);
        self.open = short;
        self.made_flags = uses.result & FLAGS != 0 || has_two_stages(code, insn, uses);
        // Of several words the last one counts; the second stage of what has two is part of its latency.
        let done = if has_two_stages(code, insn, uses) { at } else { at + self.hold };
        self.write(uses.result & !FLAGS, done + result_latency(code, insn, uses));
        self.write(uses.base, at + 1);
        if self.made_flags {
            self.ready[FLAGS.trailing_zeros() as usize] =
                at + self.hold + if uses.kind == Kind::Shifted { 2 } else { 1 };
        }
        let loads = matches!(uses.kind, Kind::Load { .. } | Kind::Multiple { load: true, .. });
        self.loaded = self.loaded & !uses.result | if loads { uses.result } else { 0 };
        if class == Class::FloatMultiplyAdd {
            self.float_free = at + 3;
        }
        at
    }

    fn write(&mut self, mask: Mask, at: u32) {
        let mut rest = mask;
        while rest != 0 {
            self.ready[rest.trailing_zeros() as usize] = at;
            rest &= rest - 1;
        }
    }

    /// Cycles of the block up to and with its last instruction.
    pub fn end(&self) -> u32 {
        if self.started { self.time + self.hold + 1 } else { 0 }
    }

    /// Cycles where the block ends with a direct branch that is taken: one that shares its cycle with what made the flags
    /// has one of its own then.
    pub fn end_taken(&self, conditional: bool) -> u32 {
        self.end() + REFILL_DIRECT + u32::from(conditional && self.shares && self.made_flags)
    }
}

fn extends_and_adds(code: &Code) -> bool {
    let text = code.row().text;
    text.starts_with("sxta") || text.starts_with("uxta")
}

/// An immediate operand that is 8 bits turned to elsewhere (Armv7-M ARM, A5.3.2), which goes through the shifter.
fn is_turned_constant(code: &Code, insn: &Insn) -> bool {
    let Insn::Alu { op, by: Operand::Immediate { .. }, .. } = insn else { return false };
    let modified = code.length() == 4 && code.bits >> 27 == 0b11110 && code.bits & (1 << 25 | 1 << 15) == 0;
    modified && code.bits & (1 << 26 | 1 << 14) != 0 && !matches!(op, Alu::Mov | Alu::Mvn)
}

/// Cycles from issue to a use of the result.
fn result_latency(code: &Code, insn: &Insn, uses: &Uses) -> u32 {
    match uses.kind {
        Kind::Multiply | Kind::Shifted | Kind::Load { .. } | Kind::Multiple { load: true, .. } => 2,
        Kind::Dsp { .. } if extends_and_adds(code) => 2,
        _ if is_turned_constant(code, insn) => 2,
        _ => 1,
    }
}

/// Whether it sets flags in the second of two stages, and so lasts for both.
fn has_two_stages(code: &Code, insn: &Insn, uses: &Uses) -> bool {
    let multiplies = uses.kind == Kind::Multiply && code.length() == 2 && !code.in_it;
    multiplies || uses.result & FLAGS != 0 && is_turned_constant(code, insn)
}

/// Cycles beyond the first.
fn hold(code: &Code, insn: &Insn, uses: &Uses) -> u32 {
    let to_pc = match insn {
        Insn::LoadMultiple { list, .. } => list >> 15 == 1,
        Insn::Load { t, .. } => *t == 15,
        Insn::Alu { op, d, .. } => *d == 15 && !op.is_compare(),
        _ => false,
    };
    let refill = if to_pc { REFILL_INDIRECT } else { 0 };
    refill
        + u32::from(has_two_stages(code, insn, uses))
        + match (code.class(), uses.kind) {
            (_, Kind::Multiple { words, .. }) => words.max(1) - 1,
            (Class::Divide | Class::Exclusive, _) => 1,
            (Class::FloatDivide | Class::FloatRoot, _) => 13,
            (Class::BranchIndirect, _) => REFILL_INDIRECT,
            (Class::TableBranch, _) => 1 + REFILL_INDIRECT,
            _ => 0,
        }
}
