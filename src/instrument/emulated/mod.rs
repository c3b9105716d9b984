//! The other end of each protocol: an instrument that is none, for simulated units and for tests of the drivers.
//!
//! It has no time and no current of its own: whoever plays it takes a [`Reading`] after the other, at its rate.

mod ina228;
mod lpm;
mod ppk2;

use super::entry::InstrumentKind;

/// What an instrument reads at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    /// A.
    Amps(f64),
    /// More than it can measure.
    Saturated,
    /// None: the sample is lost on its way.
    Lost,
}

/// An emulated instrument. What it says is appended to `out` of the calls.
pub struct EmulatedInstrument {
    kind: InstrumentKind,
    /// Logic input at which the board's marker is.
    input: u8,
    /// V, at the board.
    volts: f64,
    /// Its calibration, or its voltage, is wrong.
    miscalibrated: bool,
    heard: Vec<u8>,
    sampling: bool,
    /// It tells of edges.
    events: bool,
    samples: u64,
    /// Samples until the marker is high again.
    low: u32,
    dead: bool,
}

impl EmulatedInstrument {
    pub fn new(kind: InstrumentKind, input: u8, volts: f64) -> Self {
        Self {
            kind,
            input,
            volts,
            miscalibrated: false,
            heard: Vec::new(),
            sampling: false,
            events: false,
            samples: 0,
            low: 0,
            dead: false,
        }
    }

    /// With a calibration, or a voltage, that cannot be.
    pub fn miscalibrated(self) -> Self {
        Self { miscalibrated: true, ..self }
    }

    /// Samples a second.
    pub fn rate_hz(&self) -> f64 {
        match self.kind {
            InstrumentKind::Lpm01a => 5000.0,
            InstrumentKind::StlinkV3pwr | InstrumentKind::Ppk2 => 100_000.0,
            InstrumentKind::Ina228 => 1000.0,
        }
    }

    pub fn is_sampling(&self) -> bool {
        self.sampling && !self.dead
    }

    /// Samples since sampling was started.
    pub fn samples(&self) -> u64 {
        self.samples
    }

    /// From now on it says nothing, or something again.
    pub fn set_dead(&mut self, dead: bool) {
        self.dead = dead;
    }

    /// Its client is gone, or takes nothing more.
    pub fn hang_up(&mut self) {
        (self.sampling, self.heard) = (false, Vec::new());
    }

    /// Hears what its client sent, and answers.
    pub fn hear(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if self.dead {
            return;
        }
        self.heard.extend(bytes);
        match self.kind {
            InstrumentKind::Ppk2 => ppk2::hear(self, out),
            InstrumentKind::Ina228 => self.lines(out, ina228::answer),
            InstrumentKind::Lpm01a | InstrumentKind::StlinkV3pwr => self.lines(out, lpm::answer),
        }
    }

    fn lines(&mut self, out: &mut Vec<u8>, answer: fn(&mut Self, &str, &mut Vec<u8>)) {
        while let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.heard.drain(..=end).collect();
            answer(self, String::from_utf8_lossy(&line).trim(), out);
        }
    }

    fn start(&mut self) {
        (self.sampling, self.samples, self.low) = (true, 0, 0);
    }

    /// One sample; `fell` where the marker has fallen since the last.
    pub fn sample(&mut self, reading: Reading, fell: bool, out: &mut Vec<u8>) {
        if !self.is_sampling() {
            return;
        }
        if fell {
            // The marker stays low for two samples of the quickest instrument.
            self.low = 2;
        }
        match self.kind {
            InstrumentKind::Ppk2 => ppk2::sample(self, reading, out),
            InstrumentKind::Ina228 => ina228::sample(self, reading, out),
            InstrumentKind::Lpm01a => lpm::text(self, reading, fell, out),
            InstrumentKind::StlinkV3pwr => lpm::words(self, reading, out),
        }
        self.low = self.low.saturating_sub(1);
        self.samples += 1;
        if self.samples.is_multiple_of(1000) {
            let ms = (self.samples as f64 * 1000.0 / self.rate_hz()) as u32;
            match self.kind {
                InstrumentKind::Lpm01a => lpm::stamp(ms, out),
                InstrumentKind::StlinkV3pwr => lpm::stamp_words(ms, out),
                InstrumentKind::Ppk2 | InstrumentKind::Ina228 => {}
            }
        }
    }
}
