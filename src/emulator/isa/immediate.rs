//! Immediates of the Thumb encodings.

use super::insn::{Operand, Shift};

/// ThumbExpandImm_C (Armv7-M ARM, A5.3.2).
pub(crate) fn expand(imm12: u32) -> Operand {
    let byte = imm12 & 0xFF;
    if imm12 >> 10 == 0 {
        let value = match imm12 >> 8 & 3 {
            0 => byte,
            1 => byte << 16 | byte,
            2 => byte << 24 | byte << 8,
            _ => byte << 24 | byte << 16 | byte << 8 | byte,
        };
        Operand::Immediate { value, carry: None }
    } else {
        let value = (0x80 | imm12 & 0x7F).rotate_right(imm12 >> 7);
        Operand::Immediate { value, carry: Some(value >> 31 == 1) }
    }
}

/// DecodeImmShift (A7.4.2).
pub(crate) fn shifted(m: u8, kind: u32, amount: u32) -> Operand {
    let (shift, amount) = match (kind, amount) {
        (0, n) => (Shift::Lsl, n),
        (1, 0) => (Shift::Lsr, 32),
        (1, n) => (Shift::Lsr, n),
        (2, 0) => (Shift::Asr, 32),
        (2, n) => (Shift::Asr, n),
        (_, 0) => (Shift::Rrx, 1),
        (_, n) => (Shift::Ror, n),
    };
    Operand::Register { m, shift, amount: amount as u8 }
}

pub(crate) fn plain(value: u32) -> Operand {
    Operand::Immediate { value, carry: None }
}

pub(crate) fn register(m: u8) -> Operand {
    Operand::Register { m, shift: Shift::Lsl, amount: 0 }
}

/// The low `bits` of `value`, sign-extended.
pub(crate) fn sign(value: u32, bits: u32) -> u32 {
    ((value << (32 - bits)) as i32 >> (32 - bits)) as u32
}
