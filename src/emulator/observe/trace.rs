//! A trace: one line for each instruction, with its cycles and why.

use std::collections::HashMap;
use std::io::{self, Write};

use crate::emulator::core::{Executed, describe};
use crate::emulator::memory::Map;

const HEADER: &str = "     cycle  address     cycles  issue  stall  flash  cache  instruction";

/// Cycles of one line and what they went into; the parts add up.
struct Reasons {
    cycles: i64,
    issue: i64,
    stall: i64,
    flash: i64,
    cache: i64,
}

impl Reasons {
    /// An instruction issues in one cycle, or in none beside another. What is neither that nor memory is the pipeline's: results
    /// that are waited for, refills after branches, steps of a division.
    fn of(executed: &Executed) -> Self {
        let (flash, cache) = (executed.flash.cast_signed(), executed.cache.cast_signed());
        let pipeline = executed.cycles - flash - cache;
        let issue = pipeline.clamp(0, 1);
        Self { cycles: executed.cycles, issue, stall: pipeline - issue, flash, cache }
    }
}

pub struct Trace {
    to: io::BufWriter<Box<dyn Write + Send>>,
    /// Where it begins, until it has.
    from: Option<u32>,
    left: Option<u64>,
    written: u64,
    begun: bool,
    texts: HashMap<(u32, u8), String>,
    /// The cycle after the last instruction.
    now: u64,
    failed: Option<io::Error>,
}

impl Trace {
    pub fn new(to: Box<dyn Write + Send>, from: Option<u32>, limit: Option<u64>) -> Self {
        Self {
            to: io::BufWriter::new(to),
            from,
            left: limit,
            written: 0,
            begun: false,
            texts: HashMap::new(),
            now: 0,
            failed: None,
        }
    }

    pub fn is_full(&self) -> bool {
        self.left == Some(0) || self.failed.is_some()
    }

    pub fn instruction(&mut self, executed: &Executed, memory: &Map) {
        self.now = executed.start.wrapping_add_signed(executed.cycles);
        if self.from.is_some_and(|from| from != executed.pc) || self.is_full() {
            return;
        }
        self.from = None;
        if let Some(left) = &mut self.left {
            *left -= 1;
        }
        self.written += 1;
        let Executed { pc, it, start, .. } = *executed;
        // Code that changes itself is rare enough to be shown as it was first.
        let text = self.texts.entry((pc, it)).or_insert_with(|| describe(memory, pc, it).1).clone();
        let line = line(start, &format!("{pc:#010x}"), &Reasons::of(executed), &text);
        self.put(&line);
    }

    pub fn outside(&mut self, asleep: u64, exceptions: u64) {
        for (cycles, text) in [(asleep, "(asleep)"), (exceptions, "(exception entry or return)")] {
            if cycles != 0 && self.begun && !self.is_full() {
                let cycles = cycles.cast_signed();
                let reasons = Reasons { cycles, issue: 0, stall: cycles, flash: 0, cache: 0 };
                let line = line(self.now, "", &reasons, text);
                self.put(&line);
            }
            self.now += cycles;
        }
    }

    fn put(&mut self, line: &str) {
        let header = if std::mem::replace(&mut self.begun, true) { Ok(()) } else { writeln!(self.to, "{HEADER}") };
        if let Err(error) = header.and_then(|()| writeln!(self.to, "{line}")) {
            self.failed.get_or_insert(error);
        }
    }

    pub fn finish(mut self) -> io::Result<u64> {
        match self.failed {
            Some(error) => Err(error),
            None => self.to.flush().map(|()| self.written),
        }
    }
}

fn line(start: u64, address: &str, reasons: &Reasons, text: &str) -> String {
    let Reasons { cycles, issue, stall, flash, cache } = reasons;
    format!("{start:>10}  {address:<10}  {cycles:>6}  {issue:>5}  {stall:>5}  {flash:>5}  {cache:>5}  {text}")
}
