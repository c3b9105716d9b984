//! From the meaning of an instruction to operations.

use super::config::CoreConfig;
use super::exec;
use super::op::{Handler, Op};
use crate::board;
use crate::emulator::isa::{Address, Code, Insn, Operand, Shift, is_armv8};

/// Operations of one instruction, in order; those from `tail` on complete it.
pub(crate) struct Lowered {
    pub ops: [Op; 4],
    pub length: usize,
    pub tail: usize,
    /// The instruction ends its block.
    pub last: bool,
    /// Where a direct branch goes.
    pub target: Option<u32>,
    pub writes_pc: bool,
}

/// An operation without meaning yet.
pub(crate) fn blank(run: Handler) -> Op {
    Op { run, imm: 0, at: 0, d: 0, n: 0, m: 0, a: 0 }
}

impl Lowered {
    fn new() -> Self {
        Self { ops: [blank(exec::nop); 4], length: 0, tail: 0, last: false, target: None, writes_pc: false }
    }

    fn push(&mut self, op: Op) {
        self.ops[self.length] = op;
        self.length += 1;
    }
}

/// Whether the configured core has an instruction.
fn exists(code: &Code, config: &CoreConfig) -> bool {
    if !code.class().is_float() {
        return true;
    }
    let five = match config.core {
        board::Core::CortexM4f => false,
        board::Core::CortexM7f | board::Core::CortexM33f => true,
    };
    let top = code.bits >> 24;
    let arithmetic = top & 0xEF == 0xEE && code.bits & 0x10 == 0;
    let op2 = code.bits >> 16 & 0xFF;
    let to_double = op2 & 0xBF == 0xB7 && code.bits & 0xC0 == 0xC0;
    let double = arithmetic && (code.bits >> 8 & 0xF == 0xB || to_double && top == 0xEE);
    // Bit 22 is a bit of the destination register.
    let rounds = matches!(op2 & 0xBF, 0xB6) || op2 & 0xBF == 0xB7 && code.bits & 0x80 == 0;
    let needs_five = top == 0xFE || arithmetic && top == 0xEE && rounds && code.bits & 0x40 != 0;
    (!double || config.double_fpu) && (!needs_five || five)
}

fn addressed(run: Handler, t: u8, address: Address) -> Op {
    let (n, m, a, imm) = match address {
        Address::Offset { n, offset } | Address::PreIndexed { n, offset } | Address::PostIndexed { n, offset } => {
            (n, 0, 0, offset)
        }
        Address::Register { n, m, shift } => (n, m, shift, 0),
        Address::Absolute(at) => (0, 0, 0, at),
    };
    Op { run, imm, at: 0, d: t, n, m, a }
}

/// Whether an access changes SP through its base.
fn moves_sp(address: Address) -> bool {
    matches!(address, Address::PreIndexed { n: 13, .. } | Address::PostIndexed { n: 13, .. })
}

/// Operations of an instruction; none if it is unknown or unpredictable.
pub(crate) fn lower(code: &Code, config: &CoreConfig) -> Option<Lowered> {
    let mut out = Lowered::new();
    let known = match config.core {
        board::Core::CortexM4f | board::Core::CortexM7f => !is_armv8(code),
        board::Core::CortexM33f => true,
    };
    if code.is_unpredictable() || !known {
        return None;
    }
    let insn = code.insn();
    if !exists(code, config) {
        out.push(Op { imm: exec::UNDEFINED, ..blank(exec::usage_fault) });
        out.last = true;
        out.tail = 1;
        return Some(out);
    }
    let next = code.pc + code.length();
    let mut notes_sp = false;
    match insn {
        Insn::Unpredictable => return None,
        Insn::Nop | Insn::It { .. } => {}
        Insn::Plain { run, d, n, m, a, immediate } => out.push(Op { run, imm: immediate, at: 0, d, n, m, a }),
        Insn::Last { run, d, n, m, a, immediate } => {
            out.push(Op { run, imm: immediate, at: 0, d, n, m, a });
            out.last = true;
        }
        Insn::Alu { op, set, d, n, by } => {
            let to_pc = d == 15 && !op.is_compare();
            let (shift, m, a, imm) = match by {
                Operand::Immediate { value, carry } => (None, 0, carry.map_or(2, u8::from), value),
                Operand::Register { m, shift, amount } => (Some((shift, amount)), m, amount, 0),
            };
            let reads_pc = n == 15 || matches!(by, Operand::Register { m: 15, .. });
            if reads_pc {
                out.push(Op { imm: code.pc + 4, ..blank(exec::set_pc) });
            }
            out.push(Op { run: exec::alu_handler(op, set, shift, to_pc), imm, at: 0, d, n, m, a });
            notes_sp = d == 13 && !op.is_compare();
            out.writes_pc = to_pc;
        }
        Insn::ShiftBy { shift, set, d, n, m } => {
            debug_assert!(shift != Shift::Rrx);
            out.push(Op { d, n, m, ..blank(exec::shift_by_handler(shift, set)) });
        }
        Insn::Load { size, t, from, unprivileged } => {
            let run = match (t, unprivileged) {
                (15, _) => exec::load_pc_handler(from),
                (_, true) => exec::load_unprivileged_handler(size),
                _ => exec::load_handler(size, from),
            };
            out.push(addressed(run, t, from));
            out.writes_pc = t == 15;
            notes_sp = t == 13 || t != 15 && moves_sp(from);
        }
        Insn::Store { size, t, to, unprivileged } => {
            let run = if unprivileged { exec::store_unprivileged_handler(size) } else { exec::store_handler(size, to) };
            out.push(addressed(run, t, to));
            notes_sp = moves_sp(to);
        }
        Insn::LoadDouble { t, u, from } => {
            out.push(Op { m: u, ..addressed(exec::load_double_handler(from), t, from) });
            notes_sp = moves_sp(from);
        }
        Insn::StoreDouble { t, u, to } => {
            out.push(Op { m: u, ..addressed(exec::store_double_handler(to), t, to) });
            notes_sp = moves_sp(to);
        }
        Insn::LoadMultiple { n, list, before, write_back } => {
            let run = match (before, write_back) {
                (false, false) => exec::load_multiple::<false, false>,
                (false, true) => exec::load_multiple::<false, true>,
                (true, false) => exec::load_multiple::<true, false>,
                (true, true) => exec::load_multiple::<true, true>,
            };
            out.push(Op { n, imm: list.into(), ..blank(run) });
            out.writes_pc = list >> 15 == 1;
            notes_sp = n == 13 && write_back && !out.writes_pc;
        }
        Insn::StoreMultiple { n, list, before, write_back } => {
            let run = match (before, write_back) {
                (false, false) => exec::store_multiple::<false, false>,
                (false, true) => exec::store_multiple::<false, true>,
                (true, false) => exec::store_multiple::<true, false>,
                (true, true) => exec::store_multiple::<true, true>,
            };
            out.push(Op { n, imm: list.into(), ..blank(run) });
            notes_sp = n == 13 && write_back;
        }
        Insn::FloatLoad { first, double, from } => {
            if first >= 32 {
                return None;
            }
            let op = addressed(exec::float_load_handler(from), first, from);
            out.push(Op { a: 1 + u8::from(double), ..op });
        }
        Insn::FloatStore { first, double, to } => {
            if first >= 32 {
                return None;
            }
            let op = addressed(exec::float_store_handler(to), first, to);
            out.push(Op { a: 1 + u8::from(double), ..op });
        }
        Insn::FloatLoadMultiple { n, first, count, before, write_back } => {
            let run = if before { exec::float_load_multiple::<true> } else { exec::float_load_multiple::<false> };
            out.push(Op { d: first, n, m: write_back.into(), a: count, ..blank(run) });
            notes_sp = n == 13 && write_back;
        }
        Insn::FloatStoreMultiple { n, first, count, before, write_back } => {
            let run = if before { exec::float_store_multiple::<true> } else { exec::float_store_multiple::<false> };
            out.push(Op { d: first, n, m: write_back.into(), a: count, ..blank(run) });
            notes_sp = n == 13 && write_back;
        }
        Insn::Branch { target } => {
            out.push(blank(exec::branch));
            out.target = Some(target);
        }
        Insn::BranchIf { condition, target } => {
            out.push(blank(exec::branch_if_handler(condition)));
            out.target = Some(target);
        }
        Insn::BranchLink { target } => {
            out.push(Op { imm: next | 1, ..blank(exec::branch_link) });
            out.target = Some(target);
        }
        Insn::BranchIndirect { m, link } => {
            if m == 15 {
                out.push(Op { imm: code.pc + 4, ..blank(exec::set_pc) });
            }
            let run = if link { exec::branch_link_indirect } else { exec::branch_indirect };
            out.push(Op { m, imm: next | 1, ..blank(run) });
            out.writes_pc = true;
        }
        Insn::CompareBranch { n, target, if_zero } => {
            let run = if if_zero { exec::branch_if_zero } else { exec::branch_unless_zero };
            out.push(Op { n, ..blank(run) });
            out.target = Some(target);
        }
        Insn::TableBranch { n, m, half } => {
            let run = if half { exec::table_branch::<2> } else { exec::table_branch::<1> };
            out.push(Op { n, m, imm: code.pc + 4, ..blank(run) });
            out.writes_pc = true;
        }
        Insn::Undefined => {
            out.push(Op { imm: exec::UNDEFINED, ..blank(exec::usage_fault) });
            out.last = true;
        }
        Insn::Coprocessor => {
            out.push(Op { imm: exec::NO_COPROCESSOR, ..blank(exec::usage_fault) });
            out.last = true;
        }
    }
    out.last |= out.target.is_some() || out.writes_pc;
    out.tail = out.length;
    if notes_sp {
        out.push(blank(exec::note_sp));
    }
    Some(out)
}
