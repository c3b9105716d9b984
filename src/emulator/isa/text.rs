//! Disassembly in GNU syntax, from the text of a row.
//!
//! What stands in braces is replaced: a register field's letter by the register, `#` and a letter by an immediate (`#i*4` is
//! scaled, `#-i` negative, `#vi` with the sign in field `v`), `?` by the condition, `!` by `s` outside and the condition inside an
//! IT block, and the names in [`named`] as told there. Doubled braces are braces.

use super::immediate::{expand, sign};
use super::insn::{Insn, Operand};
use super::pattern::Code;
use super::wide::{far, near};
use crate::emulator::arith::fpu::expand_immediate;

const CONDITIONS: [&str; 16] =
    ["eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", "", ""];
const REGISTERS: [&str; 16] =
    ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc"];
const SHIFTS: [&str; 4] = ["lsl", "lsr", "asr", "ror"];

/// The instruction in words.
pub fn disassemble(code: &Code) -> String {
    let mut out = String::new();
    let mut rest = code.parsed.row.text;
    while let Some(start) = rest.find('{') {
        out.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        if let Some(after) = rest.strip_prefix('{') {
            out.push('{');
            rest = after;
            continue;
        }
        let end = rest.find('}').unwrap_or(rest.len());
        out.push_str(&token(code, &rest[..end]));
        rest = rest.get(end + 1..).unwrap_or("");
    }
    out.push_str(rest);
    let out = out.replace("}}", "}");
    if code.is_unpredictable() || matches!(code.insn(), Insn::Unpredictable) {
        return format!("{out} (unpredictable)");
    }
    out
}

fn token(code: &Code, name: &str) -> String {
    let condition = if code.in_it { CONDITIONS[usize::from(code.condition & 15)] } else { "" };
    match name {
        "?" => condition.into(),
        "!" => if code.in_it { condition } else { "s" }.into(),
        "s" => if code.is('s') { "s" } else { "" }.into(),
        "C" => CONDITIONS[code.get('C') as usize & 15].into(),
        "h" | "i" => code.get(name.chars().next().unwrap_or('i')).to_string(),
        "d" | "n" | "m" | "t" | "a" | "u" | "e" | "D" | "N" | "M" | "T" | "L" | "X" | "Y" => {
            REGISTERS[code.get(name.chars().next().unwrap_or('d')) as usize & 15].into()
        }
        _ if name.starts_with('#') => immediate(code, &name[1..]),
        // Left out where it is +0.
        _ if name.starts_with(",#") => match immediate(code, &name[2..]) {
            zero if zero == "#0" || zero == "#-0" => String::new(),
            other => format!(", {other}"),
        },
        _ => float_register(code, name).unwrap_or_else(|| named(code, name, condition)),
    }
}

fn float_register(code: &Code, name: &str) -> Option<String> {
    let bytes = name.as_bytes();
    let (nibble, bit) = match bytes.first()? {
        b'f' => ('f', 'x'),
        b'g' => ('g', 'y'),
        b'h' => ('h', 'z'),
        _ => return None,
    };
    let single = code.get(nibble) << 1 | code.get(bit);
    match &name[1..] {
        "s" => Some(format!("s{single}")),
        "s+1" => Some(format!("s{}", single + 1)),
        "d" => Some(format!("d{}", code.get(bit) << 4 | code.get(nibble))),
        _ => None,
    }
}

fn immediate(code: &Code, what: &str) -> String {
    let value = match what {
        "i32" if code.get('i') == 0 => 32,
        "i32" => code.get('i'),
        "m" => match expand(code.get('i')) {
            Operand::Immediate { value, .. } => value,
            Operand::Register { .. } => 0,
        },
        "movw" => code.get('q') << 12 | code.get('i'),
        "w" => code.get('w'),
        "w+1" => code.get('w') + 1,
        "bfw" => (code.get('w') + 1).wrapping_sub(code.get('i')),
        "xi" => return format!("{:#06x}", code.get('i')),
        "-i" => return format!("#-{}", code.get('i')),
        "fi" => return float_immediate(code.get('i')),
        "fix16" | "fix32" => {
            let size: u32 = if what == "fix16" { 16 } else { 32 };
            return format!("#{}", i64::from(size) - i64::from(code.get('j') << 1 | code.get('i')));
        }
        _ => {
            let (signed, rest) = what.strip_prefix('v').map_or((false, what), |rest| (true, rest));
            let scale = rest.split_once('*').and_then(|(_, scale)| scale.parse().ok()).unwrap_or(1);
            let value = code.get('i') * scale;
            let minus = if signed && value != 0 && !code.is('v') { "-" } else { "" };
            return format!("#{minus}{value}");
        }
    };
    format!("#{value}")
}

fn float_immediate(imm8: u32) -> String {
    let value = f32::from_bits(expand_immediate::<u32>(imm8 as u8));
    // As C's %e prints it.
    let text = format!("{value:.6e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("#{}\t@ {mantissa}e{sign}{:02}", imm8, exponent.abs())
}

fn registers(list: u32) -> String {
    let names: Vec<_> = (0..16).filter(|n| list >> n & 1 == 1).map(|n| REGISTERS[n]).collect();
    format!("{{{}}}", names.join(", "))
}

/// `, lsl #3` and the like for the fields `k` and `i`.
fn shift(code: &Code) -> String {
    match (code.get('k'), code.get('i')) {
        (0, 0) => String::new(),
        (3, 0) => ", rrx".into(),
        (kind, 0) => format!(", {} #32", SHIFTS[kind as usize & 3]),
        (kind, amount) => format!(", {} #{amount}", SHIFTS[kind as usize & 3]),
    }
}

fn target(address: u32) -> String {
    format!("{address:x}")
}

/// Things that only few rows have.
fn named(code: &Code, name: &str, condition: &str) -> String {
    match name {
        "sh" => shift(code),
        "asr" => format!(", asr #{}", if code.get('i') == 0 { 32 } else { code.get('i') }),
        "lsl" => match code.get('i') {
            0 => String::new(),
            amount => format!(", lsl #{amount}"),
        },
        "ror" => match code.get('i') {
            0 => String::new(),
            amount => format!(", ror #{}", amount * 8),
        },
        "sats" => match (code.get('k'), code.get('i')) {
            (0, 0) => String::new(),
            (0, amount) => format!(", lsl #{amount}"),
            (_, 0) => ", asr #32".into(),
            (_, amount) => format!(", asr #{amount}"),
        },
        "bh" => if code.is('h') { "h" } else { "b" }.into(),
        "tbh" => if code.is('h') { ", lsl #1" } else { "" }.into(),
        "neg" => {
            if code.in_it {
                format!("rsb{condition}")
            } else {
                "negs".into()
            }
        }
        "cbz" => if code.is('b') { "cbnz" } else { "cbz" }.into(),
        "cbtarget" => target(code.pc.wrapping_add(4 + code.get('i') * 2)),
        "btarget8" => target(code.pc.wrapping_add(4).wrapping_add(sign(code.get('i'), 8) << 1)),
        "btarget11" => target(code.pc.wrapping_add(4).wrapping_add(sign(code.get('i'), 11) << 1)),
        "near" => target(near(code)),
        "far" => target(far(code)),
        "cps" => {
            let flags = ["", "f", "i", "if"][code.get('i') as usize & 3];
            format!("cpsi{} {flags}", if code.is('s') { 'd' } else { 'e' })
        }
        "it" => it(code.get('f'), code.get('k')),
        "list" => {
            let (low, width) = code.field('l');
            let list = match (width, code.field('p').1) {
                // POP has the bit of PC apart, PUSH that of LR; the wide ones have LR on top of 13 bits.
                (8, 0) => low,
                (8, _) if code.bits >> 11 & 1 == 1 => low | code.get('p') << 15,
                (8, _) => low | code.get('p') << 14,
                _ => low & 0x1FFF | (low >> 13) << 14 | code.get('p') << 15,
            };
            registers(list)
        }
        "wb16" => if code.get('l') >> code.get('n') & 1 == 0 { "!" } else { "" }.into(),
        "wb" => if code.is('w') { "!" } else { "" }.into(),
        "flist" => {
            let double = code.bits >> 8 & 1 == 1;
            let (first, count, letter) = if double {
                (code.get('x') << 4 | code.get('f'), code.get('i') / 2, 'd')
            } else {
                (code.get('f') << 1 | code.get('x'), code.get('i'), 's')
            };
            match count {
                0 | 1 => format!("{{{letter}{first}}}"),
                _ => format!("{{{letter}{first}-{letter}{}}}", first + count - 1),
            }
        }
        "mrs" => special(code.get('y')).unwrap_or_else(|| code.get('y').to_string()),
        "msr" => match (code.get('y'), code.get('w')) {
            (y @ 0..=3, w) => {
                let name = ["CPSR", "IAPSR", "EAPSR", "PSR"][y as usize];
                let mask = if y == 0 { ["", "_s", "_f", "_fs"][w as usize & 3] } else { "" };
                format!("{name}{mask}")
            }
            (y, _) => special(y).unwrap_or_else(|| y.to_string()),
        },
        "barrier" => match code.get('o') {
            15 => "sy".into(),
            other => format!("#{other}"),
        },
        "coprocessor" => format!("coprocessor {}", code.get('k')),
        _ => format!("<{name}>"),
    }
}

fn special(number: u32) -> Option<String> {
    let name = match number {
        0 => "CPSR",
        1 => "IAPSR",
        2 => "EAPSR",
        3 => "PSR",
        5 => "IPSR",
        6 => "EPSR",
        7 => "IEPSR",
        8 => "MSP",
        9 => "PSP",
        16 => "PRIMASK",
        17 => "BASEPRI",
        18 => "BASEPRI_MAX",
        19 => "FAULTMASK",
        20 => "CONTROL",
        _ => return None,
    };
    Some(name.into())
}

fn it(first: u32, mask: u32) -> String {
    let mut out = "it".to_string();
    let length = 3 - mask.trailing_zeros();
    for position in 0..length {
        out.push(if mask >> (3 - position) & 1 == first & 1 { 't' } else { 'e' });
    }
    format!("{out} {}", if first == 14 { "al" } else { CONDITIONS[first as usize & 15] })
}
