//! Multiplications of halfwords and of words to a high word (DDI 0403E, A7.7).
//!
//! `n_top` and `m_top` choose the halfword; `exchange` is the suffix X, `round` the suffix R.

#[inline]
fn half(value: u32, top: bool) -> i64 {
    i64::from((if top { value >> 16 } else { value }) as i16)
}

#[inline]
fn wide(value: u32) -> i64 {
    i64::from(value as i32)
}

/// Wrapped to 32 bits, and whether that lost anything.
#[inline]
fn wrap(value: i64) -> (u32, bool) {
    (value as u32, value != i64::from(value as i32))
}

/// Products of the low halfword and of the high halfword of `n`.
#[inline]
fn products(n: u32, m: u32, exchange: bool) -> (i64, i64) {
    (half(n, false) * half(m, exchange), half(n, true) * half(m, !exchange))
}

/// SMUL<x><y>.
#[inline]
pub fn smul(n: u32, m: u32, n_top: bool, m_top: bool) -> u32 {
    (half(n, n_top) * half(m, m_top)) as u32
}

/// SMLA<x><y>.
#[inline]
pub fn smla(n: u32, m: u32, a: u32, n_top: bool, m_top: bool) -> (u32, bool) {
    wrap(half(n, n_top) * half(m, m_top) + wide(a))
}

/// SMLAL<x><y>: `accumulator` is RdHi:RdLo.
#[inline]
pub fn smlal_half(n: u32, m: u32, accumulator: u64, n_top: bool, m_top: bool) -> u64 {
    accumulator.wrapping_add((half(n, n_top) * half(m, m_top)) as u64)
}

/// SMULW<y>.
#[inline]
pub fn smulw(n: u32, m: u32, m_top: bool) -> u32 {
    ((wide(n) * half(m, m_top)) >> 16) as u32
}

/// SMLAW<y>.
#[inline]
pub fn smlaw(n: u32, m: u32, a: u32, m_top: bool) -> (u32, bool) {
    wrap(((wide(n) * half(m, m_top)) >> 16) + wide(a))
}

#[inline]
pub fn smuad(n: u32, m: u32, exchange: bool) -> (u32, bool) {
    let (low, high) = products(n, m, exchange);
    wrap(low + high)
}

/// Cannot overflow.
#[inline]
pub fn smusd(n: u32, m: u32, exchange: bool) -> u32 {
    let (low, high) = products(n, m, exchange);
    (low - high) as u32
}

#[inline]
pub fn smlad(n: u32, m: u32, a: u32, exchange: bool) -> (u32, bool) {
    let (low, high) = products(n, m, exchange);
    wrap(low + high + wide(a))
}

#[inline]
pub fn smlsd(n: u32, m: u32, a: u32, exchange: bool) -> (u32, bool) {
    let (low, high) = products(n, m, exchange);
    wrap(low - high + wide(a))
}

/// `accumulator` is RdHi:RdLo.
#[inline]
pub fn smlald(n: u32, m: u32, accumulator: u64, exchange: bool) -> u64 {
    let (low, high) = products(n, m, exchange);
    accumulator.wrapping_add((low + high) as u64)
}

/// `accumulator` is RdHi:RdLo.
#[inline]
pub fn smlsld(n: u32, m: u32, accumulator: u64, exchange: bool) -> u64 {
    let (low, high) = products(n, m, exchange);
    accumulator.wrapping_add((low - high) as u64)
}

/// High word of `a:0 + product`, rounded half up where `round`.
#[inline]
fn high_word(a: u32, product: i64, round: bool) -> u32 {
    let sum = (wide(a) << 32).wrapping_add(product).wrapping_add(if round { 1 << 31 } else { 0 });
    (sum >> 32) as u32
}

#[inline]
pub fn smmul(n: u32, m: u32, round: bool) -> u32 {
    smmla(n, m, 0, round)
}

#[inline]
pub fn smmla(n: u32, m: u32, a: u32, round: bool) -> u32 {
    high_word(a, wide(n) * wide(m), round)
}

#[inline]
pub fn smmls(n: u32, m: u32, a: u32, round: bool) -> u32 {
    high_word(a, -(wide(n) * wide(m)), round)
}

/// UMAAL: `n * m + high + low`, which cannot overflow.
#[inline]
pub fn umaal(n: u32, m: u32, high: u32, low: u32) -> u64 {
    u64::from(n) * u64::from(m) + u64::from(high) + u64::from(low)
}
