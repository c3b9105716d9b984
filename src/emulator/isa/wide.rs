//! 32-bit data processing, branches and system instructions.

use super::immediate::{expand, plain, register, shifted, sign};
use super::insn::{Alu, Class, Insn, Operand, Shift};
use super::narrow::row;
use super::pattern::{Code, Row};
use crate::emulator::core::{Handler, exec};

/// Any of the letters, whichever the pattern has.
fn any(c: &Code, letters: [char; 2]) -> u8 {
    c.r(letters[0]) | c.r(letters[1])
}

fn immediate(c: &Code, op: Alu) -> Insn {
    let set = op.is_compare() || c.is('s');
    Insn::Alu { op, set, d: any(c, ['d', 'D']), n: any(c, ['n', 'N']), by: expand(c.get('i')) }
}

fn shifted_register(c: &Code, op: Alu) -> Insn {
    let set = op.is_compare() || c.is('s');
    let by = shifted(c.r('m'), c.get('k'), c.get('i'));
    Insn::Alu { op, set, d: any(c, ['d', 'D']), n: any(c, ['n', 'N']), by }
}

/// Additions to SP may shift by LSL #0 to #3 only if the result goes to SP.
fn stack_register(c: &Code, op: Alu) -> Insn {
    if c.r('D') == 13 && (c.get('k') != 0 || c.get('i') > 3) {
        return Insn::Unpredictable;
    }
    Insn::Alu { op, set: c.is('s'), d: c.r('D'), n: 13, by: shifted(c.r('m'), c.get('k'), c.get('i')) }
}

fn stack_immediate(c: &Code, op: Alu, by: Operand) -> Insn {
    Insn::Alu { op, set: c.is('s'), d: c.r('D'), n: 13, by }
}

fn shift_by(c: &Code, shift: Shift) -> Insn {
    Insn::ShiftBy { shift, set: c.is('s'), d: c.r('d'), n: c.r('n'), m: c.r('m') }
}

pub(super) fn plain_op(c: &Code, run: Handler) -> Insn {
    Insn::Plain { run, d: c.r('d'), n: c.r('n'), m: c.r('m'), a: c.r('a'), immediate: c.get('i') }
}

fn last(c: &Code, insn: Insn) -> Insn {
    if c.last_in_it { insn } else { Insn::Unpredictable }
}

/// Offset of B.W and BL (encoding T4): S:I1:I2:imm10:imm11:0.
pub(super) fn far(c: &Code) -> u32 {
    let (s, i1, i2) = (c.get('s'), 1 ^ c.get('j') ^ c.get('s'), 1 ^ c.get('k') ^ c.get('s'));
    let offset = s << 24 | i1 << 23 | i2 << 22 | c.get('h') << 12 | c.get('i') << 1;
    c.pc.wrapping_add(4).wrapping_add(sign(offset, 25))
}

/// Target of conditional branches (encoding T3): S:J2:J1:imm6:imm11:0.
pub(super) fn near(c: &Code) -> u32 {
    let offset = c.get('s') << 20 | c.get('k') << 19 | c.get('j') << 18 | c.get('h') << 12 | c.get('i') << 1;
    c.pc.wrapping_add(4).wrapping_add(sign(offset, 21))
}

fn bit_field(c: &Code, run: Handler) -> Insn {
    let (lsb, msb) = (c.get('i'), c.get('w'));
    if msb < lsb {
        return Insn::Unpredictable;
    }
    Insn::Plain { run, d: c.r('d'), n: c.r('n'), m: lsb as u8, a: (msb - lsb + 1) as u8, immediate: 0 }
}

fn extract(c: &Code, run: Handler) -> Insn {
    let (lsb, width) = (c.get('i'), c.get('w') + 1);
    if lsb + width > 32 {
        return Insn::Unpredictable;
    }
    Insn::Plain { run, d: c.r('d'), n: c.r('n'), m: lsb as u8, a: width as u8, immediate: 0 }
}

/// Saturation to `w` bits of `n`, shifted by `i` to the left, or to the right if `k`.
fn saturate(c: &Code, run: Handler, bias: u32) -> Insn {
    // An arithmetic shift by 0 is the encoding of SSAT16 and USAT16.
    let halves = c.field('i').1 == 0;
    if !halves && c.is('k') && c.get('i') == 0 {
        return Insn::Unpredictable;
    }
    let a = (c.get('w') + bias) as u8;
    Insn::Plain { run, d: c.r('d'), n: c.r('n'), m: c.r('k'), a, immediate: c.get('i') }
}

fn misc(run: Handler) -> Insn {
    Insn::Last { run, d: 0, n: 0, m: 0, a: 0, immediate: 0 }
}

pub(super) static ROWS: &[Row] = &[
    // Modified immediate (A5.3.1).
    row!("11110 i 00000 s nnnn | 0 iii dddd iiiiiiii", "and{s}{?}.w {d}, {n}, {#m}", Alu, |c| immediate(c, Alu::And)),
    row!("11110 i 000001 nnnn | 0 iii 1111 iiiiiiii", "tst{?}.w {n}, {#m}", Alu, |c| immediate(c, Alu::Tst)),
    row!("11110 i 00001 s nnnn | 0 iii dddd iiiiiiii", "bic{s}{?}.w {d}, {n}, {#m}", Alu, |c| immediate(c, Alu::Bic)),
    row!("11110 i 00010 s nnnn | 0 iii dddd iiiiiiii", "orr{s}{?}.w {d}, {n}, {#m}", Alu, |c| immediate(c, Alu::Orr)),
    row!("11110 i 00010 s 1111 | 0 iii dddd iiiiiiii", "mov{s}{?}.w {d}, {#m}", Alu, |c| immediate(c, Alu::Mov)),
    row!("11110 i 00011 s nnnn | 0 iii dddd iiiiiiii", "orn{s}{?} {d}, {n}, {#m}", Alu, |c| immediate(c, Alu::Orn)),
    row!("11110 i 00011 s 1111 | 0 iii dddd iiiiiiii", "mvn{s}{?}.w {d}, {#m}", Alu, |c| immediate(c, Alu::Mvn)),
    row!("11110 i 00100 s nnnn | 0 iii dddd iiiiiiii", "eor{s}{?}.w {d}, {n}, {#m}", Alu, |c| immediate(c, Alu::Eor)),
    row!("11110 i 001001 nnnn | 0 iii 1111 iiiiiiii", "teq{?} {n}, {#m}", Alu, |c| immediate(c, Alu::Teq)),
    row!("11110 i 01000 s nnnn | 0 iii dddd iiiiiiii", "add{s}{?}.w {d}, {n}, {#m}", Alu, |c| immediate(c, Alu::Add)),
    row!("11110 i 01000 s 1101 | 0 iii DDDD iiiiiiii", "add{s}{?}.w {D}, sp, {#m}", Alu, |c| stack_immediate(
        c,
        Alu::Add,
        expand(c.get('i'))
    )),
    row!("11110 i 010001 NNNN | 0 iii 1111 iiiiiiii", "cmn{?}.w {N}, {#m}", Alu, |c| immediate(c, Alu::Cmn)),
    row!("11110 i 010001 1101 | 0 iii 1111 iiiiiiii", "cmn{?}.w sp, {#m}", Alu, |c| Insn::Alu {
        op: Alu::Cmn,
        set: true,
        d: 0,
        n: 13,
        by: expand(c.get('i'))
    }),
    row!("11110 i 01010 s nnnn | 0 iii dddd iiiiiiii", "adc{s}{?}.w {d}, {n}, {#m}", Alu, |c| immediate(c, Alu::Adc)),
    row!("11110 i 01011 s nnnn | 0 iii dddd iiiiiiii", "sbc{s}{?}.w {d}, {n}, {#m}", Alu, |c| immediate(c, Alu::Sbc)),
    row!("11110 i 01101 s nnnn | 0 iii dddd iiiiiiii", "sub{s}{?}.w {d}, {n}, {#m}", Alu, |c| immediate(c, Alu::Sub)),
    row!("11110 i 01101 s 1101 | 0 iii DDDD iiiiiiii", "sub{s}{?}.w {D}, sp, {#m}", Alu, |c| stack_immediate(
        c,
        Alu::Sub,
        expand(c.get('i'))
    )),
    row!("11110 i 011011 NNNN | 0 iii 1111 iiiiiiii", "cmp{?}.w {N}, {#m}", Alu, |c| immediate(c, Alu::Cmp)),
    row!("11110 i 011011 1101 | 0 iii 1111 iiiiiiii", "cmp{?}.w sp, {#m}", Alu, |c| Insn::Alu {
        op: Alu::Cmp,
        set: true,
        d: 0,
        n: 13,
        by: expand(c.get('i'))
    }),
    row!("11110 i 01110 s nnnn | 0 iii dddd iiiiiiii", "rsb{s}{?} {d}, {n}, {#m}", Alu, |c| immediate(c, Alu::Rsb)),
    // Plain immediate (A5.3.3).
    row!("11110 i 100000 nnnn | 0 iii dddd iiiiiiii", "addw{?} {d}, {n}, {#i}", Alu, |c| Insn::Alu {
        op: Alu::Add,
        set: false,
        d: c.r('d'),
        n: c.r('n'),
        by: plain(c.get('i'))
    }),
    row!("11110 i 100000 1101 | 0 iii DDDD iiiiiiii", "addw{?} {D}, sp, {#i}", Alu, |c| stack_immediate(
        c,
        Alu::Add,
        plain(c.get('i'))
    )),
    row!("11110 i 100000 1111 | 0 iii dddd iiiiiiii", "addw{?} {d}, pc, {#i}", Alu, |c| Insn::Alu {
        op: Alu::Mov,
        set: false,
        d: c.r('d'),
        n: 0,
        by: plain(c.aligned_pc().wrapping_add(c.get('i')))
    }),
    row!("11110 i 101010 nnnn | 0 iii dddd iiiiiiii", "subw{?} {d}, {n}, {#i}", Alu, |c| Insn::Alu {
        op: Alu::Sub,
        set: false,
        d: c.r('d'),
        n: c.r('n'),
        by: plain(c.get('i'))
    }),
    row!("11110 i 101010 1101 | 0 iii DDDD iiiiiiii", "subw{?} {D}, sp, {#i}", Alu, |c| stack_immediate(
        c,
        Alu::Sub,
        plain(c.get('i'))
    )),
    row!("11110 i 101010 1111 | 0 iii dddd iiiiiiii", "subw{?} {d}, pc, {#i}", Alu, |c| Insn::Alu {
        op: Alu::Mov,
        set: false,
        d: c.r('d'),
        n: 0,
        by: plain(c.aligned_pc().wrapping_sub(c.get('i')))
    }),
    row!("11110 i 100100 qqqq | 0 iii dddd iiiiiiii", "movw{?} {d}, {#movw}", Alu, |c| Insn::Alu {
        op: Alu::Mov,
        set: false,
        d: c.r('d'),
        n: 0,
        by: plain(c.get('q') << 12 | c.get('i'))
    }),
    row!("11110 i 101100 qqqq | 0 iii dddd iiiiiiii", "movt{?} {d}, {#movw}", Alu, |c| Insn::Plain {
        run: exec::movt,
        d: c.r('d'),
        n: 0,
        m: 0,
        a: 0,
        immediate: (c.get('q') << 12 | c.get('i')) << 16
    }),
    row!("11110 0 1100 k 0 nnnn | 0 iii dddd ii 0 wwwww", "ssat{?} {d}, {#w+1}, {n}{sats}", Alu, |c| saturate(
        c,
        exec::ssat,
        1
    )),
    row!("11110 0 110010 nnnn | 0 000 dddd 00 0 0 wwww", "ssat16{?} {d}, {#w+1}, {n}", Alu, |c| saturate(
        c,
        exec::ssat16,
        1
    )),
    row!("11110 0 1110 k 0 nnnn | 0 iii dddd ii 0 wwwww", "usat{?} {d}, {#w}, {n}{sats}", Alu, |c| saturate(
        c,
        exec::usat,
        0
    )),
    row!("11110 0 111010 nnnn | 0 000 dddd 00 0 0 wwww", "usat16{?} {d}, {#w}, {n}", Alu, |c| saturate(
        c,
        exec::usat16,
        0
    )),
    row!("11110 0 110100 nnnn | 0 iii dddd ii 0 wwwww", "sbfx{?} {d}, {n}, {#i}, {#w+1}", Alu, |c| extract(
        c,
        exec::sbfx
    )),
    row!("11110 0 111100 nnnn | 0 iii dddd ii 0 wwwww", "ubfx{?} {d}, {n}, {#i}, {#w+1}", Alu, |c| extract(
        c,
        exec::ubfx
    )),
    row!("11110 0 110110 nnnn | 0 iii dddd ii 0 wwwww", "bfi{?} {d}, {n}, {#i}, {#bfw}", Alu, |c| bit_field(
        c,
        exec::bfi
    )),
    row!("11110 0 110110 1111 | 0 iii dddd ii 0 wwwww", "bfc{?} {d}, {#i}, {#bfw}", Alu, |c| bit_field(c, exec::bfc)),
    // Shifted register (A5.3.11).
    row!("1110101 0000 s nnnn | 0 iii dddd ii kk mmmm", "and{s}{?}.w {d}, {n}, {m}{sh}", Alu, |c| shifted_register(
        c,
        Alu::And
    )),
    row!("1110101 00001 nnnn | 0 iii 1111 ii kk mmmm", "tst{?}.w {n}, {m}{sh}", Alu, |c| shifted_register(c, Alu::Tst)),
    row!("1110101 0001 s nnnn | 0 iii dddd ii kk mmmm", "bic{s}{?}.w {d}, {n}, {m}{sh}", Alu, |c| shifted_register(
        c,
        Alu::Bic
    )),
    row!("1110101 0010 s nnnn | 0 iii dddd ii kk mmmm", "orr{s}{?}.w {d}, {n}, {m}{sh}", Alu, |c| shifted_register(
        c,
        Alu::Orr
    )),
    row!("1110101 0010 s 1111 | 0 iii dddd ii kk mmmm", "mov{s}{?}.w {d}, {m}{sh}", Alu, |c| shifted_register(
        c,
        Alu::Mov
    )),
    row!("1110101 00100 1111 | 0 000 DDDD 00 00 MMMM", "mov{?}.w {D}, {M}", Alu, |c| {
        if c.r('D') == 13 && c.r('M') == 13 {
            return Insn::Unpredictable;
        }
        Insn::Alu { op: Alu::Mov, set: false, d: c.r('D'), n: 0, by: register(c.r('M')) }
    }),
    row!("1110101 00101 1111 | 0 000 dddd 00 00 mmmm", "movs{?}.w {d}, {m}", Alu, |c| Insn::Alu {
        op: Alu::Mov,
        set: true,
        d: c.r('d'),
        n: 0,
        by: register(c.r('m'))
    }),
    row!("1110101 0011 s nnnn | 0 iii dddd ii kk mmmm", "orn{s}{?} {d}, {n}, {m}{sh}", Alu, |c| shifted_register(
        c,
        Alu::Orn
    )),
    row!("1110101 0011 s 1111 | 0 iii dddd ii kk mmmm", "mvn{s}{?}.w {d}, {m}{sh}", Alu, |c| shifted_register(
        c,
        Alu::Mvn
    )),
    row!("1110101 0100 s nnnn | 0 iii dddd ii kk mmmm", "eor{s}{?}.w {d}, {n}, {m}{sh}", Alu, |c| shifted_register(
        c,
        Alu::Eor
    )),
    row!("1110101 01001 nnnn | 0 iii 1111 ii kk mmmm", "teq{?} {n}, {m}{sh}", Alu, |c| shifted_register(c, Alu::Teq)),
    row!("1110101 01100 nnnn | 0 iii dddd ii 00 mmmm", "pkhbt{?} {d}, {n}, {m}{sh}", Alu, |c| Insn::Plain {
        run: exec::pkhbt,
        d: c.r('d'),
        n: c.r('n'),
        m: c.r('m'),
        a: 0,
        immediate: c.get('i')
    }),
    row!("1110101 01100 nnnn | 0 iii dddd ii 10 mmmm", "pkhtb{?} {d}, {n}, {m}{asr}", Alu, |c| Insn::Plain {
        run: exec::pkhtb,
        d: c.r('d'),
        n: c.r('n'),
        m: c.r('m'),
        a: 0,
        immediate: if c.get('i') == 0 { 32 } else { c.get('i') }
    }),
    row!("1110101 1000 s nnnn | 0 iii dddd ii kk mmmm", "add{s}{?}.w {d}, {n}, {m}{sh}", Alu, |c| shifted_register(
        c,
        Alu::Add
    )),
    row!("1110101 1000 s 1101 | 0 iii DDDD ii kk mmmm", "add{s}{?}.w {D}, sp, {m}{sh}", Alu, |c| stack_register(
        c,
        Alu::Add
    )),
    row!("1110101 10001 NNNN | 0 iii 1111 ii kk mmmm", "cmn{?}.w {N}, {m}{sh}", Alu, |c| shifted_register(c, Alu::Cmn)),
    row!("1110101 10001 1101 | 0 iii 1111 ii kk mmmm", "cmn{?}.w sp, {m}{sh}", Alu, |c| Insn::Alu {
        op: Alu::Cmn,
        set: true,
        d: 0,
        n: 13,
        by: shifted(c.r('m'), c.get('k'), c.get('i'))
    }),
    row!("1110101 1010 s nnnn | 0 iii dddd ii kk mmmm", "adc{s}{?}.w {d}, {n}, {m}{sh}", Alu, |c| shifted_register(
        c,
        Alu::Adc
    )),
    row!("1110101 1011 s nnnn | 0 iii dddd ii kk mmmm", "sbc{s}{?}.w {d}, {n}, {m}{sh}", Alu, |c| shifted_register(
        c,
        Alu::Sbc
    )),
    row!("1110101 1101 s nnnn | 0 iii dddd ii kk mmmm", "sub{s}{?}.w {d}, {n}, {m}{sh}", Alu, |c| shifted_register(
        c,
        Alu::Sub
    )),
    row!("1110101 1101 s 1101 | 0 iii DDDD ii kk mmmm", "sub{s}{?}.w {D}, sp, {m}{sh}", Alu, |c| stack_register(
        c,
        Alu::Sub
    )),
    row!("1110101 11011 NNNN | 0 iii 1111 ii kk mmmm", "cmp{?}.w {N}, {m}{sh}", Alu, |c| shifted_register(c, Alu::Cmp)),
    row!("1110101 11011 1101 | 0 iii 1111 ii kk mmmm", "cmp{?}.w sp, {m}{sh}", Alu, |c| Insn::Alu {
        op: Alu::Cmp,
        set: true,
        d: 0,
        n: 13,
        by: shifted(c.r('m'), c.get('k'), c.get('i'))
    }),
    row!("1110101 1110 s nnnn | 0 iii dddd ii kk mmmm", "rsb{s}{?} {d}, {n}, {m}{sh}", Alu, |c| shifted_register(
        c,
        Alu::Rsb
    )),
    // Register (A5.3.12).
    row!("11111010 000 s nnnn | 1111 dddd 0000 mmmm", "lsl{s}{?}.w {d}, {n}, {m}", Alu, |c| shift_by(c, Shift::Lsl)),
    row!("11111010 001 s nnnn | 1111 dddd 0000 mmmm", "lsr{s}{?}.w {d}, {n}, {m}", Alu, |c| shift_by(c, Shift::Lsr)),
    row!("11111010 010 s nnnn | 1111 dddd 0000 mmmm", "asr{s}{?}.w {d}, {n}, {m}", Alu, |c| shift_by(c, Shift::Asr)),
    row!("11111010 011 s nnnn | 1111 dddd 0000 mmmm", "ror{s}{?}.w {d}, {n}, {m}", Alu, |c| shift_by(c, Shift::Ror)),
    // Branches and system (A5.3.4).
    row!("11110 s CCCC hhhhhh | 10 j 0 k iiiiiiiiiii", "b{C}.w {near}", Branch, |c| {
        if c.in_it {
            return Insn::Unpredictable;
        }
        Insn::BranchIf { condition: c.r('C'), target: near(c) }
    }),
    row!("11110 s hhhhhhhhhh | 10 j 1 k iiiiiiiiiii", "b{?}.w {far}", Branch, |c| last(
        c,
        Insn::Branch { target: far(c) }
    )),
    row!("11110 s hhhhhhhhhh | 11 j 1 k iiiiiiiiiii", "bl{?} {far}", BranchLink, |c| last(
        c,
        Insn::BranchLink { target: far(c) }
    )),
    row!("11110 0 111000 nnnn | 1000 ww 00 yyyyyyyy", "msr{?} {msr}, {n}", System, |c| {
        // Flags have a mask that says which; the others have the full one.
        let known = match c.get('y') {
            0..=3 => c.is('w'),
            5..=9 | 16..=20 => c.get('w') == 2,
            _ => false,
        };
        if !known {
            return Insn::Unpredictable;
        }
        Insn::Last { run: exec::msr, d: 0, n: c.r('n'), m: c.r('w'), a: 0, immediate: c.get('y') }
    }),
    row!("11110 0 111110 1111 | 1000 dddd yyyyyyyy", "mrs{?} {d}, {mrs}", System, |c| match c.get('y') {
        y @ (0..=3 | 5..=9 | 16..=20) => Insn::Plain { run: exec::mrs, d: c.r('d'), n: 0, m: 0, a: 0, immediate: y },
        _ => Insn::Unpredictable,
    }),
    row!("11110 0 111010 1111 | 10000000 hhhhhhhh", "nop{?}.w {{{h}}}", Nop, |_| Insn::Nop),
    row!("11110 0 111010 1111 | 10000000 1111 hhhh", "dbg{?} #{h}", Nop, |_| Insn::Nop),
    row!("11110 0 111010 1111 | 10000000 00000000", "nop{?}.w", Nop, |_| Insn::Nop),
    row!("11110 0 111010 1111 | 10000000 00000001", "yield{?}.w", Nop, |_| Insn::Nop),
    row!("11110 0 111010 1111 | 10000000 00000010", "wfe{?}.w", System, |_| misc(exec::wfe)),
    row!("11110 0 111010 1111 | 10000000 00000011", "wfi{?}.w", System, |_| misc(exec::wfi)),
    row!("11110 0 111010 1111 | 10000000 00000100", "sev{?}.w", System, |_| Insn::Plain {
        run: exec::sev,
        d: 0,
        n: 0,
        m: 0,
        a: 0,
        immediate: 0
    }),
    row!("11110 0 111011 1111 | 10001111 0010 1111", "clrex{?}", Exclusive, |_| Insn::Plain {
        run: exec::clrex,
        d: 0,
        n: 0,
        m: 0,
        a: 0,
        immediate: 0
    }),
    row!("11110 0 111011 1111 | 10001111 0100 oooo", "dsb{?} {barrier}", Barrier, |_| misc(exec::dsb)),
    row!("11110 0 111011 1111 | 10001111 0101 oooo", "dmb{?} {barrier}", Barrier, |_| Insn::Nop),
    row!("11110 0 111011 1111 | 10001111 0110 oooo", "isb{?} {barrier}", Barrier, |_| misc(exec::dsb)),
    row!("11110 1 111111 iiii | 1010 iiiiiiiiiiii", "udf{?}.w {#i}", System, |_| Insn::Undefined),
    // Coprocessors other than the FPU (A5.3.18).
    row!("111 q 11 oooooo rrrr | rrrr kkkk rrrrrrrr", "{coprocessor}", System, |c| match c.get('k') {
        10 | 11 => Insn::Unpredictable,
        _ => Insn::Coprocessor,
    }),
];
