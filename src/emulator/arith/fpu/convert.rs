//! VCVT between formats, and to and from integers and fixed-point numbers.

use super::unpacked::{Class, Float, quiet, round, to_integer, unpack};
use super::{Rounding, fpscr};

/// Conversion between formats (VCVT, VCVTB, VCVTT).
pub fn convert<F: Float, T: Float>(a: F, fpscr: &mut u32) -> T {
    let value = unpack(a, fpscr);
    let alternative = T::HALF && *fpscr & fpscr::AHP != 0;
    match value.class {
        // The alternative format has neither NaN nor infinity.
        Class::Quiet | Class::Signalling if alternative => {
            *fpscr |= fpscr::INVALID;
            T::zero(value.sign)
        }
        Class::Quiet | Class::Signalling => quiet(&value, fpscr),
        Class::Infinity if alternative => {
            *fpscr |= fpscr::INVALID;
            T::from_bits(T::sign_bit() - 1).signed(value.sign)
        }
        Class::Infinity => T::infinity(value.sign),
        Class::Zero => T::zero(value.sign),
        Class::Finite => round(value.sign, value.exponent, value.significand, Rounding::of(*fpscr), fpscr),
    }
}

/// An integer of `bits` bits (16 or 32) whose lowest `fraction_bits` are behind the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fixed {
    pub bits: u32,
    pub signed: bool,
    /// 0 for an integer.
    pub fraction_bits: u32,
}

impl Fixed {
    pub const I32: Self = Self { bits: 32, signed: true, fraction_bits: 0 };
    pub const U32: Self = Self { bits: 32, signed: false, fraction_bits: 0 };
}

/// `a` as an integer, extended to 64 bits by its sign if it is signed; too large ones saturate, a NaN gives 0. VCVT and the
/// fixed-point forms round to zero, VCVTR as FPSCR says, VCVT{A,N,P,M} as their field says.
#[inline]
pub fn to_fixed<F: Float>(a: F, to: Fixed, rounding: Rounding, fpscr: &mut u32) -> u64 {
    let value = unpack(a, fpscr);
    if value.is_nan() {
        *fpscr |= fpscr::INVALID;
        return 0;
    }
    let top = 1i128 << (to.bits - u32::from(to.signed));
    let (least, greatest) = (if to.signed { -top } else { 0 }, top - 1);
    let (magnitude, inexact) = match value.class {
        Class::Infinity => (1 << 100, false),
        _ => to_integer(&value, to.fraction_bits as i32, rounding),
    };
    let integer = if value.sign { -(magnitude as i128) } else { magnitude as i128 };
    let clamped = integer.clamp(least, greatest);
    if clamped != integer {
        *fpscr |= fpscr::INVALID;
    } else if inexact {
        *fpscr |= fpscr::INEXACT;
    }
    clamped as u64
}

/// The number that the low bits of `a` stand for. VCVT from an integer rounds as FPSCR says, the fixed-point forms to
/// nearest.
#[inline]
pub fn from_fixed<F: Float>(a: u32, from: Fixed, rounding: Rounding, fpscr: &mut u32) -> F {
    let unused = 32 - from.bits;
    let a = a << unused;
    let integer = if from.signed { i64::from(a as i32 >> unused) } else { i64::from(a >> unused) };
    if integer == 0 {
        return F::zero(false);
    }
    let magnitude = integer.unsigned_abs();
    let zeros = magnitude.leading_zeros();
    let exponent = 63 - zeros as i32 - from.fraction_bits as i32;
    round(integer < 0, exponent, magnitude << zeros, rounding, fpscr)
}
