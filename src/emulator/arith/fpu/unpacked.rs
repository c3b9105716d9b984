//! Taking numbers apart, processing NaNs, rounding (`FPUnpack`, `FPProcessNaNs`, `FPRound`).

use super::{Rounding, fpscr};

/// A format; its values are register contents.
pub trait Float: Copy + PartialEq + super::fast::Fast {
    const BITS: u32;
    const EXPONENT_BITS: u32;
    const FRACTION_BITS: u32 = Self::BITS - 1 - Self::EXPONENT_BITS;
    /// Half precision knows no flushing to zero, but an alternative format without infinities and NaNs.
    const HALF: bool = false;

    fn bits(self) -> u64;
    /// Takes the low bits.
    fn from_bits(bits: u64) -> Self;

    #[doc(hidden)]
    #[inline]
    fn sign_bit() -> u64 {
        1 << (Self::BITS - 1)
    }

    #[doc(hidden)]
    #[inline]
    fn signed(self, sign: bool) -> Self {
        Self::from_bits(self.bits() & !Self::sign_bit() | u64::from(sign) << (Self::BITS - 1))
    }

    #[doc(hidden)]
    #[inline]
    fn is_negative(self) -> bool {
        self.bits() & Self::sign_bit() != 0
    }

    #[doc(hidden)]
    #[inline]
    fn infinity(sign: bool) -> Self {
        Self::from_bits(((1 << Self::EXPONENT_BITS) - 1) << Self::FRACTION_BITS).signed(sign)
    }

    /// The largest finite number.
    #[doc(hidden)]
    #[inline]
    fn largest(sign: bool) -> Self {
        Self::from_bits(Self::infinity(false).bits() - 1).signed(sign)
    }

    #[doc(hidden)]
    #[inline]
    fn zero(sign: bool) -> Self {
        Self::from_bits(0).signed(sign)
    }

    #[doc(hidden)]
    #[inline]
    fn default_nan() -> Self {
        Self::from_bits(Self::infinity(false).bits() | 1 << (Self::FRACTION_BITS - 1))
    }
}

impl Float for u16 {
    const BITS: u32 = 16;
    const EXPONENT_BITS: u32 = 5;
    const HALF: bool = true;

    #[inline]
    fn bits(self) -> u64 {
        u64::from(self)
    }

    #[inline]
    fn from_bits(bits: u64) -> Self {
        bits as u16
    }
}

impl Float for u32 {
    const BITS: u32 = 32;
    const EXPONENT_BITS: u32 = 8;

    #[inline]
    fn bits(self) -> u64 {
        u64::from(self)
    }

    #[inline]
    fn from_bits(bits: u64) -> Self {
        bits as u32
    }
}

impl Float for u64 {
    const BITS: u32 = 64;
    const EXPONENT_BITS: u32 = 11;

    #[inline]
    fn bits(self) -> u64 {
        self
    }

    #[inline]
    fn from_bits(bits: u64) -> Self {
        bits
    }
}

/// Exponent bias of a format.
#[inline]
fn bias<F: Float>() -> i32 {
    (1 << (F::EXPONENT_BITS - 1)) - 1
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    Zero,
    Finite,
    Infinity,
    Quiet,
    Signalling,
}

/// A finite number is `significand * 2^(exponent - 63)` with the significand's top bit set; of a NaN,
/// `significand` holds the fraction from the top bit down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unpacked {
    pub class: Class,
    pub sign: bool,
    pub exponent: i32,
    pub significand: u64,
}

impl Unpacked {
    pub fn is_nan(&self) -> bool {
        matches!(self.class, Class::Quiet | Class::Signalling)
    }

    pub fn is_infinite(&self) -> bool {
        self.class == Class::Infinity
    }

    pub fn is_zero(&self) -> bool {
        self.class == Class::Zero
    }

    pub fn negated(self) -> Self {
        Self { sign: !self.sign, ..self }
    }
}

/// Takes `value` apart; denormal inputs are flushed under FZ.
pub fn unpack<F: Float>(value: F, fpscr: &mut u32) -> Unpacked {
    let bits = value.bits();
    let sign = value.is_negative();
    let largest = (1 << F::EXPONENT_BITS) - 1;
    let exponent = (bits >> F::FRACTION_BITS & largest) as i32;
    let fraction = bits & ((1 << F::FRACTION_BITS) - 1);
    let aligned = fraction << (64 - F::FRACTION_BITS);
    let special = |class, significand| Unpacked { class, sign, exponent: 0, significand };
    if exponent == 0 {
        if fraction == 0 {
            return special(Class::Zero, 0);
        }
        if *fpscr & fpscr::FZ != 0 && !F::HALF {
            *fpscr |= fpscr::INPUT_DENORMAL;
            return special(Class::Zero, 0);
        }
        let zeros = fraction.leading_zeros();
        let exponent = 63 - zeros as i32 + 1 - bias::<F>() - F::FRACTION_BITS as i32;
        return Unpacked { class: Class::Finite, sign, exponent, significand: fraction << zeros };
    }
    if exponent == largest as i32 && !(F::HALF && *fpscr & fpscr::AHP != 0) {
        return match fraction {
            0 => special(Class::Infinity, 0),
            _ if aligned >> 63 != 0 => special(Class::Quiet, aligned),
            _ => special(Class::Signalling, aligned),
        };
    }
    let significand = 1 << 63 | aligned >> 1;
    Unpacked { class: Class::Finite, sign, exponent: exponent - bias::<F>(), significand }
}

/// A NaN of format `F` that is the quiet form of `nan`, or the default NaN under DN.
pub fn quiet<F: Float>(nan: &Unpacked, fpscr: &mut u32) -> F {
    if nan.class == Class::Signalling {
        *fpscr |= fpscr::INVALID;
    }
    if *fpscr & fpscr::DN != 0 {
        return F::default_nan();
    }
    let fraction = (nan.significand | 1 << 63) >> (64 - F::FRACTION_BITS);
    F::from_bits(F::infinity(nan.sign).bits() | fraction)
}

/// The NaN that results from operands: the first signalling one, else the first quiet one (`FPProcessNaNs`,
/// `FPProcessNaNs3`).
pub fn process_nans<F: Float, const N: usize>(operands: [&Unpacked; N], fpscr: &mut u32) -> Option<F> {
    [Class::Signalling, Class::Quiet]
        .into_iter()
        .find_map(|class| operands.into_iter().find(|operand| operand.class == class))
        .map(|nan| quiet(nan, fpscr))
}

/// The default NaN of an invalid operation.
pub fn invalid<F: Float>(fpscr: &mut u32) -> F {
    *fpscr |= fpscr::INVALID;
    F::default_nan()
}

/// Whether a magnitude with `half` and more bits cut off is rounded up.
#[inline]
fn rounds_up(rounding: Rounding, sign: bool, odd: bool, cut: u64, half: u64) -> bool {
    match rounding {
        Rounding::Nearest => cut > half || cut == half && odd,
        Rounding::PlusInfinity => cut != 0 && !sign,
        Rounding::MinusInfinity => cut != 0 && sign,
        Rounding::Zero => false,
        Rounding::Away => cut >= half,
    }
}

/// `significand >> amount`, with the lowest bit set where bits were lost.
#[inline]
pub fn shift_right_sticky(significand: u64, amount: u32) -> u64 {
    match amount {
        0 => significand,
        1..=63 => significand >> amount | u64::from(significand << (64 - amount) != 0),
        _ => u64::from(significand != 0),
    }
}

/// The upper half of `wide`, with the lowest bit set where bits were lost.
#[inline]
pub fn upper_half_sticky(wide: u128) -> u64 {
    (wide >> 64) as u64 | u64::from(wide as u64 != 0)
}

/// Rounds `significand * 2^(exponent - 63)`, whose top bit is set and whose lowest bit is sticky (`FPRound`).
pub fn round<F: Float>(sign: bool, exponent: i32, significand: u64, rounding: Rounding, fpscr: &mut u32) -> F {
    let minimum = 1 - bias::<F>();
    let tiny = exponent < minimum;
    if tiny && *fpscr & fpscr::FZ != 0 && !F::HALF {
        *fpscr |= fpscr::UNDERFLOW;
        return F::zero(sign);
    }
    let cut_bits = 63 - F::FRACTION_BITS;
    let (biased, significand) = if tiny {
        (0, shift_right_sticky(significand, (minimum - exponent) as u32))
    } else {
        (exponent - minimum + 1, significand)
    };
    let (mut mantissa, cut) = (significand >> cut_bits, significand & ((1 << cut_bits) - 1));
    if tiny && cut != 0 {
        *fpscr |= fpscr::UNDERFLOW;
    }
    if rounds_up(rounding, sign, mantissa & 1 != 0, cut, 1 << (cut_bits - 1)) {
        mantissa += 1;
    }
    // The implicit bit counts as one exponent, and a carry out of the mantissa as another.
    let magnitude = ((biased - i32::from(!tiny)) as u64).wrapping_shl(F::FRACTION_BITS).wrapping_add(mantissa);
    let alternative = F::HALF && *fpscr & fpscr::AHP != 0;
    let past = if alternative { F::sign_bit() } else { F::infinity(false).bits() };
    if biased > (1 << F::EXPONENT_BITS) || magnitude >= past {
        if alternative {
            *fpscr |= fpscr::INVALID;
            return F::from_bits(F::sign_bit() - 1).signed(sign);
        }
        *fpscr |= fpscr::OVERFLOW | fpscr::INEXACT;
        let away = match rounding {
            Rounding::Nearest | Rounding::Away => true,
            Rounding::PlusInfinity => !sign,
            Rounding::MinusInfinity => sign,
            Rounding::Zero => false,
        };
        return if away { F::infinity(sign) } else { F::largest(sign) };
    }
    if cut != 0 {
        *fpscr |= fpscr::INEXACT;
    }
    F::from_bits(magnitude).signed(sign)
}

/// Magnitude of `value * 2^scale`, a finite number, rounded to an integer, and whether that was inexact. What is 2^103
/// or more comes out as some number of 2^103 or more.
pub fn to_integer(value: &Unpacked, scale: i32, rounding: Rounding) -> (u128, bool) {
    if value.is_zero() {
        return (0, false);
    }
    let exponent = value.exponent + scale;
    if exponent >= 63 {
        return (u128::from(value.significand) << (exponent - 63).min(40), false);
    }
    let shift = (63 - exponent) as u32;
    // What is cut off, from the top bit down.
    let (kept, cut) = match shift {
        1..=63 => (value.significand >> shift, value.significand << (64 - shift)),
        64 => (0, value.significand),
        _ => (0, 1),
    };
    let up = rounds_up(rounding, value.sign, kept & 1 != 0, cut, 1 << 63);
    (u128::from(kept) + u128::from(up), cut != 0)
}
