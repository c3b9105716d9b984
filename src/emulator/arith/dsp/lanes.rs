//! Parallel additions and subtractions of bytes and halfwords, and what goes with them (DDI 0403E, A4.4.4 and A7.7).

/// Halfwords of a word, low one first, widened.
#[inline]
fn halves(value: u32, signed: bool) -> [i32; 2] {
    [value, value >> 16].map(|half| if signed { i32::from(half as i16) } else { i32::from(half as u16) })
}

/// Bytes of a word, low one first, widened.
#[inline]
fn bytes(value: u32, signed: bool) -> [i32; 4] {
    value.to_le_bytes().map(|byte| if signed { i32::from(byte as i8) } else { i32::from(byte) })
}

#[inline]
fn join_halves(lanes: [i32; 2]) -> u32 {
    lanes[0] as u32 & 0xffff | (lanes[1] as u32) << 16
}

#[inline]
fn join_bytes(lanes: [i32; 4]) -> u32 {
    u32::from_le_bytes(lanes.map(|lane| lane as u8))
}

/// GE of exact sums or differences: set where a signed one is not negative, an unsigned sum carries, an unsigned
/// difference does not borrow.
#[inline]
fn greater_or_equal<const N: usize>(exact: [i32; N], threshold: [i32; N]) -> u8 {
    let mask = (1u8 << (4 / N)) - 1;
    (0..N).filter(|&i| exact[i] >= threshold[i]).fold(0, |ge, i| ge | mask << (i * 4 / N))
}

/// Exact lanes of the six operations, and whether each lane is a sum.
mod exact {
    use super::{bytes, halves};

    type Lanes<const N: usize> = ([i32; N], [bool; N]);

    #[inline]
    pub fn add16(n: u32, m: u32, signed: bool) -> Lanes<2> {
        let (n, m) = (halves(n, signed), halves(m, signed));
        ([n[0] + m[0], n[1] + m[1]], [true; 2])
    }

    #[inline]
    pub fn sub16(n: u32, m: u32, signed: bool) -> Lanes<2> {
        let (n, m) = (halves(n, signed), halves(m, signed));
        ([n[0] - m[0], n[1] - m[1]], [false; 2])
    }

    #[inline]
    pub fn asx(n: u32, m: u32, signed: bool) -> Lanes<2> {
        let (n, m) = (halves(n, signed), halves(m, signed));
        ([n[0] - m[1], n[1] + m[0]], [false, true])
    }

    #[inline]
    pub fn sax(n: u32, m: u32, signed: bool) -> Lanes<2> {
        let (n, m) = (halves(n, signed), halves(m, signed));
        ([n[0] + m[1], n[1] - m[0]], [true, false])
    }

    #[inline]
    pub fn add8(n: u32, m: u32, signed: bool) -> Lanes<4> {
        let (n, m) = (bytes(n, signed), bytes(m, signed));
        (std::array::from_fn(|i| n[i] + m[i]), [true; 4])
    }

    #[inline]
    pub fn sub8(n: u32, m: u32, signed: bool) -> Lanes<4> {
        let (n, m) = (bytes(n, signed), bytes(m, signed));
        (std::array::from_fn(|i| n[i] - m[i]), [false; 4])
    }
}

/// The six forms of one operation: S, U (with GE), Q, UQ, SH, UH.
macro_rules! parallel {
    ($exact:ident, $join:ident, $bits:literal: $s:ident $u:ident $q:ident $uq:ident $sh:ident $uh:ident) => {
        #[inline]
        pub fn $s(n: u32, m: u32) -> (u32, u8) {
            let (lanes, _) = exact::$exact(n, m, true);
            ($join(lanes), greater_or_equal(lanes, lanes.map(|_| 0)))
        }

        #[inline]
        pub fn $u(n: u32, m: u32) -> (u32, u8) {
            let (lanes, sums) = exact::$exact(n, m, false);
            ($join(lanes), greater_or_equal(lanes, sums.map(|sum| if sum { 1 << $bits } else { 0 })))
        }

        #[inline]
        pub fn $q(n: u32, m: u32) -> u32 {
            $join(exact::$exact(n, m, true).0.map(|lane| lane.clamp(-1 << ($bits - 1), (1 << ($bits - 1)) - 1)))
        }

        #[inline]
        pub fn $uq(n: u32, m: u32) -> u32 {
            $join(exact::$exact(n, m, false).0.map(|lane| lane.clamp(0, (1 << $bits) - 1)))
        }

        #[inline]
        pub fn $sh(n: u32, m: u32) -> u32 {
            $join(exact::$exact(n, m, true).0.map(|lane| lane >> 1))
        }

        #[inline]
        pub fn $uh(n: u32, m: u32) -> u32 {
            $join(exact::$exact(n, m, false).0.map(|lane| lane >> 1))
        }
    };
}

parallel!(add16, join_halves, 16: sadd16 uadd16 qadd16 uqadd16 shadd16 uhadd16);
parallel!(sub16, join_halves, 16: ssub16 usub16 qsub16 uqsub16 shsub16 uhsub16);
parallel!(asx, join_halves, 16: sasx uasx qasx uqasx shasx uhasx);
parallel!(sax, join_halves, 16: ssax usax qsax uqsax shsax uhsax);
parallel!(add8, join_bytes, 8: sadd8 uadd8 qadd8 uqadd8 shadd8 uhadd8);
parallel!(sub8, join_bytes, 8: ssub8 usub8 qsub8 uqsub8 shsub8 uhsub8);

/// Bytes of `n` where GE is set, of `m` elsewhere.
#[inline]
pub fn sel(n: u32, m: u32, ge: u8) -> u32 {
    let mask = (0..4).filter(|i| ge >> i & 1 != 0).fold(0u32, |mask, i| mask | 0xff << (8 * i));
    n & mask | m & !mask
}

/// Sum of absolute differences of unsigned bytes.
#[inline]
pub fn usad8(n: u32, m: u32) -> u32 {
    let (n, m) = (bytes(n, false), bytes(m, false));
    (0..4).map(|i| n[i].abs_diff(m[i])).sum()
}

#[inline]
pub fn usada8(n: u32, m: u32, a: u32) -> u32 {
    a.wrapping_add(usad8(n, m))
}

/// `m` is shifted already (LSL).
#[inline]
pub fn pkhbt(n: u32, m: u32) -> u32 {
    n & 0xffff | m & 0xffff_0000
}

/// `m` is shifted already (ASR).
#[inline]
pub fn pkhtb(n: u32, m: u32) -> u32 {
    n & 0xffff_0000 | m & 0xffff
}
