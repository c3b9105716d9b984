//! The console protocol: commands that end with `%`, replies of lines that end with the line `m-ready`.
//!
//! The commands are those of the MLPerf Tiny device API (<https://github.com/mlcommons/tiny>, `benchmark/api`).
//! Whatever a unit sends is bounded here: it may be broken, or another firmware.

use std::time::Duration;

use super::error::MeasureError;
use crate::rack::{Cancel, Unit, UnitError};

/// Bytes; the longest line is a list of the cycles of 10,000 inferences.
const MAX_LINE: usize = 256 * 1024;
const MAX_LINES: usize = 16 * 1024;
/// Characters of a line that an error quotes.
const QUOTED: usize = 80;
const READY: &str = "m-ready";
/// Starts a line that says why a command was not done.
const ERROR: &str = "e-[";
/// Starts the last line that firmware sends after a fault.
const FAULT: &str = "e-[fault";

/// Talks to the firmware on one unit.
pub struct Client<'a> {
    unit: &'a mut dyn Unit,
    cancel: &'a Cancel,
    /// Bytes that came and were not read as lines yet.
    pending: Vec<u8>,
}

impl<'a> Client<'a> {
    pub fn new(unit: &'a mut dyn Unit, cancel: &'a Cancel) -> Self {
        Self { unit, cancel, pending: Vec::new() }
    }

    pub fn unit(&mut self) -> &mut dyn Unit {
        self.unit
    }

    pub fn cancel(&self) -> &Cancel {
        self.cancel
    }

    /// Resets the unit and waits until its firmware says that it is ready, and then nothing for `quiet`.
    pub fn boot(&mut self, limit: Duration, quiet: Duration) -> Result<(), MeasureError> {
        self.unit.reset(self.cancel)?;
        self.pending.clear();
        let lines = self.reply("reset", limit)?;
        self.unrefused("reset", lines)?;
        // What was left over from before the reset comes now, if there is any.
        loop {
            let until = self.unit.now() + quiet;
            let more = self.unit.read(until, self.cancel)?;
            if more.is_empty() {
                break;
            }
            self.pending.extend(more);
            if self.pending.len() > MAX_LINE {
                return Err(self.broken("reset", "the unit does not stop talking", &self.pending.clone()));
            }
        }
        self.pending.clear();
        Ok(())
    }

    /// Sends `command` and returns the lines of its reply, without the last, `m-ready`.
    pub fn command(&mut self, command: &str, limit: Duration) -> Result<Vec<String>, MeasureError> {
        let now = self.unit.now();
        self.pending.extend(self.unit.read(now, self.cancel)?);
        if !self.pending.is_empty() {
            // Answers would be taken for those of the wrong command from here on.
            return Err(self.broken(command, "there was output that nobody had asked for", &self.pending.clone()));
        }
        self.unit.write(format!("{command}%").as_bytes(), self.cancel)?;
        let lines = self.reply(command, limit)?;
        self.unrefused(command, lines)
    }

    fn unrefused(&self, command: &str, lines: Vec<String>) -> Result<Vec<String>, MeasureError> {
        match lines.iter().find_map(|line| line.strip_prefix(ERROR)) {
            None => Ok(lines),
            Some(text) => Err(MeasureError::Refused {
                unit: self.unit.id().into(),
                command: command.into(),
                message: text.trim_end_matches(']').into(),
            }),
        }
    }

    /// The error of a reply that is not what was asked for.
    pub fn broken(&self, command: &str, problem: &str, said: &[u8]) -> MeasureError {
        MeasureError::Protocol {
            unit: self.unit.id().into(),
            command: command.into(),
            problem: problem.into(),
            said: quoted(said),
        }
    }

    fn reply(&mut self, command: &str, limit: Duration) -> Result<Vec<String>, MeasureError> {
        let until = self.unit.now() + limit;
        let mut lines = Vec::new();
        loop {
            let line = self.line(command, until, limit)?;
            if line == READY {
                return Ok(lines);
            }
            if let Some(fault) = line.strip_prefix(FAULT) {
                // The firmware sleeps from here on.
                let problem = format!("a fault:{}", fault.trim_end_matches(']'));
                return Err(UnitError::Stopped { unit: self.unit.id().into(), problem }.into());
            }
            if lines.len() == MAX_LINES {
                return Err(self.broken(command, "more lines than any reply has", line.as_bytes()));
            }
            if !line.is_empty() {
                lines.push(line);
            }
        }
    }

    /// The next line, without its end.
    fn line(&mut self, command: &str, until: Duration, limit: Duration) -> Result<String, MeasureError> {
        let mut searched = 0;
        let end = loop {
            if let Some(at) = self.pending[searched..].iter().position(|byte| *byte == b'\n') {
                break searched + at;
            }
            searched = self.pending.len();
            if searched > MAX_LINE {
                return Err(self.broken(command, "a line without end", &self.pending.clone()));
            }
            let more = self.unit.read(until, self.cancel)?;
            if more.is_empty() {
                let heard = quoted(&self.pending);
                let heard = if heard.is_empty() { String::new() } else { format!(" (the last it said is `{heard}`)") };
                let what = format!("end of the reply to `{command}`{heard}");
                return Err(UnitError::TimedOut { unit: self.unit.id().into(), what, limit }.into());
            }
            self.pending.extend(more);
        };
        let bytes: Vec<u8> = self.pending.drain(..=end).collect();
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
        if !bytes.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t')) {
            return Err(self.broken(command, "a line that is no text", bytes));
        }
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }
}

/// The start of what a unit said, readable.
fn quoted(said: &[u8]) -> String {
    let text: String = said.iter().flat_map(|byte| byte.escape_ascii()).map(char::from).take(QUOTED + 1).collect();
    if text.len() > QUOTED { format!("{}…", &text[..QUOTED]) } else { text }
}
