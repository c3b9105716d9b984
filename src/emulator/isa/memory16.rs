//! 16-bit loads and stores.

use super::insn::{Address, Class, Insn, Size};
use super::narrow::row;
use super::pattern::{Code, Row};

fn load(c: &Code, size: Size, from: Address) -> Insn {
    Insn::Load { size, t: c.r('t'), from, unprivileged: false }
}

fn store(c: &Code, size: Size, to: Address) -> Insn {
    Insn::Store { size, t: c.r('t'), to, unprivileged: false }
}

fn indexed(c: &Code) -> Address {
    Address::Register { n: c.r('n'), m: c.r('m'), shift: 0 }
}

fn offset(c: &Code, scale: u32) -> Address {
    Address::Offset { n: c.r('n'), offset: c.get('i') * scale }
}

fn stack(c: &Code) -> Address {
    Address::Offset { n: 13, offset: c.get('i') * 4 }
}

pub(super) static ROWS: &[Row] = &[
    row!("01001 ttt iiiiiiii", "ldr{?} {t}, [pc, {#i*4}]", Load, |c| load(
        c,
        Size::Word,
        Address::Absolute(c.aligned_pc().wrapping_add(c.get('i') * 4))
    )),
    row!("0101000 mmm nnn ttt", "str{?} {t}, [{n}, {m}]", Store, |c| store(c, Size::Word, indexed(c))),
    row!("0101001 mmm nnn ttt", "strh{?} {t}, [{n}, {m}]", Store, |c| store(c, Size::Half, indexed(c))),
    row!("0101010 mmm nnn ttt", "strb{?} {t}, [{n}, {m}]", Store, |c| store(c, Size::Byte, indexed(c))),
    row!("0101011 mmm nnn ttt", "ldrsb{?} {t}, [{n}, {m}]", Load, |c| load(c, Size::SignedByte, indexed(c))),
    row!("0101100 mmm nnn ttt", "ldr{?} {t}, [{n}, {m}]", Load, |c| load(c, Size::Word, indexed(c))),
    row!("0101101 mmm nnn ttt", "ldrh{?} {t}, [{n}, {m}]", Load, |c| load(c, Size::Half, indexed(c))),
    row!("0101110 mmm nnn ttt", "ldrb{?} {t}, [{n}, {m}]", Load, |c| load(c, Size::Byte, indexed(c))),
    row!("0101111 mmm nnn ttt", "ldrsh{?} {t}, [{n}, {m}]", Load, |c| load(c, Size::SignedHalf, indexed(c))),
    row!("01100 iiiii nnn ttt", "str{?} {t}, [{n}, {#i*4}]", Store, |c| store(c, Size::Word, offset(c, 4))),
    row!("01101 iiiii nnn ttt", "ldr{?} {t}, [{n}, {#i*4}]", Load, |c| load(c, Size::Word, offset(c, 4))),
    row!("01110 iiiii nnn ttt", "strb{?} {t}, [{n}, {#i}]", Store, |c| store(c, Size::Byte, offset(c, 1))),
    row!("01111 iiiii nnn ttt", "ldrb{?} {t}, [{n}, {#i}]", Load, |c| load(c, Size::Byte, offset(c, 1))),
    row!("10000 iiiii nnn ttt", "strh{?} {t}, [{n}, {#i*2}]", Store, |c| store(c, Size::Half, offset(c, 2))),
    row!("10001 iiiii nnn ttt", "ldrh{?} {t}, [{n}, {#i*2}]", Load, |c| load(c, Size::Half, offset(c, 2))),
    row!("10010 ttt iiiiiiii", "str{?} {t}, [sp, {#i*4}]", Store, |c| store(c, Size::Word, stack(c))),
    row!("10011 ttt iiiiiiii", "ldr{?} {t}, [sp, {#i*4}]", Load, |c| load(c, Size::Word, stack(c))),
    row!("1011010 p llllllll", "push{?} {list}", StoreMultiple, |c| {
        let list = (c.get('l') | c.get('p') << 14) as u16;
        if list == 0 {
            return Insn::Unpredictable;
        }
        Insn::StoreMultiple { n: 13, list, before: true, write_back: true }
    }),
    row!("1011110 p llllllll", "pop{?} {list}", LoadMultiple, |c| {
        let list = (c.get('l') | c.get('p') << 15) as u16;
        if list == 0 || c.is('p') && !c.last_in_it {
            return Insn::Unpredictable;
        }
        Insn::LoadMultiple { n: 13, list, before: false, write_back: true }
    }),
    row!("11000 nnn llllllll", "stmia{?} {n}!, {list}", StoreMultiple, |c| {
        let list = c.get('l') as u16;
        // A base that is not the lowest register of the list is stored with an unknown value.
        let unknown = list >> c.r('n') & 1 == 1 && list & ((1 << c.r('n')) - 1) != 0;
        if list == 0 || unknown {
            return Insn::Unpredictable;
        }
        Insn::StoreMultiple { n: c.r('n'), list, before: false, write_back: true }
    }),
    row!("11001 nnn llllllll", "ldmia{?} {n}{wb16}, {list}", LoadMultiple, |c| {
        let list = c.get('l') as u16;
        if list == 0 {
            return Insn::Unpredictable;
        }
        Insn::LoadMultiple { n: c.r('n'), list, before: false, write_back: list >> c.r('n') & 1 == 0 }
    }),
];
