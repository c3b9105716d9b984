//! Data processing: every operation with every form of its second operand, wide and narrow.

use super::{Generator, Item};

const THREE: [&str; 10] = ["and", "bic", "orr", "orn", "eor", "add", "adc", "sub", "sbc", "rsb"];
const COMPARISONS: [&str; 4] = ["tst", "teq", "cmp", "cmn"];

impl Generator {
    pub(super) fn data_processing(&mut self) -> Item {
        match self.rng.below(9) {
            0 | 1 => self.register_form(),
            2 => self.immediate_form(),
            3 => self.comparison(),
            4 => self.move_form(),
            5 => self.shift_by_register(),
            6 | 7 => self.narrow(),
            _ => self.bits(),
        }
    }

    /// `, lsl #3` and its like; all amounts that each shift has.
    pub(super) fn shift(&mut self) -> String {
        match self.rng.below(7) {
            0 => String::new(),
            1 => format!(", lsl #{}", self.rng.below(32)),
            2 => format!(", lsr #{}", 1 + self.rng.below(32)),
            3 => format!(", asr #{}", 1 + self.rng.below(32)),
            4 => format!(", ror #{}", 1 + self.rng.below(31)),
            5 => ", rrx".into(),
            _ => format!(", {} #{}", self.pick(&["lsl", "lsr", "asr", "ror"]), self.rng.pick(&[1, 8, 16, 31])),
        }
    }

    /// A value that a modified immediate can hold.
    pub(super) fn modified_immediate(&mut self) -> u32 {
        let byte = self.rng.next() as u32 & 0xff;
        match self.rng.below(8) {
            0 => byte,
            1 => byte << 16 | byte,
            2 => byte << 24 | byte << 8,
            3 => byte * 0x0101_0101,
            _ => (byte | 0x80).rotate_right(8 + self.rng.below(24) as u32),
        }
    }

    fn flags(&mut self) -> &'static str {
        self.pick(&["", "s"])
    }

    fn register_form(&mut self) -> Item {
        let (op, s) = (self.pick(&THREE), self.flags());
        let (d, n, m, shift) = (self.target(), self.source(), self.source(), self.shift());
        let wide = if shift.is_empty() && op != "orn" { self.pick(&["", ".w"]) } else { "" };
        // RSB of two registers has no narrow form and no suffix in every assembler.
        let wide = if op == "rsb" { "" } else { wide };
        Item::new(format!("{op}{s}{{c}}{wide} {d}, {n}, {m}{shift}"))
    }

    fn immediate_form(&mut self) -> Item {
        let (d, n) = (self.target(), self.source());
        if self.once_in(6) {
            let op = self.pick(&["addw", "subw"]);
            return Item::new(format!("{op}{{c}} {d}, {n}, #{}", self.rng.below(4096)));
        }
        let (op, s) = (self.pick(&THREE), self.flags());
        Item::new(format!("{op}{s}{{c}} {d}, {n}, #{:#x}", self.modified_immediate()))
    }

    fn comparison(&mut self) -> Item {
        let (op, n) = (self.pick(&COMPARISONS), self.source());
        if self.once_in(2) {
            return Item::new(format!("{op}{{c}} {n}, #{:#x}", self.modified_immediate()));
        }
        let (m, shift) = (self.source(), self.shift());
        Item::new(format!("{op}{{c}} {n}, {m}{shift}"))
    }

    fn move_form(&mut self) -> Item {
        let (d, m, s) = (self.target(), self.source(), self.flags());
        match self.rng.below(7) {
            0 => Item::new(format!("mov{s}{{c}}.w {d}, #{:#x}", self.modified_immediate())),
            1 => Item::new(format!("mvn{s}{{c}}.w {d}, #{:#x}", self.modified_immediate())),
            2 => Item::new(format!("movw{{c}} {d}, #{}", self.rng.next() as u16)),
            3 => Item::new(format!("movt{{c}} {d}, #{}", self.rng.next() as u16)),
            4 => {
                let shift = self.shift();
                Item::new(format!("mvn{s}{{c}}.w {d}, {m}{shift}"))
            }
            5 => Item::new(format!("mov{s}{{c}}.w {d}, {m}")),
            _ => {
                let (op, amount) = self.rng.pick(&[("lsl", 31), ("lsr", 32), ("asr", 32), ("ror", 31)]);
                let amount = 1 + self.rng.below(amount);
                if self.once_in(8) {
                    return Item::new(format!("rrx{s}{{c}} {d}, {m}"));
                }
                Item::new(format!("{op}{s}{{c}}.w {d}, {m}, #{amount}"))
            }
        }
    }

    fn shift_by_register(&mut self) -> Item {
        let (op, s) = (self.pick(&["lsl", "lsr", "asr", "ror"]), self.flags());
        let (d, n, m) = (self.target(), self.source(), self.target());
        let setup = match self.rng.below(3) {
            0 => vec![],
            _ => vec![format!("and {m}, {m}, #{}", self.rng.pick(&[31, 63]))],
        };
        Item::after(setup, format!("{op}{s}{{c}}.w {d}, {n}, {m}"))
    }

    fn narrow(&mut self) -> Item {
        let (d, n, m) = (self.low_target(), self.low_source(), self.low_source());
        match self.rng.below(12) {
            0 => {
                let op = self.pick(&["and", "eor", "lsl", "lsr", "asr", "adc", "sbc", "ror", "orr", "mul", "bic"]);
                if op == "mul" {
                    return Item::new(format!("mul{{s}}{{c}} {d}, {n}, {d}"));
                }
                Item::new(format!("{op}{{s}}{{c}} {d}, {d}, {m}"))
            }
            1 => Item::new(format!("{}{{c}} {n}, {m}", self.pick(&["tst", "cmp", "cmn"]))),
            2 => Item::new(format!("{}{{s}}{{c}} {d}, {n}, {m}", self.pick(&["add", "sub"]))),
            3 => Item::new(format!("{}{{s}}{{c}} {d}, {n}, #{}", self.pick(&["add", "sub"]), self.rng.below(8))),
            4 => Item::new(format!("{}{{s}}{{c}} {d}, #{}", self.pick(&["add", "sub"]), self.rng.below(256))),
            5 => Item::new(format!("mov{{s}}{{c}} {d}, #{}", self.rng.below(256))),
            6 => Item::new(format!("cmp{{c}} {n}, #{}", self.rng.below(256))),
            7 => Item::new(format!("rsb{{s}}{{c}} {d}, {n}, #0")),
            8 => Item::new(format!("mvn{{s}}{{c}} {d}, {m}")),
            9 => {
                let (op, least, count) = self.rng.pick(&[("lsl", 1, 31), ("lsr", 1, 32), ("asr", 1, 32)]);
                Item::new(format!("{op}{{s}}{{c}} {d}, {m}, #{}", least + self.rng.below(count)))
            }
            10 => {
                // High registers, without flags.
                let (d, m) = (self.target(), self.source());
                Item::new(format!("{}{{c}} {d}, {m}", self.pick(&["add", "mov"])))
            }
            _ => {
                let (n, m) = (self.source(), self.source());
                Item::new(format!("cmp{{c}} {n}, {m}"))
            }
        }
    }

    fn bits(&mut self) -> Item {
        let (d, n) = (self.target(), self.source());
        let lsb = self.rng.below(32);
        let width = 1 + self.rng.below(32 - lsb);
        match self.rng.below(6) {
            0 => Item::new(format!("bfi{{c}} {d}, {n}, #{lsb}, #{width}")),
            1 => Item::new(format!("bfc{{c}} {d}, #{lsb}, #{width}")),
            2 => Item::new(format!("{}{{c}} {d}, {n}, #{lsb}, #{width}", self.pick(&["ubfx", "sbfx"]))),
            3 => Item::new(format!(
                "{} {d}, {n}",
                self.pick(&["rbit{c}", "clz{c}", "rev{c}.w", "rev16{c}.w", "revsh{c}.w"])
            )),
            4 => {
                let (d, n) = (self.low_target(), self.low_source());
                let op = self.pick(&["rev", "rev16", "revsh", "sxtb", "sxth", "uxtb", "uxth"]);
                Item::new(format!("{op}{{c}} {d}, {n}"))
            }
            _ => {
                let op = self.pick(&["sxtb", "sxth", "uxtb", "uxth"]);
                Item::new(format!("{op}{{c}}.w {d}, {n}, ror #{}", 8 * self.rng.below(4)))
            }
        }
    }
}
