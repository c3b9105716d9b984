//! Data processing with one destination and up to two operands.

use crate::emulator::core::cpu::Cpu;
use crate::emulator::core::op::{Flow, Handler, JUMP, NEXT, Op};
use crate::emulator::interface::Periphery;
use crate::emulator::isa::{Alu, Shift};

const AND: u8 = Alu::And as u8;
const BIC: u8 = Alu::Bic as u8;
const ORR: u8 = Alu::Orr as u8;
const ORN: u8 = Alu::Orn as u8;
const EOR: u8 = Alu::Eor as u8;
const ADD: u8 = Alu::Add as u8;
const ADC: u8 = Alu::Adc as u8;
const SUB: u8 = Alu::Sub as u8;
const SBC: u8 = Alu::Sbc as u8;
const RSB: u8 = Alu::Rsb as u8;
const MOV: u8 = Alu::Mov as u8;
const MVN: u8 = Alu::Mvn as u8;
const TST: u8 = Alu::Tst as u8;
const TEQ: u8 = Alu::Teq as u8;
const CMP: u8 = Alu::Cmp as u8;
const CMN: u8 = Alu::Cmn as u8;

/// Second operand: `Op::imm`, with the carry in `Op::a` (2: C is kept).
const IMMEDIATE: u8 = 0;
/// Second operand: register `Op::m` as it is.
const PLAIN: u8 = 1;
/// Second operand: register `Op::m` shifted by `Op::a`, which is not 0.
const LSL: u8 = 2;
const LSR: u8 = 3;
const ASR: u8 = 4;
const ROR: u8 = 5;
const RRX: u8 = 6;

/// Value and carry-out of the second operand.
#[inline(always)]
fn operand<const BY: u8>(cpu: &Cpu, op: &Op) -> (u32, u32) {
    let m = cpu.reg(op.m);
    let amount = u32::from(op.a);
    match BY {
        IMMEDIATE => (op.imm, if op.a == 2 { cpu.c } else { amount }),
        PLAIN => (m, cpu.c),
        LSL => (m << (amount & 31), m >> (32 - amount & 31) & 1),
        LSR => {
            let wide = u64::from(m) >> (amount - 1 & 63);
            ((wide >> 1) as u32, wide as u32 & 1)
        }
        ASR => {
            let wide = i64::from(m as i32) >> (amount - 1 & 63);
            ((wide >> 1) as u32, wide as u32 & 1)
        }
        ROR => {
            let result = m.rotate_right(amount);
            (result, result >> 31)
        }
        _ => (cpu.c << 31 | m >> 1, m & 1),
    }
}

#[inline(always)]
fn compute<const OP: u8, const SET: bool, const BY: u8>(cpu: &mut Cpu, op: &Op) -> u32 {
    let (b, shifted_out) = operand::<BY>(cpu, op);
    let a = cpu.reg(op.n);
    let (x, y, carry_in) = match OP {
        ADD | CMN => (a, b, 0),
        ADC => (a, b, cpu.c),
        SUB | CMP => (a, !b, 1),
        SBC => (a, !b, cpu.c),
        RSB => (!a, b, 1),
        _ => {
            let result = match OP {
                AND | TST => a & b,
                BIC => a & !b,
                ORR => a | b,
                ORN => a | !b,
                EOR | TEQ => a ^ b,
                MVN => !b,
                _ => b,
            };
            if SET {
                cpu.n = result;
                cpu.z = result;
                cpu.c = shifted_out;
            }
            return result;
        }
    };
    let result = x.wrapping_add(y).wrapping_add(carry_in);
    if SET {
        cpu.n = result;
        cpu.z = result;
        cpu.v = (x ^ result) & (y ^ result);
        cpu.c = (u64::from(x) + u64::from(y) + u64::from(carry_in) >> 32) as u32;
    }
    result
}

fn alu<const OP: u8, const SET: bool, const BY: u8>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let result = compute::<OP, SET, BY>(cpu, op);
    if !matches!(OP, TST | TEQ | CMP | CMN) {
        cpu.set_reg(op.d, result);
    }
    NEXT
}

/// `MOV PC, …` and `ADD PC, …`: branch without interworking.
fn alu_to_pc<const OP: u8, const SET: bool, const BY: u8>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.pc = compute::<OP, SET, BY>(cpu, op) & !1;
    JUMP
}

macro_rules! by_operand {
    ($function:ident, $op:expr, $set:expr, $by:expr) => {
        match $by {
            IMMEDIATE => $function::<$op, $set, IMMEDIATE>,
            PLAIN => $function::<$op, $set, PLAIN>,
            LSL => $function::<$op, $set, LSL>,
            LSR => $function::<$op, $set, LSR>,
            ASR => $function::<$op, $set, ASR>,
            ROR => $function::<$op, $set, ROR>,
            _ => $function::<$op, $set, RRX>,
        }
    };
}

macro_rules! by_set {
    ($op:expr, $set:expr, $by:expr) => {
        if $set { by_operand!(alu, $op, true, $by) } else { by_operand!(alu, $op, false, $by) }
    };
}

/// The handler of a data-processing operation whose second operand is `shift` (none: an immediate) by `amount`.
pub fn alu_handler(op: Alu, set: bool, shift: Option<(Shift, u8)>, to_pc: bool) -> Handler {
    let by = match shift {
        None => IMMEDIATE,
        Some((Shift::Lsl, 0)) => PLAIN,
        Some((Shift::Lsl, _)) => LSL,
        Some((Shift::Lsr, _)) => LSR,
        Some((Shift::Asr, _)) => ASR,
        Some((Shift::Ror, _)) => ROR,
        Some((Shift::Rrx, _)) => RRX,
    };
    match (to_pc, op) {
        (true, Alu::Add) => return by_operand!(alu_to_pc, ADD, false, by),
        (true, _) => return by_operand!(alu_to_pc, MOV, false, by),
        _ => {}
    }
    match op {
        Alu::And => by_set!(AND, set, by),
        Alu::Bic => by_set!(BIC, set, by),
        Alu::Orr => by_set!(ORR, set, by),
        Alu::Orn => by_set!(ORN, set, by),
        Alu::Eor => by_set!(EOR, set, by),
        Alu::Add => by_set!(ADD, set, by),
        Alu::Adc => by_set!(ADC, set, by),
        Alu::Sub => by_set!(SUB, set, by),
        Alu::Sbc => by_set!(SBC, set, by),
        Alu::Rsb => by_set!(RSB, set, by),
        Alu::Mov => by_set!(MOV, set, by),
        Alu::Mvn => by_set!(MVN, set, by),
        Alu::Tst => by_set!(TST, true, by),
        Alu::Teq => by_set!(TEQ, true, by),
        Alu::Cmp => by_set!(CMP, true, by),
        Alu::Cmn => by_set!(CMN, true, by),
    }
}

/// Shift of `n` by the lowest byte of `m`.
fn shift_by<const SHIFT: u8, const SET: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let value = cpu.reg(op.n);
    let amount = cpu.reg(op.m) & 0xFF;
    // With 33 bits in 64 every amount gives its carry; beyond 33 nothing changes any more.
    let some = amount.min(33);
    let (result, carry) = if amount == 0 {
        (value, cpu.c)
    } else {
        match SHIFT {
            LSL => {
                let wide = u64::from(value) << some;
                (wide as u32, (wide >> 32) as u32 & 1)
            }
            LSR => {
                let wide = u64::from(value) << 1 >> some;
                ((wide >> 1) as u32, wide as u32 & 1)
            }
            ASR => {
                let wide = i64::from(value as i32) << 1 >> some;
                ((wide >> 1) as u32, wide as u32 & 1)
            }
            _ => {
                let result = value.rotate_right(amount);
                (result, result >> 31)
            }
        }
    };
    cpu.set_reg(op.d, result);
    if SET {
        cpu.n = result;
        cpu.z = result;
        cpu.c = carry;
    }
    NEXT
}

/// The handler of a shift by register.
pub fn shift_by_handler(shift: Shift, set: bool) -> Handler {
    match (shift, set) {
        (Shift::Lsl, false) => shift_by::<LSL, false>,
        (Shift::Lsl, true) => shift_by::<LSL, true>,
        (Shift::Lsr, false) => shift_by::<LSR, false>,
        (Shift::Lsr, true) => shift_by::<LSR, true>,
        (Shift::Asr, false) => shift_by::<ASR, false>,
        (Shift::Asr, true) => shift_by::<ASR, true>,
        (_, false) => shift_by::<ROR, false>,
        (_, true) => shift_by::<ROR, true>,
    }
}
