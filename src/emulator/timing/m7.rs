//! Cortex-M7: in order, two instructions a cycle.
//!
//! Arm publishes no table. The rules are those measured on STM32H743 (github.com/jnk0le/random, "pipeline cycle test",
//! cortex_m7.md); what extensions and saturation read, and when, is from LLVM's ARMScheduleM7.td, which Arm contributed.
//! Divisions, barriers, table branches, exclusive and system instructions are estimates that no source supports, and float
//! results are taken as ready at once. Times are in cycles from the start of the block; a block starts with nothing in
//! flight.
//!
//! A cycle has an older and a younger slot. An instruction that issues at `t` needs addresses and what goes through the
//! shifter at `t`, operands of the late ALU and of the multiplier at `t + 1`, what a multiplication adds to at `t + 2`.

use super::uses::{FLAGS, Kind, Mask, Uses};
use crate::emulator::isa::{Class, Code, Insn};

/// Cycles of a branch that was foretold wrongly, where the flags were set just before it and where they were set at least
/// three cycles before.
pub(super) const MISS_LATE: u32 = 8;
pub(super) const MISS_EARLY: u32 = 6;

#[derive(Debug, Clone, Copy)]
pub(crate) struct M7 {
    /// Cycle of the slot that issued last.
    time: u32,
    /// Whether the younger slot of that cycle is free, and what is in the older.
    older: Option<(Kind, Uses)>,
    /// When each register can be had, by the late ALU; and how much later by the multiplier.
    ready: [u32; 17],
    to_multiplier: Mask,
    /// Cycles that the last one holds the pipeline beyond its own.
    hold: u32,
    started: bool,
    flags_at: u32,
    /// Whether the last two loads whose banks are unknown shared a cycle.
    shared: bool,
}

impl M7 {
    pub fn new() -> Self {
        Self {
            time: 0,
            older: None,
            ready: [0; 17],
            to_multiplier: 0,
            hold: 0,
            started: false,
            flags_at: 0,
            shared: false,
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

    /// The first cycle at which operands allow it.
    fn earliest(&self, uses: &Uses) -> u32 {
        let mut at = self.latest(uses.address | uses.early);
        if uses.kind == Kind::Multiply {
            at = at.max(self.latest(uses.late).saturating_sub(1));
            // What a word load brings reaches the multiplier a cycle later.
            at = at.max(self.latest(uses.late & self.to_multiplier));
            at = at.max(self.latest(uses.accumulate).saturating_sub(2));
        } else if uses.kind != Kind::Store {
            at = at.max(self.latest(uses.late & !FLAGS).saturating_sub(1));
        } else {
            at = at.max(self.latest(uses.late).saturating_sub(2));
        }
        at
    }

    /// Two loads share a cycle where one is of an even word and the other of an odd. Of different bases that is not known at
    /// decode: every second time.
    fn banks_allow(&mut self, older: Kind, before: &Uses, kind: Kind, uses: &Uses) -> bool {
        if !matches!((older, kind), (Kind::Load { .. }, Kind::Load { .. })) {
            return true;
        }
        match (before.offset, uses.offset) {
            (Some(a), Some(b)) if before.address == uses.address => (a ^ b) & 4 != 0,
            _ => {
                self.shared = !self.shared;
                self.shared
            }
        }
    }

    /// Issues an instruction; returns the cycle.
    pub fn step(&mut self, code: &Code, insn: &Insn, uses: &Uses) -> u32 {
        let next = if self.started { self.time + 1 + self.hold } else { 0 };
        let earliest = self.earliest(uses);
        let kind = uses.kind;
        let pairs = self.started
            && self.hold == 0
            && earliest <= self.time
            && self.older.is_some_and(|(older, before)| {
                pairs(older, &before, kind, uses) && self.banks_allow(older, &before, kind, uses)
            });
        let younger = pairs;
        let at = if pairs { self.time } else { next.max(earliest) };
        self.older = if younger { None } else { Some((kind, *uses)) };
        self.started = true;
        self.time = at;
        self.hold = hold(code.class(), insn, uses);
        if self.hold > 0 || matches!(kind, Kind::Multiple { .. } | Kind::Other) {
            self.older = None;
        }
        let after = match kind {
            Kind::Simple if !younger && self.latest(uses.late) <= at => 1,
            Kind::Shift if self.latest(uses.late) <= at => 1,
            Kind::Multiply => 3,
            Kind::Load { narrow: true } | Kind::Dsp { slow: true } => 3,
            _ => 2,
        };
        self.write(
            uses.result,
            at + self.hold + after,
            matches!(kind, Kind::Load { narrow: false } | Kind::Multiple { .. }),
        );
        self.write(uses.base, at + self.hold + 1, false);
        if uses.result & FLAGS != 0 {
            self.flags_at = at;
        }
        at
    }

    fn write(&mut self, mask: Mask, at: u32, load: bool) {
        let mut rest = mask;
        while rest != 0 {
            self.ready[rest.trailing_zeros() as usize] = at;
            rest &= rest - 1;
        }
        self.to_multiplier = if load { self.to_multiplier | mask } else { self.to_multiplier & !mask };
    }

    /// Cycles of the block up to and with its last instruction.
    pub fn end(&self) -> u32 {
        if self.started { self.time + self.hold + 1 } else { 0 }
    }

    /// Cycles where the last instruction is a branch that is not taken: what follows shares its cycle.
    pub fn end_fall(&self, last_is_branch: bool) -> u32 {
        let alone = self.older.is_some();
        self.end() - u32::from(last_is_branch && alone && self.end() > 0)
    }

    /// What the branch at the end costs where it was foretold wrongly.
    pub fn miss(&self) -> u32 {
        if self.time >= self.flags_at + 3 { MISS_EARLY } else { MISS_LATE }
    }
}

/// Cycles beyond the first.
fn hold(class: Class, insn: &Insn, uses: &Uses) -> u32 {
    let to_pc = match insn {
        Insn::LoadMultiple { list, .. } => list >> 15 == 1,
        Insn::Load { t, .. } => *t == 15,
        _ => false,
    };
    let refill = if to_pc { 2 } else { 0 };
    refill
        + match (class, uses.kind) {
            (_, Kind::Multiple { words, .. }) => words.div_ceil(2).max(1) - 1,
            (Class::Divide, _) => 2,
            (Class::FloatDivide, _) => 15,
            (Class::FloatRoot, _) => 13,
            (Class::FloatMultiplyAdd, _) => 2,
            (Class::Barrier, _) => 6,
            (Class::TableBranch, _) => 3,
            (Class::System | Class::Exclusive, _) => 1,
            _ => 0,
        }
}

/// Whether two instructions may share a cycle, their operands being there.
fn pairs(older: Kind, before: &Uses, kind: Kind, uses: &Uses) -> bool {
    use Kind::*;
    let written = before.result | before.base;
    if uses.result & before.result & !FLAGS != 0 {
        return false;
    }
    // Only what the early ALU made can be used in the same cycle, and only by the late ALU.
    let needed = uses.late | uses.accumulate | uses.early | uses.address;
    if written & needed & !FLAGS != 0 {
        let early = matches!(older, Simple | Shift) && before.latest_is_early();
        let late_only = (uses.early | uses.address) & written == 0;
        let stored = kind == Store && (uses.address & written) == 0;
        if !(stored || early && late_only && kind != Multiply) {
            return false;
        }
    }
    // Flags of the same cycle reach a branch, which is foretold, but nothing else.
    if written & uses.late & FLAGS != 0 && kind != Branch {
        return false;
    }
    let memory = |kind| matches!(kind, Load { .. } | Store);
    match (older, kind) {
        (_, Dsp { .. }) | (_, Multiple { .. }) | (_, Other) | (Multiple { .. }, _) | (Other, _) => false,
        (Multiply, Multiply) | (Store, Store) | (Multiply, Store) | (Store, Multiply) => false,
        (Dsp { .. } | Shifted | Shift, Shifted) => false,
        (Float, Float) | (Branch, _) => false,
        (a, b) if memory(a) && memory(b) => true,
        _ => true,
    }
}

impl Uses {
    /// An addition or move takes its operands from the register file.
    fn latest_is_early(&self) -> bool {
        self.early == 0
    }
}
