//! Rows of the instruction table and how they are found.

use super::insn::{Class, Insn};
use std::sync::OnceLock;

/// One instruction encoding.
pub struct Row {
    /// Bits from the highest: `0` and `1` are fixed, a letter belongs to the field of that name, blanks and `|` are for the eye.
    /// Letters `d n m t a u e`, where four bits wide, are registers that can be neither SP nor PC; `D N M T` may be SP. A row with the field `N`
    /// does not match where it is 15: what has PC as its base is another instruction;
    /// nor one with the condition `C` where that is 14 or 15.
    pub pattern: &'static str,
    /// Disassembly in GNU syntax; see [`super::text`].
    pub text: &'static str,
    pub class: Class,
    /// What it does, from its fields.
    pub build: fn(&Code) -> Insn,
}

/// A row with its pattern taken apart.
pub(crate) struct Parsed {
    pub row: &'static Row,
    pub wide: bool,
    pub mask: u32,
    pub value: u32,
    /// Mask of the field `N`, or 0.
    pub base: u32,
    /// Mask of the upper bits of the field `C`, or 0.
    pub condition: u32,
}

impl Parsed {
    fn matches(&self, bits: u32) -> bool {
        let not_all = |mask: u32| mask == 0 || bits & mask != mask;
        bits & self.mask == self.value && not_all(self.base) && not_all(self.condition)
    }
}

/// An instruction as found in memory, matched with its row.
#[derive(Clone, Copy)]
pub struct Code {
    /// The halfword, or both with the first in the upper half.
    pub bits: u32,
    pub pc: u32,
    /// Condition by a surrounding IT instruction, 14 outside one.
    pub condition: u8,
    /// Whether it stands in an IT block.
    pub in_it: bool,
    /// The last of an IT block, or outside one.
    pub last_in_it: bool,
    pub(crate) parsed: &'static Parsed,
}

impl Code {
    /// Value of the field with this letter, 0 if there is none.
    pub fn get(&self, letter: char) -> u32 {
        self.field(letter).0
    }

    /// Value and width of a field.
    pub(crate) fn field(&self, letter: char) -> (u32, u32) {
        let width = if self.parsed.wide { 32 } else { 16 };
        let mut position = width;
        let (mut value, mut bits) = (0, 0);
        for character in self.parsed.row.pattern.chars() {
            if character == ' ' || character == '|' {
                continue;
            }
            position -= 1;
            if character == letter {
                value = value << 1 | (self.bits >> position & 1);
                bits += 1;
            }
        }
        (value, bits)
    }

    /// A register field.
    pub fn r(&self, letter: char) -> u8 {
        self.get(letter) as u8
    }

    pub fn is(&self, letter: char) -> bool {
        self.get(letter) != 0
    }

    /// The row that it matches.
    pub fn row(&self) -> &'static Row {
        self.parsed.row
    }

    /// Bytes of the instruction.
    pub fn length(&self) -> u32 {
        if self.parsed.wide { 4 } else { 2 }
    }

    pub fn class(&self) -> Class {
        self.parsed.row.class
    }

    /// What reading PC gives, word-aligned.
    pub fn aligned_pc(&self) -> u32 {
        (self.pc + 4) & !3
    }

    /// Whether a register field holds a register that the architecture forbids there.
    pub fn is_unpredictable(&self) -> bool {
        for letter in ['d', 'n', 'm', 't', 'a', 'u', 'e'] {
            let (value, width) = self.field(letter);
            if width == 4 && (value == 13 || value == 15) {
                return true;
            }
        }
        ['D', 'N', 'M', 'T'].iter().any(|&letter| self.field(letter) == (15, 4))
    }

    pub fn insn(&self) -> Insn {
        (self.parsed.row.build)(self)
    }
}

/// All rows, sorted so that the first match is the most specific.
pub(crate) struct Table {
    narrow: Vec<Vec<&'static Parsed>>,
    wide: Vec<Vec<&'static Parsed>>,
}

pub(crate) fn parse(row: &'static Row) -> Parsed {
    let (mut mask, mut value, mut base, mut condition, mut width) = (0u32, 0u32, 0u32, 0u32, 0);
    for character in row.pattern.chars() {
        if character == ' ' || character == '|' {
            continue;
        }
        mask = mask << 1 | u32::from(matches!(character, '0' | '1'));
        value = value << 1 | u32::from(character == '1');
        base = base << 1 | u32::from(character == 'N');
        condition = condition << 1 | u32::from(character == 'C');
        width += 1;
    }
    debug_assert!(width == 16 || width == 32, "{} has {width} bits", row.pattern);
    Parsed { row, wide: width == 32, mask, value, base, condition: condition & condition << 1 }
}

/// Rows, parsed.
pub(crate) fn parsed() -> &'static [Parsed] {
    static PARSED: OnceLock<Vec<Parsed>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let mut all: Vec<Parsed> = super::rows().map(parse).collect();
        all.sort_by_key(|p| std::cmp::Reverse(p.mask.count_ones()));
        all
    })
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Table { narrow: vec![Vec::new(); 1024], wide: vec![Vec::new(); 1024] };
        for parsed in parsed() {
            let (buckets, shift) = if parsed.wide { (&mut table.wide, 22) } else { (&mut table.narrow, 6) };
            for (index, bucket) in buckets.iter_mut().enumerate() {
                if ((index as u32) << shift ^ parsed.value) & parsed.mask & (1023 << shift) == 0 {
                    bucket.push(parsed);
                }
            }
        }
        table
    })
}

/// Whether the first halfword begins a 32-bit instruction.
pub fn is_wide(first: u16) -> bool {
    first >= 0xE800
}

/// Finds the row of an instruction; `second` is looked at for 32-bit instructions only.
pub fn find(first: u16, second: u16, pc: u32, condition: u8, in_it: bool, last_in_it: bool) -> Option<Code> {
    let table = table();
    let (bits, bucket) = if is_wide(first) {
        (u32::from(first) << 16 | u32::from(second), &table.wide[usize::from(first >> 6)])
    } else {
        (u32::from(first), &table.narrow[usize::from(first >> 6)])
    };
    let parsed = bucket.iter().find(|p| p.matches(bits))?;
    Some(Code { bits, pc, condition, in_it, last_in_it, parsed })
}
