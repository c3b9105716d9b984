//! Floating-point instructions and the functions that do them.

use super::table::{Case, Operation, operation};
use hil::emulator::arith::fpu::{self, Fixed, Float, Rounding};

/// Operands of a format in a case: the accumulator, `n`, `m`.
trait Operand: Float + 'static {
    const SUFFIX: &str;
    /// Registers of the three operands.
    const REGISTERS: [&str; 3];

    fn get(case: &Case, i: usize) -> Self;
    fn put(case: &mut Case, value: Self);
}

impl Operand for u32 {
    const SUFFIX: &str = "f32";
    const REGISTERS: [&str; 3] = ["s0", "s2", "s4"];

    fn get(case: &Case, i: usize) -> u32 {
        case.words[2 * i]
    }

    fn put(case: &mut Case, value: u32) {
        case.words[0] = value;
    }
}

impl Operand for u64 {
    const SUFFIX: &str = "f64";
    const REGISTERS: [&str; 3] = ["d0", "d1", "d2"];

    fn get(case: &Case, i: usize) -> u64 {
        case.double(i)
    }

    fn put(case: &mut Case, value: u64) {
        case.set_double(0, value);
    }
}

fn one<F: Operand>(name: &str, run: impl Fn(F, &mut u32) -> F + 'static) -> Operation {
    let [d, n, _] = F::REGISTERS;
    operation(format!("{name}.{} {d}, {n}", F::SUFFIX), move |case| {
        let value = run(F::get(case, 1), &mut case.flags);
        F::put(case, value);
    })
}

fn two<F: Operand>(name: &str, run: impl Fn(F, F, &mut u32) -> F + 'static) -> Operation {
    let [d, n, m] = F::REGISTERS;
    operation(format!("{name}.{} {d}, {n}, {m}", F::SUFFIX), move |case| {
        let value = run(F::get(case, 1), F::get(case, 2), &mut case.flags);
        F::put(case, value);
    })
}

fn three<F: Operand>(name: &str, run: impl Fn(F, F, F, &mut u32) -> F + 'static) -> Operation {
    let [d, n, m] = F::REGISTERS;
    operation(format!("{name}.{} {d}, {n}, {m}", F::SUFFIX), move |case| {
        let value = run(F::get(case, 0), F::get(case, 1), F::get(case, 2), &mut case.flags);
        F::put(case, value);
    })
}

fn arithmetic<F: Operand>() -> Vec<Operation> {
    let [d, n, _] = F::REGISTERS;
    let mut all = vec![
        two::<F>("vadd", fpu::add),
        two::<F>("vsub", fpu::sub),
        two::<F>("vmul", fpu::mul),
        two::<F>("vnmul", fpu::nmul),
        two::<F>("vdiv", fpu::div),
        one::<F>("vsqrt", fpu::sqrt),
        one::<F>("vneg", |a, _| fpu::neg(a)),
        one::<F>("vabs", |a, _| fpu::abs(a)),
        three::<F>("vfma", fpu::fma),
        three::<F>("vfms", fpu::fms),
        three::<F>("vfnma", fpu::fnma),
        three::<F>("vfnms", fpu::fnms),
        three::<F>("vmla", fpu::mla),
        three::<F>("vmls", fpu::mls),
        three::<F>("vnmla", fpu::nmla),
        three::<F>("vnmls", fpu::nmls),
    ];
    for (name, signal_all) in [("vcmp", false), ("vcmpe", true)] {
        all.push(operation(format!("{name}.{} {d}, {n}", F::SUFFIX), move |case| {
            fpu::compare(F::get(case, 0), F::get(case, 1), signal_all, &mut case.flags);
        }));
        all.push(operation(format!("{name}.{} {d}, #0", F::SUFFIX), move |case| {
            fpu::compare(F::get(case, 0), F::from_bits(0), signal_all, &mut case.flags);
        }));
    }
    for imm8 in 0..=255u8 {
        let magnitude = f64::from(16 + (imm8 & 15)) / 16.0 * 2f64.powi(i32::from((imm8 >> 4 & 7) ^ 4) - 3);
        let value = if imm8 & 0x80 != 0 { -magnitude } else { magnitude };
        all.push(operation(format!("vmov.{} {d}, #{value}", F::SUFFIX), move |case| {
            F::put(case, fpu::expand_immediate(imm8));
        }));
    }
    all
}

fn conversions<F: Operand>() -> Vec<Operation> {
    let [d, n, _] = F::REGISTERS;
    let mut all = Vec::new();
    for (letter, to) in [("s32", Fixed::I32), ("u32", Fixed::U32)] {
        for (name, zero) in [("vcvt", true), ("vcvtr", false)] {
            all.push(operation(format!("{name}.{letter}.{} s0, {n}", F::SUFFIX), move |case| {
                let rounding = if zero { Rounding::Zero } else { Rounding::of(case.flags) };
                case.words[0] = fpu::to_fixed(F::get(case, 1), to, rounding, &mut case.flags) as u32;
            }));
        }
        all.push(operation(format!("vcvt.{}.{letter} {d}, s2", F::SUFFIX), move |case| {
            let value = fpu::from_fixed(case.words[2], to, Rounding::of(case.flags), &mut case.flags);
            F::put(case, value);
        }));
    }
    for (letter, bits, signed) in [("s16", 16, true), ("u16", 16, false), ("s32", 32, true), ("u32", 32, false)] {
        for fraction_bits in (1..=bits).filter(|f| [1, 2, 7, 8, 12, 15, 16, 17, 31, 32].contains(f)) {
            let format = Fixed { bits, signed, fraction_bits };
            all.push(operation(format!("vcvt.{letter}.{} {d}, {d}, #{fraction_bits}", F::SUFFIX), move |case| {
                let value = fpu::to_fixed(F::get(case, 0), format, Rounding::Zero, &mut case.flags);
                F::put(case, F::from_bits(value));
            }));
            all.push(operation(format!("vcvt.{}.{letter} {d}, {d}, #{fraction_bits}", F::SUFFIX), move |case| {
                let value = fpu::from_fixed(case.words[0], format, Rounding::Nearest, &mut case.flags);
                F::put(case, value);
            }));
        }
    }
    for (letter, top) in [("b", false), ("t", true)] {
        let shift = if top { 16 } else { 0 };
        all.push(operation(format!("vcvt{letter}.{}.f16 {d}, s2", F::SUFFIX), move |case| {
            let value = fpu::convert::<u16, F>((case.words[2] >> shift) as u16, &mut case.flags);
            F::put(case, value);
        }));
        all.push(operation(format!("vcvt{letter}.f16.{} s0, {n}", F::SUFFIX), move |case| {
            let value = u32::from(fpu::convert::<F, u16>(F::get(case, 1), &mut case.flags));
            case.words[0] = case.words[0] & !(0xffff << shift) | value << shift;
        }));
    }
    all
}

fn version_5<F: Operand>() -> Vec<Operation> {
    let [_, n, _] = F::REGISTERS;
    let mut all = vec![
        two::<F>("vmaxnm", fpu::max_number),
        two::<F>("vminnm", fpu::min_number),
        one::<F>("vrintz", |a, f| fpu::round_to_integral(a, Rounding::Zero, false, f)),
        one::<F>("vrintr", |a, f| fpu::round_to_integral(a, Rounding::of(*f), false, f)),
        one::<F>("vrintx", |a, f| fpu::round_to_integral(a, Rounding::of(*f), true, f)),
    ];
    for (rm, letter) in ["a", "n", "p", "m"].into_iter().enumerate() {
        let rounding = Rounding::of_field(rm as u32);
        all.push(one::<F>(&format!("vrint{letter}"), move |a, f| fpu::round_to_integral(a, rounding, false, f)));
        for (integer, to) in [("s32", Fixed::I32), ("u32", Fixed::U32)] {
            all.push(operation(format!("vcvt{letter}.{integer}.{} s0, {n}", F::SUFFIX), move |case| {
                case.words[0] = fpu::to_fixed(F::get(case, 1), to, rounding, &mut case.flags) as u32;
            }));
        }
    }
    all
}

pub fn single() -> Vec<Operation> {
    arithmetic::<u32>().into_iter().chain(conversions::<u32>()).collect()
}

pub fn single_version_5() -> Vec<Operation> {
    version_5::<u32>()
}

pub fn double() -> Vec<Operation> {
    let mut all: Vec<_> =
        arithmetic::<u64>().into_iter().chain(conversions::<u64>()).chain(version_5::<u64>()).collect();
    all.push(operation("vcvt.f64.f32 d0, s2", |case| {
        let value = fpu::convert(case.words[2], &mut case.flags);
        case.set_double(0, value);
    }));
    all.push(operation("vcvt.f32.f64 s0, d1", |case| {
        case.words[0] = fpu::convert(case.double(1), &mut case.flags);
    }));
    all
}
