//! Addition to square root, and the fused and chained multiply-accumulates.

use super::unpacked::{Class, Float, Unpacked, invalid, process_nans, round, unpack, upper_half_sticky};
use super::{Rounding, fpscr};

/// VNEG: never looks at what the bits mean.
#[inline]
pub fn neg<F: Float>(a: F) -> F {
    F::from_bits(a.bits() ^ F::sign_bit())
}

/// VABS: never looks at what the bits mean.
#[inline]
pub fn abs<F: Float>(a: F) -> F {
    a.signed(false)
}

/// VADD.
#[inline]
pub fn add<F: Float>(a: F, b: F, fpscr: &mut u32) -> F {
    match F::fast_add(a, b, fpscr) {
        Some(sum) => sum,
        None => exact_add(a, b, false, fpscr),
    }
}

/// VSUB.
#[inline]
pub fn sub<F: Float>(a: F, b: F, fpscr: &mut u32) -> F {
    match F::fast_add(a, neg(b), fpscr) {
        Some(difference) => difference,
        None => exact_add(a, b, true, fpscr),
    }
}

/// VMUL.
#[inline]
pub fn mul<F: Float>(a: F, b: F, fpscr: &mut u32) -> F {
    match F::fast_mul(a, b, fpscr) {
        Some(product) => product,
        None => exact_mul(a, b, fpscr),
    }
}

/// VDIV.
#[inline]
pub fn div<F: Float>(a: F, b: F, fpscr: &mut u32) -> F {
    match F::fast_div(a, b, fpscr) {
        Some(quotient) => quotient,
        None => exact_div(a, b, fpscr),
    }
}

/// VSQRT.
#[inline]
pub fn sqrt<F: Float>(a: F, fpscr: &mut u32) -> F {
    match F::fast_sqrt(a, fpscr) {
        Some(root) => root,
        None => exact_sqrt(a, fpscr),
    }
}

/// VFMA: `d + n * m`, rounded once.
#[inline]
pub fn fma<F: Float>(d: F, n: F, m: F, fpscr: &mut u32) -> F {
    match F::fast_fma(d, n, m, fpscr) {
        Some(sum) => sum,
        None => exact_fma(d, n, m, fpscr),
    }
}

/// VFMS: `d - n * m`, rounded once.
#[inline]
pub fn fms<F: Float>(d: F, n: F, m: F, fpscr: &mut u32) -> F {
    fma(d, neg(n), m, fpscr)
}

/// VFNMA: `-d - n * m`, rounded once.
#[inline]
pub fn fnma<F: Float>(d: F, n: F, m: F, fpscr: &mut u32) -> F {
    fma(neg(d), neg(n), m, fpscr)
}

/// VFNMS: `-d + n * m`, rounded once.
#[inline]
pub fn fnms<F: Float>(d: F, n: F, m: F, fpscr: &mut u32) -> F {
    fma(neg(d), n, m, fpscr)
}

/// VMLA: `d + n * m`, rounded twice.
#[inline]
pub fn mla<F: Float>(d: F, n: F, m: F, fpscr: &mut u32) -> F {
    let product = mul(n, m, fpscr);
    add(d, product, fpscr)
}

/// VMLS: `d - n * m`, rounded twice.
#[inline]
pub fn mls<F: Float>(d: F, n: F, m: F, fpscr: &mut u32) -> F {
    let product = neg(mul(n, m, fpscr));
    add(d, product, fpscr)
}

/// VNMLA: `-d - n * m`, rounded twice.
#[inline]
pub fn nmla<F: Float>(d: F, n: F, m: F, fpscr: &mut u32) -> F {
    let product = neg(mul(n, m, fpscr));
    add(neg(d), product, fpscr)
}

/// VNMLS: `-d + n * m`, rounded twice.
#[inline]
pub fn nmls<F: Float>(d: F, n: F, m: F, fpscr: &mut u32) -> F {
    let product = mul(n, m, fpscr);
    add(neg(d), product, fpscr)
}

/// VNMUL.
#[inline]
pub fn nmul<F: Float>(n: F, m: F, fpscr: &mut u32) -> F {
    neg(mul(n, m, fpscr))
}

/// Sum of finite numbers `w * 2^(e - 126)` whose significands have bit 126 set or are zero, rounded once.
fn add_wide<F: Float>(a: (bool, i32, u128), b: (bool, i32, u128), fpscr: &mut u32) -> F {
    let rounding = Rounding::of(*fpscr);
    // A zero has no exponent of its own.
    let swap = a.2 == 0 || b.2 != 0 && b.1 > a.1;
    let (large, small) = if swap { (b, a) } else { (a, b) };
    let distance = (i64::from(large.1) - i64::from(small.1)).clamp(0, 127) as u32;
    let lost = small.2 & ((1 << distance) - 1) != 0;
    let aligned = small.2 >> distance | u128::from(lost);
    let (sign, sum) = if large.0 == small.0 {
        (large.0, large.2 + aligned)
    } else if large.2 >= aligned {
        (large.0, large.2 - aligned)
    } else {
        (small.0, aligned - large.2)
    };
    if sum == 0 {
        let sign = if a.0 == b.0 { a.0 } else { rounding == Rounding::MinusInfinity };
        return F::zero(sign);
    }
    let zeros = sum.leading_zeros();
    round(sign, large.1 + 1 - zeros as i32, upper_half_sticky(sum << zeros), rounding, fpscr)
}

fn widen(value: &Unpacked) -> (bool, i32, u128) {
    (value.sign, value.exponent, u128::from(value.significand) << 63)
}

fn exact_add<F: Float>(a: F, b: F, negate: bool, fpscr: &mut u32) -> F {
    let (a, b) = (unpack(a, fpscr), unpack(b, fpscr));
    if let Some(nan) = process_nans([&a, &b], fpscr) {
        return nan;
    }
    let b = if negate { b.negated() } else { b };
    match (a.is_infinite(), b.is_infinite()) {
        (true, true) if a.sign != b.sign => invalid(fpscr),
        (true, _) => F::infinity(a.sign),
        (_, true) => F::infinity(b.sign),
        _ => add_wide(widen(&a), widen(&b), fpscr),
    }
}

fn exact_mul<F: Float>(a: F, b: F, fpscr: &mut u32) -> F {
    let (a, b) = (unpack(a, fpscr), unpack(b, fpscr));
    if let Some(nan) = process_nans([&a, &b], fpscr) {
        return nan;
    }
    let sign = a.sign != b.sign;
    if a.is_infinite() || b.is_infinite() {
        return if a.is_zero() || b.is_zero() { invalid(fpscr) } else { F::infinity(sign) };
    }
    if a.is_zero() || b.is_zero() {
        return F::zero(sign);
    }
    let product = u128::from(a.significand) * u128::from(b.significand);
    let zeros = product.leading_zeros();
    let exponent = a.exponent + b.exponent + 1 - zeros as i32;
    round(sign, exponent, upper_half_sticky(product << zeros), Rounding::of(*fpscr), fpscr)
}

fn exact_div<F: Float>(a: F, b: F, fpscr: &mut u32) -> F {
    let (a, b) = (unpack(a, fpscr), unpack(b, fpscr));
    if let Some(nan) = process_nans([&a, &b], fpscr) {
        return nan;
    }
    let sign = a.sign != b.sign;
    match (a.class, b.class) {
        (Class::Infinity, Class::Infinity) | (Class::Zero, Class::Zero) => invalid(fpscr),
        (Class::Infinity, _) => F::infinity(sign),
        (Class::Zero, _) | (_, Class::Infinity) => F::zero(sign),
        (_, Class::Zero) => {
            *fpscr |= fpscr::DIVISION_BY_ZERO;
            F::infinity(sign)
        }
        _ => {
            let (dividend, divisor) = (u128::from(a.significand) << 63, u128::from(b.significand));
            let (quotient, remainder) = (dividend / divisor, dividend % divisor);
            // Between 2^62 and 2^64: with the sticky bit below, 65 bits hold it.
            let wide = quotient << 1 | u128::from(remainder != 0);
            let zeros = wide.leading_zeros();
            let exponent = a.exponent - b.exponent + 63 - zeros as i32;
            round(sign, exponent, upper_half_sticky(wide << zeros), Rounding::of(*fpscr), fpscr)
        }
    }
}

fn exact_sqrt<F: Float>(a: F, fpscr: &mut u32) -> F {
    let a = unpack(a, fpscr);
    if let Some(nan) = process_nans([&a], fpscr) {
        return nan;
    }
    match a.class {
        Class::Zero => F::zero(a.sign),
        _ if a.sign => invalid(fpscr),
        Class::Infinity => F::infinity(false),
        _ => {
            let odd = a.exponent & 1 != 0;
            let square = u128::from(a.significand) << if odd { 64 } else { 63 };
            // Between 2^63 and 2^64.
            let root = square.isqrt();
            let sticky = u64::from(root * root != square);
            round(false, a.exponent >> 1, root as u64 | sticky, Rounding::of(*fpscr), fpscr)
        }
    }
}

fn exact_fma<F: Float>(d: F, n: F, m: F, fpscr: &mut u32) -> F {
    let (d, n, m) = (unpack(d, fpscr), unpack(n, fpscr), unpack(m, fpscr));
    let endless = n.is_infinite() && m.is_zero() || n.is_zero() && m.is_infinite();
    if endless && d.class == Class::Quiet {
        return invalid(fpscr);
    }
    if let Some(nan) = process_nans([&d, &n, &m], fpscr) {
        return nan;
    }
    let sign = n.sign != m.sign;
    let product_infinite = n.is_infinite() || m.is_infinite();
    if endless || d.is_infinite() && product_infinite && d.sign != sign {
        return invalid(fpscr);
    }
    if d.is_infinite() {
        return F::infinity(d.sign);
    }
    if product_infinite {
        return F::infinity(sign);
    }
    let product = u128::from(n.significand) * u128::from(m.significand);
    let product = match product.leading_zeros() {
        128 => (sign, 0, 0),
        // The lowest bits of a product of 53-bit significands are zero: nothing is lost.
        zeros => (sign, n.exponent + m.exponent + 1 - zeros as i32, product << zeros >> 1),
    };
    add_wide(widen(&d), product, fpscr)
}
