//! VCMP, VCMPE, VMAXNM, VMINNM.

use super::fpscr;
use super::unpacked::{Class, Float, Unpacked, process_nans, unpack};
use std::cmp::Ordering;

/// VCMP, or VCMPE where `signal_all`: sets N, Z, C, V of FPSCR.
pub fn compare<F: Float>(a: F, b: F, signal_all: bool, fpscr: &mut u32) {
    let (a, b) = (unpack(a, fpscr), unpack(b, fpscr));
    let nzcv = if a.is_nan() || b.is_nan() {
        if signal_all || a.class == Class::Signalling || b.class == Class::Signalling {
            *fpscr |= fpscr::INVALID;
        }
        fpscr::C | fpscr::V
    } else {
        match order(&a, &b) {
            Ordering::Less => fpscr::N,
            Ordering::Equal => fpscr::Z | fpscr::C,
            Ordering::Greater => fpscr::C,
        }
    };
    *fpscr = *fpscr & !fpscr::NZCV | nzcv;
}

/// Order of two values that are no NaNs; zeros are equal.
fn order(a: &Unpacked, b: &Unpacked) -> Ordering {
    let key = |value: &Unpacked| match value.class {
        Class::Zero => (0, 0, 0),
        Class::Infinity => (1, i32::MAX, 0),
        _ => (1, value.exponent, value.significand),
    };
    let sign = |value: &Unpacked| !value.is_zero() && value.sign;
    match (sign(a), sign(b)) {
        (false, false) => key(a).cmp(&key(b)),
        (true, true) => key(b).cmp(&key(a)),
        (true, false) => Ordering::Less,
        (false, true) => Ordering::Greater,
    }
}

/// VMAXNM: a quiet NaN counts as missing.
pub fn max_number<F: Float>(n: F, m: F, fpscr: &mut u32) -> F {
    choose(n, m, true, fpscr)
}

/// VMINNM: a quiet NaN counts as missing.
pub fn min_number<F: Float>(n: F, m: F, fpscr: &mut u32) -> F {
    choose(n, m, false, fpscr)
}

fn choose<F: Float>(n: F, m: F, maximum: bool, fpscr: &mut u32) -> F {
    let (a, b) = (unpack(n, fpscr), unpack(m, fpscr));
    // Flushed operands stay flushed.
    let value = |bits: F, unpacked: &Unpacked| if unpacked.is_zero() { F::zero(unpacked.sign) } else { bits };
    match (a.class, b.class) {
        (Class::Quiet, _) if !b.is_nan() => return value(m, &b),
        (_, Class::Quiet) if !a.is_nan() => return value(n, &a),
        _ => {}
    }
    if let Some(nan) = process_nans([&a, &b], fpscr) {
        return nan;
    }
    let first = match order(&a, &b) {
        // Zeros of unlike signs: the maximum is +0.
        Ordering::Equal => a.sign != maximum,
        order => (order == Ordering::Greater) == maximum,
    };
    if first { value(n, &a) } else { value(m, &b) }
}
