//! A unit that is no board: firmware that speaks the protocol over a console that may be made to fail.

#![allow(dead_code)] // Each test crate uses a part of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use hil::board::Board;
use hil::rack::{Cancel, Counters, Driver, Program, Unit, UnitError};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Nothing comes from the console.
    Silent,
    /// The console falls silent after so many bytes.
    DiesAfter(usize),
    /// So many bytes that are no text come before each reply.
    Garbage(usize),
    /// A reply of another session comes before the firmware's own.
    Stale(String),
    /// Another reply comes after the reply to this command.
    Chatters(String),
    /// Every n-th byte from the unit is lost.
    LosesSent(usize),
    /// Every n-th byte to the unit is lost.
    LosesReceived(usize),
    /// `hil info` names another build.
    OtherBuild,
    /// The clock registers say another clock.
    OtherClock(u64),
    /// The last byte of the output for inputs that start with this byte is wrong.
    WrongOutput(u8),
    /// The output of every other inference is wrong.
    Flaky,
    /// The input that arrived is not the one that was sent.
    DamagedInput,
    /// The output that arrives is not the one that was sent.
    DamagedOutput,
    /// The core takes a fault at this command.
    Faults(String),
    /// Never ends a line.
    EndlessLine,
    /// Sends line after line, never `m-ready`.
    EndlessLines,
    /// Answers any `hil cycles` with this text.
    Cycles(String),
    /// The core stops at this command.
    Stops(String),
    /// Cancels when this command comes.
    CancelledAt(String),
}

/// What runs after flashing: how it computes, and what it says of itself.
#[derive(Clone)]
pub struct Firmware {
    pub build_id: String,
    pub input_bytes: usize,
    pub output_bytes: usize,
    pub steps: usize,
    pub compute: Arc<dyn Fn(&[u8]) -> Vec<u8> + Send + Sync>,
}

/// Finds the firmware for what is flashed.
pub type Firmwares = Arc<dyn Fn(&Program) -> Option<Firmware> + Send + Sync>;

/// Computes the output as the input's bytes, each plus 1, where nothing else is flashed.
pub struct Fake {
    id: String,
    board: Board,
    pub driver: Driver,
    pub faults: Vec<Fault>,
    pub firmware: Firmware,
    pub firmwares: Option<Firmwares>,
    pub buffered: bool,
    /// Every command that came, for tests of what is asked and when.
    pub log: Arc<Mutex<Vec<String>>>,
    now: Duration,
    received: Vec<u8>,
    to_host: std::collections::VecDeque<u8>,
    sent: usize,
    taken: usize,
    input: Vec<u8>,
    output: Vec<u8>,
    expected_input: usize,
    inferences: u64,
    counters: Counters,
    stopped: bool,
}

impl Fake {
    pub fn new(board: &str, number: usize) -> Self {
        Self {
            id: format!("emulated/{board}/{number}"),
            board: Board::shipped(board).expect("a board"),
            driver: Driver::Emulated,
            faults: vec![],
            firmware: Firmware {
                build_id: "b1".into(),
                input_bytes: 70,
                output_bytes: 70,
                steps: 3,
                compute: Arc::new(|input| input.iter().map(|byte| byte.wrapping_add(1)).collect()),
            },
            firmwares: None,
            buffered: true,
            log: Default::default(),
            now: Duration::ZERO,
            received: vec![],
            to_host: Default::default(),
            sent: 0,
            taken: 0,
            input: vec![],
            output: vec![],
            expected_input: 0,
            inferences: 0,
            counters: Counters::default(),
            stopped: false,
        }
    }

    pub fn with(mut self, fault: Fault) -> Self {
        self.faults.push(fault);
        self
    }

    fn say(&mut self, line: &str) {
        for byte in format!("{line}\r\n").bytes() {
            self.sent += 1;
            let lost = self.faults.iter().any(|fault| match fault {
                Fault::Silent => true,
                Fault::DiesAfter(count) => self.sent > *count,
                Fault::LosesSent(nth) => self.sent.is_multiple_of(*nth),
                _ => false,
            });
            if !lost {
                self.to_host.push_back(byte);
            }
        }
    }

    fn infer(&mut self, count: u64) -> Result<(), String> {
        for _ in 0..count {
            if self.input.len() != self.firmware.input_bytes {
                return Err("e-[no input]".into());
            }
            self.inferences += 1;
            self.counters.instructions += 1_000_000;
            self.counters.timed_instructions = 1_000_000;
            self.output = (self.firmware.compute)(&self.input);
            let first = self.input[0];
            let wrong = self.faults.iter().any(|fault| match fault {
                Fault::WrongOutput(start) => first == *start,
                Fault::Flaky => self.inferences.is_multiple_of(2),
                _ => false,
            });
            if let (true, Some(last)) = (wrong, self.output.last_mut()) {
                *last ^= 0x40;
            }
            if !self.buffered {
                self.input.clear();
            }
        }
        Ok(())
    }

    fn command(&mut self, command: &str) {
        self.log.lock().expect("log").push(command.into());
        self.counters.instructions += 5000;
        if self.faults.contains(&Fault::Stops(command.into())) {
            self.stopped = true;
            return;
        }
        if self.faults.contains(&Fault::Faults(command.into())) {
            return self.say("e-[fault exception=00000003 cfsr=00010000 pc=08000100]");
        }
        for fault in self.faults.clone() {
            match fault {
                Fault::Garbage(count) => self.to_host.extend((0..count).map(|i| 0x80 | i as u8)),
                Fault::EndlessLine => self.to_host.extend(vec![b'x'; 300 * 1024]),
                Fault::EndlessLines => (0..20_000).for_each(|_| self.say("m-more")),
                _ => {}
            }
        }
        let words: Vec<&str> = command.split_ascii_whitespace().collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
        let failed = match words[..] {
            ["name"] => {
                self.say("m-name-hil-[fake]");
                Ok(())
            }
            ["db", "load", _] => {
                self.expected_input = number(2) as usize;
                self.input.clear();
                Ok(())
            }
            ["db", digits] => {
                let bytes = (0..digits.len() / 2).map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16));
                match bytes.collect::<Result<Vec<u8>, _>>() {
                    Ok(bytes) if self.input.len() + bytes.len() <= self.expected_input => {
                        self.input.extend(bytes);
                        Ok(())
                    }
                    _ => Err("e-[bad input]".to_string()),
                }
            }
            ["infer", _, _] => self.infer(number(1) + number(2)).map(|()| {
                // 2,000,000 cycles at 120 MHz each.
                self.say("m-lap-us-4294967290");
                self.say(&format!("m-lap-us-{}", (4_294_967_290 + number(1) * 50_000 / 3) as u32));
            }),
            ["timestamp"] => {
                let now = self.now().as_micros() as u32;
                self.say(&format!("m-lap-us-{now}"));
                Ok(())
            }
            ["hil", "info"] => {
                let other = self.faults.contains(&Fault::OtherBuild);
                let build = if other { "b0".into() } else { self.firmware.build_id.clone() };
                let hz = self.faults.iter().find_map(|fault| match fault {
                    Fault::OtherClock(hz) => Some(*hz),
                    _ => None,
                });
                let hz = hz.unwrap_or(u64::from(self.board.clock.hz));
                for (key, value) in [
                    ("build", build),
                    ("protocol", "1".into()),
                    ("network", "a network".into()),
                    ("input-bytes", self.firmware.input_bytes.to_string()),
                    ("output-bytes", self.firmware.output_bytes.to_string()),
                    ("steps", self.firmware.steps.to_string()),
                    ("line-bytes", "100".into()),
                    ("clock-hz", hz.to_string()),
                    ("wait-states", self.board.clock.flash_wait_states.to_string()),
                    ("input-buffered", u8::from(self.buffered).to_string()),
                ] {
                    self.say(&format!("m-hil-{key}-[{value}]"));
                }
                Ok(())
            }
            ["hil", "output"] => {
                let digits: String = self.output.iter().map(|byte| format!("{byte:02x}")).collect();
                self.say(&format!("m-hil-output-[{digits}]"));
                let crc = crc32(&self.output) ^ u32::from(self.faults.contains(&Fault::DamagedOutput));
                self.say(&format!("m-hil-output-crc32-[{crc:08x}]"));
                Ok(())
            }
            ["hil", "input"] => {
                let crc = crc32(&self.input) ^ u32::from(self.faults.contains(&Fault::DamagedInput));
                self.say(&format!("m-hil-input-loaded-[{}]", self.input.len()));
                self.say(&format!("m-hil-input-crc32-[{crc:08x}]"));
                Ok(())
            }
            ["hil", "cycles", _, _] => self.infer(number(2) + number(3)).map(|()| {
                let odd = self.faults.iter().find_map(|fault| match fault {
                    Fault::Cycles(text) => Some(text.clone()),
                    _ => None,
                });
                let cycles: Vec<String> = (0..number(2)).map(|i| (2_000_000 + i).to_string()).collect();
                self.say(&format!("m-hil-cycles-[{}]", odd.unwrap_or(cycles.join(","))));
            }),
            ["hil", "steps"] => self.infer(1).map(|()| {
                for step in 0..self.firmware.steps {
                    self.say(&format!("m-hil-step-[{step},conv_{step},{}]", 1000 * (step + 1)));
                }
            }),
            ["hil", "memory"] => {
                self.say("m-hil-stack-[640]");
                Ok(())
            }
            _ => Err(format!("e-[Unknown command: {command}]")),
        };
        if let Err(refusal) = failed {
            self.say(&refusal);
        }
        self.say("m-ready");
        if self.faults.contains(&Fault::Chatters(command.into())) {
            self.say("m-hil-cycles-[5,5,5,5]");
            self.say("m-ready");
        }
    }
}

impl Unit for Fake {
    fn id(&self) -> &str {
        &self.id
    }

    fn board(&self) -> &Board {
        &self.board
    }

    fn driver(&self) -> Driver {
        self.driver
    }

    fn flash(&mut self, program: &Program, _: Duration, _: &Cancel) -> Result<(), UnitError> {
        if let Some(found) = self.firmwares.as_ref().and_then(|find| find(program)) {
            self.firmware = found;
        }
        Ok(())
    }

    fn reset(&mut self, _: &Cancel) -> Result<(), UnitError> {
        self.to_host.clear();
        self.received.clear();
        self.input.clear();
        for fault in self.faults.clone() {
            if let Fault::Stale(text) = fault {
                self.to_host.extend(text.bytes());
            }
        }
        self.say("m-init-done");
        self.say("m-ready");
        Ok(())
    }

    fn write(&mut self, bytes: &[u8], cancel: &Cancel) -> Result<(), UnitError> {
        for byte in bytes {
            self.taken += 1;
            let taken = self.taken;
            if self.faults.iter().any(|f| matches!(f, Fault::LosesReceived(nth) if taken.is_multiple_of(*nth))) {
                continue;
            }
            match byte {
                b'%' => {
                    let command = String::from_utf8_lossy(&std::mem::take(&mut self.received)).into_owned();
                    if self.faults.contains(&Fault::CancelledAt(command.clone())) {
                        cancel.cancel();
                    }
                    self.command(&command);
                }
                byte => self.received.push(*byte),
            }
        }
        Ok(())
    }

    fn now(&self) -> Duration {
        self.now
    }

    fn read(&mut self, until: Duration, cancel: &Cancel) -> Result<Vec<u8>, UnitError> {
        if cancel.is_cancelled() {
            return Err(UnitError::Cancelled);
        }
        if self.stopped {
            return Err(UnitError::Stopped {
                unit: self.id.clone(),
                problem: "unknown instruction at 0x08000100".into(),
            });
        }
        // In pieces that do not end with lines.
        let count = self.to_host.len().min(7);
        if count == 0 {
            self.now = self.now.max(until);
        } else {
            self.now += Duration::from_micros(600);
        }
        Ok(self.to_host.drain(..count).collect())
    }

    fn counters(&self) -> Option<Counters> {
        Some(self.counters)
    }
}

/// CRC-32 of IEEE 802.3.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| crc >> 1 ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 };
    !bytes.iter().fold(!0, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}
