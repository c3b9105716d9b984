//! Branches and conditions.

use super::memory::refused;
use crate::emulator::core::bus::Access;
use crate::emulator::core::cpu::Cpu;
use crate::emulator::core::fault::{Fault, usage};
use crate::emulator::core::op::{FALL, FAULT, Flow, HALT, Handler, JUMP, NEXT, Op, RETURN, TAKEN};
use crate::emulator::interface::Periphery;

impl Cpu {
    /// BXWritePC: branches with interworking; in handlers, values from 0xF000_0000 are exception returns.
    #[inline(always)]
    pub(crate) fn jump(&mut self, value: u32) -> Flow {
        if value >= 0xF000_0000 && self.exception != 0 {
            self.pc = value;
            return RETURN;
        }
        self.pc = value & !1;
        if value & 1 == 0 {
            self.thumb = false;
            self.attend();
        }
        JUMP
    }
}

pub fn branch(_: &mut Cpu, _: &mut dyn Periphery, _: &Op) -> Flow {
    TAKEN
}

/// The end of a block that is no branch.
pub fn fall(_: &mut Cpu, _: &mut dyn Periphery, _: &Op) -> Flow {
    FALL
}

fn branch_if<const CONDITION: u8>(cpu: &mut Cpu, _: &mut dyn Periphery, _: &Op) -> Flow {
    if cpu.holds(CONDITION) { TAKEN } else { FALL }
}

/// Skips `d` operations and takes back their `imm` cycles where the condition does not hold.
fn unless<const CONDITION: u8>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    if cpu.holds(CONDITION) {
        return NEXT;
    }
    cpu.cycles = cpu.cycles.wrapping_sub(u64::from(op.imm));
    Flow::from(op.d)
}

macro_rules! by_condition {
    ($function:ident, $condition:expr) => {
        match $condition {
            0 => $function::<0>,
            1 => $function::<1>,
            2 => $function::<2>,
            3 => $function::<3>,
            4 => $function::<4>,
            5 => $function::<5>,
            6 => $function::<6>,
            7 => $function::<7>,
            8 => $function::<8>,
            9 => $function::<9>,
            10 => $function::<10>,
            11 => $function::<11>,
            12 => $function::<12>,
            13 => $function::<13>,
            _ => $function::<14>,
        }
    };
}

pub fn branch_if_handler(condition: u8) -> Handler {
    by_condition!(branch_if, condition)
}

pub fn unless_handler(condition: u8) -> Handler {
    by_condition!(unless, condition)
}

/// `imm` is the return address.
pub fn branch_link(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.r[14] = op.imm;
    TAKEN
}

pub fn branch_indirect(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.jump(cpu.reg(op.m))
}

/// BLX never returns from exceptions.
pub fn branch_link_indirect(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let target = cpu.reg(op.m);
    cpu.r[14] = op.imm;
    cpu.pc = target & !1;
    if target & 1 == 0 {
        cpu.thumb = false;
        cpu.attend();
    }
    JUMP
}

pub fn branch_if_zero(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    if cpu.reg(op.n) == 0 { TAKEN } else { FALL }
}

pub fn branch_unless_zero(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    if cpu.reg(op.n) != 0 { TAKEN } else { FALL }
}

/// `imm` is PC as it reads here.
pub fn table_branch<const WIDTH: u32>(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op) -> Flow {
    let index = cpu.reg(op.m);
    let base = if op.n == 15 { op.imm } else { cpu.reg(op.n) };
    let address = base.wrapping_add(if WIDTH == 2 { index << 1 } else { index });
    let mut flow = NEXT;
    let Some(entry) = cpu.read(periphery, op, address, Access::of(WIDTH), &mut flow) else { return refused(cpu) };
    cpu.pc = op.imm.wrapping_add(entry << 1);
    JUMP
}

/// Makes PC readable as a register: `imm` is its value.
pub fn set_pc(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.r[15] = op.imm;
    NEXT
}

/// Keeps the stack watermark, and looks at the limit.
pub fn note_sp(cpu: &mut Cpu, _: &mut dyn Periphery, _: &Op) -> Flow {
    cpu.note_sp();
    if cpu.halt.is_some() { HALT } else { NEXT }
}

/// A usage fault with the bits `imm`.
pub fn usage_fault(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.fault = Fault::Usage(op.imm);
    FAULT
}

pub const UNDEFINED: u32 = usage::UNDEFINED;
pub const NO_COPROCESSOR: u32 = usage::NO_COPROCESSOR;
