//! What Armv8-M Mainline adds to Armv7E-M: loads that acquire, stores that release, and limits of the stacks (Armv8-M ARM,
//! C2.4). SG, BXNS, BLXNS and TT belong to the Security Extension or ask of protection, and are unknown.

use super::insn::{Class, Insn};
use super::memory32::{load_exclusive, store_exclusive};
use super::narrow::row;
use super::pattern::{Code, Row};
use crate::emulator::core::exec;

/// Numbers of MSPLIM and PSPLIM.
const MSPLIM: u32 = 10;
const PSPLIM: u32 = 11;

fn read_limit(c: &Code, number: u32) -> Insn {
    Insn::Plain { run: exec::mrs, d: c.r('d'), n: 0, m: 0, a: 0, immediate: number }
}

fn write_limit(c: &Code, number: u32) -> Insn {
    Insn::Last { run: exec::msr, d: 0, n: c.r('n'), m: 2, a: 0, immediate: number }
}

pub(super) static ROWS: &[Row] = &[
    row!("11101000 1101 NNNN | tttt 1111 1000 1111", "ldab{?} {t}, [{N}]", Exclusive, |c| load_exclusive(
        c,
        exec::lda::<1>,
        0
    )),
    row!("11101000 1101 NNNN | tttt 1111 1001 1111", "ldah{?} {t}, [{N}]", Exclusive, |c| load_exclusive(
        c,
        exec::lda::<2>,
        0
    )),
    row!("11101000 1101 NNNN | tttt 1111 1010 1111", "lda{?} {t}, [{N}]", Exclusive, |c| load_exclusive(
        c,
        exec::lda::<4>,
        0
    )),
    row!("11101000 1101 NNNN | tttt 1111 1100 1111", "ldaexb{?} {t}, [{N}]", Exclusive, |c| load_exclusive(
        c,
        exec::ldrex::<1>,
        0
    )),
    row!("11101000 1101 NNNN | tttt 1111 1101 1111", "ldaexh{?} {t}, [{N}]", Exclusive, |c| load_exclusive(
        c,
        exec::ldrex::<2>,
        0
    )),
    row!("11101000 1101 NNNN | tttt 1111 1110 1111", "ldaex{?} {t}, [{N}]", Exclusive, |c| load_exclusive(
        c,
        exec::ldrex::<4>,
        0
    )),
    row!("11101000 1100 NNNN | tttt 1111 1000 1111", "stlb{?} {t}, [{N}]", Exclusive, |c| load_exclusive(
        c,
        exec::stl::<1>,
        0
    )),
    row!("11101000 1100 NNNN | tttt 1111 1001 1111", "stlh{?} {t}, [{N}]", Exclusive, |c| load_exclusive(
        c,
        exec::stl::<2>,
        0
    )),
    row!("11101000 1100 NNNN | tttt 1111 1010 1111", "stl{?} {t}, [{N}]", Exclusive, |c| load_exclusive(
        c,
        exec::stl::<4>,
        0
    )),
    row!("11101000 1100 NNNN | eeee 1111 1100 dddd", "stlexb{?} {d}, {e}, [{N}]", Exclusive, |c| store_exclusive(
        c,
        exec::strex::<1>,
        0
    )),
    row!("11101000 1100 NNNN | eeee 1111 1101 dddd", "stlexh{?} {d}, {e}, [{N}]", Exclusive, |c| store_exclusive(
        c,
        exec::strex::<2>,
        0
    )),
    row!("11101000 1100 NNNN | eeee 1111 1110 dddd", "stlex{?} {d}, {e}, [{N}]", Exclusive, |c| store_exclusive(
        c,
        exec::strex::<4>,
        0
    )),
    row!("11110 0 111110 1111 | 1000 dddd 00001010", "mrs{?} {d}, MSPLIM", System, |c| read_limit(c, MSPLIM)),
    row!("11110 0 111110 1111 | 1000 dddd 00001011", "mrs{?} {d}, PSPLIM", System, |c| read_limit(c, PSPLIM)),
    row!("11110 0 111000 nnnn | 1000 1000 00001010", "msr{?} MSPLIM, {n}", System, |c| write_limit(c, MSPLIM)),
    row!("11110 0 111000 nnnn | 1000 1000 00001011", "msr{?} PSPLIM, {n}", System, |c| write_limit(c, PSPLIM)),
];

/// Whether an instruction is of these.
pub fn is_armv8(code: &Code) -> bool {
    ROWS.as_ptr_range().contains(&std::ptr::from_ref(code.row()))
}
