//! `hil emulate`.

mod console;
mod record;

use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::arguments::EmulateOptions;
use super::output::print_json;
use super::{Ended, Failure, interrupt};
use crate::board::{Board, RegionKind};
use crate::emulator::debug::gdb::{Attendant, GdbError, Parted, Server};
use crate::emulator::observe::Recorder;
use crate::emulator::{EmulatorError, Image, Machine, Pause};
use crate::rack::Cancel;
use console::{Console, Input};

/// Board time without output after which input is sent to a core that does not sleep, seconds.
const QUIET: f64 = 0.05;
/// Core cycles between two looks at limits and input.
const SLICE: u64 = 1 << 20;
/// Why it ended, where Ctrl-C or a closed stdout did it.
const INTERRUPTED: &str = "interrupted";

pub fn run(options: EmulateOptions, json: bool) -> Ended {
    let board = Board::shipped(&options.board)?;
    let flash = board.memory.iter().find(|region| region.kind == RegionKind::Flash).map_or(0, |region| region.origin);
    let image = Image::read(&options.image, flash).map_err(|e| Failure::Usage(e.to_string()))?;
    let mut machine = Machine::new(&board).map_err(failure)?;
    machine.load(&image).map_err(failure)?;
    machine.soc_mut().set_permissive(options.permissive);
    record::begin(&options, &image, &mut machine)?;
    let console = if options.pty { Console::pty()? } else { Console::terminal(json) };
    let error_band = board.error_band();
    let mut session = Session { cancel: interrupt::cancel()?, console, ended: false, failed: None };
    let why = match options.gdb {
        Some(port) => session.debug(&mut machine, &options, port),
        None => session.go(&mut machine, &options),
    };
    // What was recorded up to a stop says how it came to it.
    let recorded = record::end(&options, &mut machine, json)?;
    let told = Told { machine: &machine, console: session.console.kept(), error_band, permissive: options.permissive };
    if !json || why.is_ok() {
        told.ignored();
    }
    told.end(&why?, recorded, json)?;
    Ok(ExitCode::SUCCESS)
}

fn failure(error: EmulatorError) -> Failure {
    match error {
        EmulatorError::DoesNotFit { .. } => Failure::Usage(error.to_string()),
        other => Failure::Infrastructure(other.to_string()),
    }
}

struct Session {
    cancel: Cancel,
    console: Console,
    /// Whether the console's input has ended.
    ended: bool,
    /// What went wrong with the console while gdb was served.
    failed: Option<Failure>,
}

impl Session {
    /// Runs until a limit, the end of input, or Ctrl-C; says which.
    fn go(&mut self, machine: &mut Machine, options: &EmulateOptions) -> Result<String, Failure> {
        let mut last_heard = machine.seconds();
        loop {
            let pause = machine.run_until_heard(SLICE);
            let heard = machine.receive();
            if !heard.is_empty() {
                last_heard = machine.seconds();
                self.show(heard)?;
            }
            let pause = pause.map_err(failure)?;
            if self.cancel.is_cancelled() {
                return Ok(INTERRUPTED.into());
            }
            if let Some(limit) = limit(machine, options) {
                return Ok(format!("the limit of {limit}"));
            }
            match pause {
                Pause::Idle if self.ended => return Ok("it waits for input, which has ended".into()),
                Pause::Idle => self.wait_for_input(machine),
                _ if !self.ended && (self.console.is_live() || machine.seconds() - last_heard > QUIET) => {
                    last_heard = machine.seconds();
                    self.take(machine, Duration::ZERO);
                }
                _ => {}
            }
        }
    }

    /// Serves gdb; runs on where it has detached.
    fn debug(&mut self, machine: &mut Machine, options: &EmulateOptions, port: u16) -> Result<String, Failure> {
        let refused = |error: GdbError| Failure::Infrastructure(error.to_string());
        let server = Server::bind(port).map_err(refused)?;
        let address = server.address().map_err(|error| Failure::Infrastructure(format!("port {port}: {error}")))?;
        eprintln!("halted; in gdb-multiarch: target remote {address}");
        let parted = server.serve(machine, self).map_err(refused)?;
        if let Some(failed) = self.failed.take() {
            return Err(failed);
        }
        match parted {
            Parted::Detached => self.go(machine, options),
            Parted::Killed => Ok("gdb ended it".into()),
            Parted::Left => Ok(INTERRUPTED.into()),
        }
    }

    /// The board's time stands still meanwhile, so that piped input gives the same run each time.
    fn wait_for_input(&mut self, machine: &mut Machine) {
        while !self.take(machine, Duration::from_millis(50)) && !self.ended && !self.cancel.is_cancelled() {}
    }

    /// Hands input to the board; whether there was any.
    fn take(&mut self, machine: &mut Machine, limit: Duration) -> bool {
        match self.console.take(limit) {
            Input::Bytes(bytes) => {
                machine.send(&bytes);
                return true;
            }
            Input::Nothing => {}
            Input::Ended => self.ended = true,
        }
        false
    }

    fn show(&mut self, heard: Vec<u8>) -> Result<(), Failure> {
        if !self.console.show(heard)? {
            self.cancel.cancel();
        }
        Ok(())
    }
}

/// The limit that is reached.
fn limit(machine: &Machine, options: &EmulateOptions) -> Option<&'static str> {
    let traced = options.trace.is_some();
    let all = |limit| if traced { Recorder::is_traced(machine) } else { machine.instructions() >= limit };
    match (options.seconds, options.instructions) {
        (Some(limit), _) if machine.seconds() >= limit => Some("seconds"),
        (_, Some(limit)) if all(limit) => Some("instructions"),
        _ => None,
    }
}

impl Attendant for Session {
    fn attend(&mut self, machine: &mut Machine) -> ControlFlow<()> {
        let heard = machine.receive();
        if !heard.is_empty()
            && let Err(failed) = self.show(heard)
        {
            self.failed = Some(failed);
            return ControlFlow::Break(());
        }
        if !self.ended {
            self.take(machine, Duration::ZERO);
        }
        if self.cancel.is_cancelled() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    fn say(&mut self, message: &str) {
        eprintln!("{message}");
    }
}

/// A run that has ended.
struct Told<'a> {
    machine: &'a Machine,
    console: &'a [u8],
    error_band: String,
    permissive: bool,
}

impl Told<'_> {
    /// Lists what was used and is not modelled.
    fn ignored(&self) {
        for (peripheral, register, count) in self.machine.soc().ignored() {
            eprintln!("ignored {count} times: {peripheral} {register}");
        }
    }

    fn end(&self, why: &str, recorded: Vec<(&'static str, Value)>, json: bool) -> Result<(), Failure> {
        let machine = self.machine;
        let touched: u64 = machine.touched().iter().map(|range| u64::from(range.end - range.start)).sum();
        let (cycles, instructions, seconds) = (machine.cycles(), machine.instructions(), machine.seconds());
        if json {
            let mut value: Map<String, Value> = Map::new();
            value.insert("ended".into(), why.into());
            value.insert("console".into(), String::from_utf8_lossy(self.console).into());
            value.insert("cycles".into(), cycles.into());
            value.insert("instructions".into(), instructions.into());
            value.insert("seconds".into(), seconds.into());
            value.insert("lowest_stack_pointer".into(), machine.stack_low().main.into());
            value.insert("touched_sram_bytes".into(), touched.into());
            value.insert("provenance".into(), "emulated".into());
            let band = (!self.permissive).then_some(&self.error_band);
            value.insert("error_band".into(), json!(band));
            value.extend(recorded.into_iter().map(|(name, value)| (name.to_string(), value)));
            if self.permissive {
                let ignored = machine.soc().ignored().map(|(peripheral, register, count)| {
                    json!({"peripheral": peripheral, "register": register, "count": count})
                });
                value.insert("ignored".into(), ignored.collect());
            }
            return print_json(&value);
        }
        eprintln!("ended: {why}");
        eprintln!("{instructions} instructions, {cycles} cycles, {seconds:.6} s of the board's time (emulated)");
        if self.permissive {
            eprintln!("error band: none, since accesses to what is not modelled were ignored: this is no latency");
        } else {
            eprintln!("error band: {}", self.error_band);
        }
        eprintln!("lowest stack pointer {:#010x}, SRAM touched {touched} bytes", machine.stack_low().main);
        Ok(())
    }
}
