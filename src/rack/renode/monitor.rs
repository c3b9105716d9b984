//! Renode's monitor over TCP: a line of command, its echo, its output, and a prompt without an end of line.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::rack::Cancel;

/// One wait for bytes.
const LOOK: Duration = Duration::from_millis(20);
/// Bytes that no answer has.
const MAX_ANSWER: usize = 1 << 20;
/// Starts an option of the telnet protocol, of three bytes.
const IAC: u8 = 0xFF;

/// Why a command has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MonitorError {
    Cancelled,
    /// The process or its connection is gone.
    Gone(String),
    /// Nothing came back in time: the simulated core may have run away.
    Stuck,
    /// It said that the command failed; Renode's exit code never does.
    Refused(String),
}

pub struct Monitor {
    stream: TcpStream,
    pending: Vec<u8>,
}

impl Monitor {
    pub fn new(stream: TcpStream) -> std::io::Result<Self> {
        stream.set_read_timeout(Some(LOOK))?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, pending: Vec::new() })
    }

    /// Waits for the first prompt.
    pub fn greet(&mut self, limit: Duration, cancel: &Cancel) -> Result<(), MonitorError> {
        self.answer(limit, cancel).map(|_| ())
    }

    /// Sends `command` and returns its output, without echo and prompt.
    pub fn command(&mut self, command: &str, limit: Duration, cancel: &Cancel) -> Result<String, MonitorError> {
        self.send(command)?;
        self.output(command, limit, cancel)
    }

    pub fn send(&mut self, command: &str) -> Result<(), MonitorError> {
        let sent = self.stream.write_all(format!("{command}\n").as_bytes());
        sent.map_err(|error| MonitorError::Gone(error.to_string()))
    }

    fn output(&mut self, command: &str, limit: Duration, cancel: &Cancel) -> Result<String, MonitorError> {
        let answer = self.answer(limit, cancel)?;
        let mut lines: Vec<&str> = answer.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        if lines.first().is_some_and(|line| *line == command) {
            lines.remove(0);
        }
        match lines.iter().any(|line| is_error(line)) {
            true => Err(MonitorError::Refused(lines.join(" "))),
            false => Ok(lines.join("\n")),
        }
    }

    /// A command whose success is silence.
    pub fn quietly(&mut self, command: &str, limit: Duration, cancel: &Cancel) -> Result<(), MonitorError> {
        self.send(command)?;
        self.done(command, limit, cancel)
    }

    /// Waits for the end of `command`, which was sent and whose success is silence. When that is [`MonitorError::Stuck`], the
    /// end may come yet, and may be waited for again.
    pub fn done(&mut self, command: &str, limit: Duration, cancel: &Cancel) -> Result<(), MonitorError> {
        match self.output(command, limit, cancel)?.as_str() {
            "" => Ok(()),
            said => Err(MonitorError::Refused(said.into())),
        }
    }

    fn answer(&mut self, limit: Duration, cancel: &Cancel) -> Result<String, MonitorError> {
        let until = Instant::now() + limit;
        let mut buffer = [0; 4096];
        loop {
            let text = plain(&self.pending);
            if let Some(start) = prompt(&text) {
                self.pending.clear();
                return Ok(text[..start].to_string());
            }
            if self.pending.len() > MAX_ANSWER {
                return Err(MonitorError::Gone("it does not stop talking".into()));
            }
            if cancel.is_cancelled() {
                return Err(MonitorError::Cancelled);
            }
            if Instant::now() > until {
                return Err(MonitorError::Stuck);
            }
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(MonitorError::Gone("it ended".into())),
                Ok(count) => self.pending.extend(&buffer[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(error) => return Err(MonitorError::Gone(error.to_string())),
            }
        }
    }
}

/// Without telnet options and escape sequences.
fn plain(bytes: &[u8]) -> String {
    let (mut text, mut at) = (Vec::new(), 0);
    while let Some(byte) = bytes.get(at) {
        match (*byte, bytes.get(at + 1)) {
            (IAC, _) => at += 3,
            (0x1B, Some(b'[')) => {
                let end = bytes[at + 2..].iter().position(|byte| byte.is_ascii_alphabetic());
                at = end.map_or(bytes.len(), |end| at + 3 + end);
            }
            (0 | b'\r', _) => at += 1,
            (byte, _) => {
                text.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Where the prompt `(NAME) ` stands that ends `text`: at the start of a line, and nothing after it.
fn prompt(text: &str) -> Option<usize> {
    let start = text.rfind('\n').map_or(0, |end| end + 1);
    let name = text[start..].strip_prefix('(')?.strip_suffix(") ")?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    is_name.then_some(start)
}

/// Renode words its errors in prose.
fn is_error(line: &str) -> bool {
    let starts = [
        "There was an error",
        "No such command",
        "Could not",
        "Parameters did not match",
        "The following methods are available",
        "Bad parameters",
        "Unable to",
        "Errors during",
        "Error ",
        "Error:",
        "No such file",
    ];
    starts.iter().any(|start| line.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_is_at_the_start_of_the_last_line_alone() {
        assert_eq!(prompt("Renode, version 1.16.1\n\n(monitor) "), Some(24));
        assert_eq!(prompt("(hil-unit) "), Some(0));
        for other in ["said (monitor) ", "(monitor) mach", "(mon", "(two words) ", "() ", ""] {
            assert_eq!(prompt(other), None, "{other}");
        }
    }

    #[test]
    fn options_of_telnet_are_no_text() {
        let greeting = b"\xFF\xFD\x00\xFF\xFB\x01\xFF\xFB\x03\xFF\xFC\x22Renode\r\n\x1b[33m(monitor) \x1b[0m";
        assert_eq!(plain(greeting), "Renode\n(monitor) ");
        assert_eq!(plain(b"a\xFF\xFD"), "a", "half an option waits for its end");
    }
}
