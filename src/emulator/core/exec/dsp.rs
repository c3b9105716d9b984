//! Multiply, divide, and arithmetic on lanes.

use crate::emulator::arith::dsp;
use crate::emulator::core::cpu::Cpu;
use crate::emulator::core::fault::{Fault, usage};
use crate::emulator::core::op::{FAULT, Flow, NEXT, Op};
use crate::emulator::interface::Periphery;

pub fn mul(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, cpu.reg(op.n).wrapping_mul(cpu.reg(op.m)));
    NEXT
}

pub fn muls(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let result = cpu.reg(op.n).wrapping_mul(cpu.reg(op.m));
    cpu.set_reg(op.d, result);
    cpu.n = result;
    cpu.z = result;
    NEXT
}

pub fn mla(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, cpu.reg(op.n).wrapping_mul(cpu.reg(op.m)).wrapping_add(cpu.reg(op.a)));
    NEXT
}

pub fn mls(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, cpu.reg(op.a).wrapping_sub(cpu.reg(op.n).wrapping_mul(cpu.reg(op.m))));
    NEXT
}

#[inline(always)]
fn set_long(cpu: &mut Cpu, op: &Op, value: u64) -> Flow {
    cpu.set_reg(op.a, value as u32);
    cpu.set_reg(op.d, (value >> 32) as u32);
    NEXT
}

#[inline(always)]
fn long(cpu: &Cpu, op: &Op) -> u64 {
    u64::from(cpu.reg(op.d)) << 32 | u64::from(cpu.reg(op.a))
}

#[inline(always)]
fn signed_product(cpu: &Cpu, op: &Op) -> u64 {
    (i64::from(cpu.reg(op.n) as i32) * i64::from(cpu.reg(op.m) as i32)) as u64
}

#[inline(always)]
fn product(cpu: &Cpu, op: &Op) -> u64 {
    u64::from(cpu.reg(op.n)) * u64::from(cpu.reg(op.m))
}

pub fn smull(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    set_long(cpu, op, signed_product(cpu, op))
}

pub fn umull(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    set_long(cpu, op, product(cpu, op))
}

pub fn smlal(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    set_long(cpu, op, long(cpu, op).wrapping_add(signed_product(cpu, op)))
}

pub fn umlal(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    set_long(cpu, op, long(cpu, op).wrapping_add(product(cpu, op)))
}

pub fn umaal(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    set_long(cpu, op, dsp::umaal(cpu.reg(op.n), cpu.reg(op.m), cpu.reg(op.d), cpu.reg(op.a)))
}

pub fn smlal_half<const N: bool, const M: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    set_long(cpu, op, dsp::smlal_half(cpu.reg(op.n), cpu.reg(op.m), long(cpu, op), N, M))
}

pub fn smlald<const X: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    set_long(cpu, op, dsp::smlald(cpu.reg(op.n), cpu.reg(op.m), long(cpu, op), X))
}

pub fn smlsld<const X: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    set_long(cpu, op, dsp::smlsld(cpu.reg(op.n), cpu.reg(op.m), long(cpu, op), X))
}

#[inline(always)]
fn keep(cpu: &mut Cpu, op: &Op, (result, saturated): (u32, bool)) -> Flow {
    cpu.set_reg(op.d, result);
    cpu.q |= u32::from(saturated);
    NEXT
}

pub fn smla<const N: bool, const M: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    keep(cpu, op, dsp::smla(cpu.reg(op.n), cpu.reg(op.m), cpu.reg(op.a), N, M))
}

pub fn smul<const N: bool, const M: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, dsp::smul(cpu.reg(op.n), cpu.reg(op.m), N, M));
    NEXT
}

pub fn smlaw<const M: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    keep(cpu, op, dsp::smlaw(cpu.reg(op.n), cpu.reg(op.m), cpu.reg(op.a), M))
}

pub fn smulw<const M: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, dsp::smulw(cpu.reg(op.n), cpu.reg(op.m), M));
    NEXT
}

pub fn smlad<const X: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    keep(cpu, op, dsp::smlad(cpu.reg(op.n), cpu.reg(op.m), cpu.reg(op.a), X))
}

pub fn smlsd<const X: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    keep(cpu, op, dsp::smlsd(cpu.reg(op.n), cpu.reg(op.m), cpu.reg(op.a), X))
}

pub fn smuad<const X: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    keep(cpu, op, dsp::smuad(cpu.reg(op.n), cpu.reg(op.m), X))
}

pub fn smusd<const X: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, dsp::smusd(cpu.reg(op.n), cpu.reg(op.m), X));
    NEXT
}

pub fn smmul<const ROUND: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, dsp::smmul(cpu.reg(op.n), cpu.reg(op.m), ROUND));
    NEXT
}

pub fn smmla<const ROUND: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, dsp::smmla(cpu.reg(op.n), cpu.reg(op.m), cpu.reg(op.a), ROUND));
    NEXT
}

pub fn smmls<const ROUND: bool>(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, dsp::smmls(cpu.reg(op.n), cpu.reg(op.m), cpu.reg(op.a), ROUND));
    NEXT
}

pub fn usad8(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, dsp::usad8(cpu.reg(op.n), cpu.reg(op.m)));
    NEXT
}

pub fn usada8(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, dsp::usada8(cpu.reg(op.n), cpu.reg(op.m), cpu.reg(op.a)));
    NEXT
}

pub fn sel(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.set_reg(op.d, dsp::sel(cpu.reg(op.n), cpu.reg(op.m), cpu.ge));
    NEXT
}

/// Lane arithmetic that sets GE.
macro_rules! with_ge {
    ($($name:ident)*) => { $(
        pub fn $name(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
            let (result, ge) = dsp::$name(cpu.reg(op.n), cpu.reg(op.m));
            cpu.set_reg(op.d, result);
            cpu.ge = ge;
            NEXT
        }
    )* };
}
with_ge!(sadd8 sadd16 sasx ssub8 ssub16 ssax uadd8 uadd16 uasx usub8 usub16 usax);

/// Lane arithmetic that sets no flag.
macro_rules! without_ge {
    ($($name:ident)*) => { $(
        pub fn $name(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
            cpu.set_reg(op.d, dsp::$name(cpu.reg(op.n), cpu.reg(op.m)));
            NEXT
        }
    )* };
}
without_ge!(qadd8 qadd16 qasx qsub8 qsub16 qsax uqadd8 uqadd16 uqasx uqsub8 uqsub16 uqsax);
without_ge!(shadd8 shadd16 shasx shsub8 shsub16 shsax uhadd8 uhadd16 uhasx uhsub8 uhsub16 uhsax);

/// Saturating arithmetic on words.
macro_rules! saturating {
    ($($name:ident)*) => { $(
        pub fn $name(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
            keep(cpu, op, dsp::$name(cpu.reg(op.m), cpu.reg(op.n)))
        }
    )* };
}
saturating!(qadd qsub qdadd qdsub);

/// Whether a division by 0 traps; otherwise it gives 0.
#[inline(always)]
fn traps(cpu: &mut Cpu, divisor: u32) -> bool {
    if divisor != 0 || !cpu.ppb.traps_division() {
        return false;
    }
    cpu.fault = Fault::Usage(usage::DIVIDE_BY_ZERO);
    true
}

pub fn sdiv(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let (n, m) = (cpu.reg(op.n), cpu.reg(op.m));
    if traps(cpu, m) {
        return FAULT;
    }
    let result = dsp::sdiv(n, m);
    cpu.cycles += u64::from(cpu.cost.divide((n as i32).unsigned_abs(), (m as i32).unsigned_abs()));
    cpu.set_reg(op.d, result);
    NEXT
}

pub fn udiv(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let (n, m) = (cpu.reg(op.n), cpu.reg(op.m));
    if traps(cpu, m) {
        return FAULT;
    }
    let result = dsp::udiv(n, m);
    cpu.cycles += u64::from(cpu.cost.divide(n, m));
    cpu.set_reg(op.d, result);
    NEXT
}
