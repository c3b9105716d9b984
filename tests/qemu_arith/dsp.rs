//! Integer instructions and the functions that do them.

use super::table::{Case, Operation, operation};
use hil::emulator::arith::{alu, dsp};

const N: u32 = 1 << 31;
const Z: u32 = 1 << 30;
const C: u32 = 1 << 29;
const V: u32 = 1 << 28;
const Q: u32 = 1 << 27;
const GE_SHIFT: u32 = 16;

fn set(case: &mut Case, flag: u32, value: bool) {
    case.flags = case.flags & !flag | if value { flag } else { 0 };
}

fn set_nz(case: &mut Case, result: u32) {
    set(case, N, result >> 31 != 0);
    set(case, Z, result == 0);
    case.words[0] = result;
}

fn set_q(case: &mut Case, (result, q): (u32, bool)) {
    case.words[0] = result;
    case.flags |= if q { Q } else { 0 };
}

fn plain(text: impl Into<String>, run: impl Fn(&[u32; 6]) -> u32 + 'static) -> Operation {
    operation(text, move |case| case.words[0] = run(&case.words))
}

fn saturating(text: impl Into<String>, run: impl Fn(&[u32; 6]) -> (u32, bool) + 'static) -> Operation {
    operation(text, move |case| set_q(case, run(&case.words)))
}

fn long(text: impl Into<String>, run: impl Fn(u32, u32, u64) -> u64 + 'static) -> Operation {
    operation(text, move |case| {
        let [low, high, n, m, ..] = case.words;
        case.set_double(0, run(n, m, u64::from(high) << 32 | u64::from(low)));
    })
}

macro_rules! lanes {
    ($all:ident: ge $($ge:ident)*, plain $($plain:ident)*) => {
        $($all.push(operation(concat!(stringify!($ge), " r0, r1, r2"), |case| {
            let (value, ge) = dsp::$ge(case.words[1], case.words[2]);
            case.words[0] = value;
            case.flags = case.flags & !(0xf << GE_SHIFT) | u32::from(ge) << GE_SHIFT;
        }));)*
        $($all.push(plain(concat!(stringify!($plain), " r0, r1, r2"), |r| dsp::$plain(r[1], r[2])));)*
    };
}

macro_rules! unary {
    ($all:ident: $($name:ident)*) => {
        $($all.push(plain(concat!(stringify!($name), " r0, r1"), |r| dsp::$name(r[1])));)*
    };
}

macro_rules! extensions {
    ($all:ident: unary $($unary:ident)*, adding $($adding:ident)*) => {
        for rotation in [0, 8, 16, 24] {
            $($all.push(plain(format!("{}.w r0, r1, ror #{rotation}", stringify!($unary)), move |r| {
                dsp::$unary(r[1], rotation)
            }));)*
            $($all.push(plain(format!("{} r0, r1, r2, ror #{rotation}", stringify!($adding)), move |r| {
                dsp::$adding(r[1], r[2], rotation)
            }));)*
        }
    };
}

pub fn operations() -> Vec<Operation> {
    let mut all = Vec::new();
    lanes!(all:
        ge sadd16 uadd16 ssub16 usub16 sasx uasx ssax usax sadd8 uadd8 ssub8 usub8,
        plain qadd16 uqadd16 shadd16 uhadd16 qsub16 uqsub16 shsub16 uhsub16 qasx uqasx shasx uhasx qsax uqsax shsax
            uhsax qadd8 uqadd8 shadd8 uhadd8 qsub8 uqsub8 shsub8 uhsub8 usad8 sdiv udiv);
    unary!(all: rbit rev rev16 revsh clz);
    extensions!(all:
        unary sxtb uxtb sxth uxth sxtb16 uxtb16,
        adding sxtab uxtab sxtah uxtah sxtab16 uxtab16);
    all.push(operation("sel r0, r1, r2", |case| {
        case.words[0] = dsp::sel(case.words[1], case.words[2], (case.flags >> GE_SHIFT) as u8);
    }));
    all.push(plain("usada8 r0, r1, r2, r3", |r| dsp::usada8(r[1], r[2], r[3])));
    all.push(plain("pkhbt r0, r1, r2, lsl #5", |r| dsp::pkhbt(r[1], r[2] << 5)));
    all.push(plain("pkhtb r0, r1, r2, asr #5", |r| dsp::pkhtb(r[1], (r[2] as i32 >> 5) as u32)));
    all.extend(saturation());
    all.extend(multiplication());
    all.extend(bit_fields());
    all.extend(shifts());
    all
}

fn saturation() -> Vec<Operation> {
    let mut all = vec![
        saturating("qadd r0, r1, r2", |r| dsp::qadd(r[1], r[2])),
        saturating("qsub r0, r1, r2", |r| dsp::qsub(r[1], r[2])),
        saturating("qdadd r0, r1, r2", |r| dsp::qdadd(r[1], r[2])),
        saturating("qdsub r0, r1, r2", |r| dsp::qdsub(r[1], r[2])),
    ];
    for bits in 1..=32u32 {
        all.push(saturating(format!("ssat r0, #{bits}, r1"), move |r| dsp::ssat(r[1], bits)));
        all.push(saturating(format!("ssat r0, #{bits}, r1, asr #9"), move |r| {
            dsp::ssat((r[1] as i32 >> 9) as u32, bits)
        }));
        let bits = bits - 1;
        all.push(saturating(format!("usat r0, #{bits}, r1"), move |r| dsp::usat(r[1], bits)));
        all.push(saturating(format!("usat r0, #{bits}, r1, lsl #3"), move |r| dsp::usat(r[1] << 3, bits)));
    }
    for bits in 1..=16u32 {
        all.push(saturating(format!("ssat16 r0, #{bits}, r1"), move |r| dsp::ssat16(r[1], bits)));
        let bits = bits - 1;
        all.push(saturating(format!("usat16 r0, #{bits}, r1"), move |r| dsp::usat16(r[1], bits)));
    }
    all
}

fn multiplication() -> Vec<Operation> {
    let mut all = Vec::new();
    for (m_top, y) in [(false, "b"), (true, "t")] {
        for (n_top, x) in [(false, "b"), (true, "t")] {
            all.push(plain(format!("smul{x}{y} r0, r1, r2"), move |r| dsp::smul(r[1], r[2], n_top, m_top)));
            all.push(saturating(format!("smla{x}{y} r0, r1, r2, r3"), move |r| {
                dsp::smla(r[1], r[2], r[3], n_top, m_top)
            }));
            all.push(long(format!("smlal{x}{y} r0, r1, r2, r3"), move |n, m, a| {
                dsp::smlal_half(n, m, a, n_top, m_top)
            }));
        }
        all.push(plain(format!("smulw{y} r0, r1, r2"), move |r| dsp::smulw(r[1], r[2], m_top)));
        all.push(saturating(format!("smlaw{y} r0, r1, r2, r3"), move |r| dsp::smlaw(r[1], r[2], r[3], m_top)));
    }
    for (exchange, x) in [(false, ""), (true, "x")] {
        all.push(saturating(format!("smuad{x} r0, r1, r2"), move |r| dsp::smuad(r[1], r[2], exchange)));
        all.push(plain(format!("smusd{x} r0, r1, r2"), move |r| dsp::smusd(r[1], r[2], exchange)));
        all.push(saturating(format!("smlad{x} r0, r1, r2, r3"), move |r| dsp::smlad(r[1], r[2], r[3], exchange)));
        all.push(saturating(format!("smlsd{x} r0, r1, r2, r3"), move |r| dsp::smlsd(r[1], r[2], r[3], exchange)));
        all.push(long(format!("smlald{x} r0, r1, r2, r3"), move |n, m, a| dsp::smlald(n, m, a, exchange)));
        all.push(long(format!("smlsld{x} r0, r1, r2, r3"), move |n, m, a| dsp::smlsld(n, m, a, exchange)));
    }
    for (round, suffix) in [(false, ""), (true, "r")] {
        all.push(plain(format!("smmul{suffix} r0, r1, r2"), move |r| dsp::smmul(r[1], r[2], round)));
        all.push(plain(format!("smmla{suffix} r0, r1, r2, r3"), move |r| dsp::smmla(r[1], r[2], r[3], round)));
        all.push(plain(format!("smmls{suffix} r0, r1, r2, r3"), move |r| dsp::smmls(r[1], r[2], r[3], round)));
    }
    all.push(long("umaal r0, r1, r2, r3", |n, m, a| dsp::umaal(n, m, (a >> 32) as u32, a as u32)));
    all
}

fn bit_fields() -> Vec<Operation> {
    let mut all = Vec::new();
    for (lsb, width) in [(0, 1), (0, 32), (31, 1), (5, 7), (8, 24), (16, 16), (0, 17), (30, 2)] {
        all.push(plain(format!("bfi r0, r1, #{lsb}, #{width}"), move |r| dsp::bfi(r[0], r[1], lsb, width)));
        all.push(plain(format!("bfc r0, #{lsb}, #{width}"), move |r| dsp::bfc(r[0], lsb, width)));
        all.push(plain(format!("ubfx r0, r1, #{lsb}, #{width}"), move |r| dsp::ubfx(r[1], lsb, width)));
        all.push(plain(format!("sbfx r0, r1, #{lsb}, #{width}"), move |r| dsp::sbfx(r[1], lsb, width)));
    }
    all
}

fn shifts() -> Vec<Operation> {
    let mut all = Vec::new();
    for kind in 0..4 {
        let name = ["lsl", "lsr", "asr", "ror"][kind as usize];
        // MOVS (register) of every kind and amount, by its encoding.
        for imm5 in 0..32 {
            let encoding = 0xea5f_0001u32 | (imm5 >> 2) << 12 | (imm5 & 3) << 6 | kind << 4;
            all.push(operation(format!(".inst.w {encoding:#x} @ {name} #{imm5}"), move |case| {
                let (shift, amount) = alu::decode_immediate_shift(kind, imm5);
                let (value, carry) = alu::shift_with_carry(case.words[1], shift, amount, case.flags & C != 0);
                set_nz(case, value);
                set(case, C, carry);
            }));
        }
        all.push(operation(format!("{name}s.w r0, r1, r2"), move |case| {
            let shift = alu::decode_register_shift(kind);
            let (value, carry) = alu::shift_with_carry(case.words[1], shift, case.words[2] & 0xff, case.flags & C != 0);
            set_nz(case, value);
            set(case, C, carry);
        }));
        all.push(operation(format!("and r3, r2, #63\n {name}s.w r0, r1, r3"), move |case| {
            let shift = alu::decode_register_shift(kind);
            let amount = case.words[2] & 63;
            let (value, carry) = alu::shift_with_carry(case.words[1], shift, amount, case.flags & C != 0);
            set_nz(case, value);
            set(case, C, carry);
        }));
    }
    for (text, subtract, with_carry) in
        [("adds.w", false, false), ("adcs.w", false, true), ("subs.w", true, false), ("sbcs.w", true, true)]
    {
        all.push(operation(format!("{text} r0, r1, r2"), move |case| {
            let y = if subtract { !case.words[2] } else { case.words[2] };
            let carry = if with_carry { case.flags & C != 0 } else { subtract };
            let (value, carry, overflow) = alu::add_with_carry(case.words[1], y, carry);
            set_nz(case, value);
            set(case, C, carry);
            set(case, V, overflow);
        }));
    }
    // MOVS (immediate): every rotation, and every pattern.
    for imm12 in (0..4096u32).step_by(37).filter(|imm12| imm12 >> 10 != 0 || imm12 >> 8 == 0 || imm12 & 0xff != 0) {
        let encoding = 0xf05f_0000u32 | (imm12 >> 11) << 26 | (imm12 >> 8 & 7) << 12 | imm12 & 0xff;
        all.push(operation(format!(".inst.w {encoding:#x} @ movs #{imm12:#x}"), move |case| {
            let (value, carry) = alu::expand_immediate(imm12, case.flags & C != 0);
            set_nz(case, value);
            set(case, C, carry);
        }));
    }
    all
}
