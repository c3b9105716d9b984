//! Floating point of FPv4-SP and FPv5, to the bit and to the flag (DDI 0403E, A2.5 and the pseudocode of A2.5.7).
//!
//! Values are register contents: `u32` is single precision, `u64` double, `u16` half. Each function takes FPSCR,
//! reads its modes (AHP, DN, FZ, RMode) and adds to its cumulative flags. Tininess is detected before rounding.
//! Nothing depends on the host's rounding mode. [`fast`] takes what the host's arithmetic gets right with all its
//! flags known; everything else goes the exact way over integers ([`unpacked`]).

mod arithmetic;
mod compare;
mod convert;
mod fast;
mod integral;
mod unpacked;

pub use arithmetic::{abs, add, div, fma, fms, fnma, fnms, mla, mls, mul, neg, nmla, nmls, nmul, sqrt, sub};
pub use compare::{compare, max_number, min_number};
pub use convert::{Fixed, convert, from_fixed, to_fixed};
pub use integral::round_to_integral;
pub use unpacked::Float;

/// Bits of FPSCR.
pub mod fpscr {
    pub const N: u32 = 1 << 31;
    pub const Z: u32 = 1 << 30;
    pub const C: u32 = 1 << 29;
    pub const V: u32 = 1 << 28;
    pub const NZCV: u32 = N | Z | C | V;
    /// Alternative half precision.
    pub const AHP: u32 = 1 << 26;
    /// Default NaN.
    pub const DN: u32 = 1 << 25;
    /// Flush to zero.
    pub const FZ: u32 = 1 << 24;
    pub const RMODE: u32 = 3 << 22;
    pub const RMODE_SHIFT: u32 = 22;
    pub const INPUT_DENORMAL: u32 = 1 << 7;
    pub const INEXACT: u32 = 1 << 4;
    pub const UNDERFLOW: u32 = 1 << 3;
    pub const OVERFLOW: u32 = 1 << 2;
    pub const DIVISION_BY_ZERO: u32 = 1 << 1;
    pub const INVALID: u32 = 1 << 0;
    /// All cumulative flags.
    pub const FLAGS: u32 = INPUT_DENORMAL | INEXACT | UNDERFLOW | OVERFLOW | DIVISION_BY_ZERO | INVALID;
    /// Bits that VMSR can write.
    pub const WRITABLE: u32 = NZCV | AHP | DN | FZ | RMODE | FLAGS;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rounding {
    /// To nearest, ties to even.
    Nearest,
    PlusInfinity,
    MinusInfinity,
    Zero,
    /// To nearest, ties away from zero.
    Away,
}

impl Rounding {
    /// The mode that FPSCR.RMode names.
    #[inline]
    pub fn of(fpscr: u32) -> Self {
        [Self::Nearest, Self::PlusInfinity, Self::MinusInfinity, Self::Zero][(fpscr >> fpscr::RMODE_SHIFT & 3) as usize]
    }

    /// The mode of the field `RM` of VRINT{A,N,P,M} and VCVT{A,N,P,M}.
    #[inline]
    pub fn of_field(rm: u32) -> Self {
        [Self::Away, Self::Nearest, Self::PlusInfinity, Self::MinusInfinity][(rm & 3) as usize]
    }
}

/// The constant of a VMOV immediate (`VFPExpandImm`).
#[inline]
pub fn expand_immediate<F: Float>(imm8: u8) -> F {
    let imm8 = u64::from(imm8);
    let (sign, high, low) = (imm8 >> 7, imm8 >> 6 & 1, imm8 & 0x3f);
    let replicated = if high == 1 { (1 << (F::EXPONENT_BITS - 3)) - 1 } else { 0 };
    let exponent = (high ^ 1) << (F::EXPONENT_BITS - 1) | replicated << 2 | low >> 4;
    F::from_bits(sign << (F::BITS - 1) | exponent << F::FRACTION_BITS | (low & 0xf) << (F::FRACTION_BITS - 4))
}
