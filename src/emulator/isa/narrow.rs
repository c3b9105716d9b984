//! 16-bit instructions other than loads and stores.

use super::immediate::{plain, register, shifted, sign};
use super::insn::{Alu, Class, Insn, Shift};
use super::pattern::{Code, Row};
use crate::emulator::core::exec;

/// A row of any of the tables.
macro_rules! row {
    ($pattern:literal, $text:literal, $class:ident, $build:expr) => {
        Row { pattern: $pattern, text: $text, class: Class::$class, build: $build }
    };
}
pub(super) use row;

/// Shift by immediate; flags are set outside IT blocks.
fn shift(c: &Code, kind: u32) -> Insn {
    Insn::Alu { op: Alu::Mov, set: !c.in_it, d: c.r('d'), n: 0, by: shifted(c.r('m'), kind, c.get('i')) }
}

/// `d = d op m`
fn two(c: &Code, op: Alu) -> Insn {
    let set = op.is_compare() || !c.in_it;
    Insn::Alu { op, set, d: c.r('d'), n: c.r('d'), by: register(c.r('m')) }
}

fn shift_by(c: &Code, shift: Shift) -> Insn {
    Insn::ShiftBy { shift, set: !c.in_it, d: c.r('d'), n: c.r('d'), m: c.r('m') }
}

/// A branch, which must end its IT block.
fn last(c: &Code, insn: Insn) -> Insn {
    if c.last_in_it { insn } else { Insn::Unpredictable }
}

fn outside_it(c: &Code, insn: Insn) -> Insn {
    if c.in_it { Insn::Unpredictable } else { insn }
}

fn extend(c: &Code, run: crate::emulator::core::Handler) -> Insn {
    Insn::Plain { run, d: c.r('d'), n: 0, m: c.r('m'), a: 0, immediate: 0 }
}

pub(super) static ROWS: &[Row] = &[
    row!("00000 iiiii mmm ddd", "lsl{!} {d}, {m}, {#i}", Alu, |c| shift(c, 0)),
    row!("00000 00000 mmm ddd", "movs {d}, {m}", Alu, |c| outside_it(c, shift(c, 0))),
    row!("00001 iiiii mmm ddd", "lsr{!} {d}, {m}, {#i32}", Alu, |c| shift(c, 1)),
    row!("00010 iiiii mmm ddd", "asr{!} {d}, {m}, {#i32}", Alu, |c| shift(c, 2)),
    row!("0001100 mmm nnn ddd", "add{!} {d}, {n}, {m}", Alu, |c| Insn::Alu {
        op: Alu::Add,
        set: !c.in_it,
        d: c.r('d'),
        n: c.r('n'),
        by: register(c.r('m'))
    }),
    row!("0001101 mmm nnn ddd", "sub{!} {d}, {n}, {m}", Alu, |c| Insn::Alu {
        op: Alu::Sub,
        set: !c.in_it,
        d: c.r('d'),
        n: c.r('n'),
        by: register(c.r('m'))
    }),
    row!("0001110 iii nnn ddd", "add{!} {d}, {n}, {#i}", Alu, |c| Insn::Alu {
        op: Alu::Add,
        set: !c.in_it,
        d: c.r('d'),
        n: c.r('n'),
        by: plain(c.get('i'))
    }),
    row!("0001111 iii nnn ddd", "sub{!} {d}, {n}, {#i}", Alu, |c| Insn::Alu {
        op: Alu::Sub,
        set: !c.in_it,
        d: c.r('d'),
        n: c.r('n'),
        by: plain(c.get('i'))
    }),
    row!("00100 ddd iiiiiiii", "mov{!} {d}, {#i}", Alu, |c| Insn::Alu {
        op: Alu::Mov,
        set: !c.in_it,
        d: c.r('d'),
        n: 0,
        by: plain(c.get('i'))
    }),
    row!("00101 nnn iiiiiiii", "cmp{?} {n}, {#i}", Alu, |c| Insn::Alu {
        op: Alu::Cmp,
        set: true,
        d: 0,
        n: c.r('n'),
        by: plain(c.get('i'))
    }),
    row!("00110 ddd iiiiiiii", "add{!} {d}, {#i}", Alu, |c| Insn::Alu {
        op: Alu::Add,
        set: !c.in_it,
        d: c.r('d'),
        n: c.r('d'),
        by: plain(c.get('i'))
    }),
    row!("00111 ddd iiiiiiii", "sub{!} {d}, {#i}", Alu, |c| Insn::Alu {
        op: Alu::Sub,
        set: !c.in_it,
        d: c.r('d'),
        n: c.r('d'),
        by: plain(c.get('i'))
    }),
    row!("0100000000 mmm ddd", "and{!} {d}, {m}", Alu, |c| two(c, Alu::And)),
    row!("0100000001 mmm ddd", "eor{!} {d}, {m}", Alu, |c| two(c, Alu::Eor)),
    row!("0100000010 mmm ddd", "lsl{!} {d}, {m}", Alu, |c| shift_by(c, Shift::Lsl)),
    row!("0100000011 mmm ddd", "lsr{!} {d}, {m}", Alu, |c| shift_by(c, Shift::Lsr)),
    row!("0100000100 mmm ddd", "asr{!} {d}, {m}", Alu, |c| shift_by(c, Shift::Asr)),
    row!("0100000101 mmm ddd", "adc{!} {d}, {m}", Alu, |c| two(c, Alu::Adc)),
    row!("0100000110 mmm ddd", "sbc{!} {d}, {m}", Alu, |c| two(c, Alu::Sbc)),
    row!("0100000111 mmm ddd", "ror{!} {d}, {m}", Alu, |c| shift_by(c, Shift::Ror)),
    row!("0100001000 mmm ddd", "tst{?} {d}, {m}", Alu, |c| two(c, Alu::Tst)),
    row!("0100001001 nnn ddd", "{neg} {d}, {n}", Alu, |c| Insn::Alu {
        op: Alu::Rsb,
        set: !c.in_it,
        d: c.r('d'),
        n: c.r('n'),
        by: plain(0)
    }),
    row!("0100001010 mmm ddd", "cmp{?} {d}, {m}", Alu, |c| two(c, Alu::Cmp)),
    row!("0100001011 mmm ddd", "cmn{?} {d}, {m}", Alu, |c| two(c, Alu::Cmn)),
    row!("0100001100 mmm ddd", "orr{!} {d}, {m}", Alu, |c| two(c, Alu::Orr)),
    row!("0100001101 nnn ddd", "mul{!} {d}, {n}", Multiply, |c| Insn::Plain {
        run: if c.in_it { exec::mul } else { exec::muls },
        d: c.r('d'),
        n: c.r('n'),
        m: c.r('d'),
        a: 0,
        immediate: 0
    }),
    row!("0100001110 mmm ddd", "bic{!} {d}, {m}", Alu, |c| two(c, Alu::Bic)),
    row!("0100001111 mmm ddd", "mvn{!} {d}, {m}", Alu, |c| Insn::Alu {
        op: Alu::Mvn,
        set: !c.in_it,
        d: c.r('d'),
        n: 0,
        by: register(c.r('m'))
    }),
    row!("01000100 X YYYY XXX", "add{?} {X}, {Y}", Alu, |c| {
        let insn = Insn::Alu { op: Alu::Add, set: false, d: c.r('X'), n: c.r('X'), by: register(c.r('Y')) };
        if c.r('X') == 15 { last(c, insn) } else { insn }
    }),
    row!("01000101 X YYYY XXX", "cmp{?} {X}, {Y}", Alu, |c| Insn::Alu {
        op: Alu::Cmp,
        set: true,
        d: 0,
        n: c.r('X'),
        by: register(c.r('Y'))
    }),
    row!("01000110 X YYYY XXX", "mov{?} {X}, {Y}", Alu, |c| {
        let insn = Insn::Alu { op: Alu::Mov, set: false, d: c.r('X'), n: 0, by: register(c.r('Y')) };
        if c.r('X') == 15 { last(c, insn) } else { insn }
    }),
    row!("010001110 YYYY 000", "bx{?} {Y}", BranchIndirect, |c| last(
        c,
        Insn::BranchIndirect { m: c.r('Y'), link: false }
    )),
    row!("010001111 YYYY 000", "blx{?} {Y}", BranchIndirect, |c| match c.r('Y') {
        15 => Insn::Unpredictable,
        m => last(c, Insn::BranchIndirect { m, link: true }),
    }),
    row!("10100 ddd iiiiiiii", "add{?} {d}, pc, {#i*4}", Alu, |c| Insn::Alu {
        op: Alu::Mov,
        set: false,
        d: c.r('d'),
        n: 0,
        by: plain(c.aligned_pc().wrapping_add(c.get('i') * 4))
    }),
    row!("10101 ddd iiiiiiii", "add{?} {d}, sp, {#i*4}", Alu, |c| Insn::Alu {
        op: Alu::Add,
        set: false,
        d: c.r('d'),
        n: 13,
        by: plain(c.get('i') * 4)
    }),
    row!("101100000 iiiiiii", "add{?} sp, {#i*4}", Alu, |c| Insn::Alu {
        op: Alu::Add,
        set: false,
        d: 13,
        n: 13,
        by: plain(c.get('i') * 4)
    }),
    row!("101100001 iiiiiii", "sub{?} sp, {#i*4}", Alu, |c| Insn::Alu {
        op: Alu::Sub,
        set: false,
        d: 13,
        n: 13,
        by: plain(c.get('i') * 4)
    }),
    row!("1011 b 0 i 1 iiiii nnn", "{cbz} {n}, {cbtarget}", CompareBranch, |c| outside_it(
        c,
        Insn::CompareBranch { n: c.r('n'), target: c.pc.wrapping_add(4 + c.get('i') * 2), if_zero: !c.is('b') }
    )),
    row!("1011001000 mmm ddd", "sxth{?} {d}, {m}", Alu, |c| extend(c, exec::sxth)),
    row!("1011001001 mmm ddd", "sxtb{?} {d}, {m}", Alu, |c| extend(c, exec::sxtb)),
    row!("1011001010 mmm ddd", "uxth{?} {d}, {m}", Alu, |c| extend(c, exec::uxth)),
    row!("1011001011 mmm ddd", "uxtb{?} {d}, {m}", Alu, |c| extend(c, exec::uxtb)),
    row!("1011101000 mmm ddd", "rev{?} {d}, {m}", Alu, |c| extend(c, exec::rev)),
    row!("1011101001 mmm ddd", "rev16{?} {d}, {m}", Alu, |c| extend(c, exec::rev16)),
    row!("1011101011 mmm ddd", "revsh{?} {d}, {m}", Alu, |c| extend(c, exec::revsh)),
    row!("10110110011 s 00 ii", "{cps}", System, |c| outside_it(
        c,
        Insn::Last { run: exec::cps, d: 0, n: c.r('s'), m: c.r('i'), a: 0, immediate: 0 }
    )),
    row!("10111110 iiiiiiii", "bkpt {#xi}", System, |c| Insn::Last {
        run: exec::bkpt,
        d: 0,
        n: 0,
        m: 0,
        a: 0,
        immediate: c.get('i')
    }),
    row!("10111111 ffff kkkk", "{it}", It, |c| {
        let (first, mask) = (c.r('f'), c.r('k'));
        let unconditional = first == 14 && mask.count_ones() > 1;
        if first == 15 || unconditional || c.in_it { Insn::Unpredictable } else { Insn::It { first, mask } }
    }),
    row!("10111111 hhhh 0000", "nop{?} {{{h}}}", Nop, |_| Insn::Nop),
    row!("10111111 0000 0000", "nop{?}", Nop, |_| Insn::Nop),
    row!("10111111 0001 0000", "yield{?}", Nop, |_| Insn::Nop),
    row!("10111111 0010 0000", "wfe{?}", System, |_| Insn::Last {
        run: exec::wfe,
        d: 0,
        n: 0,
        m: 0,
        a: 0,
        immediate: 0
    }),
    row!("10111111 0011 0000", "wfi{?}", System, |_| Insn::Last {
        run: exec::wfi,
        d: 0,
        n: 0,
        m: 0,
        a: 0,
        immediate: 0
    }),
    row!("10111111 0100 0000", "sev{?}", System, |_| Insn::Plain {
        run: exec::sev,
        d: 0,
        n: 0,
        m: 0,
        a: 0,
        immediate: 0
    }),
    row!("1101 CCCC iiiiiiii", "b{C}.n {btarget8}", Branch, |c| outside_it(
        c,
        Insn::BranchIf { condition: c.r('C'), target: c.pc.wrapping_add(4).wrapping_add(sign(c.get('i'), 8) << 1) }
    )),
    row!("1101 1110 iiiiiiii", "udf{?} {#i}", System, |_| Insn::Undefined),
    row!("1101 1111 iiiiiiii", "svc{?} {i}", System, |_| Insn::Last {
        run: exec::svc,
        d: 0,
        n: 0,
        m: 0,
        a: 0,
        immediate: 0
    }),
    row!("11100 iiiiiiiiiii", "b{?}.n {btarget11}", Branch, |c| last(
        c,
        Insn::Branch { target: c.pc.wrapping_add(4).wrapping_add(sign(c.get('i'), 11) << 1) }
    )),
];
