//! VRINT.

use super::unpacked::{Float, process_nans, round, to_integer, unpack};
use super::{Rounding, fpscr};

/// `a` rounded to an integer of its own format; `signal_inexact` is what VRINTX adds.
pub fn round_to_integral<F: Float>(a: F, rounding: Rounding, signal_inexact: bool, fpscr: &mut u32) -> F {
    let value = unpack(a, fpscr);
    if let Some(nan) = process_nans([&value], fpscr) {
        return nan;
    }
    if value.is_infinite() {
        return a;
    }
    if value.is_zero() {
        return F::zero(value.sign);
    }
    if value.exponent >= F::FRACTION_BITS as i32 {
        return a;
    }
    let (integer, inexact) = to_integer(&value, 0, rounding);
    if inexact && signal_inexact {
        *fpscr |= fpscr::INEXACT;
    }
    if integer == 0 {
        return F::zero(value.sign);
    }
    let integer = integer as u64;
    let zeros = integer.leading_zeros();
    // An integer of no more bits than the significand: exact.
    round(value.sign, 63 - zeros as i32, integer << zeros, rounding, fpscr)
}
