//! Random snippets of the instruction set, as assembly text.

mod data;
mod dsp;
mod exceptions;
mod float;
mod flow;
mod memory;
mod system;

use super::qemu_common::{Rng, Twin};

/// One instruction, and what has to stand before it.
pub struct Item {
    /// Instructions that make its operands valid.
    pub setup: Vec<String>,
    /// `{c}` stands where a condition goes, `{s}` where the suffix S goes that is left out in IT blocks.
    pub text: String,
    /// Whether it may stand in an IT block.
    pub conditional: bool,
}

impl Item {
    fn new(text: impl Into<String>) -> Self {
        Self { setup: Vec::new(), text: text.into(), conditional: true }
    }

    fn after(setup: Vec<String>, text: impl Into<String>) -> Self {
        Self { setup, text: text.into(), conditional: true }
    }

    fn unconditional(text: impl Into<String>) -> Self {
        Self { setup: Vec::new(), text: text.into(), conditional: false }
    }

    fn lines(&self, condition: &str, in_block: bool) -> String {
        self.text.replace("{c}", condition).replace("{s}", if in_block { "" } else { "s" })
    }
}

/// Instructions, and the data that they refer to.
pub struct Snippet {
    lines: Vec<String>,
    data: Vec<String>,
}

impl Snippet {
    /// Instructions in it, each once.
    pub fn instructions(&self) -> usize {
        let lines = self.lines.iter().flat_map(|line| line.lines().map(str::trim));
        lines.filter(|line| !line.ends_with(':') && !line.contains(": .") && !line.starts_with('.')).count()
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        for line in &self.lines {
            text += &format!("    {line}\n");
        }
        text += "    b.w done\n    .balign 4\n";
        for line in &self.data {
            text += &format!("    {line}\n");
        }
        text
    }
}

pub struct Generator {
    rng: Rng,
    twin: Twin,
    /// Whether some snippets end in a fault.
    faults: bool,
    /// Bit per register that must keep its value.
    reserved: u32,
    snippet: usize,
    labels: usize,
    lines: Vec<String>,
    data: Vec<String>,
}

const CONDITIONS: [&str; 14] = ["eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le"];

pub fn name(register: u32) -> String {
    if register == 14 { "lr".into() } else { format!("r{register}") }
}

impl Generator {
    pub fn new(rng: Rng, twin: Twin, faults: bool) -> Self {
        Self { rng, twin, faults, reserved: 0, snippet: 0, labels: 0, lines: Vec::new(), data: Vec::new() }
    }

    pub fn snippet(&mut self, number: usize) -> Snippet {
        self.snippet = number;
        self.labels = 0;
        for _ in 0..1 + self.rng.below(10) {
            self.group();
        }
        if self.faults && self.rng.once_in(12) {
            self.fault();
        }
        Snippet { lines: std::mem::take(&mut self.lines), data: std::mem::take(&mut self.data) }
    }

    /// Some instructions that belong together.
    fn group(&mut self) {
        match self.rng.below(24) {
            0..=3 => self.it_block(),
            4..=6 => self.flow(),
            7 => self.exceptional(),
            _ => self.straight(),
        }
    }

    /// One item outside any IT block.
    fn straight(&mut self) {
        let item = self.item();
        self.lines.extend(item.setup.iter().cloned());
        self.lines.push(item.lines("", false));
    }

    fn item(&mut self) -> Item {
        match self.rng.below(20) {
            0..=6 => self.data_processing(),
            7..=9 => self.multiply_or_lanes(),
            10..=13 => self.load_or_store(),
            14..=18 => self.float(),
            _ => self.system(),
        }
    }

    /// Up to four items under a condition. Only the first may need a setup, which the others would destroy.
    fn it_block(&mut self) {
        let mut items = vec![];
        let count = 1 + self.rng.below(4);
        while items.len() < count {
            let item = self.item();
            if item.conditional && (items.is_empty() || item.setup.is_empty()) {
                items.push(item);
            }
        }
        let first = self.rng.below(CONDITIONS.len());
        let mut pattern = String::new();
        let mut lines = Vec::new();
        for (i, item) in items.iter().enumerate() {
            let otherwise = i > 0 && self.rng.once_in(2);
            if i > 0 {
                pattern.push(if otherwise { 'e' } else { 't' });
            }
            lines.push(item.lines(CONDITIONS[if otherwise { first ^ 1 } else { first }], true));
        }
        self.lines.extend(items[0].setup.iter().cloned());
        self.lines.push(format!("it{pattern} {}", CONDITIONS[first]));
        self.lines.extend(lines);
    }

    fn label(&mut self) -> String {
        self.labels += 1;
        format!(".L{}_{}", self.snippet, self.labels)
    }

    fn once_in(&mut self, n: usize) -> bool {
        self.rng.once_in(n)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        self.rng.pick(from)
    }

    /// Number of a general register that may change.
    fn target_number(&mut self) -> u32 {
        loop {
            let register = self.source_number();
            if self.reserved >> register & 1 == 0 {
                return register;
            }
        }
    }

    fn source_number(&mut self) -> u32 {
        match self.rng.below(14) as u32 {
            13 => 14,
            register => register,
        }
    }

    fn target(&mut self) -> String {
        let register = self.target_number();
        name(register)
    }

    fn source(&mut self) -> String {
        let register = self.source_number();
        name(register)
    }

    /// One of r0 to r7 that may change.
    fn low_target_number(&mut self) -> u32 {
        loop {
            let register = self.rng.below(8) as u32;
            if self.reserved >> register & 1 == 0 {
                return register;
            }
        }
    }

    fn low_target(&mut self) -> String {
        let register = self.low_target_number();
        name(register)
    }

    fn low_source(&mut self) -> String {
        name(self.rng.below(8) as u32)
    }

    /// A register that may change and is none of `others`.
    fn target_besides(&mut self, others: &[u32]) -> u32 {
        loop {
            let register = self.target_number();
            if !others.contains(&register) {
                return register;
            }
        }
    }

    /// Runs `inner` while `registers` must keep their values.
    fn keeping(&mut self, registers: u32, inner: impl FnOnce(&mut Self)) {
        let before = self.reserved;
        self.reserved |= registers;
        inner(self);
        self.reserved = before;
    }

    /// Instructions that load `value`.
    fn load_constant(register: u32, value: u32) -> Vec<String> {
        let register = name(register);
        vec![format!("movw {register}, #{}", value & 0xffff), format!("movt {register}, #{}", value >> 16)]
    }
}
