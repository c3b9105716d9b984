//! Floating point, single always and double where the core has it.

use super::{Generator, Item, name};

/// Operations of two operands; VNMUL is one of them.
const TWO: [&str; 5] = ["vadd", "vsub", "vmul", "vnmul", "vdiv"];
const ACCUMULATING: [&str; 8] = ["vfma", "vfms", "vfnma", "vfnms", "vmla", "vmls", "vnmla", "vnmls"];

impl Generator {
    fn single(&mut self) -> String {
        format!("s{}", self.rng.below(32))
    }

    fn double(&mut self) -> String {
        format!("d{}", self.rng.below(16))
    }

    /// Suffix and three registers.
    fn format(&mut self) -> (&'static str, [String; 3]) {
        if self.twin.double_precision && self.once_in(2) {
            ("f64", std::array::from_fn(|_| self.double()))
        } else {
            ("f32", std::array::from_fn(|_| self.single()))
        }
    }

    pub(super) fn float(&mut self) -> Item {
        match self.rng.below(12) {
            0 | 1 => {
                let (f, [d, n, m]) = self.format();
                Item::new(format!("{}{{c}}.{f} {d}, {n}, {m}", self.pick(&TWO)))
            }
            2 | 3 => {
                let (f, [d, n, m]) = self.format();
                Item::new(format!("{}{{c}}.{f} {d}, {n}, {m}", self.pick(&ACCUMULATING)))
            }
            4 => {
                let (f, [d, m, _]) = self.format();
                Item::new(format!("{}{{c}}.{f} {d}, {m}", self.pick(&["vsqrt", "vneg", "vabs", "vmov"])))
            }
            5 => self.float_comparison(),
            6 => self.conversion(),
            7 | 8 => self.transfer(),
            9 | 10 => self.float_memory(),
            _ if self.twin.version_5 => self.version_5(),
            _ => self.conversion(),
        }
    }

    fn float_comparison(&mut self) -> Item {
        let (f, [d, m, _]) = self.format();
        let op = self.pick(&["vcmp", "vcmpe"]);
        match self.rng.below(4) {
            0 => Item::new(format!("{op}{{c}}.{f} {d}, #0")),
            1 => Item::new("vmrs{c} apsr_nzcv, fpscr"),
            _ => Item::new(format!("{op}{{c}}.{f} {d}, {m}")),
        }
    }

    fn conversion(&mut self) -> Item {
        let (f, [d, m, _]) = self.format();
        let (s, t) = (self.single(), self.single());
        let integer = self.pick(&["s32", "u32"]);
        match self.rng.below(6) {
            0 => Item::new(format!("{}{{c}}.{integer}.{f} {s}, {m}", self.pick(&["vcvt", "vcvtr"]))),
            1 => Item::new(format!("vcvt{{c}}.{f}.{integer} {d}, {s}")),
            2 => {
                let (fixed, bits) = self.rng.pick(&[("s16", 16), ("u16", 16), ("s32", 32), ("u32", 32)]);
                let fraction = 1 + self.rng.below(bits);
                if self.once_in(2) {
                    Item::new(format!("vcvt{{c}}.{fixed}.{f} {d}, {d}, #{fraction}"))
                } else {
                    Item::new(format!("vcvt{{c}}.{f}.{fixed} {d}, {d}, #{fraction}"))
                }
            }
            3 => Item::new(format!("{}{{c}}.{f}.f16 {d}, {s}", self.pick(&["vcvtb", "vcvtt"]))),
            4 => Item::new(format!("{}{{c}}.f16.{f} {s}, {m}", self.pick(&["vcvtb", "vcvtt"]))),
            _ if self.twin.double_precision => {
                let d = self.double();
                let text = [format!("vcvt{{c}}.f64.f32 {d}, {s}"), format!("vcvt{{c}}.f32.f64 {s}, {d}")];
                Item::new(text[self.rng.below(2)].clone())
            }
            _ => Item::new(format!("vcvt{{c}}.f32.s32 {s}, {t}")),
        }
    }

    fn transfer(&mut self) -> Item {
        let (d, n, m) = (self.target(), self.source(), self.source());
        let (s, double) = (self.single(), self.double());
        match self.rng.below(11) {
            0 => Item::new(format!("vmov{{c}} {s}, {n}")),
            1 => Item::new(format!("vmov{{c}} {d}, {s}")),
            2 => Item::new(format!("vmov{{c}} {double}, {n}, {m}")),
            3 => {
                let first = self.target_number();
                let second = self.target_besides(&[first]);
                Item::new(format!("vmov{{c}} {}, {}, {double}", name(first), name(second)))
            }
            4 => {
                let i = self.rng.below(31);
                Item::new(format!("vmov{{c}} s{i}, s{}, {n}, {m}", i + 1))
            }
            5 => {
                let i = self.rng.below(31);
                let first = self.target_number();
                let second = self.target_besides(&[first]);
                Item::new(format!("vmov{{c}} {}, {}, s{i}, s{}", name(first), name(second), i + 1))
            }
            6 if self.twin.double_precision => Item::new(format!("vmov{{c}}.32 {double}[{}], {n}", self.rng.below(2))),
            7 if self.twin.double_precision => Item::new(format!("vmov{{c}}.32 {d}, {double}[{}]", self.rng.below(2))),
            8 => {
                let (f, [d, ..]) = self.format();
                let value = f64::from(self.rng.range(16, 31)) / 16.0 * 2f64.powi(self.rng.range(-3, 4));
                let sign = self.pick(&["", "-"]);
                Item::new(format!("vmov{{c}}.{f} {d}, #{sign}{value}"))
            }
            9 => Item::new(format!("vmrs{{c}} {d}, fpscr")),
            _ => {
                let value = self.rng.fpscr();
                let register = self.target_number();
                Item::after(Self::load_constant(register, value), format!("vmsr{{c}} fpscr, {}", name(register)))
            }
        }
    }

    fn float_memory(&mut self) -> Item {
        let double = self.once_in(2);
        let (letter, count, words) = if double { ('d', 16, 2) } else { ('s', 32, 1) };
        let load = self.once_in(2);
        match self.rng.below(5) {
            0 | 1 => {
                let (offset, address) = (4 * self.rng.range(-255, 255), self.address(4, 8));
                let (base, setup) = self.base(address.wrapping_sub(offset as u32));
                let op = if load { "vldr" } else { "vstr" };
                let text = format!("{op}{{c}} {letter}{}, [{}, #{offset}]", self.rng.below(count), name(base));
                Item::after(setup, text)
            }
            2 => {
                let label = self.label();
                self.data.push(format!("{label}: .word {:#x}, {:#x}", self.rng.word(), self.rng.word()));
                Item::new(format!("vldr{{c}} {letter}{}, {label}", self.rng.below(count)))
            }
            3 => {
                let first = self.rng.below(count);
                let last = (first + self.rng.below(16)).min(count - 1);
                let bytes = 4 * words * (last - first + 1) as u32;
                if bytes > 128 {
                    return self.float_memory();
                }
                let address = self.address(4, bytes);
                let down = self.once_in(3);
                let (base, setup) = self.base(address + if down { bytes } else { 0 });
                let op = match (load, down) {
                    (true, false) => "vldmia",
                    (true, true) => "vldmdb",
                    (false, false) => "vstmia",
                    (false, true) => "vstmdb",
                };
                let mark = if down || self.once_in(2) { "!" } else { "" };
                let text = format!("{op}{{c}} {}{mark}, {}", name(base), range(letter, first, last));
                Item::after(setup, text)
            }
            _ => {
                let length = 1 + self.rng.below(8);
                let (from, to) = (self.rng.below(count - length + 1), self.rng.below(count - length + 1));
                let [pushed, popped] = [from, to].map(|first| range(letter, first, first + length - 1));
                Item::unconditional(format!("vpush {pushed}\n    vpop {popped}"))
            }
        }
    }

    fn version_5(&mut self) -> Item {
        let (f, [d, n, m]) = self.format();
        let s = self.single();
        match self.rng.below(5) {
            0 => Item::unconditional(format!("{}.{f} {d}, {n}, {m}", self.pick(&["vmaxnm", "vminnm"]))),
            1 => Item::unconditional(format!(
                "{}.{f} {d}, {n}, {m}",
                self.pick(&["vseleq", "vselge", "vselgt", "vselvs"])
            )),
            2 => Item::new(format!("{}{{c}}.{f} {d}, {m}", self.pick(&["vrintz", "vrintr", "vrintx"]))),
            3 => Item::unconditional(format!("{}.{f} {d}, {m}", self.pick(&["vrinta", "vrintn", "vrintp", "vrintm"]))),
            _ => {
                let op = self.pick(&["vcvta", "vcvtn", "vcvtp", "vcvtm"]);
                Item::unconditional(format!("{op}.{}.{f} {s}, {m}", self.pick(&["s32", "u32"])))
            }
        }
    }
}

/// `{s3-s7}`.
fn range(letter: char, first: usize, last: usize) -> String {
    if first == last { format!("{{{letter}{first}}}") } else { format!("{{{letter}{first}-{letter}{last}}}") }
}
