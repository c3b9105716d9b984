//! What an instruction reads and writes, and by which part of the pipeline.

use crate::emulator::isa::{Address, Alu, Class, Code, Insn, Operand, Shift};

/// Bit 0 to 15: R0 to R15; bit 16: the flags.
pub(crate) type Mask = u32;

pub(crate) const FLAGS: Mask = 1 << 16;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Additions and moves without a shift.
    Simple,
    /// Shifts and rotations alone.
    Shift,
    /// Arithmetic with a shifted operand.
    Shifted,
    /// All other arithmetic and logic.
    Logic,
    /// Bit fields, extensions, lanes, saturation, reversal; `slow` where the result takes a cycle more.
    Dsp {
        slow: bool,
    },
    Multiply,
    /// `narrow`: less than a word.
    Load {
        narrow: bool,
    },
    Store,
    /// Several words: LDM, STM, LDRD, STRD and the float ones.
    Multiple {
        words: u32,
        load: bool,
    },
    Branch,
    Float,
    Other,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Uses {
    pub kind: Kind,
    /// Registers that make an address.
    pub address: Mask,
    /// Other operands that are needed when the first stage of execution begins.
    pub early: Mask,
    /// Operands that are needed one stage later.
    pub late: Mask,
    /// What a multiplication adds to.
    pub accumulate: Mask,
    /// Results, without the base.
    pub result: Mask,
    /// The base, where it is written back.
    pub base: Mask,
    /// Constant part of the address, if that is all that its base lacks.
    pub offset: Option<u32>,
    /// The address takes the sum of two registers.
    pub indexed: bool,
}

fn bit(register: u8) -> Mask {
    1 << (register & 15)
}

/// Bits of the register fields with these letters, where the pattern has them.
fn fields(code: &Code, letters: &[char]) -> Mask {
    letters.iter().filter(|&&letter| code.field(letter).1 > 2).map(|&letter| bit(code.r(letter))).fold(0, |a, b| a | b)
}

impl Uses {
    const NONE: Self = Self {
        kind: Kind::Other,
        address: 0,
        early: 0,
        late: 0,
        accumulate: 0,
        result: 0,
        base: 0,
        offset: None,
        indexed: false,
    };

    pub fn of(code: &Code, insn: &Insn) -> Self {
        let mut uses = Self { kind: Kind::Other, ..Self::NONE };
        match *insn {
            Insn::Alu { op, set, d, n, by } => uses.alu(op, set, d, n, by),
            Insn::ShiftBy { set, d, n, m, .. } => {
                (uses.kind, uses.late, uses.result) = (Kind::Shift, bit(n) | bit(m), bit(d));
                uses.result |= if set { FLAGS } else { 0 };
            }
            Insn::Load { size, t, from, .. } => {
                use crate::emulator::isa::Size;
                uses.kind = Kind::Load { narrow: size != Size::Word };
                uses.result = bit(t);
                uses.at(from);
            }
            Insn::Store { t, to, .. } => {
                (uses.kind, uses.late) = (Kind::Store, bit(t));
                uses.at(to);
            }
            Insn::LoadDouble { t, u, from } => {
                (uses.kind, uses.result) = (Kind::Multiple { words: 2, load: true }, bit(t) | bit(u));
                uses.at(from);
            }
            Insn::StoreDouble { t, u, to } => {
                (uses.kind, uses.late) = (Kind::Multiple { words: 2, load: false }, bit(t) | bit(u));
                uses.at(to);
            }
            Insn::LoadMultiple { n, list, write_back, .. } => {
                uses.kind = Kind::Multiple { words: list.count_ones(), load: true };
                (uses.address, uses.result) = (bit(n), list.into());
                uses.base = if write_back { bit(n) } else { 0 };
            }
            Insn::StoreMultiple { n, list, write_back, .. } => {
                uses.kind = Kind::Multiple { words: list.count_ones(), load: false };
                (uses.address, uses.late) = (bit(n), list.into());
                uses.base = if write_back { bit(n) } else { 0 };
            }
            Insn::FloatLoad { double, from, .. } | Insn::FloatStore { double, to: from, .. } => {
                let load = matches!(insn, Insn::FloatLoad { .. });
                uses.kind = match (double, load) {
                    (true, _) => Kind::Multiple { words: 2, load },
                    (false, true) => Kind::Load { narrow: false },
                    (false, false) => Kind::Store,
                };
                uses.at(from);
            }
            Insn::FloatLoadMultiple { n, count, write_back, .. }
            | Insn::FloatStoreMultiple { n, count, write_back, .. } => {
                let load = matches!(insn, Insn::FloatLoadMultiple { .. });
                uses.kind = Kind::Multiple { words: count.into(), load };
                uses.address = bit(n);
                uses.base = if write_back { bit(n) } else { 0 };
            }
            Insn::Branch { .. } => uses.kind = Kind::Branch,
            Insn::BranchIf { .. } => (uses.kind, uses.late) = (Kind::Branch, FLAGS),
            Insn::BranchLink { .. } => (uses.kind, uses.result) = (Kind::Branch, bit(14)),
            Insn::BranchIndirect { m, .. } => (uses.kind, uses.late) = (Kind::Branch, bit(m)),
            Insn::CompareBranch { n, .. } => (uses.kind, uses.late) = (Kind::Branch, bit(n)),
            Insn::TableBranch { n, m, .. } => (uses.kind, uses.address) = (Kind::Branch, bit(n) | bit(m)),
            Insn::Plain { .. } | Insn::Last { .. } => uses.plain(code),
            _ => {}
        }
        if code.in_it {
            uses.late |= FLAGS;
        }
        uses
    }

    fn alu(&mut self, op: Alu, set: bool, d: u8, n: u8, by: Operand) {
        let moves = matches!(op, Alu::Mov | Alu::Mvn);
        let adds = matches!(op, Alu::Add | Alu::Sub | Alu::Mov);
        self.late = if moves { 0 } else { bit(n) };
        self.kind = if adds { Kind::Simple } else { Kind::Logic };
        match by {
            Operand::Immediate { .. } => {}
            Operand::Register { m, shift: Shift::Lsl, amount: 0 } => self.late |= bit(m),
            Operand::Register { m, .. } if op == Alu::Mov => (self.kind, self.late) = (Kind::Shift, bit(m)),
            Operand::Register { m, .. } => (self.kind, self.early) = (Kind::Shifted, bit(m)),
        }
        self.late |= if matches!(op, Alu::Adc | Alu::Sbc) { FLAGS } else { 0 };
        self.result = if op.is_compare() { 0 } else { bit(d) };
        self.result |= if set || op.is_compare() { FLAGS } else { 0 };
    }

    /// Instructions that only their fields tell apart.
    fn plain(&mut self, code: &Code) {
        let text = code.row().text;
        let operands = fields(code, &['n', 'm', 'N', 'M']);
        match code.class() {
            Class::Multiply => {
                self.kind = Kind::Multiply;
                self.late = operands;
                self.result = fields(code, &['d']);
                if text.contains("{a}, {d}") {
                    self.result |= fields(code, &['a']);
                    self.accumulate = if text.contains("mull") { 0 } else { self.result };
                } else {
                    self.accumulate = fields(code, &['a']);
                }
            }
            Class::Divide => (self.early, self.result) = (operands, fields(code, &['d'])),
            Class::Alu => {
                let slow = ["ssat", "usat", "q", "uq", "usad"].iter().any(|name| text.starts_with(name));
                self.kind = if text.starts_with("movt") { Kind::Simple } else { Kind::Dsp { slow } };
                self.result = fields(code, &['d']);
                // BFI and MOVT keep part of what was there.
                let keeps = text.starts_with("bf") || text.starts_with("movt");
                self.late = if keeps { self.result } else { 0 };
                let shifter = ["sxta", "uxta", "sbfx", "ubfx", "rev", "rbit", "pkh", "bfi", "ssat", "usat"];
                if shifter.iter().any(|name| text.starts_with(name)) {
                    self.early = fields(code, &['m', 'M']);
                    self.late |= fields(code, &['n', 'N']);
                    if ["sbfx", "ubfx", "bfi", "ssat", "usat"].iter().any(|name| text.starts_with(name)) {
                        self.early |= fields(code, &['n']);
                    }
                } else {
                    self.late |= operands;
                }
            }
            class if class.is_float() => self.kind = Kind::Float,
            _ => self.late = operands,
        }
    }

    fn at(&mut self, address: Address) {
        match address {
            Address::Offset { n, offset } => (self.address, self.offset) = (bit(n), Some(offset)),
            Address::PreIndexed { n, offset } => {
                (self.address, self.base, self.offset) = (bit(n), bit(n), Some(offset));
            }
            Address::PostIndexed { n, .. } => (self.address, self.base, self.offset) = (bit(n), bit(n), Some(0)),
            Address::Register { n, m, .. } => (self.address, self.indexed) = (bit(n) | bit(m), true),
            Address::Absolute(at) => self.offset = Some(at),
        }
    }
}
