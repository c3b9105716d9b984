//! Driver of emulated boards.

use std::time::Duration;

use super::cancel::Cancel;
use super::error::UnitError;
use super::recovery::Step;
use super::unit::{Counters, Driver, Program, Unit};
use crate::board::{Activity, Board};
use crate::emulator::{EmulatorError, Image, Machine, Pause, Segment, Symbol};

/// Core cycles between two looks at cancellation: some milliseconds of the host's time.
const SLICE: u64 = 1 << 21;

/// One emulated board.
pub struct Emulated {
    id: String,
    board: Board,
    /// Some once flashed.
    machine: Option<Machine>,
    /// Time that passed while the core slept and nothing was due, beside the machine's own.
    idle: Duration,
}

impl Emulated {
    pub fn new(board: &Board, number: usize) -> Self {
        Self::named(board, &number.to_string())
    }

    /// The unit that is called `name` among those of its board.
    pub fn named(board: &Board, name: &str) -> Self {
        let id = format!("{}/{}/{name}", Driver::Emulated.name(), board.name);
        Self { id, board: board.clone(), machine: None, idle: Duration::ZERO }
    }

    fn machine(&mut self) -> Result<&mut Machine, UnitError> {
        let lost = || UnitError::Lost { unit: self.id.clone(), problem: "it was not flashed".into() };
        self.machine.as_mut().ok_or_else(lost)
    }

    fn failed(&self, error: &EmulatorError) -> UnitError {
        let (unit, problem) = (self.id.clone(), error.to_string());
        match error {
            EmulatorError::DoesNotFit { .. } => UnitError::Program { unit, problem },
            _ => UnitError::Stopped { unit, problem },
        }
    }
}

/// Functions and objects of an ELF file, so that errors name them; nothing where it cannot be read.
fn symbols(elf: &[u8]) -> Vec<Symbol> {
    Image::elf("image", elf).map(|image| image.symbols).unwrap_or_default()
}

impl Unit for Emulated {
    fn id(&self) -> &str {
        &self.id
    }

    fn board(&self) -> &Board {
        &self.board
    }

    fn driver(&self) -> Driver {
        Driver::Emulated
    }

    /// A new machine each time, so that nothing of an earlier image is left.
    fn flash(&mut self, program: &Program, _: Duration, cancel: &Cancel) -> Result<(), UnitError> {
        if cancel.is_cancelled() {
            return Err(UnitError::Cancelled);
        }
        let segments = program.segments.iter();
        let segments = segments.map(|s| Segment { address: s.address, bytes: s.bytes.clone() }).collect();
        let image = Image { segments, symbols: symbols(&program.elf) };
        let mut board = self.board.clone();
        board.console.baud = program.baud.unwrap_or(board.console.baud);
        let mut machine = Machine::new(&board).map_err(|e| self.failed(&e))?;
        machine.load(&image).map_err(|e| self.failed(&e))?;
        (self.machine, self.idle) = (Some(machine), Duration::ZERO);
        Ok(())
    }

    fn reset(&mut self, _: &Cancel) -> Result<(), UnitError> {
        let machine = self.machine()?;
        machine.reset();
        machine.receive();
        Ok(())
    }

    fn write(&mut self, bytes: &[u8], _: &Cancel) -> Result<(), UnitError> {
        self.machine()?.send(bytes);
        Ok(())
    }

    fn now(&self) -> Duration {
        let seconds = self.machine.as_ref().map_or(0.0, Machine::seconds);
        Duration::from_secs_f64(seconds) + self.idle
    }

    fn read(&mut self, until: Duration, cancel: &Cancel) -> Result<Vec<u8>, UnitError> {
        loop {
            if cancel.is_cancelled() {
                return Err(UnitError::Cancelled);
            }
            let machine = self.machine()?;
            let heard = machine.receive();
            if !heard.is_empty() {
                return Ok(heard);
            }
            let now = self.now();
            if now >= until {
                return Ok(Vec::new());
            }
            let machine = self.machine()?;
            match machine.run_until_heard(SLICE) {
                // Nothing here halts the core.
                Ok(Pause::Heard | Pause::Budget | Pause::Halted) => {}
                // It waits for input that will not come before this returns.
                Ok(Pause::Idle) => self.idle += until - now,
                Err(error) => return Err(self.failed(&error)),
            }
        }
    }

    fn recover(&mut self, _: Step, _: Duration, _: &Cancel) -> Result<(), UnitError> {
        // The next image gets a machine of its own.
        self.machine = None;
        Ok(())
    }

    fn counters(&self) -> Option<Counters> {
        let machine = self.machine.as_ref()?;
        let touched = machine.touched().iter().map(|range| u64::from(range.end - range.start)).sum();
        Some(Counters {
            instructions: machine.instructions(),
            cycles: machine.cycles(),
            touched_sram: touched,
            timed_instructions: machine.core().instructions_timed(),
            core_hz: machine.soc().core_hz(),
            activity: machine.activity(),
            timed: machine.core().windows(1).first().copied().unwrap_or_default(),
        })
    }

    fn windows(&self, count: usize) -> Vec<Activity> {
        self.machine.as_ref().map_or_else(Vec::new, |machine| machine.core().windows(count))
    }
}
