//! Saturation (DDI 0403E, A2.2.1 and A7.7).

/// `value` clamped to `bits` signed bits (1 to 32), and whether that changed it.
#[inline]
pub fn signed_saturate(value: i64, bits: u32) -> (u32, bool) {
    let limit = 1i64 << (bits - 1);
    let clamped = value.clamp(-limit, limit - 1);
    (clamped as u32, clamped != value)
}

/// `value` clamped to `bits` unsigned bits (0 to 32), and whether that changed it.
#[inline]
pub fn unsigned_saturate(value: i64, bits: u32) -> (u32, bool) {
    let clamped = value.clamp(0, (1i64 << bits) - 1);
    (clamped as u32, clamped != value)
}

/// SSAT of an operand that is shifted already; `bits` is 1 to 32.
#[inline]
pub fn ssat(value: u32, bits: u32) -> (u32, bool) {
    signed_saturate(i64::from(value as i32), bits)
}

/// USAT of an operand that is shifted already; `bits` is 0 to 31.
#[inline]
pub fn usat(value: u32, bits: u32) -> (u32, bool) {
    unsigned_saturate(i64::from(value as i32), bits)
}

/// `bits` is 1 to 16.
#[inline]
pub fn ssat16(value: u32, bits: u32) -> (u32, bool) {
    let (low, first) = signed_saturate(i64::from(value as i16), bits);
    let (high, second) = signed_saturate(i64::from((value >> 16) as i16), bits);
    (low & 0xffff | high << 16, first | second)
}

/// `bits` is 0 to 15.
#[inline]
pub fn usat16(value: u32, bits: u32) -> (u32, bool) {
    let (low, first) = unsigned_saturate(i64::from(value as i16), bits);
    let (high, second) = unsigned_saturate(i64::from((value >> 16) as i16), bits);
    (low & 0xffff | high << 16, first | second)
}

/// QADD Rd, Rm, Rn.
#[inline]
pub fn qadd(m: u32, n: u32) -> (u32, bool) {
    signed_saturate(i64::from(m as i32) + i64::from(n as i32), 32)
}

/// QSUB Rd, Rm, Rn: `m - n`.
#[inline]
pub fn qsub(m: u32, n: u32) -> (u32, bool) {
    signed_saturate(i64::from(m as i32) - i64::from(n as i32), 32)
}

/// QDADD Rd, Rm, Rn: `m + 2n`, saturated twice.
#[inline]
pub fn qdadd(m: u32, n: u32) -> (u32, bool) {
    let (doubled, first) = qadd(n, n);
    let (sum, second) = qadd(m, doubled);
    (sum, first | second)
}

/// QDSUB Rd, Rm, Rn: `m - 2n`, saturated twice.
#[inline]
pub fn qdsub(m: u32, n: u32) -> (u32, bool) {
    let (doubled, first) = qadd(n, n);
    let (difference, second) = qsub(m, doubled);
    (difference, first | second)
}
