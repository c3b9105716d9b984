//! Special registers, hints, and instructions that fault.

use super::{Generator, Item, name};
use crate::program::{SCRATCH, STACK};

impl Generator {
    pub(super) fn system(&mut self) -> Item {
        let (d, n) = (self.target(), self.source());
        match self.rng.below(if self.twin.armv8 { 13 } else { 12 }) {
            12 => self.stack_limit(),
            0 => Item::new(format!("mrs{{c}} {d}, {}", self.pick(&["apsr", "xpsr", "iapsr", "ipsr", "epsr"]))),
            1 => Item::new(format!("msr{{c}} apsr_nzcvq, {n}")),
            2 => Item::new(format!("msr{{c}} apsr_{}, {n}", self.pick(&["g", "nzcvqg"]))),
            3 => Item::new(self.pick(&["nop{c}", "nop{c}.w", "yield{c}", "dmb{c}", "dsb{c}", "isb{c}", "sev{c}"])),
            4 => Item::unconditional(format!("cpsid i\n    mrs {d}, primask\n    cpsie i")),
            5 => {
                let register = self.target_number();
                let mut item = Item::after(
                    Self::load_constant(register, self.rng.next() as u32),
                    format!(
                        "msr basepri, {0}\n    mrs {0}, basepri\n    msr basepri_max, {n}\n    mrs {d}, basepri\n    mov {0}, #0\n    msr basepri, {0}",
                        name(register)
                    ),
                );
                item.conditional = false;
                item
            }
            6 => Item::new(format!("mrs{{c}} {d}, {}", self.pick(&["control", "msp", "psp", "primask", "faultmask"]))),
            8 | 9 => Item::new(format!("svc{{c}} #{}", self.rng.below(8))),
            10 => Item::unconditional(format!("push {{{n}}}\n    svc #{}\n    pop {{{d}}}", self.rng.below(8))),
            7 => Item::unconditional(format!("cpsid f\n    mrs {d}, faultmask\n    cpsie f")),
            _ => {
                let register = self.target_number();
                let value = self.rng.next() as u32 & !3;
                let text = format!("msr psp, {0}\n    mrs {d}, psp", name(register));
                let mut item = Item::after(Self::load_constant(register, value), text);
                item.conditional = false;
                item
            }
        }
    }

    /// A limit that no stack comes near.
    fn stack_limit(&mut self) -> Item {
        let (register, d) = (self.target_number(), self.target());
        let (limit, value) = self.rng.pick(&[("msplim", SCRATCH), ("psplim", SCRATCH), ("psplim", STACK)]);
        let value = value + self.rng.below(512) as u32;
        let text =
            format!("msr {limit}, {0}\n    mrs {d}, {limit}\n    mov {0}, #0\n    msr {limit}, {0}", name(register));
        let mut item = Item::after(Self::load_constant(register, value), text);
        item.conditional = false;
        item
    }

    /// Something that the core refuses. It ends the snippet.
    pub(super) fn fault(&mut self) {
        let (d, n) = (self.target_number(), self.source());
        let other = name(self.target_besides(&[d]));
        let d = name(d);
        let unaligned = self.address(4, 16) + 1 + self.rng.below(3) as u32;
        let (base, setup) = self.base(unaligned);
        let base_name = name(base);
        // Where no board has anything; bit 28 would make it secure on one.
        let nowhere = Self::load_constant(base, if self.twin.armv8 { 0xa000_0000 } else { 0x9000_0000 });
        let text = match self.rng.below(if self.twin.armv8 { 15 } else { 14 }) {
            14 => {
                self.lines.extend(setup);
                format!("{} {d}, [{base_name}]", self.pick(&["lda", "ldaex", "stl"]))
            }
            12 => {
                self.trap(1 << 4);
                self.lines.push(format!("mov {other}, #0"));
                format!("{} {d}, {n}, {other}", self.pick(&["sdiv", "udiv"]))
            }
            13 => {
                self.trap(1 << 3);
                self.lines.extend(Self::load_constant(base, unaligned & !3 | 1));
                format!("{} {d}, [{base_name}]", self.pick(&["ldr", "ldrh", "str", "strh", "ldrsh"]))
            }
            0 => "udf #17".to_string(),
            1 => "udf.w #1234".into(),
            2 => "mcr p1, #0, r0, c1, c2, #3".into(),
            3 => {
                self.lines.extend(setup);
                format!("ldrd {d}, {other}, [{base_name}]")
            }
            4 => {
                self.lines.extend(setup);
                format!("ldm.w {base_name}, {{r1, r3, r8}}")
            }
            5 => {
                self.lines.extend(setup);
                format!("strd {n}, {n}, [{base_name}]")
            }
            6 => {
                self.lines.extend(setup);
                format!("vldr s{}, [{base_name}]", self.rng.below(32))
            }
            7 => {
                self.lines.extend(setup);
                format!("ldrex {d}, [{base_name}]")
            }
            8 => {
                self.lines.extend(nowhere);
                format!("ldr {d}, [{base_name}]")
            }
            9 => {
                self.lines.extend(nowhere);
                format!("vldr d1, [{base_name}]")
            }
            10 => {
                self.lines.push(format!("mov {base_name}, #256"));
                format!("bx {base_name}")
            }
            _ => {
                self.lines.extend(setup);
                format!("stm.w {base_name}, {{r1, r2}}")
            }
        };
        self.lines.push(text);
    }

    /// Sets bits of CCR besides STKALIGN.
    fn trap(&mut self, bits: u32) {
        let register = self.target_number();
        let value = self.target_besides(&[register]);
        self.lines.extend(Self::load_constant(register, 0xe000_ed14));
        self.lines.push(format!("mov {}, #{:#x}", name(value), 0x200 | bits));
        self.lines.push(format!("str {}, [{}]", name(value), name(register)));
        self.lines.push("dsb\n    isb".into());
    }
}
