//! Tables of operands through an operation, there and here.

use super::qemu_common::{RAM_SIZE, Rng, Twin, assemble, effort, run_until_marker, seed};

/// Operands and results: APSR or FPSCR, then r0 to r5 or d0 to d2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Case {
    pub flags: u32,
    pub words: [u32; 6],
}

impl Case {
    pub fn double(&self, i: usize) -> u64 {
        u64::from(self.words[2 * i]) | u64::from(self.words[2 * i + 1]) << 32
    }

    pub fn set_double(&mut self, i: usize, value: u64) {
        self.words[2 * i] = value as u32;
        self.words[2 * i + 1] = (value >> 32) as u32;
    }
}

/// An instruction, and what it should do to a case.
pub struct Operation {
    pub text: String,
    pub run: Box<dyn Fn(&mut Case)>,
}

pub fn operation(text: impl Into<String>, run: impl Fn(&mut Case) + 'static) -> Operation {
    Operation { text: text.into(), run: Box::new(run) }
}

const CASE: usize = 32;
const RESULT: usize = 16;

pub fn integer_cases(rng: &mut Rng) -> Case {
    Case { flags: rng.next() as u32 & 0xf80f_0000, words: std::array::from_fn(|_| rng.word()) }
}

pub fn integer_loop(text: &str) -> String {
    format!(
        "1: ldr r7, [r8], #8\n ldmia r8!, {{r0-r5}}\n msr apsr_nzcvqg, r7\n {text}\n mrs r7, apsr\n \
         str r7, [r9], #8\n stmia r9!, {{r0, r1}}\n subs r10, #1\n bne 1b"
    )
}

pub fn single_cases(rng: &mut Rng) -> Case {
    let mut case = Case { flags: rng.fpscr(), words: [0; 6] };
    for i in 0..3 {
        case.words[2 * i] = rng.float(8, 23) as u32;
        case.words[2 * i + 1] = rng.next() as u32;
    }
    relate(rng, &mut case, 8, 23);
    case
}

pub fn double_cases(rng: &mut Rng) -> Case {
    let mut case = Case { flags: rng.fpscr(), words: [0; 6] };
    for i in 0..3 {
        // Numbers that singles and halves can hold show what the conversions do.
        let value = match rng.below(4) {
            0 => f64::from(f32::from_bits(rng.float(8, 23) as u32)).to_bits() ^ rng.next() & 1,
            _ => rng.float(11, 52),
        };
        case.set_double(i, value);
    }
    relate(rng, &mut case, 11, 52);
    case
}

/// Sometimes makes operands depend on each other: neighbours, whose sums cancel and whose comparisons are close, or
/// factors of a product just below the smallest normal number, which rounding may make normal.
fn relate(rng: &mut Rng, case: &mut Case, exponent_bits: u32, fraction_bits: u32) {
    let sign =
        rng.next() << (exponent_bits + fraction_bits) & if exponent_bits == 8 { u64::from(u32::MAX) } else { u64::MAX };
    match rng.below(12) {
        0 | 1 => {
            let (from, to) = (rng.below(3), rng.below(3));
            let shift = rng.below(fraction_bits as usize + 1);
            let fraction = rng.next() & ((1 << fraction_bits) - 1) >> shift;
            case.set_double(to, case.double(from) ^ sign ^ fraction);
        }
        2 => {
            let half = (1u64 << (exponent_bits - 2)) << fraction_bits;
            let (n, m) = (half - 1 - rng.next() % 2, half + rng.next() % 3);
            case.set_double(1, n ^ sign);
            case.set_double(2, m);
            if rng.once_in(2) {
                case.set_double(0, rng.next() % 3);
            }
        }
        _ => {}
    }
}

pub fn float_loop(text: &str) -> String {
    format!(
        "1: ldr r0, [r8], #8\n vldmia r8!, {{d0-d2}}\n vmsr fpscr, r0\n {text}\n vmrs r0, fpscr\n \
         str r0, [r9], #8\n vstmia r9!, {{d0}}\n subs r10, #1\n bne 1b"
    )
}

/// Runs all `operations` over a table on `twin` and compares with what their functions say.
pub fn check(twin: Twin, operations: &[Operation], case: fn(&mut Rng) -> Case, body: fn(&str) -> String) {
    let folder = tempfile::tempdir().expect("a folder");
    let count = 4096;
    let (inputs, outputs) = (twin.ram_base, twin.ram_base as usize + count * CASE);
    let fit = (RAM_SIZE - count * CASE) / (count * RESULT);
    let mut differences = Vec::new();
    for round in 0..effort() as u64 {
        for (batch, operations) in operations.chunks(fit).enumerate() {
            let mut rng = Rng(seed() + 1000 * round + batch as u64);
            let cases: Vec<Case> = (0..count).map(|_| case(&mut rng)).collect();
            let mut text = String::from(" .thumb_func\nmain:\n");
            for (i, operation) in operations.iter().enumerate() {
                let output = outputs + i * count * RESULT;
                text += &format!(" ldr r8, ={inputs:#x}\n ldr r9, ={output:#x}\n ldr r10, ={count}\n");
                text += &body(&operation.text);
                text += "\n b 2f\n .ltorg\n2:\n";
            }
            text += " b finish\n";
            let elf = assemble(&text, twin, folder.path(), "table");
            let mut ram = Vec::with_capacity(count * CASE);
            for case in &cases {
                ram.extend([case.flags, 0].iter().chain(&case.words).flat_map(|word| word.to_le_bytes()));
            }
            let after = run_until_marker(&elf, twin, &ram, count * (CASE + RESULT * operations.len()));
            for (operation, results) in operations.iter().zip(after[count * CASE..].chunks(count * RESULT)) {
                compare(operation, &cases, results, &mut differences);
            }
        }
    }
    let shown = differences.iter().take(40).cloned().collect::<Vec<_>>().join("\n");
    assert!(differences.is_empty(), "{} differences on {} (seed {}):\n{shown}", differences.len(), twin.cpu, seed());
}

/// Notes at most three differences of an operation.
fn compare(operation: &Operation, cases: &[Case], results: &[u8], differences: &mut Vec<String>) {
    let mut found = 0;
    for (before, result) in cases.iter().zip(results.chunks_exact(RESULT)) {
        let word = |i: usize| u32::from_le_bytes(result[4 * i..][..4].try_into().expect("four bytes"));
        let mut case = *before;
        (operation.run)(&mut case);
        let ours = (case.flags, case.words[0], case.words[1]);
        let theirs = (word(0), word(2), word(3));
        if ours != theirs && found < 3 {
            found += 1;
            differences.push(format!(
                "{}: flags {:08x}, operands {:08x?} give {theirs:08x?} on QEMU and {ours:08x?} here",
                operation.text, before.flags, before.words
            ));
        }
    }
}
