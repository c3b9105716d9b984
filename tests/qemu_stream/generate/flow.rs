//! Branches, loops, tables and calls.

use super::{CONDITIONS, Generator, name};

impl Generator {
    pub(super) fn flow(&mut self) {
        match self.rng.below(9) {
            0 | 1 => self.skip(),
            2 => self.compare_and_skip(),
            3 => self.table(),
            4 => self.call(),
            5 => self.jump(),
            6 => self.counted_loop(),
            7 => self.last_in_block(),
            _ => self.skip(),
        }
    }

    fn skip(&mut self) {
        let label = self.label();
        let width = self.pick(&["", ".w", ".n"]);
        let condition = if self.once_in(5) { "" } else { self.pick(&CONDITIONS) };
        self.lines.push(format!("b{condition}{width} {label}"));
        for _ in 0..1 + self.rng.below(3) {
            self.straight();
        }
        self.lines.push(format!("{label}:"));
    }

    fn compare_and_skip(&mut self) {
        let label = self.label();
        let register = self.low_source();
        if self.once_in(2) && self.reserved == 0 {
            self.lines.push(format!("movs {register}, #{}", self.rng.below(2)));
        }
        let op = self.pick(&["cbz", "cbnz"]);
        self.lines.push(format!("{op} {register}, {label}"));
        self.straight();
        self.lines.push(format!("{label}:"));
    }

    /// TBB or TBH into one of four places, the table behind the instruction or elsewhere.
    fn table(&mut self) {
        let index = self.target_number();
        let base = self.target_besides(&[index]);
        let (table, here) = (self.label(), self.label());
        let places: Vec<_> = (0..4).map(|_| self.label()).collect();
        let (index_name, base_name) = (name(index), name(base));
        let (op, scale, directive) = if self.once_in(2) { ("tbb", "", ".byte") } else { ("tbh", ", lsl #1", ".short") };
        let entries: Vec<_> = places.iter().map(|place| format!("({place} - {here}) / 2")).collect();
        let entries = format!("{table}: {directive} {}", entries.join(", "));
        self.lines.push(format!("and {index_name}, {index_name}, #3"));
        if self.once_in(2) {
            self.lines.push(format!("{op} [pc, {index_name}{scale}]"));
            self.lines.push(format!("{here}:"));
            self.lines.push(entries);
        } else {
            self.lines.push(format!("adr.w {base_name}, {table}"));
            self.lines.push(format!("{op} [{base_name}, {index_name}{scale}]"));
            self.lines.push(format!("{here}:"));
            self.data.push(entries);
            self.data.push(".balign 4".into());
        }
        for place in &places {
            self.lines.push(format!("{place}:"));
            self.straight();
        }
    }

    /// BL and BLX, and the ways back.
    fn call(&mut self) {
        if self.reserved >> 14 & 1 != 0 {
            return self.skip();
        }
        let (function, behind) = (self.label(), self.label());
        if self.once_in(2) {
            self.lines.push(format!("bl {function}"));
        } else {
            let register = name(self.target_besides(&[14]));
            self.lines.push(format!("adr.w {register}, {function}"));
            self.lines.push(format!("add.w {register}, {register}, #1"));
            self.lines.push(format!("blx {register}"));
        }
        self.straight();
        self.lines.push(format!("b {behind}"));
        self.lines.push(format!("{function}:"));
        let way = self.rng.below(3);
        if way == 0 {
            let list = self.pick(&["{r4, lr}", "{lr}", "{r1, r5, lr}"]);
            self.lines.push(format!("push {list}"));
            self.straight();
            // What was pushed is popped, registers that must keep their values included.
            self.lines.push(format!("pop {}", list.replace("lr", "pc")));
        } else {
            self.keeping(1 << 14, |g| g.straight());
            self.lines.push(self.rng.pick(&["bx lr", "mov pc, lr"]).to_string());
        }
        self.lines.push(format!("{behind}:"));
    }

    /// Writes to PC of all kinds.
    fn jump(&mut self) {
        let label = self.label();
        let register = name(self.target_number());
        self.lines.push(format!("adr.w {register}, {label}"));
        match self.rng.below(6) {
            0 => self.lines.push(format!("mov pc, {register}")),
            1 => {
                self.lines.push(format!("add.w {register}, {register}, #1"));
                self.lines.push(format!("bx {register}"));
            }
            2 => {
                self.lines.push(format!("add.w {register}, {register}, #1"));
                self.lines.push(format!("push {{{register}}}"));
                self.lines.push("pop {pc}".into());
            }
            3 => {
                let literal = self.label();
                self.data.push(format!("{literal}: .word {label} + 1"));
                self.lines.push(format!("ldr.w pc, {literal}"));
            }
            4 => {
                self.lines.push(format!("add.w {register}, {register}, #1"));
                self.lines.push(format!("str {register}, [sp, #-8]!"));
                self.lines.push("ldr pc, [sp], #8".into());
            }
            _ => {
                self.lines.push(format!("add.w {register}, {register}, #1"));
                self.lines.push(format!("str {register}, [sp, #-8]"));
                self.lines.push("ldr pc, [sp, #-8]".into());
            }
        }
        self.straight();
        self.lines.push(format!("{label}:"));
    }

    fn counted_loop(&mut self) {
        let label = self.label();
        let counter = self.low_target_number();
        self.lines.push(format!("mov {}, #{}", name(counter), 1 + self.rng.below(5)));
        self.lines.push(format!("{label}:"));
        let count = 1 + self.rng.below(4);
        self.keeping(1 << counter, |g| {
            for _ in 0..count {
                if g.once_in(4) { g.it_block() } else { g.straight() }
            }
        });
        self.lines.push(format!("subs {0}, {0}, #1", name(counter)));
        self.lines.push(format!("bne {label}"));
    }

    /// An IT block that ends with a branch.
    fn last_in_block(&mut self) {
        let label = self.label();
        let first = self.rng.below(CONDITIONS.len());
        let condition = CONDITIONS[first];
        let (d, n) = (self.target(), self.source());
        let (block, branch) = self.rng.pick(&[("itt", first), ("ite", first ^ 1)]);
        self.lines.push(format!("{block} {condition}"));
        self.lines.push(format!("add{condition} {d}, {n}, #1"));
        self.lines.push(format!("b{} {label}", CONDITIONS[branch]));
        self.straight();
        self.lines.push(format!("{label}:"));
    }
}
