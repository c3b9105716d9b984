//! Operations that the host's arithmetic gets right: rounding to nearest, operands zero or normal, result well inside
//! the normal range, inexactness found exactly. `None` sends the caller the exact way.

use super::fpscr;

#[inline]
fn nearest(fpscr: u32) -> bool {
    fpscr & fpscr::RMODE == 0
}

#[inline]
fn inexact_already(fpscr: u32) -> bool {
    fpscr & fpscr::INEXACT != 0
}

#[inline]
fn note_inexact(inexact: bool, fpscr: &mut u32) {
    *fpscr |= if inexact { fpscr::INEXACT } else { 0 };
}

/// What a format offers; the default is nothing.
pub trait Fast: Sized {
    #[inline]
    fn fast_add(_a: Self, _b: Self, _fpscr: &mut u32) -> Option<Self> {
        None
    }

    #[inline]
    fn fast_mul(_a: Self, _b: Self, _fpscr: &mut u32) -> Option<Self> {
        None
    }

    #[inline]
    fn fast_div(_a: Self, _b: Self, _fpscr: &mut u32) -> Option<Self> {
        None
    }

    #[inline]
    fn fast_sqrt(_a: Self, _fpscr: &mut u32) -> Option<Self> {
        None
    }

    #[inline]
    fn fast_fma(_d: Self, _n: Self, _m: Self, _fpscr: &mut u32) -> Option<Self> {
        None
    }
}

impl Fast for u16 {}

/// Zero or a normal number.
#[inline]
fn plain32(a: u32) -> bool {
    let exponent = a >> 23 & 0xff;
    exponent.wrapping_sub(1) < 0xfe || a << 1 == 0
}

/// Finite and so far above the smallest normal number that it cannot have been tiny before rounding.
#[inline]
fn safe32(a: u32) -> bool {
    (a >> 23 & 0xff).wrapping_sub(2) < 0xfd
}

#[inline]
fn wide(a: u32) -> f64 {
    f64::from(f32::from_bits(a))
}

/// Rounds once more, from double to single. Correct for sums, products, quotients and roots of singles, since a double's
/// 53 bits are at least twice 24 and two more.
#[inline]
fn narrow(exact_or_rounded: f64, exact: bool, fpscr: &mut u32) -> Option<u32> {
    let result = exact_or_rounded as f32;
    if !safe32(result.to_bits()) && !(exact && exact_or_rounded == 0.0) {
        return None;
    }
    note_inexact(!exact || f64::from(result) != exact_or_rounded, fpscr);
    Some(result.to_bits())
}

/// Whether `sum`, which is `a + b` rounded, is exact: subtracting the larger operand again loses nothing.
#[inline]
fn sum_is_exact(a: f64, b: f64, sum: f64) -> bool {
    if a.abs() >= b.abs() { sum - a == b } else { sum - b == a }
}

impl Fast for u32 {
    #[inline]
    fn fast_add(a: u32, b: u32, fpscr: &mut u32) -> Option<u32> {
        if !nearest(*fpscr) || !plain32(a) || !plain32(b) {
            return None;
        }
        let (a, b) = (wide(a), wide(b));
        let sum = a + b;
        narrow(sum, sum_is_exact(a, b, sum), fpscr)
    }

    #[inline]
    fn fast_mul(a: u32, b: u32, fpscr: &mut u32) -> Option<u32> {
        if !nearest(*fpscr) || !plain32(a) || !plain32(b) {
            return None;
        }
        narrow(wide(a) * wide(b), true, fpscr)
    }

    #[inline]
    fn fast_div(a: u32, b: u32, fpscr: &mut u32) -> Option<u32> {
        if !nearest(*fpscr) || !plain32(a) || !plain32(b) || b << 1 == 0 {
            return None;
        }
        let (a, b) = (wide(a), wide(b));
        let quotient = a / b;
        // An exact quotient of singles that a single can hold has 24 bits, so that its product with `b` is exact.
        let result = quotient as f32;
        narrow(quotient, f64::from(result) * b == a, fpscr)
    }

    #[inline]
    fn fast_sqrt(a: u32, fpscr: &mut u32) -> Option<u32> {
        if !nearest(*fpscr) || !plain32(a) || a >> 31 != 0 {
            return None;
        }
        let a = wide(a);
        let root = a.sqrt();
        let result = f64::from(root as f32);
        narrow(root, result * result == a, fpscr)
    }

    #[inline]
    fn fast_fma(d: u32, n: u32, m: u32, fpscr: &mut u32) -> Option<u32> {
        if !nearest(*fpscr) || !plain32(d) || !plain32(n) || !plain32(m) {
            return None;
        }
        let (d, product) = (wide(d), wide(n) * wide(m));
        let sum = d + product;
        let (large, small) = if d.abs() >= product.abs() { (d, product) } else { (product, d) };
        let error = small - (sum - large);
        if error == 0.0 {
            return narrow(sum, true, fpscr);
        }
        // Rounding to odd keeps the second rounding from undoing the first.
        let odd = if sum.to_bits() & 1 != 0 {
            sum
        } else if (error > 0.0) == (sum > 0.0) {
            f64::from_bits(sum.to_bits() + 1)
        } else {
            f64::from_bits(sum.to_bits() - 1)
        };
        narrow(odd, false, fpscr)
    }
}

/// Zero or a normal number.
#[inline]
fn plain64(a: u64) -> bool {
    let exponent = a >> 52 & 0x7ff;
    exponent.wrapping_sub(1) < 0x7fe || a << 1 == 0
}

/// Finite and so far above the smallest normal number that it cannot have been tiny before rounding.
#[inline]
fn safe64(a: u64) -> bool {
    (a >> 52 & 0x7ff).wrapping_sub(2) < 0x7fd
}

/// A result whose inexactness matters no more.
#[inline]
fn plain_result(result: f64) -> Option<u64> {
    safe64(result.to_bits()).then(|| result.to_bits())
}

/// No wider format holds what a double loses, so these serve only once INEXACT is set.
impl Fast for u64 {
    #[inline]
    fn fast_add(a: u64, b: u64, fpscr: &mut u32) -> Option<u64> {
        if !nearest(*fpscr) || !inexact_already(*fpscr) || !plain64(a) || !plain64(b) {
            return None;
        }
        plain_result(f64::from_bits(a) + f64::from_bits(b))
    }

    #[inline]
    fn fast_mul(a: u64, b: u64, fpscr: &mut u32) -> Option<u64> {
        if !nearest(*fpscr) || !inexact_already(*fpscr) || !plain64(a) || !plain64(b) {
            return None;
        }
        plain_result(f64::from_bits(a) * f64::from_bits(b))
    }

    #[inline]
    fn fast_div(a: u64, b: u64, fpscr: &mut u32) -> Option<u64> {
        if !nearest(*fpscr) || !inexact_already(*fpscr) || !plain64(a) || !plain64(b) {
            return None;
        }
        plain_result(f64::from_bits(a) / f64::from_bits(b))
    }

    #[inline]
    fn fast_sqrt(a: u64, fpscr: &mut u32) -> Option<u64> {
        if !nearest(*fpscr) || !inexact_already(*fpscr) || !plain64(a) || a >> 63 != 0 {
            return None;
        }
        plain_result(f64::from_bits(a).sqrt())
    }

    #[inline]
    fn fast_fma(d: u64, n: u64, m: u64, fpscr: &mut u32) -> Option<u64> {
        let plain = plain64(d) && plain64(n) && plain64(m);
        if !nearest(*fpscr) || !inexact_already(*fpscr) || !plain {
            return None;
        }
        plain_result(f64::from_bits(n).mul_add(f64::from_bits(m), f64::from_bits(d)))
    }
}
