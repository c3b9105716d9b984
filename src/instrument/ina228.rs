//! A TI INA228 (SBOSA20) behind a microcontroller that reads it and prints a line a sample.
//!
//! Commands and answers are lines of ASCII that end with a line feed:
//!
//! | command | answer |
//! |---|---|
//! | `id` | `hil-ina228 1 RATE`: version of this protocol, samples a second |
//! | `start` | `ok`, then lines `s SEQ NANOAMPS MILLIVOLTS FLAGS` |
//! | `stop` | `end COUNT` after the last sample |
//! | `power on`, `power off` | `ok`, or `error REASON` where there is no switch |
//!
//! SEQ counts from 0 without a gap; FLAGS is hexadecimal, bit 0 a reading at the end of the range, bit 1 an overflow in
//! the INA228's own arithmetic, bit 2 its memory not being what was written.

use std::time::Duration;

use super::capture::Capture;
use super::entry::{InstrumentEntry, InstrumentKind};
use super::error::InstrumentError;
use super::meter::Meter;
use super::samples::Samples;
use super::wire::{Decoder, Recording, Wire};

const BAUD: u32 = 921_600;
const VERSION: &str = "1";
const ANSWER: Duration = Duration::from_secs(3);
const QUIET: Duration = Duration::from_millis(100);
const MAX_LINE: usize = 200;
/// Hz; what a line a sample can carry.
const RATES: std::ops::RangeInclusive<f64> = 1.0..=20_000.0;
/// Share by which the voltage may differ from what rack.yaml says.
const VOLTS_OFF: f64 = 0.05;

struct Lines {
    samples: Samples,
    pending: Vec<u8>,
    next: u64,
    /// Sum of mV, to be divided by the number of samples.
    millivolts: f64,
    heard: u64,
    /// What it counted itself.
    ended: Option<u64>,
}

impl Decoder for Lines {
    fn feed(&mut self, bytes: &[u8]) {
        self.pending.extend(bytes);
        while let Some(end) = self.pending.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.pending.drain(..=end).collect();
            self.line(String::from_utf8_lossy(&line).trim());
        }
        if self.pending.len() > MAX_LINE {
            self.samples.fail("a line without end".into());
            self.pending.clear();
        }
    }

    fn samples(&self) -> usize {
        self.samples.len()
    }
}

impl Lines {
    fn line(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["s", seq, nanoamps, millivolts, flags] => {
                let parsed = || -> Option<(u64, f64, f64, u8)> {
                    let numbers = (seq.parse().ok()?, nanoamps.parse::<i64>().ok()?, millivolts.parse::<u32>().ok()?);
                    Some((numbers.0, numbers.1 as f64, f64::from(numbers.2), u8::from_str_radix(flags, 16).ok()?))
                };
                // A damaged line leaves its gap in the count.
                if let Some((seq, nanoamps, millivolts, flags)) = parsed() {
                    self.sample(seq, nanoamps, millivolts, flags);
                }
            }
            ["end", count] => self.ended = count.parse().ok().or(Some(u64::MAX)),
            ["error", ..] => self.samples.fail(format!("it said `{line}`")),
            _ => {}
        }
    }

    fn sample(&mut self, seq: u64, nanoamps: f64, millivolts: f64, flags: u8) {
        match seq.checked_sub(self.next) {
            // A number that was damaged, or a sample twice.
            None => return self.samples.fail(format!("sample {seq} where {} should be", self.next)),
            Some(missing) => self.samples.lost(usize::try_from(missing).unwrap_or(usize::MAX)),
        }
        self.next = seq.saturating_add(1);
        if flags & 0b110 != 0 {
            self.samples.fail(format!("sample {seq} says that the INA228 failed (flags {flags:#x})"));
        }
        (self.millivolts, self.heard) = (self.millivolts + millivolts, self.heard + 1);
        self.samples.push((nanoamps * 1e-9) as f32, flags & 1 != 0);
    }
}

pub struct Ina228 {
    wire: Wire,
    volts: f64,
    rate_hz: f64,
    recording: Option<Recording<Lines>>,
    marks: Vec<usize>,
}

impl Ina228 {
    pub fn open(entry: &InstrumentEntry, volts: f64) -> Result<Self, InstrumentError> {
        let mut wire = Wire::open(entry, BAUD)?;
        wire.send(b"stop\n")?;
        wire.drain(QUIET, ANSWER)?;
        let said = answer(&mut wire, "id")?;
        let rate_hz = match said.split(' ').collect::<Vec<_>>()[..] {
            ["hil-ina228", VERSION, rate] => rate.parse::<f64>().ok().filter(|rate| RATES.contains(rate)),
            _ => None,
        };
        let rate_hz = rate_hz.ok_or_else(|| wire.protocol(format!("it answers `{said}` to `id`")))?;
        Ok(Self { wire, volts, rate_hz, recording: None, marks: vec![] })
    }

    fn recording(&self) -> Result<&Recording<Lines>, InstrumentError> {
        self.recording.as_ref().ok_or_else(|| self.wire.protocol("it is not sampling"))
    }
}

/// The line that answers `command`.
fn answer(wire: &mut Wire, command: &str) -> Result<String, InstrumentError> {
    wire.send(format!("{command}\n").as_bytes())?;
    let line = wire.until(&format!("answer to `{command}`"), ANSWER, |heard| {
        let end = heard.iter().position(|byte| *byte == b'\n')?;
        Some(String::from_utf8_lossy(&heard[..end]).trim().to_string())
    })?;
    match line.strip_prefix("error") {
        None => Ok(line),
        Some(message) => Err(InstrumentError::Refused {
            port: wire.name.clone(),
            command: command.into(),
            message: message.trim().into(),
        }),
    }
}

impl Meter for Ina228 {
    fn kind(&self) -> InstrumentKind {
        InstrumentKind::Ina228
    }

    fn power(&mut self, on: bool) -> Result<(), InstrumentError> {
        answer(&mut self.wire, if on { "power on" } else { "power off" }).map(|_| ())
    }

    fn start(&mut self) -> Result<(), InstrumentError> {
        self.marks.clear();
        let lines = Lines {
            samples: Samples::new(self.rate_hz, self.volts),
            pending: vec![],
            next: 0,
            millivolts: 0.0,
            heard: 0,
            ended: None,
        };
        self.recording = Some(self.wire.record(lines)?);
        self.wire.send(b"start\n")?;
        let running = self.recording()?.wait(ANSWER, |lines| lines.samples() > 0 || lines.samples.problem.is_some());
        if !running.map_err(|problem| self.wire.lost(problem))? {
            self.recording = None;
            return Err(self.wire.silent("sample after `start`", ANSWER));
        }
        Ok(())
    }

    fn mark(&mut self) -> Result<(), InstrumentError> {
        let at = self.recording()?.look(|lines| lines.samples()).map_err(|problem| self.wire.lost(problem))?;
        self.marks.push(at);
        Ok(())
    }

    fn stop(&mut self) -> Result<Capture, InstrumentError> {
        self.wire.send(b"stop\n")?;
        let Some(recording) = self.recording.take() else { return Err(self.wire.protocol("it is not sampling")) };
        let ended = recording.wait(ANSWER, |lines| lines.ended.is_some() || lines.samples.problem.is_some());
        if !ended.map_err(|problem| self.wire.lost(problem))? {
            return Err(self.wire.silent("line `end COUNT`", ANSWER));
        }
        let taken = recording.look(|lines| {
            let volts = lines.millivolts / 1000.0 / lines.heard.max(1) as f64;
            let capture = std::mem::take(&mut lines.samples.capture);
            (lines.samples.problem.take(), lines.ended, volts, capture)
        });
        let (problem, ended, volts, mut capture) = taken.map_err(|problem| self.wire.lost(problem))?;
        let unusable = |problem| Err(InstrumentError::Unusable { port: self.wire.name.clone(), problem });
        if let Some(problem) = problem {
            return unusable(problem);
        }
        let counted = ended.unwrap_or(u64::MAX);
        match counted.checked_sub(capture.amps.len() as u64) {
            None => return unusable(format!("it counted {counted} samples, but {} came", capture.amps.len())),
            // The last ones were lost.
            Some(missing) if missing <= capture.amps.len() as u64 => {
                capture.amps.resize(capture.amps.len() + missing as usize, f32::NAN);
            }
            Some(_) => return unusable(format!("of {counted} samples only {} came", capture.amps.len())),
        }
        if (volts - self.volts).abs() > VOLTS_OFF * self.volts {
            return unusable(format!("the supply is {volts:.2} V where rack.yaml says {} V", self.volts));
        }
        capture.volts = volts;
        capture.marks = std::mem::take(&mut self.marks);
        Ok(capture)
    }
}

impl Drop for Ina228 {
    fn drop(&mut self) {
        self.recording = None;
        let _ = self.wire.send(b"stop\n");
    }
}
