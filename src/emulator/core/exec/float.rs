//! The FPU. Registers are places in the file of single registers; a double takes two, the lower word first.

use crate::emulator::arith::fpu::{self, Fixed, Float, Rounding};
use crate::emulator::core::cpu::Cpu;
use crate::emulator::core::op::{Flow, NEXT, Op};
use crate::emulator::interface::Periphery;

/// A value that fits a float register.
pub trait Register: Float {
    fn get(cpu: &Cpu, place: u8) -> Self;
    fn set(self, cpu: &mut Cpu, place: u8);
    const ZERO: Self;
}

impl Register for u32 {
    const ZERO: Self = 0;

    #[inline(always)]
    fn get(cpu: &Cpu, place: u8) -> Self {
        cpu.s[usize::from(place & 31)]
    }

    #[inline(always)]
    fn set(self, cpu: &mut Cpu, place: u8) {
        cpu.s[usize::from(place & 31)] = self;
    }
}

impl Register for u64 {
    const ZERO: Self = 0;

    #[inline(always)]
    fn get(cpu: &Cpu, place: u8) -> Self {
        let place = usize::from(place & 30);
        u64::from(cpu.s[place]) | u64::from(cpu.s[place + 1]) << 32
    }

    #[inline(always)]
    fn set(self, cpu: &mut Cpu, place: u8) {
        let place = usize::from(place & 30);
        cpu.s[place] = self as u32;
        cpu.s[place + 1] = (self >> 32) as u32;
    }
}

/// Rounding modes as constants of handlers.
pub const NEAREST: u8 = 0;
pub const UP: u8 = 1;
pub const DOWN: u8 = 2;
pub const ZERO: u8 = 3;
pub const AWAY: u8 = 4;
/// As FPSCR says.
pub const BY_MODE: u8 = 5;

#[inline(always)]
fn rounding<const MODE: u8>(fpscr: u32) -> Rounding {
    match MODE {
        NEAREST => Rounding::Nearest,
        UP => Rounding::PlusInfinity,
        DOWN => Rounding::MinusInfinity,
        ZERO => Rounding::Zero,
        AWAY => Rounding::Away,
        _ => Rounding::of(fpscr),
    }
}

/// `d = f(n, m)`
macro_rules! binary {
    ($($name:ident $function:ident),*) => { $(
        pub fn $name<F: Register>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
            let (n, m) = (F::get(cpu, op.n), F::get(cpu, op.m));
            let result = fpu::$function(n, m, &mut cpu.fpscr);
            result.set(cpu, op.d);
            NEXT
        }
    )* };
}
binary!(vadd add, vsub sub, vmul mul, vdiv div, vnmul nmul, vmaxnm max_number, vminnm min_number);

/// `d = f(d, n, m)`
macro_rules! accumulating {
    ($($name:ident $function:ident),*) => { $(
        pub fn $name<F: Register>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
            let (d, n, m) = (F::get(cpu, op.d), F::get(cpu, op.n), F::get(cpu, op.m));
            let result = fpu::$function(d, n, m, &mut cpu.fpscr);
            result.set(cpu, op.d);
            NEXT
        }
    )* };
}
accumulating!(vmla mla, vmls mls, vnmla nmla, vnmls nmls, vfma fma, vfms fms, vfnma fnma, vfnms fnms);

pub fn vmov_immediate<F: Register>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    fpu::expand_immediate::<F>(op.imm as u8).set(cpu, op.d);
    NEXT
}

pub fn vmov<F: Register>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    F::get(cpu, op.m).set(cpu, op.d);
    NEXT
}

pub fn vabs<F: Register>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    fpu::abs(F::get(cpu, op.m)).set(cpu, op.d);
    NEXT
}

pub fn vneg<F: Register>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    fpu::neg(F::get(cpu, op.m)).set(cpu, op.d);
    NEXT
}

pub fn vsqrt<F: Register>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let m = F::get(cpu, op.m);
    fpu::sqrt(m, &mut cpu.fpscr).set(cpu, op.d);
    NEXT
}

pub fn vcmp<F: Register, const SIGNAL: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let (d, m) = (F::get(cpu, op.d), F::get(cpu, op.m));
    fpu::compare(d, m, SIGNAL, &mut cpu.fpscr);
    NEXT
}

pub fn vcmp_zero<F: Register, const SIGNAL: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let d = F::get(cpu, op.d);
    fpu::compare(d, F::ZERO, SIGNAL, &mut cpu.fpscr);
    NEXT
}

pub fn vrint<F: Register, const MODE: u8>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let m = F::get(cpu, op.m);
    let rounding = rounding::<MODE>(cpu.fpscr);
    fpu::round_to_integral(m, rounding, false, &mut cpu.fpscr).set(cpu, op.d);
    NEXT
}

pub fn vrint_by_mode<F: Register, const INEXACT: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let m = F::get(cpu, op.m);
    let rounding = Rounding::of(cpu.fpscr);
    fpu::round_to_integral(m, rounding, INEXACT, &mut cpu.fpscr).set(cpu, op.d);
    NEXT
}

pub fn vcvt_from_half<F: Register, const TOP: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let half = (u32::get(cpu, op.m) >> if TOP { 16 } else { 0 }) as u16;
    fpu::convert::<u16, F>(half, &mut cpu.fpscr).set(cpu, op.d);
    NEXT
}

pub fn vcvt_to_half<F: Register, const TOP: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let m = F::get(cpu, op.m);
    let half = u32::from(fpu::convert::<F, u16>(m, &mut cpu.fpscr));
    let old = u32::get(cpu, op.d);
    let result = if TOP { old & 0xFFFF | half << 16 } else { old & 0xFFFF_0000 | half };
    result.set(cpu, op.d);
    NEXT
}

pub fn vcvt_to_double(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let m = u32::get(cpu, op.m);
    fpu::convert::<u32, u64>(m, &mut cpu.fpscr).set(cpu, op.d);
    NEXT
}

pub fn vcvt_to_single(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let m = u64::get(cpu, op.m);
    fpu::convert::<u64, u32>(m, &mut cpu.fpscr).set(cpu, op.d);
    NEXT
}

pub fn vcvt_from_int<F: Register, const SIGNED: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let m = u32::get(cpu, op.m);
    let from = if SIGNED { Fixed::I32 } else { Fixed::U32 };
    let rounding = Rounding::of(cpu.fpscr);
    fpu::from_fixed::<F>(m, from, rounding, &mut cpu.fpscr).set(cpu, op.d);
    NEXT
}

pub fn vcvt_to_int<F: Register, const SIGNED: bool, const MODE: u8>(
    cpu: &mut Cpu,
    _: &mut dyn Periphery,
    op: &Op,
) -> Flow {
    let m = F::get(cpu, op.m);
    let to = if SIGNED { Fixed::I32 } else { Fixed::U32 };
    let rounding = rounding::<MODE>(cpu.fpscr);
    let result = fpu::to_fixed(m, to, rounding, &mut cpu.fpscr) as u32;
    result.set(cpu, op.d);
    NEXT
}

/// `imm` is the number of fraction bits; destination and operand are one register.
pub fn vcvt_from_fixed<F: Register, const SIGNED: bool, const BITS: u32>(
    cpu: &mut Cpu,
    _: &mut dyn Periphery,
    op: &Op,
) -> Flow {
    let value = F::get(cpu, op.d).bits() as u32;
    let from = Fixed { bits: BITS, signed: SIGNED, fraction_bits: op.imm };
    fpu::from_fixed::<F>(value, from, Rounding::Nearest, &mut cpu.fpscr).set(cpu, op.d);
    NEXT
}

pub fn vcvt_to_fixed<F: Register, const SIGNED: bool, const BITS: u32>(
    cpu: &mut Cpu,
    _: &mut dyn Periphery,
    op: &Op,
) -> Flow {
    let value = F::get(cpu, op.d);
    let to = Fixed { bits: BITS, signed: SIGNED, fraction_bits: op.imm };
    // Extended to the whole register.
    F::from_bits(fpu::to_fixed(value, to, Rounding::Zero, &mut cpu.fpscr)).set(cpu, op.d);
    NEXT
}

/// `d = n` if the condition holds (0 EQ, 1 VS, 2 GE, 3 GT), else `m`.
pub fn vsel<F: Register, const CONDITION: u8>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let holds = cpu.holds([0, 6, 10, 12][usize::from(CONDITION)]);
    F::get(cpu, if holds { op.n } else { op.m }).set(cpu, op.d);
    NEXT
}

pub fn vmov_to_single(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.reg(op.d).set(cpu, op.n);
    NEXT
}

pub fn vmov_from_single(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, u32::get(cpu, op.n));
    NEXT
}

/// Core registers `d` and `n` into the float registers `m` and `m + 1`.
pub fn vmov_pair_in(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.reg(op.d).set(cpu, op.m);
    cpu.reg(op.n).set(cpu, op.m + 1);
    NEXT
}

pub fn vmov_pair_out(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, u32::get(cpu, op.m));
    cpu.set_reg(op.n, u32::get(cpu, op.m + 1));
    NEXT
}

pub fn vmsr(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.fpscr = cpu.reg(op.d) & fpu::fpscr::WRITABLE;
    NEXT
}

pub fn vmrs(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, cpu.fpscr);
    NEXT
}

pub fn vmrs_flags(cpu: &mut Cpu, _: &mut dyn Periphery, _: &Op) -> Flow {
    cpu.set_nzcv(cpu.fpscr);
    NEXT
}
