//! Bit fields, extends, reversals, packing and saturation.

use crate::emulator::arith::dsp;
use crate::emulator::core::cpu::Cpu;
use crate::emulator::core::op::{Flow, NEXT, Op};
use crate::emulator::interface::Periphery;

/// Handlers of the form `d = f(m, rotation)`.
macro_rules! extend {
    ($($name:ident)*) => { $(
        pub fn $name(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
            cpu.set_reg(op.d, dsp::$name(cpu.reg(op.m), op.imm * 8));
            NEXT
        }
    )* };
}
extend!(sxtb sxth uxtb uxth sxtb16 uxtb16);

/// Handlers of the form `d = f(n, m, rotation)`.
macro_rules! extend_add {
    ($($name:ident)*) => { $(
        pub fn $name(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
            cpu.set_reg(op.d, dsp::$name(cpu.reg(op.n), cpu.reg(op.m), op.imm * 8));
            NEXT
        }
    )* };
}
extend_add!(sxtab sxtah uxtab uxtah sxtab16 uxtab16);

/// Handlers of the form `d = f(m)`.
macro_rules! unary {
    ($($name:ident)*) => { $(
        pub fn $name(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
            cpu.set_reg(op.d, dsp::$name(cpu.reg(op.m)));
            NEXT
        }
    )* };
}
unary!(rev rev16 revsh rbit clz);

pub fn movt(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, cpu.reg(op.d) & 0xFFFF | op.imm);
    NEXT
}

/// Bit fields: `m` is the lowest bit, `a` the width.
pub fn bfi(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, dsp::bfi(cpu.reg(op.d), cpu.reg(op.n), op.m.into(), op.a.into()));
    NEXT
}

pub fn bfc(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, dsp::bfc(cpu.reg(op.d), op.m.into(), op.a.into()));
    NEXT
}

pub fn ubfx(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, dsp::ubfx(cpu.reg(op.n), op.m.into(), op.a.into()));
    NEXT
}

pub fn sbfx(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, dsp::sbfx(cpu.reg(op.n), op.m.into(), op.a.into()));
    NEXT
}

/// `imm` is the shift of `m` to the left.
pub fn pkhbt(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, dsp::pkhbt(cpu.reg(op.n), cpu.reg(op.m) << (op.imm & 31)));
    NEXT
}

/// `imm` is the arithmetic shift of `m` to the right, 1 to 32.
pub fn pkhtb(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let shifted = (i64::from(cpu.reg(op.m) as i32) >> (op.imm & 63)) as u32;
    cpu.set_reg(op.d, dsp::pkhtb(cpu.reg(op.n), shifted));
    NEXT
}

/// `n` shifted by `imm`, to the right if `m` is not 0.
#[inline(always)]
fn saturated_operand(cpu: &Cpu, op: &Op) -> u32 {
    let value = cpu.reg(op.n);
    if op.m == 0 { value << (op.imm & 31) } else { (i64::from(value as i32) >> (op.imm & 63)) as u32 }
}

#[inline(always)]
fn keep(cpu: &mut Cpu, d: u8, (result, saturated): (u32, bool)) -> Flow {
    cpu.set_reg(d, result);
    cpu.q |= u32::from(saturated);
    NEXT
}

/// Saturation to `a` bits.
pub fn ssat(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let value = saturated_operand(cpu, op);
    keep(cpu, op.d, dsp::ssat(value, op.a.into()))
}

pub fn usat(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let value = saturated_operand(cpu, op);
    keep(cpu, op.d, dsp::usat(value, op.a.into()))
}

pub fn ssat16(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    keep(cpu, op.d, dsp::ssat16(cpu.reg(op.n), op.a.into()))
}

pub fn usat16(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    keep(cpu, op.d, dsp::usat16(cpu.reg(op.n), op.a.into()))
}
