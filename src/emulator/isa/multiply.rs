//! Multiply, divide, and the DSP extension's 32-bit instructions.

use super::insn::{Class, Insn};
use super::narrow::row;
use super::pattern::{Code, Row};
use super::wide::plain_op;
use crate::emulator::core::{Handler, exec};

/// Two results: `a` gets the lower word, `d` the upper.
fn long(c: &Code, run: Handler) -> Insn {
    if c.r('a') == c.r('d') {
        return Insn::Unpredictable;
    }
    plain_op(c, run)
}

/// Encodings that name their operand twice.
fn twice(c: &Code, run: Handler) -> Insn {
    if c.r('n') != c.r('m') {
        return Insn::Unpredictable;
    }
    plain_op(c, run)
}

pub(super) static ROWS: &[Row] = &[
    row!("111110110000 nnnn | aaaa dddd 0000 mmmm", "mla{?} {d}, {n}, {m}, {a}", Multiply, |c| plain_op(c, exec::mla)),
    row!("111110110000 nnnn | 1111 dddd 0000 mmmm", "mul{?}.w {d}, {n}, {m}", Multiply, |c| plain_op(c, exec::mul)),
    row!("111110110000 nnnn | aaaa dddd 0001 mmmm", "mls{?} {d}, {n}, {m}, {a}", Multiply, |c| plain_op(c, exec::mls)),
    row!("111110110001 nnnn | aaaa dddd 0000 mmmm", "smlabb{?} {d}, {n}, {m}, {a}", Multiply, |c| plain_op(
        c,
        exec::smla::<false, false>
    )),
    row!("111110110001 nnnn | 1111 dddd 0000 mmmm", "smulbb{?} {d}, {n}, {m}", Multiply, |c| plain_op(
        c,
        exec::smul::<false, false>
    )),
    row!("111110110001 nnnn | aaaa dddd 0001 mmmm", "smlabt{?} {d}, {n}, {m}, {a}", Multiply, |c| plain_op(
        c,
        exec::smla::<false, true>
    )),
    row!("111110110001 nnnn | 1111 dddd 0001 mmmm", "smulbt{?} {d}, {n}, {m}", Multiply, |c| plain_op(
        c,
        exec::smul::<false, true>
    )),
    row!("111110110001 nnnn | aaaa dddd 0010 mmmm", "smlatb{?} {d}, {n}, {m}, {a}", Multiply, |c| plain_op(
        c,
        exec::smla::<true, false>
    )),
    row!("111110110001 nnnn | 1111 dddd 0010 mmmm", "smultb{?} {d}, {n}, {m}", Multiply, |c| plain_op(
        c,
        exec::smul::<true, false>
    )),
    row!("111110110001 nnnn | aaaa dddd 0011 mmmm", "smlatt{?} {d}, {n}, {m}, {a}", Multiply, |c| plain_op(
        c,
        exec::smla::<true, true>
    )),
    row!("111110110001 nnnn | 1111 dddd 0011 mmmm", "smultt{?} {d}, {n}, {m}", Multiply, |c| plain_op(
        c,
        exec::smul::<true, true>
    )),
    row!("111110110010 nnnn | aaaa dddd 0000 mmmm", "smlad{?} {d}, {n}, {m}, {a}", Multiply, |c| plain_op(
        c,
        exec::smlad::<false>
    )),
    row!("111110110010 nnnn | 1111 dddd 0000 mmmm", "smuad{?} {d}, {n}, {m}", Multiply, |c| plain_op(
        c,
        exec::smuad::<false>
    )),
    row!("111110110010 nnnn | aaaa dddd 0001 mmmm", "smladx{?} {d}, {n}, {m}, {a}", Multiply, |c| plain_op(
        c,
        exec::smlad::<true>
    )),
    row!("111110110010 nnnn | 1111 dddd 0001 mmmm", "smuadx{?} {d}, {n}, {m}", Multiply, |c| plain_op(
        c,
        exec::smuad::<true>
    )),
    row!("111110110011 nnnn | aaaa dddd 0000 mmmm", "smlawb{?} {d}, {n}, {m}, {a}", Multiply, |c| plain_op(
        c,
        exec::smlaw::<false>
    )),
    row!("111110110011 nnnn | 1111 dddd 0000 mmmm", "smulwb{?} {d}, {n}, {m}", Multiply, |c| plain_op(
        c,
        exec::smulw::<false>
    )),
    row!("111110110011 nnnn | aaaa dddd 0001 mmmm", "smlawt{?} {d}, {n}, {m}, {a}", Multiply, |c| plain_op(
        c,
        exec::smlaw::<true>
    )),
    row!("111110110011 nnnn | 1111 dddd 0001 mmmm", "smulwt{?} {d}, {n}, {m}", Multiply, |c| plain_op(
        c,
        exec::smulw::<true>
    )),
    row!("111110110100 nnnn | aaaa dddd 0000 mmmm", "smlsd{?} {d}, {n}, {m}, {a}", Multiply, |c| plain_op(
        c,
        exec::smlsd::<false>
    )),
    row!("111110110100 nnnn | 1111 dddd 0000 mmmm", "smusd{?} {d}, {n}, {m}", Multiply, |c| plain_op(
        c,
        exec::smusd::<false>
    )),
    row!("111110110100 nnnn | aaaa dddd 0001 mmmm", "smlsdx{?} {d}, {n}, {m}, {a}", Multiply, |c| plain_op(
        c,
        exec::smlsd::<true>
    )),
    row!("111110110100 nnnn | 1111 dddd 0001 mmmm", "smusdx{?} {d}, {n}, {m}", Multiply, |c| plain_op(
        c,
        exec::smusd::<true>
    )),
    row!("111110110101 nnnn | aaaa dddd 0000 mmmm", "smmla{?} {d}, {n}, {m}, {a}", Multiply, |c| plain_op(
        c,
        exec::smmla::<false>
    )),
    row!("111110110101 nnnn | 1111 dddd 0000 mmmm", "smmul{?} {d}, {n}, {m}", Multiply, |c| plain_op(
        c,
        exec::smmul::<false>
    )),
    row!("111110110101 nnnn | aaaa dddd 0001 mmmm", "smmlar{?} {d}, {n}, {m}, {a}", Multiply, |c| plain_op(
        c,
        exec::smmla::<true>
    )),
    row!("111110110101 nnnn | 1111 dddd 0001 mmmm", "smmulr{?} {d}, {n}, {m}", Multiply, |c| plain_op(
        c,
        exec::smmul::<true>
    )),
    row!("111110110110 nnnn | aaaa dddd 0000 mmmm", "smmls{?} {d}, {n}, {m}, {a}", Multiply, |c| plain_op(
        c,
        exec::smmls::<false>
    )),
    row!("111110110110 nnnn | aaaa dddd 0001 mmmm", "smmlsr{?} {d}, {n}, {m}, {a}", Multiply, |c| plain_op(
        c,
        exec::smmls::<true>
    )),
    row!("111110110111 nnnn | aaaa dddd 0000 mmmm", "usada8{?} {d}, {n}, {m}, {a}", Multiply, |c| plain_op(
        c,
        exec::usada8
    )),
    row!("111110110111 nnnn | 1111 dddd 0000 mmmm", "usad8{?} {d}, {n}, {m}", Multiply, |c| plain_op(c, exec::usad8)),
    row!("111110111000 nnnn | aaaa dddd 0000 mmmm", "smull{?} {a}, {d}, {n}, {m}", Multiply, |c| long(c, exec::smull)),
    row!("111110111010 nnnn | aaaa dddd 0000 mmmm", "umull{?} {a}, {d}, {n}, {m}", Multiply, |c| long(c, exec::umull)),
    row!("111110111001 nnnn | 1111 dddd 1111 mmmm", "sdiv{?} {d}, {n}, {m}", Divide, |c| plain_op(c, exec::sdiv)),
    row!("111110111011 nnnn | 1111 dddd 1111 mmmm", "udiv{?} {d}, {n}, {m}", Divide, |c| plain_op(c, exec::udiv)),
    row!("111110111100 nnnn | aaaa dddd 0000 mmmm", "smlal{?} {a}, {d}, {n}, {m}", Multiply, |c| long(c, exec::smlal)),
    row!("111110111110 nnnn | aaaa dddd 0000 mmmm", "umlal{?} {a}, {d}, {n}, {m}", Multiply, |c| long(c, exec::umlal)),
    row!("111110111110 nnnn | aaaa dddd 0110 mmmm", "umaal{?} {a}, {d}, {n}, {m}", Multiply, |c| long(c, exec::umaal)),
    row!("111110111100 nnnn | aaaa dddd 1000 mmmm", "smlalbb{?} {a}, {d}, {n}, {m}", Multiply, |c| long(
        c,
        exec::smlal_half::<false, false>
    )),
    row!("111110111100 nnnn | aaaa dddd 1001 mmmm", "smlalbt{?} {a}, {d}, {n}, {m}", Multiply, |c| long(
        c,
        exec::smlal_half::<false, true>
    )),
    row!("111110111100 nnnn | aaaa dddd 1010 mmmm", "smlaltb{?} {a}, {d}, {n}, {m}", Multiply, |c| long(
        c,
        exec::smlal_half::<true, false>
    )),
    row!("111110111100 nnnn | aaaa dddd 1011 mmmm", "smlaltt{?} {a}, {d}, {n}, {m}", Multiply, |c| long(
        c,
        exec::smlal_half::<true, true>
    )),
    row!("111110111100 nnnn | aaaa dddd 1100 mmmm", "smlald{?} {a}, {d}, {n}, {m}", Multiply, |c| long(
        c,
        exec::smlald::<false>
    )),
    row!("111110111101 nnnn | aaaa dddd 1100 mmmm", "smlsld{?} {a}, {d}, {n}, {m}", Multiply, |c| long(
        c,
        exec::smlsld::<false>
    )),
    row!("111110111100 nnnn | aaaa dddd 1101 mmmm", "smlaldx{?} {a}, {d}, {n}, {m}", Multiply, |c| long(
        c,
        exec::smlald::<true>
    )),
    row!("111110111101 nnnn | aaaa dddd 1101 mmmm", "smlsldx{?} {a}, {d}, {n}, {m}", Multiply, |c| long(
        c,
        exec::smlsld::<true>
    )),
    row!("111110101000 nnnn | 1111 dddd 0000 mmmm", "sadd8{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::sadd8)),
    row!("111110101001 nnnn | 1111 dddd 0000 mmmm", "sadd16{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::sadd16)),
    row!("111110101010 nnnn | 1111 dddd 0000 mmmm", "sasx{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::sasx)),
    row!("111110101100 nnnn | 1111 dddd 0000 mmmm", "ssub8{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::ssub8)),
    row!("111110101101 nnnn | 1111 dddd 0000 mmmm", "ssub16{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::ssub16)),
    row!("111110101110 nnnn | 1111 dddd 0000 mmmm", "ssax{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::ssax)),
    row!("111110101000 nnnn | 1111 dddd 0001 mmmm", "qadd8{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::qadd8)),
    row!("111110101001 nnnn | 1111 dddd 0001 mmmm", "qadd16{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::qadd16)),
    row!("111110101010 nnnn | 1111 dddd 0001 mmmm", "qasx{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::qasx)),
    row!("111110101100 nnnn | 1111 dddd 0001 mmmm", "qsub8{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::qsub8)),
    row!("111110101101 nnnn | 1111 dddd 0001 mmmm", "qsub16{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::qsub16)),
    row!("111110101110 nnnn | 1111 dddd 0001 mmmm", "qsax{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::qsax)),
    row!("111110101000 nnnn | 1111 dddd 0010 mmmm", "shadd8{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::shadd8)),
    row!("111110101001 nnnn | 1111 dddd 0010 mmmm", "shadd16{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::shadd16)),
    row!("111110101010 nnnn | 1111 dddd 0010 mmmm", "shasx{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::shasx)),
    row!("111110101100 nnnn | 1111 dddd 0010 mmmm", "shsub8{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::shsub8)),
    row!("111110101101 nnnn | 1111 dddd 0010 mmmm", "shsub16{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::shsub16)),
    row!("111110101110 nnnn | 1111 dddd 0010 mmmm", "shsax{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::shsax)),
    row!("111110101000 nnnn | 1111 dddd 0100 mmmm", "uadd8{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::uadd8)),
    row!("111110101001 nnnn | 1111 dddd 0100 mmmm", "uadd16{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::uadd16)),
    row!("111110101010 nnnn | 1111 dddd 0100 mmmm", "uasx{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::uasx)),
    row!("111110101100 nnnn | 1111 dddd 0100 mmmm", "usub8{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::usub8)),
    row!("111110101101 nnnn | 1111 dddd 0100 mmmm", "usub16{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::usub16)),
    row!("111110101110 nnnn | 1111 dddd 0100 mmmm", "usax{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::usax)),
    row!("111110101000 nnnn | 1111 dddd 0101 mmmm", "uqadd8{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::uqadd8)),
    row!("111110101001 nnnn | 1111 dddd 0101 mmmm", "uqadd16{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::uqadd16)),
    row!("111110101010 nnnn | 1111 dddd 0101 mmmm", "uqasx{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::uqasx)),
    row!("111110101100 nnnn | 1111 dddd 0101 mmmm", "uqsub8{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::uqsub8)),
    row!("111110101101 nnnn | 1111 dddd 0101 mmmm", "uqsub16{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::uqsub16)),
    row!("111110101110 nnnn | 1111 dddd 0101 mmmm", "uqsax{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::uqsax)),
    row!("111110101000 nnnn | 1111 dddd 0110 mmmm", "uhadd8{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::uhadd8)),
    row!("111110101001 nnnn | 1111 dddd 0110 mmmm", "uhadd16{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::uhadd16)),
    row!("111110101010 nnnn | 1111 dddd 0110 mmmm", "uhasx{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::uhasx)),
    row!("111110101100 nnnn | 1111 dddd 0110 mmmm", "uhsub8{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::uhsub8)),
    row!("111110101101 nnnn | 1111 dddd 0110 mmmm", "uhsub16{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::uhsub16)),
    row!("111110101110 nnnn | 1111 dddd 0110 mmmm", "uhsax{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::uhsax)),
    row!("111110101000 nnnn | 1111 dddd 1000 mmmm", "qadd{?} {d}, {m}, {n}", Alu, |c| plain_op(c, exec::qadd)),
    row!("111110101000 nnnn | 1111 dddd 1001 mmmm", "qdadd{?} {d}, {m}, {n}", Alu, |c| plain_op(c, exec::qdadd)),
    row!("111110101000 nnnn | 1111 dddd 1010 mmmm", "qsub{?} {d}, {m}, {n}", Alu, |c| plain_op(c, exec::qsub)),
    row!("111110101000 nnnn | 1111 dddd 1011 mmmm", "qdsub{?} {d}, {m}, {n}", Alu, |c| plain_op(c, exec::qdsub)),
    row!("111110101001 nnnn | 1111 dddd 1000 mmmm", "rev{?}.w {d}, {m}", Alu, |c| twice(c, exec::rev)),
    row!("111110101001 nnnn | 1111 dddd 1001 mmmm", "rev16{?}.w {d}, {m}", Alu, |c| twice(c, exec::rev16)),
    row!("111110101001 nnnn | 1111 dddd 1010 mmmm", "rbit{?} {d}, {m}", Alu, |c| twice(c, exec::rbit)),
    row!("111110101001 nnnn | 1111 dddd 1011 mmmm", "revsh{?}.w {d}, {m}", Alu, |c| twice(c, exec::revsh)),
    row!("111110101010 nnnn | 1111 dddd 1000 mmmm", "sel{?} {d}, {n}, {m}", Alu, |c| plain_op(c, exec::sel)),
    row!("111110101011 nnnn | 1111 dddd 1000 mmmm", "clz{?} {d}, {m}", Alu, |c| twice(c, exec::clz)),
    row!("111110100000 nnnn | 1111 dddd 10 ii mmmm", "sxtah{?} {d}, {n}, {m}{ror}", Alu, |c| plain_op(c, exec::sxtah)),
    row!("111110100000 1111 | 1111 dddd 10 ii mmmm", "sxth{?}.w {d}, {m}{ror}", Alu, |c| plain_op(c, exec::sxth)),
    row!("111110100001 nnnn | 1111 dddd 10 ii mmmm", "uxtah{?} {d}, {n}, {m}{ror}", Alu, |c| plain_op(c, exec::uxtah)),
    row!("111110100001 1111 | 1111 dddd 10 ii mmmm", "uxth{?}.w {d}, {m}{ror}", Alu, |c| plain_op(c, exec::uxth)),
    row!("111110100010 nnnn | 1111 dddd 10 ii mmmm", "sxtab16{?} {d}, {n}, {m}{ror}", Alu, |c| plain_op(
        c,
        exec::sxtab16
    )),
    row!("111110100010 1111 | 1111 dddd 10 ii mmmm", "sxtb16{?} {d}, {m}{ror}", Alu, |c| plain_op(c, exec::sxtb16)),
    row!("111110100011 nnnn | 1111 dddd 10 ii mmmm", "uxtab16{?} {d}, {n}, {m}{ror}", Alu, |c| plain_op(
        c,
        exec::uxtab16
    )),
    row!("111110100011 1111 | 1111 dddd 10 ii mmmm", "uxtb16{?} {d}, {m}{ror}", Alu, |c| plain_op(c, exec::uxtb16)),
    row!("111110100100 nnnn | 1111 dddd 10 ii mmmm", "sxtab{?} {d}, {n}, {m}{ror}", Alu, |c| plain_op(c, exec::sxtab)),
    row!("111110100100 1111 | 1111 dddd 10 ii mmmm", "sxtb{?}.w {d}, {m}{ror}", Alu, |c| plain_op(c, exec::sxtb)),
    row!("111110100101 nnnn | 1111 dddd 10 ii mmmm", "uxtab{?} {d}, {n}, {m}{ror}", Alu, |c| plain_op(c, exec::uxtab)),
    row!("111110100101 1111 | 1111 dddd 10 ii mmmm", "uxtb{?}.w {d}, {m}{ror}", Alu, |c| plain_op(c, exec::uxtb)),
];
