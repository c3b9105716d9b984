//! The instruction table: its rows against each other, and its disassembly against the cross tools'.

use hil::emulator::isa::{self, Code, Insn, Row};
use std::collections::HashMap;
use std::process::Command;

/// Mask and value of the fixed bits, and the width.
fn fixed(row: &Row) -> (u32, u32, u32) {
    let (mut mask, mut value, mut width) = (0u32, 0u32, 0);
    for character in row.pattern.chars().filter(|c| !matches!(c, ' ' | '|')) {
        mask = mask << 1 | u32::from(matches!(character, '0' | '1'));
        value = value << 1 | u32::from(character == '1');
        width += 1;
    }
    (mask, value, width)
}

/// Mask of the field `N`.
fn base(row: &Row) -> u32 {
    row.pattern.chars().filter(|c| !matches!(c, ' ' | '|')).fold(0, |mask, c| mask << 1 | u32::from(c == 'N'))
}

struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as u32
    }
}

fn find(bits: u32, width: u32) -> Option<Code> {
    let (first, second) = if width == 32 { ((bits >> 16) as u16, bits as u16) } else { (bits as u16, 0) };
    isa::find(first, second, 0, 14, false, true)
}

#[test]
fn every_row_is_16_or_32_bits_long_and_starts_as_its_length_demands() {
    for row in isa::rows() {
        let (_, value, width) = fixed(row);
        assert!(width == 16 || width == 32, "{}: {width} bits", row.pattern);
        let first = if width == 32 { value >> 16 } else { value };
        assert_eq!(isa::is_wide(first as u16), width == 32, "{} ({})", row.pattern, row.text);
    }
}

#[test]
fn rows_overlap_only_where_a_row_for_exactly_the_overlap_decides() {
    let rows: Vec<_> = isa::rows().map(|row| (row, fixed(row))).collect();
    for (i, &(a, (mask_a, value_a, width_a))) in rows.iter().enumerate() {
        for &(b, (mask_b, value_b, width_b)) in &rows[i + 1..] {
            if width_a != width_b || (value_a ^ value_b) & mask_a & mask_b != 0 {
                continue;
            }
            let (mask, value) = (mask_a | mask_b, value_a | value_b);
            // A base field that is PC in the other row does not match.
            if [a, b].into_iter().map(base).any(|base| base != 0 && value & mask & base == base) {
                continue;
            }
            assert!(mask_a != mask_b, "`{}` and `{}` are the same encoding", a.text, b.text);
            let decided = rows.iter().any(|&(_, (m, v, w))| w == width_a && m == mask && v == value);
            assert!(decided, "`{}` {} and `{}` {} overlap", a.text, a.pattern, b.text, b.pattern);
        }
    }
}

/// Encodings that objdump gives meanings of later architectures or of Advanced SIMD.
fn is_newer(text: &str, code: &Code) -> bool {
    match text {
        "nop{?} {{{h}}}" | "nop{?}.w {{{h}}}" => true,
        // It takes bits of the offset for those of LDRT.
        _ if text.contains("[pc, {#vi}]") => !code.is('v'),
        // It loses the exclamation mark.
        _ if text.ends_with("]!") => code.get('i') == 0,
        _ if text.contains("{barrier}") => code.get('o') != 15,
        "{coprocessor}" => true,
        _ => false,
    }
}

/// Random encodings of every row that the architecture does not call unpredictable.
fn samples(each: usize) -> Vec<(u32, u32, String)> {
    let mut rng = Rng(1);
    let mut out = Vec::new();
    for row in isa::rows() {
        let (mask, value, width) = fixed(row);
        let mut found = 0;
        for _ in 0..each * 40 {
            let random = rng.next() ^ rng.next() << 16;
            let bits = value | random & !mask & if width == 32 { u32::MAX } else { 0xFFFF };
            let Some(code) = find(bits, width) else { continue };
            if !std::ptr::eq(code.row(), row) || code.is_unpredictable() || matches!(code.insn(), Insn::Unpredictable) {
                continue;
            }
            if is_newer(row.text, &code) {
                continue;
            }
            out.push((bits, width, row.text.to_string()));
            found += 1;
            if found == each {
                break;
            }
        }
        // MSR of unknown registers and the like give few or none.
        if found == 0 {
            println!("no predictable encoding of `{}` was drawn", row.text);
        }
    }
    out
}

/// One line without comments, spaces made one.
fn normal(text: &str) -> String {
    let text = text.split(['@', ';', '<']).next().unwrap_or("");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What objdump makes of samples, by address: the sample with index i stands at 4 * i. None where there is no objdump.
fn objdump(samples: &[(u32, u32, String)]) -> Option<HashMap<u32, String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let (source, object) = (folder.path().join("a.s"), folder.path().join("a.o"));
    let mut text = String::from(".syntax unified\n.cpu cortex-m7\n.fpu fpv5-d16\n.thumb\n");
    for (bits, width, _) in samples {
        if *width == 32 {
            text.push_str(&format!(".inst.w {bits:#010x}\n"));
        } else {
            text.push_str(&format!(".inst.n {bits:#06x}\nnop.n\n"));
        }
    }
    std::fs::write(&source, text).expect("the source");
    let Ok(status) = Command::new("arm-none-eabi-as").arg(&source).arg("-o").arg(&object).status() else {
        println!("skipped: arm-none-eabi-as is missing");
        return None;
    };
    assert!(status.success());
    let dump = Command::new("arm-none-eabi-objdump")
        .args(["-d", "-z", "-M", "reg-names-std"])
        .arg(&object)
        .output()
        .expect("objdump");
    let dump = String::from_utf8_lossy(&dump.stdout).into_owned();
    let mut lines = HashMap::new();
    for line in dump.lines() {
        let mut parts = line.splitn(3, '\t');
        let (Some(address), Some(_), Some(rest)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let Ok(address) = u32::from_str_radix(address.trim().trim_end_matches(':'), 16) else { continue };
        lines.insert(address, normal(rest));
    }
    Some(lines)
}

fn disassemble(bits: u32, width: u32, pc: u32) -> String {
    let (first, second) = if width == 32 { ((bits >> 16) as u16, bits as u16) } else { (bits as u16, 0) };
    let code = isa::find(first, second, pc, 14, false, true).expect("found");
    normal(&isa::disassemble(&code))
}

/// IT would put its condition on what follows: it comes last.
fn sorted(mut samples: Vec<(u32, u32, String)>) -> Vec<(u32, u32, String)> {
    samples.sort_by_key(|(_, _, text)| text == "{it}");
    samples
}

#[test]
fn disassembly_is_that_of_objdump() {
    let samples = sorted(samples(60));
    let Some(lines) = objdump(&samples) else { return };
    let mut wrong = Vec::new();
    for (index, (bits, width, row)) in samples.iter().enumerate() {
        let pc = index as u32 * 4;
        let ours = disassemble(*bits, *width, pc);
        let theirs = lines.get(&pc).cloned().unwrap_or_default();
        if ours != theirs {
            wrong.push(format!("{bits:08x} `{row}`: `{ours}`, but objdump: `{theirs}`"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), samples.len(), wrong.join("\n"));
}

/// Lines of address, bytes and text as objdump gives them; needs no tool. `HIL_BLESS=1` asks objdump again.
#[test]
fn disassembly_is_that_of_the_golden_file() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/isa.txt");
    if std::env::var_os("HIL_BLESS").is_some() {
        let samples = sorted(samples(2));
        let Some(lines) = objdump(&samples) else { return };
        let mut text = String::from("# address, instruction, and what GNU objdump (binutils 2.40) says it is\n");
        for (index, (bits, width, _)) in samples.iter().enumerate() {
            let pc = index as u32 * 4;
            text.push_str(&format!("{pc:x}\t{bits:0digits$x}\t{}\n", lines[&pc], digits = *width as usize / 4));
        }
        std::fs::write(path, text).expect("the golden file");
    }
    let text = std::fs::read_to_string(path).expect("the golden file");
    let mut count = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let mut parts = line.split('\t');
        let (Some(pc), Some(bits), Some(expected)) = (parts.next(), parts.next(), parts.next()) else {
            panic!("not three columns: {line}")
        };
        let pc = u32::from_str_radix(pc, 16).expect("an address");
        let number = u32::from_str_radix(bits, 16).expect("an instruction");
        assert_eq!(disassemble(number, bits.len() as u32 * 4, pc), expected, "{bits} at {pc:x}");
        count += 1;
    }
    assert!(count > 800, "{count} lines");
}
