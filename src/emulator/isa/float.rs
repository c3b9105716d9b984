//! The FPU: FPv4-SP, FPv5-SP and FPv5-DP.
//!
//! Fields `f`, `g` and `h` with the bits `x`, `y` and `z` name the destination and the two operands. Handlers get places in the
//! file of single registers; a double register takes two.
//!
//! A table: a row per encoding, and one file because the rows of all three share their fields.

use super::insn::{Address, Class, Insn};
use super::narrow::row;
use super::pattern::{Code, Row};
use crate::emulator::core::{Handler, exec};
use exec::{AWAY, BY_MODE, DOWN, NEAREST, UP, ZERO};

fn single(c: &Code, nibble: char, bit: char) -> u8 {
    c.r(nibble) << 1 | c.r(bit)
}

/// A double register, 32 and above where the FPU has no such register.
fn wide(c: &Code, nibble: char, bit: char) -> u8 {
    (c.r(bit) << 4 | c.r(nibble)) << 1
}

fn place(c: &Code, nibble: char, bit: char, double: bool) -> u8 {
    if double { wide(c, nibble, bit) } else { single(c, nibble, bit) }
}

fn first(c: &Code, double: bool) -> u8 {
    place(c, 'f', 'x', double)
}

fn plain(run: Handler, d: u8, n: u8, m: u8, immediate: u32) -> Insn {
    if d | n | m >= 32 {
        return Insn::Unpredictable;
    }
    Insn::Plain { run, d, n, m, a: 0, immediate }
}

fn arith(c: &Code, run: Handler, double: bool) -> Insn {
    let (d, n, m) = (first(c, double), place(c, 'g', 'y', double), place(c, 'h', 'z', double));
    plain(run, d, n, m, c.get('i'))
}

/// Destination and operand of unlike width.
fn mixed(c: &Code, run: Handler, double: bool, from_double: bool) -> Insn {
    plain(run, first(c, double), 0, place(c, 'h', 'z', from_double), 0)
}

fn fixed(c: &Code, run: Handler, double: bool, size: u32) -> Insn {
    let shortened = c.get('j') << 1 | c.get('i');
    if shortened > size {
        return Insn::Unpredictable;
    }
    plain(run, first(c, double), 0, 0, size - shortened)
}

/// These have no condition and are unpredictable in IT blocks.
fn no_it(c: &Code, insn: Insn) -> Insn {
    if c.in_it { Insn::Unpredictable } else { insn }
}

fn transfer(c: &Code, run: Handler, t: u8) -> Insn {
    Insn::Plain { run, d: t, n: single(c, 'g', 'y'), m: 0, a: 0, immediate: 0 }
}

fn scalar(c: &Code, run: Handler) -> Insn {
    let n = wide(c, 'g', 'y');
    if n >= 32 {
        return Insn::Unpredictable;
    }
    Insn::Plain { run, d: c.r('t'), n: n + c.r('i'), m: 0, a: 0, immediate: 0 }
}

fn pair(c: &Code, run: Handler, m: u8) -> Insn {
    if m >= 31 {
        return Insn::Unpredictable;
    }
    Insn::Plain { run, d: c.r('t'), n: c.r('u'), m, a: 0, immediate: 0 }
}

fn pair_out(c: &Code, m: u8) -> Insn {
    if c.r('t') == c.r('u') { Insn::Unpredictable } else { pair(c, exec::vmov_pair_out, m) }
}

fn address(c: &Code) -> Address {
    let offset = if c.is('v') { c.get('i') * 4 } else { (c.get('i') * 4).wrapping_neg() };
    match c.r('N') | c.r('X') {
        15 => Address::Absolute(c.aligned_pc().wrapping_add(offset)),
        n => Address::Offset { n, offset },
    }
}

/// First register, number of words, and whether the write-back is asked for; none where the list is not allowed.
fn list(c: &Code, double: bool) -> Option<(u8, u8, bool)> {
    let (first, count) = (first(c, double), c.get('i'));
    let odd = double && count % 2 == 1;
    let allowed = count >= 1 && count <= 32 && u32::from(first) + count <= 32 && !odd;
    // The forms that decrement before have no bit `w`: they always write back.
    allowed.then_some((first, count as u8, c.field('w').1 == 0 || c.is('w')))
}

fn load_multiple(c: &Code, before: bool, double: bool) -> Insn {
    match list(c, double) {
        Some((first, count, write_back)) => Insn::FloatLoadMultiple { n: base(c), first, count, before, write_back },
        None => Insn::Unpredictable,
    }
}

fn store_multiple(c: &Code, before: bool, double: bool) -> Insn {
    match list(c, double) {
        Some((first, count, write_back)) => Insn::FloatStoreMultiple { n: base(c), first, count, before, write_back },
        None => Insn::Unpredictable,
    }
}

/// PUSH and POP name no base.
fn base(c: &Code) -> u8 {
    if c.field('N').1 == 0 { 13 } else { c.r('N') }
}

pub(super) static ROWS: &[Row] = &[
    row!("11101110 0x00 gggg | ffff 1010 y0z0 hhhh", "vmla{?}.f32 {fs}, {gs}, {hs}", FloatMultiplyAdd, |c| arith(
        c,
        exec::vmla::<u32>,
        false
    )),
    row!("11101110 0x00 gggg | ffff 1011 y0z0 hhhh", "vmla{?}.f64 {fd}, {gd}, {hd}", FloatMultiplyAdd, |c| arith(
        c,
        exec::vmla::<u64>,
        true
    )),
    row!("11101110 0x00 gggg | ffff 1010 y1z0 hhhh", "vmls{?}.f32 {fs}, {gs}, {hs}", FloatMultiplyAdd, |c| arith(
        c,
        exec::vmls::<u32>,
        false
    )),
    row!("11101110 0x00 gggg | ffff 1011 y1z0 hhhh", "vmls{?}.f64 {fd}, {gd}, {hd}", FloatMultiplyAdd, |c| arith(
        c,
        exec::vmls::<u64>,
        true
    )),
    row!("11101110 0x01 gggg | ffff 1010 y1z0 hhhh", "vnmla{?}.f32 {fs}, {gs}, {hs}", FloatMultiplyAdd, |c| arith(
        c,
        exec::vnmla::<u32>,
        false
    )),
    row!("11101110 0x01 gggg | ffff 1011 y1z0 hhhh", "vnmla{?}.f64 {fd}, {gd}, {hd}", FloatMultiplyAdd, |c| arith(
        c,
        exec::vnmla::<u64>,
        true
    )),
    row!("11101110 0x01 gggg | ffff 1010 y0z0 hhhh", "vnmls{?}.f32 {fs}, {gs}, {hs}", FloatMultiplyAdd, |c| arith(
        c,
        exec::vnmls::<u32>,
        false
    )),
    row!("11101110 0x01 gggg | ffff 1011 y0z0 hhhh", "vnmls{?}.f64 {fd}, {gd}, {hd}", FloatMultiplyAdd, |c| arith(
        c,
        exec::vnmls::<u64>,
        true
    )),
    row!("11101110 0x10 gggg | ffff 1010 y0z0 hhhh", "vmul{?}.f32 {fs}, {gs}, {hs}", FloatMultiply, |c| arith(
        c,
        exec::vmul::<u32>,
        false
    )),
    row!("11101110 0x10 gggg | ffff 1011 y0z0 hhhh", "vmul{?}.f64 {fd}, {gd}, {hd}", FloatMultiply, |c| arith(
        c,
        exec::vmul::<u64>,
        true
    )),
    row!("11101110 0x10 gggg | ffff 1010 y1z0 hhhh", "vnmul{?}.f32 {fs}, {gs}, {hs}", FloatMultiply, |c| arith(
        c,
        exec::vnmul::<u32>,
        false
    )),
    row!("11101110 0x10 gggg | ffff 1011 y1z0 hhhh", "vnmul{?}.f64 {fd}, {gd}, {hd}", FloatMultiply, |c| arith(
        c,
        exec::vnmul::<u64>,
        true
    )),
    row!("11101110 0x11 gggg | ffff 1010 y0z0 hhhh", "vadd{?}.f32 {fs}, {gs}, {hs}", FloatAdd, |c| arith(
        c,
        exec::vadd::<u32>,
        false
    )),
    row!("11101110 0x11 gggg | ffff 1011 y0z0 hhhh", "vadd{?}.f64 {fd}, {gd}, {hd}", FloatAdd, |c| arith(
        c,
        exec::vadd::<u64>,
        true
    )),
    row!("11101110 0x11 gggg | ffff 1010 y1z0 hhhh", "vsub{?}.f32 {fs}, {gs}, {hs}", FloatAdd, |c| arith(
        c,
        exec::vsub::<u32>,
        false
    )),
    row!("11101110 0x11 gggg | ffff 1011 y1z0 hhhh", "vsub{?}.f64 {fd}, {gd}, {hd}", FloatAdd, |c| arith(
        c,
        exec::vsub::<u64>,
        true
    )),
    row!("11101110 1x00 gggg | ffff 1010 y0z0 hhhh", "vdiv{?}.f32 {fs}, {gs}, {hs}", FloatDivide, |c| arith(
        c,
        exec::vdiv::<u32>,
        false
    )),
    row!("11101110 1x00 gggg | ffff 1011 y0z0 hhhh", "vdiv{?}.f64 {fd}, {gd}, {hd}", FloatDivide, |c| arith(
        c,
        exec::vdiv::<u64>,
        true
    )),
    row!("11101110 1x01 gggg | ffff 1010 y1z0 hhhh", "vfnma{?}.f32 {fs}, {gs}, {hs}", FloatMultiplyAdd, |c| arith(
        c,
        exec::vfnma::<u32>,
        false
    )),
    row!("11101110 1x01 gggg | ffff 1011 y1z0 hhhh", "vfnma{?}.f64 {fd}, {gd}, {hd}", FloatMultiplyAdd, |c| arith(
        c,
        exec::vfnma::<u64>,
        true
    )),
    row!("11101110 1x01 gggg | ffff 1010 y0z0 hhhh", "vfnms{?}.f32 {fs}, {gs}, {hs}", FloatMultiplyAdd, |c| arith(
        c,
        exec::vfnms::<u32>,
        false
    )),
    row!("11101110 1x01 gggg | ffff 1011 y0z0 hhhh", "vfnms{?}.f64 {fd}, {gd}, {hd}", FloatMultiplyAdd, |c| arith(
        c,
        exec::vfnms::<u64>,
        true
    )),
    row!("11101110 1x10 gggg | ffff 1010 y0z0 hhhh", "vfma{?}.f32 {fs}, {gs}, {hs}", FloatMultiplyAdd, |c| arith(
        c,
        exec::vfma::<u32>,
        false
    )),
    row!("11101110 1x10 gggg | ffff 1011 y0z0 hhhh", "vfma{?}.f64 {fd}, {gd}, {hd}", FloatMultiplyAdd, |c| arith(
        c,
        exec::vfma::<u64>,
        true
    )),
    row!("11101110 1x10 gggg | ffff 1010 y1z0 hhhh", "vfms{?}.f32 {fs}, {gs}, {hs}", FloatMultiplyAdd, |c| arith(
        c,
        exec::vfms::<u32>,
        false
    )),
    row!("11101110 1x10 gggg | ffff 1011 y1z0 hhhh", "vfms{?}.f64 {fd}, {gd}, {hd}", FloatMultiplyAdd, |c| arith(
        c,
        exec::vfms::<u64>,
        true
    )),
    row!("11101110 1x11 iiii | ffff 1010 0000 iiii", "vmov{?}.f32 {fs}, {#fi}", FloatMove, |c| arith(
        c,
        exec::vmov_immediate::<u32>,
        false
    )),
    row!("11101110 1x11 iiii | ffff 1011 0000 iiii", "vmov{?}.f64 {fd}, {#fi}", FloatMove, |c| arith(
        c,
        exec::vmov_immediate::<u64>,
        true
    )),
    row!("11101110 1x11 0000 | ffff 1010 01z0 hhhh", "vmov{?}.f32 {fs}, {hs}", FloatMove, |c| arith(
        c,
        exec::vmov::<u32>,
        false
    )),
    row!("11101110 1x11 0000 | ffff 1011 01z0 hhhh", "vmov{?}.f64 {fd}, {hd}", FloatMove, |c| arith(
        c,
        exec::vmov::<u64>,
        true
    )),
    row!("11101110 1x11 0000 | ffff 1010 11z0 hhhh", "vabs{?}.f32 {fs}, {hs}", FloatMove, |c| arith(
        c,
        exec::vabs::<u32>,
        false
    )),
    row!("11101110 1x11 0000 | ffff 1011 11z0 hhhh", "vabs{?}.f64 {fd}, {hd}", FloatMove, |c| arith(
        c,
        exec::vabs::<u64>,
        true
    )),
    row!("11101110 1x11 0001 | ffff 1010 01z0 hhhh", "vneg{?}.f32 {fs}, {hs}", FloatMove, |c| arith(
        c,
        exec::vneg::<u32>,
        false
    )),
    row!("11101110 1x11 0001 | ffff 1011 01z0 hhhh", "vneg{?}.f64 {fd}, {hd}", FloatMove, |c| arith(
        c,
        exec::vneg::<u64>,
        true
    )),
    row!("11101110 1x11 0001 | ffff 1010 11z0 hhhh", "vsqrt{?}.f32 {fs}, {hs}", FloatRoot, |c| arith(
        c,
        exec::vsqrt::<u32>,
        false
    )),
    row!("11101110 1x11 0001 | ffff 1011 11z0 hhhh", "vsqrt{?}.f64 {fd}, {hd}", FloatRoot, |c| arith(
        c,
        exec::vsqrt::<u64>,
        true
    )),
    row!("11101110 1x11 0100 | ffff 1010 01z0 hhhh", "vcmp{?}.f32 {fs}, {hs}", FloatMove, |c| arith(
        c,
        exec::vcmp::<u32, false>,
        false
    )),
    row!("11101110 1x11 0100 | ffff 1011 01z0 hhhh", "vcmp{?}.f64 {fd}, {hd}", FloatMove, |c| arith(
        c,
        exec::vcmp::<u64, false>,
        true
    )),
    row!("11101110 1x11 0100 | ffff 1010 11z0 hhhh", "vcmpe{?}.f32 {fs}, {hs}", FloatMove, |c| arith(
        c,
        exec::vcmp::<u32, true>,
        false
    )),
    row!("11101110 1x11 0100 | ffff 1011 11z0 hhhh", "vcmpe{?}.f64 {fd}, {hd}", FloatMove, |c| arith(
        c,
        exec::vcmp::<u64, true>,
        true
    )),
    row!("11101110 1x11 0101 | ffff 1010 0100 0000", "vcmp{?}.f32 {fs}, #0.0", FloatMove, |c| arith(
        c,
        exec::vcmp_zero::<u32, false>,
        false
    )),
    row!("11101110 1x11 0101 | ffff 1011 0100 0000", "vcmp{?}.f64 {fd}, #0.0", FloatMove, |c| arith(
        c,
        exec::vcmp_zero::<u64, false>,
        true
    )),
    row!("11101110 1x11 0101 | ffff 1010 1100 0000", "vcmpe{?}.f32 {fs}, #0.0", FloatMove, |c| arith(
        c,
        exec::vcmp_zero::<u32, true>,
        false
    )),
    row!("11101110 1x11 0101 | ffff 1011 1100 0000", "vcmpe{?}.f64 {fd}, #0.0", FloatMove, |c| arith(
        c,
        exec::vcmp_zero::<u64, true>,
        true
    )),
    row!("11101110 1x11 0110 | ffff 1010 01z0 hhhh", "vrintr{?}.f32 {fs}, {hs}", FloatConvert, |c| arith(
        c,
        exec::vrint_by_mode::<u32, false>,
        false
    )),
    row!("11101110 1x11 0110 | ffff 1011 01z0 hhhh", "vrintr{?}.f64 {fd}, {hd}", FloatConvert, |c| arith(
        c,
        exec::vrint_by_mode::<u64, false>,
        true
    )),
    row!("11101110 1x11 0110 | ffff 1010 11z0 hhhh", "vrintz{?}.f32 {fs}, {hs}", FloatConvert, |c| arith(
        c,
        exec::vrint::<u32, ZERO>,
        false
    )),
    row!("11101110 1x11 0110 | ffff 1011 11z0 hhhh", "vrintz{?}.f64 {fd}, {hd}", FloatConvert, |c| arith(
        c,
        exec::vrint::<u64, ZERO>,
        true
    )),
    row!("11101110 1x11 0111 | ffff 1010 01z0 hhhh", "vrintx{?}.f32 {fs}, {hs}", FloatConvert, |c| arith(
        c,
        exec::vrint_by_mode::<u32, true>,
        false
    )),
    row!("11101110 1x11 0111 | ffff 1011 01z0 hhhh", "vrintx{?}.f64 {fd}, {hd}", FloatConvert, |c| arith(
        c,
        exec::vrint_by_mode::<u64, true>,
        true
    )),
    row!("11101110 1x11 0010 | ffff 1010 01z0 hhhh", "vcvtb{?}.f32.f16 {fs}, {hs}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_from_half::<u32, false>,
        false,
        false
    )),
    row!("11101110 1x11 0010 | ffff 1011 01z0 hhhh", "vcvtb{?}.f64.f16 {fd}, {hs}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_from_half::<u64, false>,
        true,
        false
    )),
    row!("11101110 1x11 0010 | ffff 1010 11z0 hhhh", "vcvtt{?}.f32.f16 {fs}, {hs}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_from_half::<u32, true>,
        false,
        false
    )),
    row!("11101110 1x11 0010 | ffff 1011 11z0 hhhh", "vcvtt{?}.f64.f16 {fd}, {hs}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_from_half::<u64, true>,
        true,
        false
    )),
    row!("11101110 1x11 0011 | ffff 1010 01z0 hhhh", "vcvtb{?}.f16.f32 {fs}, {hs}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_to_half::<u32, false>,
        false,
        false
    )),
    row!("11101110 1x11 0011 | ffff 1011 01z0 hhhh", "vcvtb{?}.f16.f64 {fs}, {hd}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_to_half::<u64, false>,
        false,
        true
    )),
    row!("11101110 1x11 0011 | ffff 1010 11z0 hhhh", "vcvtt{?}.f16.f32 {fs}, {hs}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_to_half::<u32, true>,
        false,
        false
    )),
    row!("11101110 1x11 0011 | ffff 1011 11z0 hhhh", "vcvtt{?}.f16.f64 {fs}, {hd}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_to_half::<u64, true>,
        false,
        true
    )),
    row!("11101110 1x11 0111 | ffff 1010 11z0 hhhh", "vcvt{?}.f64.f32 {fd}, {hs}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_to_double,
        true,
        false
    )),
    row!("11101110 1x11 0111 | ffff 1011 11z0 hhhh", "vcvt{?}.f32.f64 {fs}, {hd}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_to_single,
        false,
        true
    )),
    row!("11101110 1x11 1000 | ffff 1010 01z0 hhhh", "vcvt{?}.f32.u32 {fs}, {hs}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_from_int::<u32, false>,
        false,
        false
    )),
    row!("11101110 1x11 1100 | ffff 1010 11z0 hhhh", "vcvt{?}.u32.f32 {fs}, {hs}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_to_int::<u32, false, ZERO>,
        false,
        false
    )),
    row!("11101110 1x11 1100 | ffff 1010 01z0 hhhh", "vcvtr{?}.u32.f32 {fs}, {hs}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_to_int::<u32, false, BY_MODE>,
        false,
        false
    )),
    row!("11111110 1x11 1100 | ffff 1010 01z0 hhhh", "vcvta.u32.f32 {fs}, {hs}", FloatConvert, |c| no_it(
        c,
        mixed(c, exec::vcvt_to_int::<u32, false, AWAY>, false, false)
    )),
    row!("11111110 1x11 1101 | ffff 1010 01z0 hhhh", "vcvtn.u32.f32 {fs}, {hs}", FloatConvert, |c| no_it(
        c,
        mixed(c, exec::vcvt_to_int::<u32, false, NEAREST>, false, false)
    )),
    row!("11111110 1x11 1110 | ffff 1010 01z0 hhhh", "vcvtp.u32.f32 {fs}, {hs}", FloatConvert, |c| no_it(
        c,
        mixed(c, exec::vcvt_to_int::<u32, false, UP>, false, false)
    )),
    row!("11111110 1x11 1111 | ffff 1010 01z0 hhhh", "vcvtm.u32.f32 {fs}, {hs}", FloatConvert, |c| no_it(
        c,
        mixed(c, exec::vcvt_to_int::<u32, false, DOWN>, false, false)
    )),
    row!("11101110 1x11 1000 | ffff 1010 11z0 hhhh", "vcvt{?}.f32.s32 {fs}, {hs}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_from_int::<u32, true>,
        false,
        false
    )),
    row!("11101110 1x11 1101 | ffff 1010 11z0 hhhh", "vcvt{?}.s32.f32 {fs}, {hs}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_to_int::<u32, true, ZERO>,
        false,
        false
    )),
    row!("11101110 1x11 1101 | ffff 1010 01z0 hhhh", "vcvtr{?}.s32.f32 {fs}, {hs}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_to_int::<u32, true, BY_MODE>,
        false,
        false
    )),
    row!("11111110 1x11 1100 | ffff 1010 11z0 hhhh", "vcvta.s32.f32 {fs}, {hs}", FloatConvert, |c| no_it(
        c,
        mixed(c, exec::vcvt_to_int::<u32, true, AWAY>, false, false)
    )),
    row!("11111110 1x11 1101 | ffff 1010 11z0 hhhh", "vcvtn.s32.f32 {fs}, {hs}", FloatConvert, |c| no_it(
        c,
        mixed(c, exec::vcvt_to_int::<u32, true, NEAREST>, false, false)
    )),
    row!("11111110 1x11 1110 | ffff 1010 11z0 hhhh", "vcvtp.s32.f32 {fs}, {hs}", FloatConvert, |c| no_it(
        c,
        mixed(c, exec::vcvt_to_int::<u32, true, UP>, false, false)
    )),
    row!("11111110 1x11 1111 | ffff 1010 11z0 hhhh", "vcvtm.s32.f32 {fs}, {hs}", FloatConvert, |c| no_it(
        c,
        mixed(c, exec::vcvt_to_int::<u32, true, DOWN>, false, false)
    )),
    row!("11111110 1x11 1000 | ffff 1010 01z0 hhhh", "vrinta.f32 {fs}, {hs}", FloatConvert, |c| no_it(
        c,
        arith(c, exec::vrint::<u32, AWAY>, false)
    )),
    row!("11111110 1x11 1001 | ffff 1010 01z0 hhhh", "vrintn.f32 {fs}, {hs}", FloatConvert, |c| no_it(
        c,
        arith(c, exec::vrint::<u32, NEAREST>, false)
    )),
    row!("11111110 1x11 1010 | ffff 1010 01z0 hhhh", "vrintp.f32 {fs}, {hs}", FloatConvert, |c| no_it(
        c,
        arith(c, exec::vrint::<u32, UP>, false)
    )),
    row!("11111110 1x11 1011 | ffff 1010 01z0 hhhh", "vrintm.f32 {fs}, {hs}", FloatConvert, |c| no_it(
        c,
        arith(c, exec::vrint::<u32, DOWN>, false)
    )),
    row!("11111110 0x00 gggg | ffff 1010 y0z0 hhhh", "vseleq.f32 {fs}, {gs}, {hs}", FloatMove, |c| no_it(
        c,
        arith(c, exec::vsel::<u32, 0>, false)
    )),
    row!("11111110 0x01 gggg | ffff 1010 y0z0 hhhh", "vselvs.f32 {fs}, {gs}, {hs}", FloatMove, |c| no_it(
        c,
        arith(c, exec::vsel::<u32, 1>, false)
    )),
    row!("11111110 0x10 gggg | ffff 1010 y0z0 hhhh", "vselge.f32 {fs}, {gs}, {hs}", FloatMove, |c| no_it(
        c,
        arith(c, exec::vsel::<u32, 2>, false)
    )),
    row!("11111110 0x11 gggg | ffff 1010 y0z0 hhhh", "vselgt.f32 {fs}, {gs}, {hs}", FloatMove, |c| no_it(
        c,
        arith(c, exec::vsel::<u32, 3>, false)
    )),
    row!("11111110 1x00 gggg | ffff 1010 y0z0 hhhh", "vmaxnm.f32 {fs}, {gs}, {hs}", FloatMove, |c| no_it(
        c,
        arith(c, exec::vmaxnm::<u32>, false)
    )),
    row!("11111110 1x00 gggg | ffff 1010 y1z0 hhhh", "vminnm.f32 {fs}, {gs}, {hs}", FloatMove, |c| no_it(
        c,
        arith(c, exec::vminnm::<u32>, false)
    )),
    row!("11101110 1x11 1010 | ffff 1010 01i0 jjjj", "vcvt{?}.f32.s16 {fs}, {fs}, {#fix16}", FloatConvert, |c| {
        fixed(c, exec::vcvt_from_fixed::<u32, true, 16>, false, 16)
    }),
    row!("11101110 1x11 1110 | ffff 1010 01i0 jjjj", "vcvt{?}.s16.f32 {fs}, {fs}, {#fix16}", FloatConvert, |c| {
        fixed(c, exec::vcvt_to_fixed::<u32, true, 16>, false, 16)
    }),
    row!("11101110 1x11 1010 | ffff 1010 11i0 jjjj", "vcvt{?}.f32.s32 {fs}, {fs}, {#fix32}", FloatConvert, |c| {
        fixed(c, exec::vcvt_from_fixed::<u32, true, 32>, false, 32)
    }),
    row!("11101110 1x11 1110 | ffff 1010 11i0 jjjj", "vcvt{?}.s32.f32 {fs}, {fs}, {#fix32}", FloatConvert, |c| {
        fixed(c, exec::vcvt_to_fixed::<u32, true, 32>, false, 32)
    }),
    row!("11101110 1x11 1011 | ffff 1010 01i0 jjjj", "vcvt{?}.f32.u16 {fs}, {fs}, {#fix16}", FloatConvert, |c| {
        fixed(c, exec::vcvt_from_fixed::<u32, false, 16>, false, 16)
    }),
    row!("11101110 1x11 1111 | ffff 1010 01i0 jjjj", "vcvt{?}.u16.f32 {fs}, {fs}, {#fix16}", FloatConvert, |c| {
        fixed(c, exec::vcvt_to_fixed::<u32, false, 16>, false, 16)
    }),
    row!("11101110 1x11 1011 | ffff 1010 11i0 jjjj", "vcvt{?}.f32.u32 {fs}, {fs}, {#fix32}", FloatConvert, |c| {
        fixed(c, exec::vcvt_from_fixed::<u32, false, 32>, false, 32)
    }),
    row!("11101110 1x11 1111 | ffff 1010 11i0 jjjj", "vcvt{?}.u32.f32 {fs}, {fs}, {#fix32}", FloatConvert, |c| {
        fixed(c, exec::vcvt_to_fixed::<u32, false, 32>, false, 32)
    }),
    row!("11101110 1x11 1000 | ffff 1011 01z0 hhhh", "vcvt{?}.f64.u32 {fd}, {hs}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_from_int::<u64, false>,
        true,
        false
    )),
    row!("11101110 1x11 1100 | ffff 1011 11z0 hhhh", "vcvt{?}.u32.f64 {fs}, {hd}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_to_int::<u64, false, ZERO>,
        false,
        true
    )),
    row!("11101110 1x11 1100 | ffff 1011 01z0 hhhh", "vcvtr{?}.u32.f64 {fs}, {hd}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_to_int::<u64, false, BY_MODE>,
        false,
        true
    )),
    row!("11111110 1x11 1100 | ffff 1011 01z0 hhhh", "vcvta.u32.f64 {fs}, {hd}", FloatConvert, |c| no_it(
        c,
        mixed(c, exec::vcvt_to_int::<u64, false, AWAY>, false, true)
    )),
    row!("11111110 1x11 1101 | ffff 1011 01z0 hhhh", "vcvtn.u32.f64 {fs}, {hd}", FloatConvert, |c| no_it(
        c,
        mixed(c, exec::vcvt_to_int::<u64, false, NEAREST>, false, true)
    )),
    row!("11111110 1x11 1110 | ffff 1011 01z0 hhhh", "vcvtp.u32.f64 {fs}, {hd}", FloatConvert, |c| no_it(
        c,
        mixed(c, exec::vcvt_to_int::<u64, false, UP>, false, true)
    )),
    row!("11111110 1x11 1111 | ffff 1011 01z0 hhhh", "vcvtm.u32.f64 {fs}, {hd}", FloatConvert, |c| no_it(
        c,
        mixed(c, exec::vcvt_to_int::<u64, false, DOWN>, false, true)
    )),
    row!("11101110 1x11 1000 | ffff 1011 11z0 hhhh", "vcvt{?}.f64.s32 {fd}, {hs}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_from_int::<u64, true>,
        true,
        false
    )),
    row!("11101110 1x11 1101 | ffff 1011 11z0 hhhh", "vcvt{?}.s32.f64 {fs}, {hd}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_to_int::<u64, true, ZERO>,
        false,
        true
    )),
    row!("11101110 1x11 1101 | ffff 1011 01z0 hhhh", "vcvtr{?}.s32.f64 {fs}, {hd}", FloatConvert, |c| mixed(
        c,
        exec::vcvt_to_int::<u64, true, BY_MODE>,
        false,
        true
    )),
    row!("11111110 1x11 1100 | ffff 1011 11z0 hhhh", "vcvta.s32.f64 {fs}, {hd}", FloatConvert, |c| no_it(
        c,
        mixed(c, exec::vcvt_to_int::<u64, true, AWAY>, false, true)
    )),
    row!("11111110 1x11 1101 | ffff 1011 11z0 hhhh", "vcvtn.s32.f64 {fs}, {hd}", FloatConvert, |c| no_it(
        c,
        mixed(c, exec::vcvt_to_int::<u64, true, NEAREST>, false, true)
    )),
    row!("11111110 1x11 1110 | ffff 1011 11z0 hhhh", "vcvtp.s32.f64 {fs}, {hd}", FloatConvert, |c| no_it(
        c,
        mixed(c, exec::vcvt_to_int::<u64, true, UP>, false, true)
    )),
    row!("11111110 1x11 1111 | ffff 1011 11z0 hhhh", "vcvtm.s32.f64 {fs}, {hd}", FloatConvert, |c| no_it(
        c,
        mixed(c, exec::vcvt_to_int::<u64, true, DOWN>, false, true)
    )),
    row!("11111110 1x11 1000 | ffff 1011 01z0 hhhh", "vrinta.f64 {fd}, {hd}", FloatConvert, |c| no_it(
        c,
        arith(c, exec::vrint::<u64, AWAY>, true)
    )),
    row!("11111110 1x11 1001 | ffff 1011 01z0 hhhh", "vrintn.f64 {fd}, {hd}", FloatConvert, |c| no_it(
        c,
        arith(c, exec::vrint::<u64, NEAREST>, true)
    )),
    row!("11111110 1x11 1010 | ffff 1011 01z0 hhhh", "vrintp.f64 {fd}, {hd}", FloatConvert, |c| no_it(
        c,
        arith(c, exec::vrint::<u64, UP>, true)
    )),
    row!("11111110 1x11 1011 | ffff 1011 01z0 hhhh", "vrintm.f64 {fd}, {hd}", FloatConvert, |c| no_it(
        c,
        arith(c, exec::vrint::<u64, DOWN>, true)
    )),
    row!("11111110 0x00 gggg | ffff 1011 y0z0 hhhh", "vseleq.f64 {fd}, {gd}, {hd}", FloatMove, |c| no_it(
        c,
        arith(c, exec::vsel::<u64, 0>, true)
    )),
    row!("11111110 0x01 gggg | ffff 1011 y0z0 hhhh", "vselvs.f64 {fd}, {gd}, {hd}", FloatMove, |c| no_it(
        c,
        arith(c, exec::vsel::<u64, 1>, true)
    )),
    row!("11111110 0x10 gggg | ffff 1011 y0z0 hhhh", "vselge.f64 {fd}, {gd}, {hd}", FloatMove, |c| no_it(
        c,
        arith(c, exec::vsel::<u64, 2>, true)
    )),
    row!("11111110 0x11 gggg | ffff 1011 y0z0 hhhh", "vselgt.f64 {fd}, {gd}, {hd}", FloatMove, |c| no_it(
        c,
        arith(c, exec::vsel::<u64, 3>, true)
    )),
    row!("11111110 1x00 gggg | ffff 1011 y0z0 hhhh", "vmaxnm.f64 {fd}, {gd}, {hd}", FloatMove, |c| no_it(
        c,
        arith(c, exec::vmaxnm::<u64>, true)
    )),
    row!("11111110 1x00 gggg | ffff 1011 y1z0 hhhh", "vminnm.f64 {fd}, {gd}, {hd}", FloatMove, |c| no_it(
        c,
        arith(c, exec::vminnm::<u64>, true)
    )),
    row!("11101110 1x11 1010 | ffff 1011 01i0 jjjj", "vcvt{?}.f64.s16 {fd}, {fd}, {#fix16}", FloatConvert, |c| {
        fixed(c, exec::vcvt_from_fixed::<u64, true, 16>, true, 16)
    }),
    row!("11101110 1x11 1110 | ffff 1011 01i0 jjjj", "vcvt{?}.s16.f64 {fd}, {fd}, {#fix16}", FloatConvert, |c| {
        fixed(c, exec::vcvt_to_fixed::<u64, true, 16>, true, 16)
    }),
    row!("11101110 1x11 1010 | ffff 1011 11i0 jjjj", "vcvt{?}.f64.s32 {fd}, {fd}, {#fix32}", FloatConvert, |c| {
        fixed(c, exec::vcvt_from_fixed::<u64, true, 32>, true, 32)
    }),
    row!("11101110 1x11 1110 | ffff 1011 11i0 jjjj", "vcvt{?}.s32.f64 {fd}, {fd}, {#fix32}", FloatConvert, |c| {
        fixed(c, exec::vcvt_to_fixed::<u64, true, 32>, true, 32)
    }),
    row!("11101110 1x11 1011 | ffff 1011 01i0 jjjj", "vcvt{?}.f64.u16 {fd}, {fd}, {#fix16}", FloatConvert, |c| {
        fixed(c, exec::vcvt_from_fixed::<u64, false, 16>, true, 16)
    }),
    row!("11101110 1x11 1111 | ffff 1011 01i0 jjjj", "vcvt{?}.u16.f64 {fd}, {fd}, {#fix16}", FloatConvert, |c| {
        fixed(c, exec::vcvt_to_fixed::<u64, false, 16>, true, 16)
    }),
    row!("11101110 1x11 1011 | ffff 1011 11i0 jjjj", "vcvt{?}.f64.u32 {fd}, {fd}, {#fix32}", FloatConvert, |c| {
        fixed(c, exec::vcvt_from_fixed::<u64, false, 32>, true, 32)
    }),
    row!("11101110 1x11 1111 | ffff 1011 11i0 jjjj", "vcvt{?}.u32.f64 {fd}, {fd}, {#fix32}", FloatConvert, |c| {
        fixed(c, exec::vcvt_to_fixed::<u64, false, 32>, true, 32)
    }),
    row!("11101110 0000 gggg | tttt 1010 y001 0000", "vmov{?} {gs}, {t}", FloatMove, |c| transfer(
        c,
        exec::vmov_to_single,
        c.r('t')
    )),
    row!("11101110 0001 gggg | tttt 1010 y001 0000", "vmov{?} {t}, {gs}", FloatMove, |c| transfer(
        c,
        exec::vmov_from_single,
        c.r('t')
    )),
    row!("11101110 00i0 gggg | tttt 1011 y001 0000", "vmov{?}.32 {gd}[{i}], {t}", FloatMove, |c| scalar(
        c,
        exec::vmov_to_single
    )),
    row!("11101110 00i1 gggg | tttt 1011 y001 0000", "vmov{?}.32 {t}, {gd}[{i}]", FloatMove, |c| scalar(
        c,
        exec::vmov_from_single
    )),
    row!("11101110 1110 0001 | tttt 1010 0001 0000", "vmsr{?} fpscr, {t}", FloatMove, |c| transfer(
        c,
        exec::vmsr,
        c.r('t')
    )),
    row!("11101110 1111 0001 | LLLL 1010 0001 0000", "vmrs{?} {L}, fpscr", FloatMove, |c| match c.r('L') {
        13 => Insn::Unpredictable,
        15 => transfer(c, exec::vmrs_flags, 0),
        t => transfer(c, exec::vmrs, t),
    }),
    row!("11101110 1111 0001 | 1111 1010 0001 0000", "vmrs{?} APSR_nzcv, fpscr", FloatMove, |c| transfer(
        c,
        exec::vmrs_flags,
        0
    )),
    row!("11101100 0100 uuuu | tttt 1010 00z1 hhhh", "vmov{?} {hs}, {hs+1}, {t}, {u}", FloatMove, |c| pair(
        c,
        exec::vmov_pair_in,
        single(c, 'h', 'z')
    )),
    row!("11101100 0101 uuuu | tttt 1010 00z1 hhhh", "vmov{?} {t}, {u}, {hs}, {hs+1}", FloatMove, |c| pair_out(
        c,
        single(c, 'h', 'z')
    )),
    row!("11101100 0100 uuuu | tttt 1011 00z1 hhhh", "vmov{?} {hd}, {t}, {u}", FloatMove, |c| pair(
        c,
        exec::vmov_pair_in,
        wide(c, 'h', 'z')
    )),
    row!("11101100 0101 uuuu | tttt 1011 00z1 hhhh", "vmov{?} {t}, {u}, {hd}", FloatMove, |c| pair_out(
        c,
        wide(c, 'h', 'z')
    )),
    row!("11101101 vx00 NNNN | ffff 1010 iiiiiiii", "vstr{?} {fs}, [{N}{,#vi*4}]", FloatStore, |c| {
        Insn::FloatStore { first: first(c, false), double: false, to: address(c) }
    }),
    row!("11101101 vx01 XXXX | ffff 1010 iiiiiiii", "vldr{?} {fs}, [{X}{,#vi*4}]", FloatLoad, |c| {
        Insn::FloatLoad { first: first(c, false), double: false, from: address(c) }
    }),
    row!("11101100 1xw0 NNNN | ffff 1010 iiiiiiii", "vstmia{?} {N}{wb}, {flist}", FloatStoreMultiple, |c| {
        store_multiple(c, false, false)
    }),
    row!("11101101 0x10 NNNN | ffff 1010 iiiiiiii", "vstmdb{?} {N}!, {flist}", FloatStoreMultiple, |c| {
        store_multiple(c, true, false)
    }),
    row!("11101100 1xw1 NNNN | ffff 1010 iiiiiiii", "vldmia{?} {N}{wb}, {flist}", FloatLoadMultiple, |c| {
        load_multiple(c, false, false)
    }),
    row!("11101101 0x11 NNNN | ffff 1010 iiiiiiii", "vldmdb{?} {N}!, {flist}", FloatLoadMultiple, |c| {
        load_multiple(c, true, false)
    }),
    row!("11101101 0x10 1101 | ffff 1010 iiiiiiii", "vpush{?} {flist}", FloatStoreMultiple, |c| store_multiple(
        c, true, false
    )),
    row!("11101100 1x11 1101 | ffff 1010 iiiiiiii", "vpop{?} {flist}", FloatLoadMultiple, |c| load_multiple(
        c, false, false
    )),
    row!("11101101 vx00 NNNN | ffff 1011 iiiiiiii", "vstr{?} {fd}, [{N}{,#vi*4}]", FloatStore, |c| {
        Insn::FloatStore { first: first(c, true), double: true, to: address(c) }
    }),
    row!("11101101 vx01 XXXX | ffff 1011 iiiiiiii", "vldr{?} {fd}, [{X}{,#vi*4}]", FloatLoad, |c| {
        Insn::FloatLoad { first: first(c, true), double: true, from: address(c) }
    }),
    row!("11101100 1xw0 NNNN | ffff 1011 iiiiiiii", "vstmia{?} {N}{wb}, {flist}", FloatStoreMultiple, |c| {
        store_multiple(c, false, true)
    }),
    row!("11101101 0x10 NNNN | ffff 1011 iiiiiiii", "vstmdb{?} {N}!, {flist}", FloatStoreMultiple, |c| {
        store_multiple(c, true, true)
    }),
    row!("11101100 1xw1 NNNN | ffff 1011 iiiiiiii", "vldmia{?} {N}{wb}, {flist}", FloatLoadMultiple, |c| {
        load_multiple(c, false, true)
    }),
    row!("11101101 0x11 NNNN | ffff 1011 iiiiiiii", "vldmdb{?} {N}!, {flist}", FloatLoadMultiple, |c| {
        load_multiple(c, true, true)
    }),
    row!("11101101 0x10 1101 | ffff 1011 iiiiiiii", "vpush{?} {flist}", FloatStoreMultiple, |c| store_multiple(
        c, true, true
    )),
    row!("11101100 1x11 1101 | ffff 1011 iiiiiiii", "vpop{?} {flist}", FloatLoadMultiple, |c| load_multiple(
        c, false, true
    )),
];
