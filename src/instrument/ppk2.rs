//! Nordic Power Profiler Kit II, as the source of the board's supply.
//!
//! Its current comes as readings of an ADC in one of five ranges, to be made amperes of by what it says of its
//! calibration. Every sample carries a counter, which shows what was lost, and eight logic inputs.

use std::collections::BTreeMap;
use std::time::Duration;

use super::capture::Capture;
use super::entry::{InstrumentEntry, InstrumentKind, Window};
use super::error::InstrumentError;
use super::meter::Meter;
use super::samples::Samples;
use super::wire::{Decoder, Recording, Wire};

const BAUD: u32 = 115_200;
const RATE_HZ: f64 = 100_000.0;
pub(super) const START: u8 = 0x06;
pub(super) const STOP: u8 = 0x07;
const POWER: u8 = 0x0C;
pub(super) const VOLTAGE: u8 = 0x0D;
const MODE: u8 = 0x11;
const SOURCE: u8 = 0x02;
pub(super) const METADATA: u8 = 0x19;

const ANSWER: Duration = Duration::from_secs(3);
const QUIET: Duration = Duration::from_millis(100);
/// mV.
const VOLTS: (f64, f64) = (0.8, 5.0);
const RANGES: usize = 5;
/// Shunts of the five ranges, Ω: what calibration finds is near.
pub(super) const NOMINAL_OHMS: [f64; RANGES] = [1031.64, 101.65, 10.15, 0.94, 0.043];
/// Factor from its nominal value beyond which a shunt is not believed.
const BELIEVED: f64 = 2.0;
/// V per count of four readings.
pub(super) const STEP: f64 = 1.8 / 163_840.0;
pub(super) const ADC_MAX: u32 = (1 << 14) - 1;
/// Samples in a row out of count after which the bytes are taken to be out of step.
const OUT_OF_STEP: u32 = 8;

/// What it says of one range.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Range {
    r: f64,
    gs: f64,
    gi: f64,
    o: f64,
    s: f64,
    i: f64,
    ug: f64,
}

/// Reads `R0: 1031.6…` and the like, until `END`.
fn calibration(text: &str) -> Result<[Range; RANGES], String> {
    let mut values = BTreeMap::new();
    for line in text.lines() {
        if let Some((key, value)) = line.split_once(':') {
            values.insert(key.trim(), value.trim());
        }
    }
    let mut ranges = [Range::default(); RANGES];
    for (at, (range, nominal)) in ranges.iter_mut().zip(NOMINAL_OHMS).enumerate() {
        let value = |name: &str| {
            let key = format!("{name}{at}");
            let found = values.get(key.as_str()).and_then(|text| text.parse::<f64>().ok()).filter(|v| v.is_finite());
            found.ok_or_else(|| format!("its calibration has no number `{key}`"))
        };
        *range = Range {
            r: value("R")?,
            gs: value("GS")?,
            gi: value("GI")?,
            o: value("O")?,
            s: value("S")?,
            i: value("I")?,
            ug: value("UG")?,
        };
        if !(nominal / BELIEVED..=nominal * BELIEVED).contains(&range.r) {
            return Err(format!(
                "its calibration is wrong: shunt R{at} is {} Ω where about {nominal} Ω are built in; calibrate it again",
                range.r
            ));
        }
        if !(1.0 / BELIEVED..=BELIEVED).contains(&range.ug) || !(1.0 / BELIEVED..=BELIEVED).contains(&range.gi) {
            let problem = "its calibration is wrong: gains";
            return Err(format!("{problem} UG{at} = {} and GI{at} = {} are not near 1", range.ug, range.gi));
        }
    }
    Ok(ranges)
}

struct Words {
    samples: Samples,
    ranges: [Range; RANGES],
    /// The logic input that marks windows.
    input: Option<u8>,
    pending: Vec<u8>,
    counter: Option<u32>,
    level: Option<bool>,
    out_of_step: u32,
}

impl Decoder for Words {
    fn feed(&mut self, bytes: &[u8]) {
        self.pending.extend(bytes);
        let mut at = 0;
        while let Some([a, b, c, d]) = self.pending.get(at..at + 4).and_then(|word| <[u8; 4]>::try_from(word).ok()) {
            at += 4;
            self.word(u32::from_le_bytes([a, b, c, d]));
            if self.out_of_step >= OUT_OF_STEP {
                // A byte was lost: one of the next three places is a start.
                (self.out_of_step, self.counter, at) = (0, None, at + 1);
                self.samples.lost(1);
            }
        }
        self.pending.drain(..at.min(self.pending.len()));
    }

    fn samples(&self) -> usize {
        self.samples.len()
    }
}

impl Words {
    fn word(&mut self, word: u32) {
        let (adc, range, counter, logic) = (word & ADC_MAX, word >> 14 & 7, word >> 18 & 63, (word >> 24) as u8);
        if let Some(last) = self.counter {
            let missing = (counter + 63 - last) % 64;
            self.out_of_step = if missing == 0 { 0 } else { self.out_of_step + 1 };
            self.samples.lost(missing as usize);
        }
        self.counter = Some(counter);
        let Some(calibration) = self.ranges.get(range as usize) else {
            self.out_of_step += 1;
            return self.samples.lost(1);
        };
        let level = self.input.map(|input| logic >> input & 1 == 1);
        if self.level == Some(true) && level == Some(false) {
            self.samples.edge();
        }
        self.level = level;
        let Range { r, gs, gi, o, s, i, ug } = *calibration;
        let raw = (f64::from(adc) * 4.0 - o) * STEP / r;
        let amps = ug * (raw * (gs * raw + gi) + (s * self.samples.capture.volts + i));
        self.samples.push(amps as f32, adc == ADC_MAX && range as usize == RANGES - 1);
    }
}

pub struct Ppk2 {
    wire: Wire,
    volts: f64,
    ranges: [Range; RANGES],
    input: Option<u8>,
    recording: Option<Recording<Words>>,
    marks: Vec<usize>,
}

impl Ppk2 {
    pub fn open(entry: &InstrumentEntry, volts: f64) -> Result<Self, InstrumentError> {
        if !(VOLTS.0..=VOLTS.1).contains(&volts) {
            let port = entry.port.display().to_string();
            let what = format!("supply {volts} V: its range is {} to {} V", VOLTS.0, VOLTS.1);
            return Err(InstrumentError::Unsupported { port, what });
        }
        let mut wire = Wire::open(entry, BAUD)?;
        wire.send(&[STOP])?;
        wire.drain(QUIET, ANSWER)?;
        wire.send(&[METADATA])?;
        let text = wire.until("metadata", ANSWER, |heard| {
            let text = String::from_utf8_lossy(heard);
            text.find("END").map(|end| text[..end].to_string())
        })?;
        let unusable = |problem| InstrumentError::Unusable { port: wire.name.clone(), problem };
        let ranges = calibration(&text).map_err(unusable)?;
        let millivolts = (volts * 1000.0).round() as u32 - 800 + 32;
        wire.send(&[VOLTAGE, (3 + millivolts / 256) as u8, (millivolts % 256) as u8])?;
        wire.send(&[MODE, SOURCE])?;
        wire.send(&[POWER, 1])?;
        let input = (entry.window == Window::Edge).then_some(entry.input);
        Ok(Self { wire, volts, ranges, input, recording: None, marks: vec![] })
    }

    fn recording(&self) -> Result<&Recording<Words>, InstrumentError> {
        self.recording.as_ref().ok_or_else(|| self.wire.protocol("it is not sampling"))
    }
}

impl Meter for Ppk2 {
    fn kind(&self) -> InstrumentKind {
        InstrumentKind::Ppk2
    }

    fn power(&mut self, on: bool) -> Result<(), InstrumentError> {
        self.wire.send(&[POWER, u8::from(on)])
    }

    fn start(&mut self) -> Result<(), InstrumentError> {
        self.marks.clear();
        self.wire.drain(QUIET, ANSWER)?;
        let words = Words {
            samples: Samples::new(RATE_HZ, self.volts),
            ranges: self.ranges,
            input: self.input,
            pending: Vec::new(),
            counter: None,
            level: None,
            out_of_step: 0,
        };
        self.recording = Some(self.wire.record(words)?);
        self.wire.send(&[START])?;
        let running = self.recording()?.wait(ANSWER, |words| words.samples() > 0);
        if !running.map_err(|problem| self.wire.lost(problem))? {
            self.recording = None;
            return Err(self.wire.silent("sample after its start", ANSWER));
        }
        Ok(())
    }

    fn mark(&mut self) -> Result<(), InstrumentError> {
        let at = self.recording()?.look(|words| words.samples()).map_err(|problem| self.wire.lost(problem))?;
        self.marks.push(at);
        Ok(())
    }

    fn stop(&mut self) -> Result<Capture, InstrumentError> {
        let Some(recording) = self.recording.take() else { return Err(self.wire.protocol("it is not sampling")) };
        // It has no end mark: what still comes shows that it was alive to the end.
        let before = recording.look(|words| words.samples()).map_err(|problem| self.wire.lost(problem))?;
        let alive = recording.wait(ANSWER, |words| words.samples() > before);
        if !alive.map_err(|problem| self.wire.lost(problem))? {
            return Err(self.wire.silent("sample before its end", ANSWER));
        }
        self.wire.send(&[STOP])?;
        let taken = recording.look(|words| (words.samples.problem.take(), std::mem::take(&mut words.samples.capture)));
        drop(recording);
        self.wire.drain(QUIET, ANSWER)?;
        let (problem, mut capture) = taken.map_err(|problem| self.wire.lost(problem))?;
        if let Some(problem) = problem {
            return Err(InstrumentError::Unusable { port: self.wire.name.clone(), problem });
        }
        capture.marks = std::mem::take(&mut self.marks);
        Ok(capture)
    }
}

impl Drop for Ppk2 {
    fn drop(&mut self) {
        self.recording = None;
        // The board stays supplied.
        let _ = self.wire.send(&[STOP]);
    }
}
