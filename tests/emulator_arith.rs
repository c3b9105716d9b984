//! Properties of the emulator's arithmetic that need no other emulator: what the host computes, and what rounding means.

#[path = "qemu_common/rng.rs"]
#[allow(dead_code)]
mod rng;

use hil::emulator::arith::fpu::{self, Fixed, Float, Rounding, fpscr};
use hil::emulator::arith::{alu, dsp};
use rng::Rng;

const CASES: usize = 200_000;

fn single(rng: &mut Rng) -> u32 {
    rng.float(8, 23) as u32
}

fn double(rng: &mut Rng) -> u64 {
    rng.float(11, 52)
}

/// Equal bits, or NaNs both.
fn same32(ours: u32, host: f32) -> bool {
    ours == host.to_bits() || f32::from_bits(ours).is_nan() && host.is_nan()
}

fn same64(ours: u64, host: f64) -> bool {
    ours == host.to_bits() || f64::from_bits(ours).is_nan() && host.is_nan()
}

#[test]
fn nearest_rounding_is_the_hosts() {
    let mut rng = Rng(1);
    for _ in 0..CASES {
        let [a, b, c] = std::array::from_fn(|_| single(&mut rng));
        let [x, y, z] = [a, b, c].map(f32::from_bits);
        let flags = &mut 0;
        assert!(same32(fpu::add(a, b, flags), x + y), "{x:e} + {y:e}");
        assert!(same32(fpu::sub(a, b, flags), x - y), "{x:e} - {y:e}");
        assert!(same32(fpu::mul(a, b, flags), x * y), "{x:e} * {y:e}");
        assert!(same32(fpu::div(a, b, flags), x / y), "{x:e} / {y:e}");
        assert!(same32(fpu::sqrt(a, flags), x.sqrt()), "sqrt {x:e}");
        assert!(same32(fpu::fma(c, a, b, flags), x.mul_add(y, z)), "{z:e} + {x:e} * {y:e}");
        assert!(same64(fpu::convert(a, flags), f64::from(x)), "{x:e}");
    }
    for _ in 0..CASES {
        let [a, b, c] = std::array::from_fn(|_| double(&mut rng));
        let [x, y, z] = [a, b, c].map(f64::from_bits);
        // Without and with the flag that opens the fast way.
        for before in [0, fpscr::INEXACT] {
            let flags = &mut before.clone();
            assert!(same64(fpu::add(a, b, flags), x + y), "{x:e} + {y:e}");
            *flags = before;
            assert!(same64(fpu::mul(a, b, flags), x * y), "{x:e} * {y:e}");
            *flags = before;
            assert!(same64(fpu::div(a, b, flags), x / y), "{x:e} / {y:e}");
            *flags = before;
            assert!(same64(fpu::sqrt(a, flags), x.sqrt()), "sqrt {x:e}");
            *flags = before;
            assert!(same64(fpu::fma(c, a, b, flags), x.mul_add(y, z)), "{z:e} + {x:e} * {y:e}");
            assert!(same32(fpu::convert(a, flags), x as f32), "{x:e}");
        }
    }
}

/// A result in all four modes, and whether each was inexact.
fn modes<F: Float>(run: impl Fn(&mut u32) -> F) -> [(F, bool); 4] {
    std::array::from_fn(|mode| {
        let mut flags = (mode as u32) << fpscr::RMODE_SHIFT;
        let result = run(&mut flags);
        (result, flags & fpscr::INEXACT != 0)
    })
}

/// Toward minus infinity is at most nearest is at most toward plus infinity, neighbours unless exact; toward zero is one
/// of the two.
fn bracketed(results: [(u32, bool); 4], what: &str) {
    let [nearest, plus, minus, zero] = results.map(|(bits, _)| f32::from_bits(bits));
    if nearest.is_nan() {
        return;
    }
    let inexact = results[0].1;
    assert!(results.iter().all(|(_, other)| *other == inexact), "{what}: inexact in some modes only");
    assert!(minus <= nearest && nearest <= plus, "{what}: {minus:e} <= {nearest:e} <= {plus:e}");
    assert_eq!(zero, if plus <= 0.0 { plus } else { minus }, "{what}");
    if inexact {
        assert_eq!(minus.next_up(), plus, "{what}");
    } else {
        assert_eq!(minus, plus, "{what}");
    }
}

#[test]
fn rounding_modes_bracket_the_exact_result() {
    let mut rng = Rng(2);
    for _ in 0..CASES {
        let [a, b, c] = std::array::from_fn(|_| single(&mut rng));
        bracketed(modes(|flags| fpu::add(a, b, flags)), &format!("{a:08x} + {b:08x}"));
        bracketed(modes(|flags| fpu::mul(a, b, flags)), &format!("{a:08x} * {b:08x}"));
        bracketed(modes(|flags| fpu::div(a, b, flags)), &format!("{a:08x} / {b:08x}"));
        bracketed(modes(|flags| fpu::sqrt(a, flags)), &format!("sqrt {a:08x}"));
        bracketed(modes(|flags| fpu::fma(c, a, b, flags)), &format!("{c:08x} + {a:08x} * {b:08x}"));
    }
}

#[test]
fn conversions_are_the_hosts() {
    let mut rng = Rng(3);
    for _ in 0..CASES {
        let (a, d, word) = (single(&mut rng), double(&mut rng), rng.word());
        let (x, y) = (f32::from_bits(a), f64::from_bits(d));
        let flags = &mut 0;
        assert_eq!(fpu::to_fixed(a, Fixed::I32, Rounding::Zero, flags) as i32, x as i32, "{x:e}");
        assert_eq!(fpu::to_fixed(d, Fixed::U32, Rounding::Zero, flags) as u32, y as u32, "{y:e}");
        let rounded = fpu::to_fixed(d, Fixed::I32, Rounding::Away, flags) as i32;
        assert_eq!(rounded, y.round() as i32, "{y:e}");
        let rounded = fpu::to_fixed(d, Fixed::I32, Rounding::Nearest, flags) as i32;
        assert_eq!(rounded, y.round_ties_even() as i32, "{y:e}");
        let single: u32 = fpu::from_fixed(word, Fixed::I32, Rounding::Nearest, flags);
        assert_eq!(single, (word as i32 as f32).to_bits());
        let single: u32 = fpu::from_fixed(word, Fixed::U32, Rounding::Nearest, flags);
        assert_eq!(single, (word as f32).to_bits());
        assert!(same64(fpu::round_to_integral(d, Rounding::MinusInfinity, true, flags), y.floor()), "{y:e}");
        assert!(same64(fpu::round_to_integral(d, Rounding::PlusInfinity, true, flags), y.ceil()), "{y:e}");
        assert!(same64(fpu::round_to_integral(d, Rounding::Zero, true, flags), y.trunc()), "{y:e}");
    }
}

#[test]
fn half_precision_survives_the_way_there_and_back() {
    for half in 0..=u16::MAX {
        for modes in [0, fpscr::AHP] {
            let flags = &mut modes.clone();
            let single: u32 = fpu::convert(half, flags);
            let back: u16 = fpu::convert(single, flags);
            let double: u64 = fpu::convert(half, flags);
            // Signalling NaNs become quiet ones.
            let nan = modes == 0 && half & 0x7fff > 0x7c00;
            assert_eq!(back, if nan { half | 0x200 } else { half });
            assert_eq!(fpu::convert::<u64, u16>(double, flags), back);
        }
    }
}

#[test]
fn documented_examples() {
    // DDI 0403E, A7.7: what the pseudocode gives for these.
    assert_eq!(dsp::sadd16(0x7fff_8000, 0x0001_ffff), (0x8000_7fff, 0b1100));
    assert_eq!(dsp::uadd8(0xff01_ff01, 0x0101_0101), (0x0002_0002, 0b1010));
    assert_eq!(dsp::usub8(0x0102_0304, 0x0201_0404), (0xff01_ff00, 0b0101));
    assert_eq!(dsp::qadd16(0x7fff_8000, 0x0001_ffff), 0x7fff_8000);
    assert_eq!(dsp::qdadd(1, 0x4000_0000), (0x7fff_ffff, true));
    assert_eq!(dsp::smuad(0x8000_8000, 0x8000_8000, false), (0x8000_0000, true));
    assert_eq!(dsp::smlad(0x0003_0002, 0x0005_0007, u32::MAX, true), (2 * 5 + 3 * 7 - 1, false));
    assert_eq!(dsp::smmul(0x8000_0000, 0x8000_0000, false), 0x4000_0000);
    assert_eq!(dsp::smmul(0x0001_0000, 0x0000_8000, true), 1);
    assert_eq!(dsp::sel(0x1122_3344, 0xaabb_ccdd, 0b0101), 0xaa22_cc44);
    assert_eq!(dsp::sxtab16(0x0001_0001, 0xff7f_807f, 8), 0x0000_ff81);
    assert_eq!(dsp::sdiv(0x8000_0000, u32::MAX), 0x8000_0000);
    assert_eq!((dsp::sdiv(7, 0), dsp::udiv(7, 0)), (0, 0));
    assert_eq!(dsp::ssat(300, 8), (127, true));
    assert_eq!(dsp::usat(u32::MAX, 8), (0, true));
    assert_eq!(dsp::bfi(u32::MAX, 0, 8, 8), 0xffff_00ff);
    assert_eq!(dsp::sbfx(0x0000_0800, 8, 4), 0xffff_fff8);
    assert_eq!(alu::add_with_carry(0x7fff_ffff, 0, true), (0x8000_0000, false, true));
    assert_eq!(alu::add_with_carry(5, !5, true), (0, true, false));
    assert_eq!(alu::decode_immediate_shift(1, 0), (alu::Shift::Lsr, 32));
    assert_eq!(alu::expand_immediate(0x4ff, false), (0x7f80_0000, false));
    assert_eq!(alu::expand_immediate(0x2ab, true), (0xab00_ab00, true));
    assert_eq!(fpu::expand_immediate::<u32>(0x70), 1f32.to_bits());
    assert_eq!(fpu::expand_immediate::<u64>(0xf8), (-1.5f64).to_bits());
}
