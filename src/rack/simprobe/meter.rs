//! The instrument in a simulated board's supply: it plays what the board's power model makes of what the emulated core did,
//! in the board's own time.
//!
//! The current of a core that sleeps enters no energy of an inference. Where the board's file does not know it, a share of
//! its base is played, so that work and rest can be told apart.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::faults::{FaultKind, Faults};
use super::pty::Pty;
use crate::board::{Activity, Board, Power};
use crate::instrument::{EmulatedInstrument, InstrumentKind, Reading};

/// Share of the base current that is played for a core at rest where nobody measured it.
const REST: f64 = 0.3;
/// Share of the current by which readings scatter, at most.
const NOISE: f64 = 0.02;
/// How long its client may take nothing before it counts as gone.
const PATIENCE: Duration = Duration::from_secs(5);
/// Bytes that it keeps back while its client is slow: more delay the board, which has no time of its own.
const KEPT: usize = 512;

/// What instrument is in a board's supply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Metering {
    pub kind: InstrumentKind,
    /// Its logic input at the board's marker.
    pub input: u8,
    /// Supply, V.
    pub volts: f64,
}

/// A stretch of a board's time.
pub(super) struct Span {
    /// The board waits for somebody.
    pub idle: bool,
    pub time: Duration,
    pub activity: Activity,
    /// Core clock.
    pub hz: u64,
    /// Where in it the marker fell, 0 to 1.
    pub falls: Vec<f64>,
}

impl Span {
    /// One in which the core did nothing.
    pub fn still(time: Duration) -> Self {
        Self { idle: true, time, activity: Activity::default(), hz: 0, falls: Vec::new() }
    }
}

pub(super) struct SimMeter {
    pty: Pty,
    instrument: EmulatedInstrument,
    power: Power,
    volts: f64,
    rest_amps: f64,
    /// Samples since it was made, the one under way in part.
    due: f64,
    next: f64,
    /// The marker fell after the last sample.
    fell: bool,
    /// Samples that will be lost.
    losing: u32,
    /// Samples until it answers again; for ever at the end of the range.
    dead: u64,
    noise: u64,
    out: Vec<u8>,
}

impl SimMeter {
    pub fn new(board: &Board, metering: Metering) -> Result<Self, String> {
        let Metering { kind, input, volts } = metering;
        let Some(mut power) = board.power.clone() else {
            return Err(format!("board `{}` has no `power` in its file: there is nothing to play", board.name));
        };
        let sleep = power.sleep_milliamps.unwrap_or(REST * power.base_milliamps);
        power.sleep_milliamps = Some(sleep);
        let asleep = Activity { cycles: 1000, asleep: 1000, ..Activity::default() };
        let rest_amps = power.milliwatts(&asleep, 1000, volts).unwrap_or(0.0) / volts / 1e3;
        Ok(Self {
            pty: Pty::unheld()?,
            instrument: EmulatedInstrument::new(kind, input, volts),
            power,
            volts,
            rest_amps,
            due: 0.0,
            next: 0.0,
            fell: false,
            losing: 0,
            dead: 0,
            noise: 0,
            out: Vec::new(),
        })
    }

    pub fn path(&self) -> &str {
        self.pty.path()
    }

    /// Answers what its client asks.
    pub fn hear(&mut self) {
        let heard = self.pty.read(Duration::ZERO);
        if !heard.is_empty() {
            self.instrument.hear(&heard, &mut self.out);
        }
    }

    /// Samples what the board draws in `span`.
    pub fn play(&mut self, span: &Span, faults: &mut Faults) {
        let rate = self.instrument.rate_hz();
        let from = self.due;
        self.due += span.time.as_secs_f64() * rate;
        if !self.instrument.is_sampling() && self.dead == 0 {
            (self.next, self.fell) = (self.due, false);
            return;
        }
        let milliwatts = self.power.milliwatts(&span.activity, span.hz, self.volts);
        let amps = milliwatts.map_or(self.rest_amps, |milliwatts| milliwatts / self.volts / 1e3);
        let places = span.falls.iter().map(|fall| from + fall * (self.due - from)).collect::<Vec<f64>>();
        let mut falls = places.into_iter().peekable();
        while self.next < self.due {
            while falls.next_if(|fall| *fall <= self.next).is_some() {
                self.fell = true;
            }
            self.sample(amps, faults);
            self.next += 1.0;
        }
        self.fell |= falls.next().is_some();
    }

    fn sample(&mut self, amps: f64, faults: &mut Faults) {
        if self.dead > 0 {
            self.dead -= u64::from(self.dead != u64::MAX);
            self.instrument.set_dead(self.dead > 0);
            return;
        }
        if let Some(rule) = faults.happens(FaultKind::MeterDeath) {
            self.dead = if rule.length == 0 { u64::MAX } else { rule.length.into() };
            return self.instrument.set_dead(true);
        }
        if let Some(rule) = faults.happens(FaultKind::MeterDrops) {
            self.losing = rule.length;
        }
        // Linear congruential, Knuth's constants: the same each time.
        self.noise = self.noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let scatter = (self.noise >> 11) as f64 / (1u64 << 52) as f64 - 1.0;
        let reading = if self.losing > 0 { Reading::Lost } else { Reading::Amps(amps * (1.0 + NOISE * scatter)) };
        self.losing = self.losing.saturating_sub(1);
        let fell = std::mem::take(&mut self.fell);
        self.instrument.sample(reading, fell, &mut self.out);
    }

    /// Hands over what it has said. A client that is slow holds the board up rather than losing samples, unless it is gone.
    pub fn flush(&mut self, stop: &AtomicBool) {
        let (mut kept, mut since) = (self.out.len(), Instant::now());
        while !self.pty.write(&mut self.out) && self.out.len() > KEPT && !stop.load(Ordering::Acquire) {
            if self.out.len() < kept {
                (kept, since) = (self.out.len(), Instant::now());
            }
            if since.elapsed() > PATIENCE {
                self.instrument.hang_up();
                self.out.clear();
                return;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }
}
