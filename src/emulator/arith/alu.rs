//! Addition with flags, shifts with carry, and the expansion of immediates (DDI 0403E, A2.2.1, A5.3.2, A7.4).

/// `x + y + carry` with the flags C and V (`AddWithCarry`). A subtraction `x - y` adds `!y` with carry set.
#[inline]
pub fn add_with_carry(x: u32, y: u32, carry: bool) -> (u32, bool, bool) {
    let (sum, first) = x.overflowing_add(y);
    let (sum, second) = sum.overflowing_add(u32::from(carry));
    let overflow = ((x ^ sum) & (y ^ sum)) >> 31 != 0;
    (sum, first | second, overflow)
}

/// Kind of a shift; RRX is the one that an immediate ROR by 0 stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shift {
    Lsl,
    Lsr,
    Asr,
    Ror,
    Rrx,
}

/// Shift and amount of the fields `type` and `imm5` (`DecodeImmShift`).
#[inline]
pub fn decode_immediate_shift(kind: u32, imm5: u32) -> (Shift, u32) {
    match (kind & 3, imm5) {
        (0, n) => (Shift::Lsl, n),
        (1, 0) => (Shift::Lsr, 32),
        (1, n) => (Shift::Lsr, n),
        (2, 0) => (Shift::Asr, 32),
        (2, n) => (Shift::Asr, n),
        (_, 0) => (Shift::Rrx, 1),
        (_, n) => (Shift::Ror, n),
    }
}

/// Shift of the two-bit field `type` of a shift by register (`DecodeRegShift`).
#[inline]
pub fn decode_register_shift(kind: u32) -> Shift {
    [Shift::Lsl, Shift::Lsr, Shift::Asr, Shift::Ror][(kind & 3) as usize]
}

/// Shifted value and carry out (`Shift_C`). A shift by register takes the register's low byte as `amount`.
#[inline]
pub fn shift_with_carry(value: u32, shift: Shift, amount: u32, carry: bool) -> (u32, bool) {
    match shift {
        Shift::Lsl => lsl(value, amount, carry),
        Shift::Lsr => lsr(value, amount, carry),
        Shift::Asr => asr(value, amount, carry),
        Shift::Ror => ror(value, amount, carry),
        Shift::Rrx => rrx(value, carry),
    }
}

#[inline]
pub fn lsl(value: u32, amount: u32, carry: bool) -> (u32, bool) {
    match amount {
        0 => (value, carry),
        1..=31 => (value << amount, value >> (32 - amount) & 1 != 0),
        32 => (0, value & 1 != 0),
        _ => (0, false),
    }
}

#[inline]
pub fn lsr(value: u32, amount: u32, carry: bool) -> (u32, bool) {
    match amount {
        0 => (value, carry),
        1..=31 => (value >> amount, value >> (amount - 1) & 1 != 0),
        32 => (0, value >> 31 != 0),
        _ => (0, false),
    }
}

#[inline]
pub fn asr(value: u32, amount: u32, carry: bool) -> (u32, bool) {
    let signed = value as i32;
    match amount {
        0 => (value, carry),
        1..=31 => ((signed >> amount) as u32, value >> (amount - 1) & 1 != 0),
        _ => ((signed >> 31) as u32, signed < 0),
    }
}

#[inline]
pub fn ror(value: u32, amount: u32, carry: bool) -> (u32, bool) {
    if amount == 0 {
        return (value, carry);
    }
    let rotated = value.rotate_right(amount % 32);
    (rotated, rotated >> 31 != 0)
}

#[inline]
pub fn rrx(value: u32, carry: bool) -> (u32, bool) {
    (value >> 1 | u32::from(carry) << 31, value & 1 != 0)
}

/// Value and carry out of a modified immediate `i:imm3:imm8` (`ThumbExpandImm_C`).
#[inline]
pub fn expand_immediate(imm12: u32, carry: bool) -> (u32, bool) {
    let byte = imm12 & 0xff;
    match imm12 >> 8 & 0xf {
        0 => (byte, carry),
        1 => (byte << 16 | byte, carry),
        2 => (byte << 24 | byte << 8, carry),
        3 => (byte * 0x0101_0101, carry),
        _ => {
            let value = (0x80 | byte & 0x7f).rotate_right(imm12 >> 7 & 0x1f);
            (value, value >> 31 != 0)
        }
    }
}
