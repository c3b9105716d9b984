//! `hil emulate`.

use std::io::{ErrorKind, Read, Write};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, channel};
use std::thread;
use std::time::Duration;

use serde_json::json;

use super::arguments::EmulateOptions;
use super::output::print_json;
use super::{Ended, Failure, interrupt};
use crate::board::{Board, RegionKind};
use crate::emulator::{EmulatorError, Image, Machine, Pause};
use crate::rack::Cancel;

/// Board time without output after which input is sent to a core that does not sleep, seconds.
const QUIET: f64 = 0.05;
/// Core cycles between two looks at limits and input.
const SLICE: u64 = 1 << 20;

pub fn run(options: EmulateOptions, json: bool) -> Ended {
    let board = Board::shipped(&options.board)?;
    let flash = board.memory.iter().find(|region| region.kind == RegionKind::Flash).map_or(0, |region| region.origin);
    let image = Image::read(&options.image, flash).map_err(|e| Failure::Usage(e.to_string()))?;
    let mut machine = Machine::new(&board).map_err(failure)?;
    machine.load(&image).map_err(failure)?;
    let mut session = Session { machine, cancel: interrupt::cancel()?, input: input(), ended: false, kept: Vec::new() };
    let why = session.go(&options, json)?;
    session.tell(&why, json)?;
    Ok(ExitCode::SUCCESS)
}

fn failure(error: EmulatorError) -> Failure {
    match error {
        EmulatorError::DoesNotFit { .. } => Failure::Usage(error.to_string()),
        other => Failure::Infrastructure(other.to_string()),
    }
}

/// Stdin in pieces that end with `%` or a line, as consoles take commands.
fn input() -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        let mut piece = Vec::new();
        for byte in std::io::stdin().lock().bytes() {
            let Ok(byte) = byte else { break };
            piece.push(byte);
            if matches!(byte, b'%' | b'\n') && sender.send(std::mem::take(&mut piece)).is_err() {
                return;
            }
        }
        if !piece.is_empty() {
            // Nobody listens any more where the command has ended.
            let _ = sender.send(piece);
        }
    });
    receiver
}

struct Session {
    machine: Machine,
    cancel: Cancel,
    input: Receiver<Vec<u8>>,
    /// Whether stdin has ended.
    ended: bool,
    /// What the console said, where it is not printed as it comes.
    kept: Vec<u8>,
}

impl Session {
    /// Runs until a limit, the end of input, or Ctrl-C; says which.
    fn go(&mut self, options: &EmulateOptions, keep: bool) -> Result<String, Failure> {
        let mut last_heard = self.machine.seconds();
        loop {
            let pause = self.machine.run_until_heard(SLICE);
            let heard = self.machine.receive();
            if !heard.is_empty() {
                last_heard = self.machine.seconds();
                self.show(heard, keep)?;
            }
            let pause = pause.map_err(failure)?;
            if self.cancel.is_cancelled() {
                return Ok("interrupted".into());
            }
            if options.seconds.is_some_and(|limit| self.machine.seconds() >= limit) {
                return Ok("the limit of seconds".into());
            }
            if options.instructions.is_some_and(|limit| self.machine.instructions() >= limit) {
                return Ok("the limit of instructions".into());
            }
            match pause {
                Pause::Idle if self.ended => return Ok("it waits for input, which has ended".into()),
                Pause::Idle => self.wait_for_input(),
                _ if !self.ended && self.machine.seconds() - last_heard > QUIET => {
                    last_heard = self.machine.seconds();
                    match self.input.try_recv() {
                        Ok(piece) => self.machine.send(&piece),
                        Err(TryRecvError::Empty) => {}
                        Err(TryRecvError::Disconnected) => self.ended = true,
                    }
                }
                _ => {}
            }
        }
    }

    /// The board's time stands still meanwhile, so that piped input gives the same run each time.
    fn wait_for_input(&mut self) {
        loop {
            match self.input.recv_timeout(Duration::from_millis(50)) {
                Ok(piece) => return self.machine.send(&piece),
                Err(RecvTimeoutError::Disconnected) => return self.ended = true,
                Err(RecvTimeoutError::Timeout) if self.cancel.is_cancelled() => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn show(&mut self, heard: Vec<u8>, keep: bool) -> Result<(), Failure> {
        if keep {
            self.kept.extend(heard);
            return Ok(());
        }
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(&heard).and_then(|()| stdout.flush()) {
            Err(e) if e.kind() == ErrorKind::BrokenPipe => {
                self.cancel.cancel();
                Ok(())
            }
            other => other.map_err(|e| Failure::Infrastructure(format!("failed to write to stdout: {e}"))),
        }
    }

    fn tell(&self, why: &str, json: bool) -> Result<(), Failure> {
        let machine = &self.machine;
        let touched: u64 = machine.touched().iter().map(|range| u64::from(range.end - range.start)).sum();
        let (cycles, instructions, seconds) = (machine.cycles(), machine.instructions(), machine.seconds());
        if json {
            return print_json(&json!({
                "ended": why,
                "console": String::from_utf8_lossy(&self.kept),
                "cycles": cycles,
                "instructions": instructions,
                "seconds": seconds,
                "lowest_stack_pointer": machine.stack_low().main,
                "touched_sram_bytes": touched,
                "provenance": "emulated",
            }));
        }
        eprintln!("ended: {why}");
        eprintln!("{instructions} instructions, {cycles} cycles, {seconds:.6} s of the board's time (emulated)");
        eprintln!("lowest stack pointer {:#010x}, SRAM touched {touched} bytes", machine.stack_low().main);
        Ok(())
    }
}
