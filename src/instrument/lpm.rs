//! ST X-NUCLEO-LPM01A (UM2269) and STLINK-V3PWR: one family of commands, two dialects.
//!
//! The LPM01A is read as text, a sample a line, with events of its input in between; the STLINK-V3PWR as binary words.

use std::time::Duration;

use super::capture::Capture;
use super::entry::{InstrumentEntry, InstrumentKind, Window};
use super::error::InstrumentError;
use super::lpm_decode::LpmDecoder;
use super::meter::Meter;
use super::wire::{Recording, Wire};

/// An answer to a command.
const ANSWER: Duration = Duration::from_secs(3);
/// The end of the samples after they were told to stop: what the instrument has buffered comes first.
const END: Duration = Duration::from_secs(5);
const QUIET: Duration = Duration::from_millis(100);

/// What differs between the two.
struct Dialect {
    kind: InstrumentKind,
    baud: u32,
    /// Ends a command.
    end: &'static str,
    format: &'static str,
    rate: &'static str,
    rate_hz: f64,
    /// A; the end of the range.
    most: f32,
    /// V.
    volts: (f64, f64),
}

/// UM2269: up to 165 mW at 3.3 V; 5 kHz is the highest rate of text that can go on for ever.
const LPM01A: Dialect = Dialect {
    kind: InstrumentKind::Lpm01a,
    baud: 3_686_400,
    end: "\n",
    format: "ascii_dec",
    rate: "5k",
    rate_hz: 5000.0,
    most: 0.05,
    volts: (1.8, 3.3),
};

const STLINK_V3PWR: Dialect = Dialect {
    kind: InstrumentKind::StlinkV3pwr,
    baud: 3_686_400,
    end: "\r\n",
    format: "bin_hex",
    rate: "100k",
    rate_hz: 100_000.0,
    most: 0.5,
    volts: (1.6, 3.6),
};

pub struct Lpm {
    wire: Wire,
    dialect: &'static Dialect,
    volts: f64,
    recording: Option<Recording<LpmDecoder>>,
    marks: Vec<usize>,
}

impl Lpm {
    pub fn open(entry: &InstrumentEntry, volts: f64) -> Result<Self, InstrumentError> {
        let dialect = if entry.kind == InstrumentKind::StlinkV3pwr { &STLINK_V3PWR } else { &LPM01A };
        let port = || entry.port.display().to_string();
        let unsupported = |what: String| InstrumentError::Unsupported { port: port(), what };
        let (least, most) = dialect.volts;
        if !(least..=most).contains(&volts) {
            return Err(unsupported(format!("supply {volts} V: its range is {least} to {most} V")));
        }
        if entry.window == Window::Edge && dialect.kind == InstrumentKind::StlinkV3pwr {
            return Err(unsupported("record edges; leave `window` out".into()));
        }
        let mut lpm = Self { wire: Wire::open(entry, dialect.baud)?, dialect, volts, recording: None, marks: vec![] };
        // Whoever was here before may have left it sampling.
        lpm.raw("stop")?;
        lpm.wire.drain(QUIET, ANSWER)?;
        // Not `pwr off`: the board may be at work.
        for command in ["htc", "acqtime inf", "trigdelay 0", "trigsrc sw"] {
            lpm.command(command)?;
        }
        if entry.window == Window::Edge {
            lpm.command("eventsrc d7 fal")?;
        }
        lpm.command("output current")?;
        lpm.command(&format!("format {}", dialect.format))?;
        lpm.command(&format!("freq {}", dialect.rate))?;
        lpm.command(&format!("volt {}m", (volts * 1000.0).round()))?;
        lpm.command("pwr on nostatus")?;
        Ok(lpm)
    }

    fn raw(&mut self, command: &str) -> Result<(), InstrumentError> {
        let line = format!("{command}{}", self.dialect.end);
        self.wire.send(line.as_bytes())
    }

    /// Sends `command` and waits until it is acknowledged.
    fn command(&mut self, command: &str) -> Result<(), InstrumentError> {
        self.raw(command)?;
        let what = format!("answer to `{command}`");
        let answer = self.wire.until(&what, ANSWER, |heard| answered(command, &String::from_utf8_lossy(heard)))?;
        answer.map_err(|message| self.refused(command, message))
    }

    fn refused(&self, command: &str, message: String) -> InstrumentError {
        InstrumentError::Refused { port: self.wire.name.clone(), command: command.into(), message }
    }

    fn recording(&self) -> Result<&Recording<LpmDecoder>, InstrumentError> {
        self.recording.as_ref().ok_or_else(|| self.wire.protocol("it is not sampling"))
    }
}

/// What an answer says, once it is whole: `ack COMMAND`, or `err`, `error COMMAND` and then `Error detail: …`.
fn answered(command: &str, heard: &str) -> Option<Result<(), String>> {
    let verb = command.split(' ').next().unwrap_or(command);
    // The last piece is a line only once its end has come.
    let whole = heard.rfind('\n').map_or("", |end| &heard[..end]);
    let mut lines = whole.lines().map(|line| line.rsplit_once("> ").map_or(line, |(_, rest)| rest).trim());
    while let Some(line) = lines.next() {
        let mut words = line.split_whitespace();
        match (words.next(), words.next()) {
            (Some("ack"), Some(word)) if word == verb => return Some(Ok(())),
            (Some("err" | "error"), _) => {
                let detail = lines.find_map(|line| line.strip_prefix("Error detail:"));
                return detail.map(|detail| Err(detail.trim().to_string()));
            }
            _ => {}
        }
    }
    None
}

impl Meter for Lpm {
    fn kind(&self) -> InstrumentKind {
        self.dialect.kind
    }

    fn power(&mut self, on: bool) -> Result<(), InstrumentError> {
        self.command(if on { "pwr on nostatus" } else { "pwr off" })
    }

    fn start(&mut self) -> Result<(), InstrumentError> {
        self.marks.clear();
        let text = self.dialect.kind == InstrumentKind::Lpm01a;
        let decoder = LpmDecoder::new(text, self.dialect.rate_hz, self.volts, self.dialect.most);
        self.recording = Some(self.wire.record(decoder)?);
        self.raw("start")?;
        let running = self.recording()?.wait(ANSWER, |decoder| decoder.is_running() || decoder.problem().is_some());
        if !running.map_err(|problem| self.wire.lost(problem))? {
            self.recording = None;
            return Err(self.wire.silent("sample after `start`", ANSWER));
        }
        Ok(())
    }

    fn mark(&mut self) -> Result<(), InstrumentError> {
        let samples = self.recording()?.look(|decoder| (decoder.samples.len(), decoder.problem()));
        let (at, problem) = samples.map_err(|problem| self.wire.lost(problem))?;
        if let Some(problem) = problem {
            return Err(InstrumentError::Unusable { port: self.wire.name.clone(), problem });
        }
        self.marks.push(at);
        Ok(())
    }

    fn stop(&mut self) -> Result<Capture, InstrumentError> {
        let early = self.recording()?.look(|decoder| decoder.has_ended()).map_err(|problem| self.wire.lost(problem))?;
        if !early {
            self.raw("stop")?;
        }
        let Some(recording) = self.recording.take() else { return Err(self.wire.protocol("it is not sampling")) };
        let ended = recording.wait(END, |decoder| decoder.has_ended()).map_err(|problem| self.wire.lost(problem))?;
        let unusable = |problem| InstrumentError::Unusable { port: self.wire.name.clone(), problem };
        let taken = recording.look(|decoder| (decoder.problem(), std::mem::take(&mut decoder.samples.capture)));
        let (problem, mut capture) = taken.map_err(|problem| self.wire.lost(problem))?;
        match problem {
            Some(problem) => Err(unusable(problem)),
            None if early => Err(unusable("it stopped sampling by itself".into())),
            None if !ended => Err(self.wire.silent("end of the samples after `stop`", END)),
            None => {
                capture.marks = std::mem::take(&mut self.marks);
                Ok(capture)
            }
        }
    }
}

impl Drop for Lpm {
    fn drop(&mut self) {
        // Gives the knobs back to people; the board stays supplied.
        self.recording = None;
        let _ = self.raw("hrc");
    }
}

#[cfg(test)]
mod tests {
    use super::answered;

    #[test]
    fn answers_are_read_once_they_are_whole() {
        assert_eq!(answered("volt 3300m", "PowerShield > ack vol"), None);
        assert_eq!(answered("volt 3300m", "PowerShield > ack volt 3300m\r\n"), Some(Ok(())));
        assert_eq!(answered("volt 3300m", "ack volt 3300m\r\n\r\n"), Some(Ok(())));
        assert_eq!(answered("volt 3300m", "PowerShield > ack freq 5k\r\n"), None, "of another command");
        assert_eq!(answered("volt 9v", "PowerShield > error volt\r\n"), None, "the reason is still to come");
        for error in ["error volt", "err"] {
            let said = format!("PowerShield > {error}\r\nError detail: out of range\r\n");
            assert_eq!(answered("volt 9v", &said), Some(Err("out of range".into())));
        }
    }
}
