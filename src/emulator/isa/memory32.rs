//! 32-bit loads and stores.

use super::insn::{Address, Class, Insn, Size};
use super::narrow::row;
use super::pattern::{Code, Row};
use crate::emulator::core::{Handler, exec};

fn target(c: &Code) -> u8 {
    c.r('t') | c.r('T') | c.r('L')
}

fn load(c: &Code, size: Size, from: Address) -> Insn {
    let t = target(c);
    let written_back = matches!(from, Address::PreIndexed { n, .. } | Address::PostIndexed { n, .. } if n == t);
    if written_back || t == 15 && !c.last_in_it {
        return Insn::Unpredictable;
    }
    Insn::Load { size, t, from, unprivileged: false }
}

fn store(c: &Code, size: Size, to: Address) -> Insn {
    let t = target(c);
    if matches!(to, Address::PreIndexed { n, .. } | Address::PostIndexed { n, .. } if n == t) {
        return Insn::Unpredictable;
    }
    Insn::Store { size, t, to, unprivileged: false }
}

fn unprivileged(insn: Insn) -> Insn {
    match insn {
        Insn::Load { size, t, from, .. } => Insn::Load { size, t, from, unprivileged: true },
        Insn::Store { size, t, to, .. } => Insn::Store { size, t, to, unprivileged: true },
        other => other,
    }
}

fn positive(c: &Code) -> Address {
    Address::Offset { n: c.r('N'), offset: c.get('i') }
}

fn negative(c: &Code) -> Address {
    Address::Offset { n: c.r('N'), offset: c.get('i').wrapping_neg() }
}

/// The offset with its sign `v`.
fn signed(c: &Code, scale: u32) -> u32 {
    let offset = c.get('i') * scale;
    if c.is('v') { offset } else { offset.wrapping_neg() }
}

fn post(c: &Code) -> Address {
    Address::PostIndexed { n: c.r('N'), offset: signed(c, 1) }
}

fn pre(c: &Code) -> Address {
    Address::PreIndexed { n: c.r('N'), offset: signed(c, 1) }
}

fn literal(c: &Code) -> Address {
    Address::Absolute(c.aligned_pc().wrapping_add(signed(c, 1)))
}

fn indexed(c: &Code) -> Address {
    Address::Register { n: c.r('N'), m: c.r('m'), shift: c.get('i') as u8 }
}

fn double(c: &Code, before: bool, write_back: bool) -> Address {
    let (n, offset) = (c.r('N'), signed(c, 4));
    match (before, write_back) {
        (_, false) => Address::Offset { n, offset },
        (true, true) => Address::PreIndexed { n, offset },
        (false, true) => Address::PostIndexed { n, offset },
    }
}

fn load_double(c: &Code, from: Address) -> Insn {
    if c.r('t') == c.r('u') {
        return Insn::Unpredictable;
    }
    Insn::LoadDouble { t: c.r('t'), u: c.r('u'), from }
}

/// Refuses pairs that hold the base which is written back.
fn write_back(c: &Code, insn: Insn) -> Insn {
    if c.r('N') == c.r('t') || c.r('N') == c.r('u') { Insn::Unpredictable } else { insn }
}

pub(super) fn load_exclusive(c: &Code, run: Handler, offset: u32) -> Insn {
    Insn::Plain { run, d: c.r('t'), n: c.r('N'), m: 0, a: 0, immediate: offset }
}

pub(super) fn store_exclusive(c: &Code, run: Handler, offset: u32) -> Insn {
    let (d, t) = (c.r('d'), c.r('t') | c.r('e'));
    if d == c.r('N') || d == t {
        return Insn::Unpredictable;
    }
    Insn::Plain { run, d, n: c.r('N'), m: t, a: 0, immediate: offset }
}

/// Bits of the list: 13 and PC (letter `p`) are apart.
fn list(c: &Code) -> u16 {
    let (low, _) = c.field('l');
    ((low >> 13 & 1) << 14 | low & 0x1FFF | c.get('p') << 15) as u16
}

fn store_multiple(c: &Code, before: bool) -> Insn {
    let (n, list, write_back) = (c.r('N'), list(c), c.is('w'));
    if list.count_ones() < 2 || write_back && list >> n & 1 == 1 {
        return Insn::Unpredictable;
    }
    Insn::StoreMultiple { n, list, before, write_back }
}

fn load_multiple(c: &Code, before: bool) -> Insn {
    let (n, list, write_back) = (c.r('N'), list(c), c.is('w'));
    let jumps = list >> 15 == 1;
    if list.count_ones() < 2 || write_back && list >> n & 1 == 1 || jumps && (list >> 14 & 1 == 1 || !c.last_in_it) {
        return Insn::Unpredictable;
    }
    Insn::LoadMultiple { n, list, before, write_back }
}

fn push(c: &Code) -> Insn {
    if list(c).count_ones() < 2 {
        return Insn::Unpredictable;
    }
    Insn::StoreMultiple { n: 13, list: list(c), before: true, write_back: true }
}

fn pop(c: &Code) -> Insn {
    let list = list(c);
    if list.count_ones() < 2 || list >> 14 == 3 || list >> 15 == 1 && !c.last_in_it {
        return Insn::Unpredictable;
    }
    Insn::LoadMultiple { n: 13, list, before: false, write_back: true }
}

pub(super) static ROWS: &[Row] = &[
    row!("111110001000 NNNN | tttt iiiiiiiiiiii", "strb{?}.w {t}, [{N}{,#i}]", Store, |c| store(
        c,
        Size::Byte,
        positive(c)
    )),
    row!("111110000000 NNNN | tttt 1100 iiiiiiii", "strb{?}.w {t}, [{N}{,#-i}]", Store, |c| store(
        c,
        Size::Byte,
        negative(c)
    )),
    row!("111110000000 NNNN | tttt 10 v 1 iiiiiiii", "strb{?}.w {t}, [{N}], {#vi}", Store, |c| store(
        c,
        Size::Byte,
        post(c)
    )),
    row!("111110000000 NNNN | tttt 11 v 1 iiiiiiii", "strb{?}.w {t}, [{N}{,#vi}]!", Store, |c| store(
        c,
        Size::Byte,
        pre(c)
    )),
    row!("111110000000 NNNN | tttt 1110 iiiiiiii", "strbt{?} {t}, [{N}{,#i}]", Store, |c| unprivileged(store(
        c,
        Size::Byte,
        positive(c)
    ))),
    row!("111110000000 NNNN | tttt 000000 ii mmmm", "strb{?}.w {t}, [{N}, {m}{lsl}]", Store, |c| store(
        c,
        Size::Byte,
        indexed(c)
    )),
    row!("111110001010 NNNN | tttt iiiiiiiiiiii", "strh{?}.w {t}, [{N}{,#i}]", Store, |c| store(
        c,
        Size::Half,
        positive(c)
    )),
    row!("111110000010 NNNN | tttt 1100 iiiiiiii", "strh{?}.w {t}, [{N}{,#-i}]", Store, |c| store(
        c,
        Size::Half,
        negative(c)
    )),
    row!("111110000010 NNNN | tttt 10 v 1 iiiiiiii", "strh{?}.w {t}, [{N}], {#vi}", Store, |c| store(
        c,
        Size::Half,
        post(c)
    )),
    row!("111110000010 NNNN | tttt 11 v 1 iiiiiiii", "strh{?}.w {t}, [{N}{,#vi}]!", Store, |c| store(
        c,
        Size::Half,
        pre(c)
    )),
    row!("111110000010 NNNN | tttt 1110 iiiiiiii", "strht{?} {t}, [{N}{,#i}]", Store, |c| unprivileged(store(
        c,
        Size::Half,
        positive(c)
    ))),
    row!("111110000010 NNNN | tttt 000000 ii mmmm", "strh{?}.w {t}, [{N}, {m}{lsl}]", Store, |c| store(
        c,
        Size::Half,
        indexed(c)
    )),
    row!("111110001100 NNNN | TTTT iiiiiiiiiiii", "str{?}.w {T}, [{N}{,#i}]", Store, |c| store(
        c,
        Size::Word,
        positive(c)
    )),
    row!("111110000100 NNNN | TTTT 1100 iiiiiiii", "str{?}.w {T}, [{N}{,#-i}]", Store, |c| store(
        c,
        Size::Word,
        negative(c)
    )),
    row!("111110000100 NNNN | TTTT 10 v 1 iiiiiiii", "str{?}.w {T}, [{N}], {#vi}", Store, |c| store(
        c,
        Size::Word,
        post(c)
    )),
    row!("111110000100 NNNN | TTTT 11 v 1 iiiiiiii", "str{?}.w {T}, [{N}{,#vi}]!", Store, |c| store(
        c,
        Size::Word,
        pre(c)
    )),
    row!("111110000100 NNNN | tttt 1110 iiiiiiii", "strt{?} {t}, [{N}{,#i}]", Store, |c| unprivileged(store(
        c,
        Size::Word,
        positive(c)
    ))),
    row!("111110000100 NNNN | TTTT 000000 ii mmmm", "str{?}.w {T}, [{N}, {m}{lsl}]", Store, |c| store(
        c,
        Size::Word,
        indexed(c)
    )),
    row!("111110001001 NNNN | tttt iiiiiiiiiiii", "ldrb{?}.w {t}, [{N}{,#i}]", Load, |c| load(
        c,
        Size::Byte,
        positive(c)
    )),
    row!("111110000001 NNNN | tttt 1100 iiiiiiii", "ldrb{?}.w {t}, [{N}{,#-i}]", Load, |c| load(
        c,
        Size::Byte,
        negative(c)
    )),
    row!("111110000001 NNNN | tttt 10 v 1 iiiiiiii", "ldrb{?}.w {t}, [{N}], {#vi}", Load, |c| load(
        c,
        Size::Byte,
        post(c)
    )),
    row!("111110000001 NNNN | tttt 11 v 1 iiiiiiii", "ldrb{?}.w {t}, [{N}{,#vi}]!", Load, |c| load(
        c,
        Size::Byte,
        pre(c)
    )),
    row!("111110000001 NNNN | tttt 1110 iiiiiiii", "ldrbt{?} {t}, [{N}{,#i}]", Load, |c| unprivileged(load(
        c,
        Size::Byte,
        positive(c)
    ))),
    row!("111110000001 NNNN | tttt 000000 ii mmmm", "ldrb{?}.w {t}, [{N}, {m}{lsl}]", Load, |c| load(
        c,
        Size::Byte,
        indexed(c)
    )),
    row!("11111000v001 1111 | tttt iiiiiiiiiiii", "ldrb{?}.w {t}, [pc, {#vi}]", Load, |c| load(
        c,
        Size::Byte,
        literal(c)
    )),
    row!("111110001011 NNNN | tttt iiiiiiiiiiii", "ldrh{?}.w {t}, [{N}{,#i}]", Load, |c| load(
        c,
        Size::Half,
        positive(c)
    )),
    row!("111110000011 NNNN | tttt 1100 iiiiiiii", "ldrh{?}.w {t}, [{N}{,#-i}]", Load, |c| load(
        c,
        Size::Half,
        negative(c)
    )),
    row!("111110000011 NNNN | tttt 10 v 1 iiiiiiii", "ldrh{?}.w {t}, [{N}], {#vi}", Load, |c| load(
        c,
        Size::Half,
        post(c)
    )),
    row!("111110000011 NNNN | tttt 11 v 1 iiiiiiii", "ldrh{?}.w {t}, [{N}{,#vi}]!", Load, |c| load(
        c,
        Size::Half,
        pre(c)
    )),
    row!("111110000011 NNNN | tttt 1110 iiiiiiii", "ldrht{?} {t}, [{N}{,#i}]", Load, |c| unprivileged(load(
        c,
        Size::Half,
        positive(c)
    ))),
    row!("111110000011 NNNN | tttt 000000 ii mmmm", "ldrh{?}.w {t}, [{N}, {m}{lsl}]", Load, |c| load(
        c,
        Size::Half,
        indexed(c)
    )),
    row!("11111000v011 1111 | tttt iiiiiiiiiiii", "ldrh{?}.w {t}, [pc, {#vi}]", Load, |c| load(
        c,
        Size::Half,
        literal(c)
    )),
    row!("111110001101 NNNN | LLLL iiiiiiiiiiii", "ldr{?}.w {L}, [{N}{,#i}]", Load, |c| load(
        c,
        Size::Word,
        positive(c)
    )),
    row!("111110000101 NNNN | LLLL 1100 iiiiiiii", "ldr{?}.w {L}, [{N}{,#-i}]", Load, |c| load(
        c,
        Size::Word,
        negative(c)
    )),
    row!("111110000101 NNNN | LLLL 10 v 1 iiiiiiii", "ldr{?}.w {L}, [{N}], {#vi}", Load, |c| load(
        c,
        Size::Word,
        post(c)
    )),
    row!("111110000101 NNNN | LLLL 11 v 1 iiiiiiii", "ldr{?}.w {L}, [{N}{,#vi}]!", Load, |c| load(
        c,
        Size::Word,
        pre(c)
    )),
    row!("111110000101 NNNN | tttt 1110 iiiiiiii", "ldrt{?} {t}, [{N}{,#i}]", Load, |c| unprivileged(load(
        c,
        Size::Word,
        positive(c)
    ))),
    row!("111110000101 NNNN | LLLL 000000 ii mmmm", "ldr{?}.w {L}, [{N}, {m}{lsl}]", Load, |c| load(
        c,
        Size::Word,
        indexed(c)
    )),
    row!("11111000v101 1111 | LLLL iiiiiiiiiiii", "ldr{?}.w {L}, [pc, {#vi}]", Load, |c| load(
        c,
        Size::Word,
        literal(c)
    )),
    row!("111110011001 NNNN | tttt iiiiiiiiiiii", "ldrsb{?}.w {t}, [{N}{,#i}]", Load, |c| load(
        c,
        Size::SignedByte,
        positive(c)
    )),
    row!("111110010001 NNNN | tttt 1100 iiiiiiii", "ldrsb{?}.w {t}, [{N}{,#-i}]", Load, |c| load(
        c,
        Size::SignedByte,
        negative(c)
    )),
    row!("111110010001 NNNN | tttt 10 v 1 iiiiiiii", "ldrsb{?}.w {t}, [{N}], {#vi}", Load, |c| load(
        c,
        Size::SignedByte,
        post(c)
    )),
    row!("111110010001 NNNN | tttt 11 v 1 iiiiiiii", "ldrsb{?}.w {t}, [{N}{,#vi}]!", Load, |c| load(
        c,
        Size::SignedByte,
        pre(c)
    )),
    row!("111110010001 NNNN | tttt 1110 iiiiiiii", "ldrsbt{?} {t}, [{N}{,#i}]", Load, |c| unprivileged(load(
        c,
        Size::SignedByte,
        positive(c)
    ))),
    row!("111110010001 NNNN | tttt 000000 ii mmmm", "ldrsb{?}.w {t}, [{N}, {m}{lsl}]", Load, |c| load(
        c,
        Size::SignedByte,
        indexed(c)
    )),
    row!("11111001v001 1111 | tttt iiiiiiiiiiii", "ldrsb{?}.w {t}, [pc, {#vi}]", Load, |c| load(
        c,
        Size::SignedByte,
        literal(c)
    )),
    row!("111110011011 NNNN | tttt iiiiiiiiiiii", "ldrsh{?}.w {t}, [{N}{,#i}]", Load, |c| load(
        c,
        Size::SignedHalf,
        positive(c)
    )),
    row!("111110010011 NNNN | tttt 1100 iiiiiiii", "ldrsh{?}.w {t}, [{N}{,#-i}]", Load, |c| load(
        c,
        Size::SignedHalf,
        negative(c)
    )),
    row!("111110010011 NNNN | tttt 10 v 1 iiiiiiii", "ldrsh{?}.w {t}, [{N}], {#vi}", Load, |c| load(
        c,
        Size::SignedHalf,
        post(c)
    )),
    row!("111110010011 NNNN | tttt 11 v 1 iiiiiiii", "ldrsh{?}.w {t}, [{N}{,#vi}]!", Load, |c| load(
        c,
        Size::SignedHalf,
        pre(c)
    )),
    row!("111110010011 NNNN | tttt 1110 iiiiiiii", "ldrsht{?} {t}, [{N}{,#i}]", Load, |c| unprivileged(load(
        c,
        Size::SignedHalf,
        positive(c)
    ))),
    row!("111110010011 NNNN | tttt 000000 ii mmmm", "ldrsh{?}.w {t}, [{N}, {m}{lsl}]", Load, |c| load(
        c,
        Size::SignedHalf,
        indexed(c)
    )),
    row!("11111001v011 1111 | tttt iiiiiiiiiiii", "ldrsh{?}.w {t}, [pc, {#vi}]", Load, |c| load(
        c,
        Size::SignedHalf,
        literal(c)
    )),
    row!("111110001001 NNNN | 1111 iiiiiiiiiiii", "pld{?} [{N}{,#i}]", Nop, |_| Insn::Nop),
    row!("111110000001 NNNN | 1111 1100 iiiiiiii", "pld{?} [{N}{,#-i}]", Nop, |_| Insn::Nop),
    row!("111110000001 NNNN | 1111 000000 ii mmmm", "pld{?} [{N}, {m}{lsl}]", Nop, |_| Insn::Nop),
    row!("11111000v001 1111 | 1111 iiiiiiiiiiii", "pld{?} [pc, {#vi}]", Nop, |_| Insn::Nop),
    row!("111110001011 NNNN | 1111 iiiiiiiiiiii", "pldw{?} [{N}{,#i}]", Nop, |_| Insn::Nop),
    row!("111110000011 NNNN | 1111 1100 iiiiiiii", "pldw{?} [{N}{,#-i}]", Nop, |_| Insn::Nop),
    row!("111110000011 NNNN | 1111 000000 ii mmmm", "pldw{?} [{N}, {m}{lsl}]", Nop, |_| Insn::Nop),
    row!("111110011001 NNNN | 1111 iiiiiiiiiiii", "pli{?} [{N}{,#i}]", Nop, |_| Insn::Nop),
    row!("111110010001 NNNN | 1111 1100 iiiiiiii", "pli{?} [{N}{,#-i}]", Nop, |_| Insn::Nop),
    row!("111110010001 NNNN | 1111 000000 ii mmmm", "pli{?} [{N}, {m}{lsl}]", Nop, |_| Insn::Nop),
    row!("11111001v001 1111 | 1111 iiiiiiiiiiii", "pli{?} [pc, {#vi}]", Nop, |_| Insn::Nop),
    row!("1110100 1 v 1 0 0 NNNN | tttt uuuu iiiiiiii", "strd{?} {t}, {u}, [{N}{,#vi*4}]", StoreDouble, |c| {
        Insn::StoreDouble { t: c.r('t'), u: c.r('u'), to: double(c, true, false) }
    }),
    row!("1110100 1 v 1 1 0 NNNN | tttt uuuu iiiiiiii", "strd{?} {t}, {u}, [{N}{,#vi*4}]!", StoreDouble, |c| {
        write_back(c, Insn::StoreDouble { t: c.r('t'), u: c.r('u'), to: double(c, true, true) })
    }),
    row!("1110100 0 v 1 1 0 NNNN | tttt uuuu iiiiiiii", "strd{?} {t}, {u}, [{N}], {#vi*4}", StoreDouble, |c| {
        write_back(c, Insn::StoreDouble { t: c.r('t'), u: c.r('u'), to: double(c, false, true) })
    }),
    row!("1110100 1 v 1 0 1 NNNN | tttt uuuu iiiiiiii", "ldrd{?} {t}, {u}, [{N}{,#vi*4}]", LoadDouble, |c| {
        load_double(c, double(c, true, false))
    }),
    row!("1110100 1 v 1 1 1 NNNN | tttt uuuu iiiiiiii", "ldrd{?} {t}, {u}, [{N}{,#vi*4}]!", LoadDouble, |c| {
        write_back(c, load_double(c, double(c, true, true)))
    }),
    row!("1110100 0 v 1 1 1 NNNN | tttt uuuu iiiiiiii", "ldrd{?} {t}, {u}, [{N}], {#vi*4}", LoadDouble, |c| {
        write_back(c, load_double(c, double(c, false, true)))
    }),
    row!("1110100 1 v 1 0 1 1111 | tttt uuuu iiiiiiii", "ldrd{?} {t}, {u}, [pc{,#vi*4}]", LoadDouble, |c| {
        let offset = if c.is('v') { c.get('i') * 4 } else { (c.get('i') * 4).wrapping_neg() };
        load_double(c, Address::Absolute(c.aligned_pc().wrapping_add(offset)))
    }),
    row!("11101000 0100 NNNN | tttt dddd iiiiiiii", "strex{?} {d}, {t}, [{N}{,#i*4}]", Exclusive, |c| {
        store_exclusive(c, exec::strex::<4>, c.get('i') * 4)
    }),
    row!("11101000 1100 NNNN | eeee 1111 0100 dddd", "strexb{?} {d}, {e}, [{N}]", Exclusive, |c| store_exclusive(
        c,
        exec::strex::<1>,
        0
    )),
    row!("11101000 1100 NNNN | eeee 1111 0101 dddd", "strexh{?} {d}, {e}, [{N}]", Exclusive, |c| store_exclusive(
        c,
        exec::strex::<2>,
        0
    )),
    row!("11101000 0101 NNNN | tttt 1111 iiiiiiii", "ldrex{?} {t}, [{N}{,#i*4}]", Exclusive, |c| load_exclusive(
        c,
        exec::ldrex::<4>,
        c.get('i') * 4
    )),
    row!("11101000 1101 NNNN | tttt 1111 0100 1111", "ldrexb{?} {t}, [{N}]", Exclusive, |c| load_exclusive(
        c,
        exec::ldrex::<1>,
        0
    )),
    row!("11101000 1101 NNNN | tttt 1111 0101 1111", "ldrexh{?} {t}, [{N}]", Exclusive, |c| load_exclusive(
        c,
        exec::ldrex::<2>,
        0
    )),
    row!("11101000 1101 XXXX | 1111 0000 000 h mmmm", "tb{bh}{?} [{X}, {m}{tbh}]", TableBranch, |c| {
        if c.r('X') == 13 || !c.last_in_it {
            return Insn::Unpredictable;
        }
        Insn::TableBranch { n: c.r('X'), m: c.r('m'), half: c.is('h') }
    }),
    row!("1110100 010 w 0 NNNN | 0 l 0 lllllllllllll", "stmia{?}.w {N}{wb}, {list}", StoreMultiple, |c| {
        store_multiple(c, false)
    }),
    row!("1110100 100 w 0 NNNN | 0 l 0 lllllllllllll", "stmdb{?} {N}{wb}, {list}", StoreMultiple, |c| {
        store_multiple(c, true)
    }),
    row!("1110100 100 1 0 1101 | 0 l 0 lllllllllllll", "stmdb{?} sp!, {list}", StoreMultiple, |c| push(c)),
    row!("1110100 010 w 1 NNNN | pl 0 lllllllllllll", "ldmia{?}.w {N}{wb}, {list}", LoadMultiple, |c| {
        load_multiple(c, false)
    }),
    row!("1110100 100 w 1 NNNN | pl 0 lllllllllllll", "ldmdb{?} {N}{wb}, {list}", LoadMultiple, |c| load_multiple(
        c, true
    )),
    row!("1110100 010 1 1 1101 | pl 0 lllllllllllll", "ldmia{?}.w sp!, {list}", LoadMultiple, |c| pop(c)),
    row!("111110000100 1101 | TTTT 1101 00000100", "str{?}.w {T}, [sp, #-4]!", Store, |c| store(
        c,
        Size::Word,
        Address::PreIndexed { n: 13, offset: 4u32.wrapping_neg() }
    )),
    row!("111110000101 1101 | LLLL 1011 00000100", "ldr{?}.w {L}, [sp], #4", Load, |c| load(
        c,
        Size::Word,
        Address::PostIndexed { n: 13, offset: 4 }
    )),
];
