//! A board that runs somebody's image: it speaks the device API of MLPerf Tiny, and may do so badly.

use std::collections::VecDeque;
use std::time::Duration;

use hil::board::Board;
use hil::network::{Network, reference};
use hil::rack::{Cancel, Counters, Driver, Program, Unit, UnitError};

/// Unit time of one inference.
const INFERENCE: Duration = Duration::from_millis(2);

#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Nothing comes from the console.
    Silent,
    /// Bytes that are no text come after reset.
    Garbage,
    /// It greets after reset, and then waits for nothing.
    NeverReady,
    OtherModel,
    NoModel,
    /// It was made for smaller inputs.
    OtherInput,
    /// One stamp for two.
    NoStamps,
    /// The second stamp is before the first.
    StampsBack,
    /// A result is no number.
    Nan,
    WrongOutput,
    /// The connection breaks at `infer`.
    Lost,
}

pub struct Dut {
    pub id: String,
    pub driver: Driver,
    board: Board,
    model: String,
    network: Network,
    faults: Vec<Fault>,
    now: Duration,
    received: Vec<u8>,
    to_host: VecDeque<u8>,
    expected: usize,
    input: Vec<u8>,
    lost: bool,
}

impl Dut {
    pub fn new(board: &str, model: &str, network: Network, faults: &[Fault]) -> Self {
        Self {
            id: "emulated/fake/0".into(),
            driver: Driver::Emulated,
            board: Board::shipped(board).expect("a board"),
            model: model.into(),
            network,
            faults: faults.to_vec(),
            now: Duration::ZERO,
            received: vec![],
            to_host: VecDeque::new(),
            expected: 0,
            input: vec![],
            lost: false,
        }
    }

    fn has(&self, fault: Fault) -> bool {
        self.faults.contains(&fault)
    }

    fn say(&mut self, line: &str) {
        if !self.has(Fault::Silent) {
            self.to_host.extend(format!("{line}\r\n").bytes());
        }
    }

    /// Results as the device code prints them.
    fn results(&self) -> String {
        let signed: Vec<u8> = self.input.iter().map(|pixel| pixel ^ 0x80).collect();
        let output = reference::run(&self.network, &[signed]).expect("an output").remove(0);
        let quant = self.network.tensor(self.network.outputs[0]).quant.clone().expect("quantised");
        let value = |(at, byte): (usize, &u8)| {
            let level = i32::from(*byte as i8) - quant.zero_point[0];
            let level = if self.has(Fault::WrongOutput) && at == 0 { level ^ 1 } else { level };
            format!("{:0.3}", level as f32 * quant.scale[0])
        };
        output.iter().enumerate().map(value).collect::<Vec<_>>().join(",")
    }

    fn command(&mut self, command: &str) {
        let words: Vec<&str> = command.split(' ').collect();
        match words[..] {
            ["name"] => self.say("m-name-dut-[fake]"),
            ["profile"] => {
                self.say("m-profile-[Firmware 1]");
                let model = if self.has(Fault::OtherModel) { "other01".into() } else { self.model.clone() };
                if !self.has(Fault::NoModel) {
                    self.say(&format!("m-model-[{model}]"));
                }
            }
            ["db", "load", count] => {
                self.expected = count.parse().expect("a number");
                self.input.clear();
                // As the device code says it: no error by its form.
                match self.has(Fault::OtherInput) {
                    true => self.say(&format!("Supplied buffer size {count} exceeds maximum of 490")),
                    false => self.say(&format!("m-[Expecting {count} bytes]")),
                }
            }
            ["db", digits] => {
                assert!(command.len() <= 80, "device code collects no more");
                let bytes =
                    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).expect("hex"));
                self.input.extend(bytes);
                if self.input.len() == self.expected {
                    self.say("m-load-done");
                }
            }
            ["infer", count, warmups] => {
                if self.has(Fault::Lost) {
                    self.lost = true;
                }
                let (count, warmups): (u32, u32) =
                    (count.parse().expect("a number"), warmups.parse().expect("a number"));
                self.say(&format!("m-warmup-start-{warmups}"));
                self.now += INFERENCE * warmups;
                let start = self.now.as_micros();
                self.now += INFERENCE * count;
                let end = self.now.as_micros();
                let (start, end) = if self.has(Fault::StampsBack) { (end, start) } else { (start, end) };
                self.say(&format!("m-lap-us-{start}"));
                if !self.has(Fault::NoStamps) {
                    self.say(&format!("m-lap-us-{end}"));
                }
                self.say("m-infer-done");
                let results = if self.has(Fault::Nan) { "nan,0.5".into() } else { self.results() };
                self.say(&format!("m-results-[{results}]"));
            }
            _ => self.say(&format!("e-[Unknown command: {command}]")),
        }
        self.say("m-ready");
    }
}

impl Unit for Dut {
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
        assert_eq!(program.baud, Some(115_200));
        Ok(())
    }

    fn reset(&mut self, _: &Cancel) -> Result<(), UnitError> {
        self.to_host.clear();
        if self.has(Fault::Garbage) {
            self.to_host.extend([0xff, 0x80, 0xfe, b'\n']);
            return Ok(());
        }
        self.say("hello");
        if !self.has(Fault::NeverReady) {
            self.say("m-timestamp-mode-performance");
            self.say("m-init-done");
            self.say("m-ready");
        } else {
            self.to_host.extend(b"and on");
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8], _: &Cancel) -> Result<(), UnitError> {
        for byte in bytes {
            match byte {
                b'%' => {
                    let command = String::from_utf8_lossy(&std::mem::take(&mut self.received)).into_owned();
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

    fn read(&mut self, until: Duration, _: &Cancel) -> Result<Vec<u8>, UnitError> {
        if self.lost {
            return Err(UnitError::Lost { unit: self.id().into(), problem: "gone".into() });
        }
        if self.to_host.is_empty() {
            self.now = self.now.max(until);
        }
        Ok(self.to_host.drain(..).collect())
    }

    fn counters(&self) -> Option<Counters> {
        Some(Counters { core_hz: 120_000_000, touched_sram: 1000, ..Counters::default() })
    }
}
