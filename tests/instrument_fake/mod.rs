//! An instrument that is none: it speaks a protocol at the other end of a pseudo-terminal and plays a current.
//!
//! Its time is the test's: samples are sent up to the moment that the test allows, so that nothing depends on the host.

#![allow(dead_code)] // Each test crate uses a part of it.

use std::io::{ErrorKind, Read, Write};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use hil::instrument::InstrumentKind;
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
        let player = Player {
            port: master,
            kind,
            wave,
            fault,
            clock: Arc::clone(&clock),
            heard: Vec::new(),
            sampling: false,
            sample: 0,
            dropped: 0,
            edge: false,
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
    kind: InstrumentKind,
    wave: Wave,
    fault: Option<Fault>,
    clock: Arc<(Mutex<Clock>, Condvar)>,
    heard: Vec<u8>,
    sampling: bool,
    sample: u64,
    dropped: usize,
    edge: bool,
}

impl Player {
    fn run(mut self) {
        loop {
            if self.clock.0.lock().expect("clock").ended {
                return;
            }
            let mut buffer = [0; 256];
            match self.port.read(&mut buffer) {
                Ok(count) => self.heard.extend(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::TimedOut => {}
                Err(_) => std::thread::sleep(Duration::from_millis(2)),
            }
            if self.fault != Some(Fault::Mute) {
                self.commands();
            }
            if self.sampling && !self.play() {
                // The connection goes away with it.
                let (clock, changed) = &*self.clock;
                clock.lock().expect("clock").ended = true;
                changed.notify_all();
                return;
            }
        }
    }

    fn rate(&self) -> f64 {
        match self.kind {
            InstrumentKind::Lpm01a => 5000.0,
            InstrumentKind::StlinkV3pwr | InstrumentKind::Ppk2 => 100_000.0,
            InstrumentKind::Ina228 => 1000.0,
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

    fn commands(&mut self) {
        if self.kind == InstrumentKind::Ppk2 {
            return self.bytes();
        }
        while let Some(end) = self.heard.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.heard.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line).trim().to_string();
            let answer = match self.kind {
                InstrumentKind::Ina228 => self.ina228(&line),
                _ => self.lpm(&line),
            };
            self.say(&answer);
        }
    }

    fn hangs(&self) -> bool {
        matches!(self.fault, Some(Fault::Hangs(at)) if self.sample as f64 >= at * self.rate())
    }

    fn lpm(&mut self, line: &str) -> Vec<u8> {
        let text = self.kind == InstrumentKind::Lpm01a;
        match line {
            "start" => {
                self.sampling = true;
                if !text && self.fault == Some(Fault::Miscalibrated) {
                    return b"ack start\r\n\r\n\xF0\xF7\x0A\x28\xFF\xFF".to_vec();
                }
            }
            "stop" if self.sampling && !self.hangs() => {
                self.sampling = false;
                return if text { b"Acquisition completed\r\n".to_vec() } else { b"\xF0\xF4\xFF\xFF".to_vec() };
            }
            "stop" => return vec![],
            _ if line.starts_with("volt 9") => return b"PowerShield > error volt\r\nError detail: range\r\n".to_vec(),
            _ => {}
        }
        let (start, end) = if text { ("PowerShield > ", "\r\n") } else { ("", "\r\n\r\n") };
        format!("{start}ack {line}{end}").into_bytes()
    }

    fn ina228(&mut self, line: &str) -> Vec<u8> {
        match line {
            "id" => b"hil-ina228 1 1000\n".to_vec(),
            "start" => {
                self.sampling = true;
                b"ok\n".to_vec()
            }
            "stop" if self.sampling && !self.hangs() => {
                self.sampling = false;
                format!("end {}\n", self.sample).into_bytes()
            }
            "stop" => vec![],
            _ => b"error what\n".to_vec(),
        }
    }

    fn bytes(&mut self) {
        let heard = std::mem::take(&mut self.heard);
        for byte in heard {
            match byte {
                0x06 => self.sampling = true,
                0x07 => self.sampling = false,
                0x19 => {
                    let r = [1031.64, 101.65, if self.fault == Some(Fault::Miscalibrated) { 101.5 } else { 10.15 }];
                    let r = [r[0], r[1], r[2], 0.94, 0.043];
                    let mut text = String::from("Calibrated: 1\n");
                    for (at, ohms) in r.iter().enumerate() {
                        let values = format!("GS{at}: 0\nGI{at}: 1\nO{at}: 112\nS{at}: 0\nI{at}: 0\nUG{at}: 1\n");
                        text.push_str(&format!("R{at}: {ohms}\n{values}"));
                    }
                    text.push_str("VDD: 3000\nHW: 9173\nmode: 2\nIA: 56\nEND");
                    self.say(text.as_bytes());
                }
                _ => {}
            }
        }
    }

    /// Sends what is due; false once the connection is to go away.
    fn play(&mut self) -> bool {
        let allowed = self.clock.0.lock().expect("clock").allowed;
        let rate = self.rate();
        let mut bytes = Vec::new();
        let mut due = (allowed * rate).round().max(1.0) as u64;
        if self.kind == InstrumentKind::Ppk2 && allowed >= self.wave.end {
            // It is stopped in the midst of its samples.
            due = due.max(self.sample + 50);
        }
        // A little at a time, so that commands are heard in between.
        let until = due.min(self.sample + 2000);
        while self.sample < until {
            let seconds = self.sample as f64 / rate;
            match self.fault {
                Some(Fault::Silent(at)) if seconds >= at => {
                    self.say(&bytes);
                    return false;
                }
                Some(Fault::Hangs(at)) if seconds >= at => break,
                Some(Fault::Drops(count)) if seconds >= 0.3 && self.dropped < count => self.dropped += 1,
                _ => self.one(seconds, &mut bytes),
            }
            self.sample += 1;
            self.stamp(&mut bytes);
        }
        self.say(&bytes);
        let (clock, changed) = &*self.clock;
        let mut state = clock.lock().expect("clock");
        let hangs = self.hangs();
        if self.sample as f64 >= allowed * rate || hangs {
            state.played = allowed;
            changed.notify_all();
        }
        true
    }

    fn stamp(&self, bytes: &mut Vec<u8>) {
        if !self.sample.is_multiple_of(1000) {
            return;
        }
        let ms = (self.sample as f64 * 1000.0 / self.rate()) as u32;
        match self.kind {
            InstrumentKind::Lpm01a => {
                bytes.extend(format!("TimeStamp: {:03}s {:03}ms, buff 05%\r\n", ms / 1000, ms % 1000).bytes());
            }
            InstrumentKind::StlinkV3pwr => {
                bytes.extend([0xF0, 0xF3]);
                bytes.extend(ms.to_be_bytes());
                bytes.extend([5, 0xFF, 0xFF]);
            }
            _ => {}
        }
    }

    fn one(&mut self, seconds: f64, bytes: &mut Vec<u8>) {
        let saturated = matches!(self.fault, Some(Fault::Saturates(at)) if (at..at + 0.01).contains(&seconds));
        let (amps, busy) = (self.wave.amps(self.sample, seconds), self.wave.is_busy(seconds));
        let turned = std::mem::replace(&mut self.edge, busy) != busy;
        match self.kind {
            InstrumentKind::Lpm01a => {
                if turned {
                    bytes.extend(format!("event 7 {}\r\n", if busy { "fal" } else { "ris" }).bytes());
                }
                let amps = if saturated { 0.0501 } else { amps };
                let (mut value, mut power) = (amps * 1e7, 7);
                while value > 9999.0 {
                    (value, power) = (value / 10.0, power - 1);
                }
                bytes.extend(format!("{:04}-{power:02}\r\n", value.round() as u32).bytes());
            }
            InstrumentKind::StlinkV3pwr if saturated => {
                bytes.extend([0xF0, 0xF5, 0, 0, 0, 0, 0xFF, 0xFF]);
            }
            InstrumentKind::StlinkV3pwr => {
                let mut power = 0;
                while power < 14 && amps * 16f64.powi(power + 1) < 4095.0 {
                    power += 1;
                }
                let value = (amps * 16f64.powi(power)).round() as u16;
                bytes.extend((((power as u16) << 12) | value).to_be_bytes());
            }
            InstrumentKind::Ppk2 => {
                let (range, ohms) = if saturated { (4, 0.043) } else { (3, 0.94) };
                let adc = ((amps * ohms / (1.8 / 163_840.0) + 112.0) / 4.0).round() as u32;
                let adc = if saturated { 0x3FFF } else { adc };
                let counter = (self.sample % 64) as u32;
                let logic = u32::from(busy) << 2;
                bytes.extend((adc | range << 14 | counter << 18 | logic << 24).to_le_bytes());
            }
            InstrumentKind::Ina228 => {
                let millivolts = if self.fault == Some(Fault::Miscalibrated) { 2600 } else { 3000 };
                let line = format!("s {} {} {millivolts} {}\n", self.sample, (amps * 1e9).round(), u8::from(saturated));
                bytes.extend(line.bytes());
            }
        }
    }
}
