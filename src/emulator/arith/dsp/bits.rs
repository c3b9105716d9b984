//! Bit fields, reversals, extensions and division (DDI 0403E, A7.7).

/// `width` is 1 to 32.
#[inline]
fn mask(width: u32) -> u32 {
    u32::MAX >> (32 - width)
}

/// BFI: `width` is 1 to 32, `lsb + width` at most 32.
#[inline]
pub fn bfi(d: u32, n: u32, lsb: u32, width: u32) -> u32 {
    let mask = mask(width);
    d & !(mask << lsb) | (n & mask) << lsb
}

#[inline]
pub fn bfc(d: u32, lsb: u32, width: u32) -> u32 {
    bfi(d, 0, lsb, width)
}

#[inline]
pub fn ubfx(n: u32, lsb: u32, width: u32) -> u32 {
    n >> lsb & mask(width)
}

#[inline]
pub fn sbfx(n: u32, lsb: u32, width: u32) -> u32 {
    ((n << (32 - lsb - width)) as i32 >> (32 - width)) as u32
}

#[inline]
pub fn rbit(m: u32) -> u32 {
    m.reverse_bits()
}

#[inline]
pub fn rev(m: u32) -> u32 {
    m.swap_bytes()
}

#[inline]
pub fn rev16(m: u32) -> u32 {
    m.swap_bytes().rotate_left(16)
}

#[inline]
pub fn revsh(m: u32) -> u32 {
    i32::from((m as u16).swap_bytes() as i16) as u32
}

#[inline]
pub fn clz(m: u32) -> u32 {
    m.leading_zeros()
}

/// SDIV with CCR.DIV_0_TRP clear: 0 for a division by zero.
#[inline]
pub fn sdiv(n: u32, m: u32) -> u32 {
    if m == 0 { 0 } else { (n as i32).wrapping_div(m as i32) as u32 }
}

/// UDIV with CCR.DIV_0_TRP clear: 0 for a division by zero.
#[inline]
pub fn udiv(n: u32, m: u32) -> u32 {
    n.checked_div(m).unwrap_or(0)
}

// Extensions: `rotation` is in bits, a multiple of 8.

#[inline]
pub fn sxtb(m: u32, rotation: u32) -> u32 {
    i32::from(m.rotate_right(rotation) as i8) as u32
}

#[inline]
pub fn uxtb(m: u32, rotation: u32) -> u32 {
    m.rotate_right(rotation) & 0xff
}

#[inline]
pub fn sxth(m: u32, rotation: u32) -> u32 {
    i32::from(m.rotate_right(rotation) as i16) as u32
}

#[inline]
pub fn uxth(m: u32, rotation: u32) -> u32 {
    m.rotate_right(rotation) & 0xffff
}

#[inline]
pub fn sxtb16(m: u32, rotation: u32) -> u32 {
    let m = m.rotate_right(rotation);
    i32::from(m as i8) as u32 & 0xffff | (i32::from((m >> 16) as i8) as u32) << 16
}

#[inline]
pub fn uxtb16(m: u32, rotation: u32) -> u32 {
    m.rotate_right(rotation) & 0x00ff_00ff
}

#[inline]
pub fn sxtab(n: u32, m: u32, rotation: u32) -> u32 {
    n.wrapping_add(sxtb(m, rotation))
}

#[inline]
pub fn uxtab(n: u32, m: u32, rotation: u32) -> u32 {
    n.wrapping_add(uxtb(m, rotation))
}

#[inline]
pub fn sxtah(n: u32, m: u32, rotation: u32) -> u32 {
    n.wrapping_add(sxth(m, rotation))
}

#[inline]
pub fn uxtah(n: u32, m: u32, rotation: u32) -> u32 {
    n.wrapping_add(uxth(m, rotation))
}

/// Halfwords are added apart, without carry between them.
#[inline]
fn add_halves(n: u32, m: u32) -> u32 {
    n.wrapping_add(m) & 0xffff | (n & 0xffff_0000).wrapping_add(m & 0xffff_0000)
}

#[inline]
pub fn sxtab16(n: u32, m: u32, rotation: u32) -> u32 {
    add_halves(n, sxtb16(m, rotation))
}

#[inline]
pub fn uxtab16(n: u32, m: u32, rotation: u32) -> u32 {
    add_halves(n, uxtb16(m, rotation))
}
