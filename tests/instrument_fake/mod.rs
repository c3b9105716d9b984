//! An instrument that is none: it speaks a protocol at the other end of a pseudo-terminal and plays a current.
//!
//! Its time is the test's: samples are sent up to the moment that the test allows, so that nothing depends on the host.

#![allow(dead_code)] // Each test crate uses a part of it.

use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use hil::instrument::{EmulatedInstrument, InstrumentKind, Reading};
use serialport::{SerialPort, TTYPort};

/// Idle, then busy between two moments, with noise.
#[derive(Debug, Clone, Copy)]
pub struct Wave {
    pub idle_amps: f64,
    pub busy_amps: f64,
    /// Seconds.
    pub busy: (f64, f64),
    /// Share of the current, peak.
    pub noise: f64,
    /// Seconds after which the test stops the instrument.
    pub end: f64,
}

impl Default for Wave {
    fn default() -> Self {
        Self { idle_amps: 0.004, busy_amps: 0.02, busy: (0.2, 0.5), noise: 0.02, end: 0.6 }
    }
}

impl Wave {
    fn is_busy(&self, seconds: f64) -> bool {
        (self.busy.0..self.busy.1).contains(&seconds)
    }

    fn amps(&self, sample: u64, seconds: f64) -> f64 {
        let base = if self.is_busy(seconds) { self.busy_amps } else { self.idle_amps };
        // A mean of 0 over each 1000 samples.
        let noise = ((sample * 7919) % 1000) as f64 / 499.5 - 1.0;
        base * (1.0 + self.noise * noise)
    }
}

/// What goes wrong, at a moment in seconds where it has one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// Never says anything.
    Mute,
    /// So many samples are lost at 0.3 s.
    Drops(usize),
    /// Closes the connection.
    Silent(f64),
    /// Sends nothing any more, but the connection stays.
    Hangs(f64),
    /// Reads the end of its range from then on, for a moment.
    Saturates(f64),
    /// Its calibration, or its voltage, is wrong.
    Miscalibrated,
}

struct Clock {
    /// Seconds that may be played.
    allowed: f64,
    /// Seconds that were played.
    played: f64,
    ended: bool,
}

pub struct Bench {
    clock: Arc<(Mutex<Clock>, Condvar)>,
    thread: Option<JoinHandle<()>>,
    port: PathBuf,
}

impl Bench {
    pub fn start(kind: InstrumentKind, wave: Wave, fault: Option<Fault>) -> Self {
        let (mut master, slave) = TTYPort::pair().expect("a pseudo-terminal");
        master.set_timeout(Duration::from_millis(2)).expect("a limit");
        let port = PathBuf::from(slave.name().expect("a name"));
        // It is locked while it is open.
        drop(slave);
        let clock = Arc::new((Mutex::new(Clock { allowed: 0.0, played: 0.0, ended: false }), Condvar::new()));
        let mut instrument = EmulatedInstrument::new(kind, 2, 3.0);
        instrument.set_dead(fault == Some(Fault::Mute));
        if fault == Some(Fault::Miscalibrated) {
            instrument = instrument.miscalibrated();
        }
        let player = Player {
            port: master,
            instrument,
            kind,
            wave,
            fault,
            clock: Arc::clone(&clock),
            dropped: 0,
            edge: false,
            hung: false,
        };
        let thread = std::thread::spawn(move || player.run());
        Self { clock, thread: Some(thread), port }
    }

    pub fn port(&self) -> PathBuf {
        self.port.clone()
    }

    /// Lets time go on to `seconds` after the start of sampling, and waits until that was sent and read.
    pub fn play_to(&self, seconds: f64) {
        let (clock, changed) = &*self.clock;
        let mut state = clock.lock().expect("clock");
        state.allowed = seconds;
        while state.played < seconds && !state.ended {
            state = changed.wait_timeout(state, Duration::from_millis(50)).expect("clock").0;
        }
        drop(state);
        // The other end reads what was sent.
        std::thread::sleep(Duration::from_millis(60));
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.clock.0.lock().expect("clock").ended = true;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Player {
    port: TTYPort,
    instrument: EmulatedInstrument,
    kind: InstrumentKind,
    wave: Wave,
    fault: Option<Fault>,
    clock: Arc<(Mutex<Clock>, Condvar)>,
    dropped: usize,
    edge: bool,
    hung: bool,
}

impl Player {
    fn run(mut self) {
        loop {
            if self.clock.0.lock().expect("clock").ended {
                return;
            }
            let mut buffer = [0; 256];
            let mut said = Vec::new();
            match self.port.read(&mut buffer) {
                Ok(count) => self.instrument.hear(&buffer[..count], &mut said),
                Err(error) if error.kind() == ErrorKind::TimedOut => {}
                Err(_) => std::thread::sleep(Duration::from_millis(2)),
            }
            self.say(&said);
            if (self.instrument.is_sampling() || self.hung) && !self.play() {
                // The connection goes away with it.
                let (clock, changed) = &*self.clock;
                clock.lock().expect("clock").ended = true;
                changed.notify_all();
                return;
            }
        }
    }

    fn say(&mut self, bytes: &[u8]) {
        let mut sent = 0;
        while sent < bytes.len() {
            match self.port.write(&bytes[sent..]) {
                Ok(count) => sent += count,
                Err(error) if matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock) => {
                    if self.clock.0.lock().expect("clock").ended {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    }

    /// Sends what is due; false once the connection is to go away.
    fn play(&mut self) -> bool {
        let allowed = self.clock.0.lock().expect("clock").allowed;
        let rate = self.instrument.rate_hz();
        let mut bytes = Vec::new();
        let mut due = (allowed * rate).round().max(1.0) as u64;
        if self.kind == InstrumentKind::Ppk2 && allowed >= self.wave.end {
            // It is stopped in the midst of its samples.
            due = due.max(self.instrument.samples() + 50);
        }
        // A little at a time, so that commands are heard in between.
        let until = due.min(self.instrument.samples() + 2000);
        while self.instrument.samples() < until {
            let sample = self.instrument.samples();
            let seconds = sample as f64 / rate;
            let reading = match self.fault {
                Some(Fault::Silent(at)) if seconds >= at => {
                    self.say(&bytes);
                    return false;
                }
                Some(Fault::Hangs(at)) if seconds >= at => {
                    (self.hung, _) = (true, self.instrument.set_dead(true));
                    break;
                }
                Some(Fault::Drops(count)) if seconds >= 0.3 && self.dropped < count => {
                    self.dropped += 1;
                    Reading::Lost
                }
                Some(Fault::Saturates(at)) if (at..at + 0.01).contains(&seconds) => Reading::Saturated,
                _ => Reading::Amps(self.wave.amps(sample, seconds)),
            };
            // The marker falls at either end.
            let busy = self.wave.is_busy(seconds);
            let fell = std::mem::replace(&mut self.edge, busy) != busy;
            self.instrument.sample(reading, fell, &mut bytes);
        }
        self.say(&bytes);
        let (clock, changed) = &*self.clock;
        let mut state = clock.lock().expect("clock");
        if self.instrument.samples() as f64 >= allowed * rate || !self.instrument.is_sampling() {
            state.played = allowed;
            changed.notify_all();
        }
        true
    }
}
