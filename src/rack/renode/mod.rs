//! Driver of boards in Renode: instructions are counted exactly, time is virtual, and there are no cycles.
//!
//! One instruction is one step of Renode, whatever it costs on silicon; its cycle counter counts steps. What the firmware
//! reports as cycles are therefore instructions, and are stored as such.

mod monitor;
mod platform;
mod process;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::cancel::Cancel;
use super::error::UnitError;
use super::recovery::Step;
use super::unit::{Counters, Driver, Program, Unit};
use crate::board::Board;
use monitor::{Monitor, MonitorError};
use platform::Platform;
use process::{Process, free_ports};

/// Host time until Renode listens: it starts in about a second.
const START: Duration = Duration::from_secs(60);
/// Host time of a command that simulates nothing.
const COMMAND: Duration = Duration::from_secs(30);
/// Host time of one slice of virtual time: a core that jumped to nowhere never comes back.
const SLICE_LIMIT: Duration = Duration::from_secs(60);
/// Host time after which the log is looked at, which may say already that the core never comes back.
const PATIENCE: Duration = Duration::from_secs(1);
/// Virtual time of one slice, from the first to the longest.
const SLICES: (Duration, Duration) = (Duration::from_micros(500), Duration::from_millis(20));
/// Host time in which a byte that was simulated mostly arrives, and in which it does even on a busy host.
const WIRE: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(100));

/// One board in Renode.
pub struct Renode {
    id: String,
    board: Board,
    program: PathBuf,
    /// Some once flashed.
    running: Option<Running>,
    slice_limit: Duration,
}

struct Running {
    monitor: Monitor,
    console: TcpStream,
    now: Duration,
    instructions: u64,
    slice: Duration,
    /// Ended last, after its connections.
    process: Process,
}

impl Renode {
    /// The Renode of `HIL_RENODE`, or of PATH.
    pub fn new(board: &Board, name: &str) -> Self {
        let program = std::env::var_os("HIL_RENODE").map_or_else(|| "renode".into(), PathBuf::from);
        Self::with(board, name, program, SLICE_LIMIT)
    }

    /// With this program, given up once a slice of virtual time takes longer than `slice_limit` of the host's.
    pub fn with(board: &Board, name: &str, program: PathBuf, slice_limit: Duration) -> Self {
        let id = format!("{}/{}/{name}", Driver::Renode.name(), board.name);
        Self { id, board: board.clone(), program, running: None, slice_limit }
    }

    /// Instructions that the core has executed since it was reset last, as Renode counts them.
    pub fn executed_instructions(&self) -> u64 {
        self.running.as_ref().map_or(0, |running| running.instructions)
    }

    fn lost(&self, problem: impl Into<String>) -> UnitError {
        UnitError::Lost { unit: self.id.clone(), problem: problem.into() }
    }

    fn failed(&self, process: Option<&Process>, command: &str, error: MonitorError) -> UnitError {
        match error {
            MonitorError::Cancelled => UnitError::Cancelled,
            MonitorError::Gone(problem) => {
                let why = process.and_then(Process::last_words).map_or_else(String::new, |words| format!(": {words}"));
                self.lost(format!("Renode: {problem}, at `{command}`{why}"))
            }
            MonitorError::Refused(said) => {
                UnitError::Stopped { unit: self.id.clone(), problem: format!("Renode refused `{command}`: {said}") }
            }
            MonitorError::Stuck => {
                let abort = process.and_then(Process::abort);
                let why = abort.unwrap_or_else(|| "the core may have jumped to where there is no memory".into());
                let problem = format!("Renode does not come back from `{command}`: {why}");
                UnitError::Stopped { unit: self.id.clone(), problem }
            }
        }
    }

    fn running(&mut self) -> Result<&mut Running, UnitError> {
        let lost = self.lost("it was not flashed, or Renode has ended");
        self.running.as_mut().ok_or(lost)
    }

    /// After an error nothing of this Renode is believed any more.
    fn given_up(&mut self, command: &str, error: MonitorError) -> UnitError {
        let failed = self.failed(self.running.as_ref().map(|running| &running.process), command, error);
        self.running = None;
        failed
    }

    /// Runs commands whose success is silence.
    fn commands(&mut self, commands: &[String], limit: Duration, cancel: &Cancel) -> Result<(), UnitError> {
        for command in commands {
            let done = self.running()?.monitor.quietly(command, limit, cancel);
            done.map_err(|error| self.given_up(command, error))?;
        }
        Ok(())
    }

    fn ask(&mut self, command: &str, cancel: &Cancel) -> Result<String, UnitError> {
        let answer = self.running()?.monitor.command(command, COMMAND, cancel);
        answer.map_err(|error| self.given_up(command, error))
    }

    /// Lets virtual time pass.
    fn run_for(&mut self, slice: Duration, cancel: &Cancel) -> Result<(), UnitError> {
        let command = format!("emulation RunFor \"{:.6}\"", slice.as_secs_f64());
        let until = Instant::now() + self.slice_limit;
        let Running { monitor, process, .. } = self.running()?;
        let done = monitor.send(&command).and_then(|()| {
            loop {
                let patience = PATIENCE.min(until.saturating_duration_since(Instant::now()));
                match monitor.done(&command, patience, cancel) {
                    Err(MonitorError::Stuck) if Instant::now() < until && process.abort().is_none() => {}
                    done => return done,
                }
            }
        });
        done.map_err(|error| self.given_up(&command, error))
    }

    fn start(&mut self, program: &Program, cancel: &Cancel) -> Result<(), UnitError> {
        let text = Platform::of(&self.board).and_then(|platform| platform.text());
        let text = text.map_err(|problem| UnitError::Unsupported { unit: self.id.clone(), what: problem })?;
        let (monitor_port, console_port) = free_ports().map_err(|problem| self.lost(problem))?;
        let mut process = Process::start(&self.program, monitor_port).map_err(|problem| self.lost(problem))?;
        let written = std::fs::write(process.folder.join("unit.repl"), text)
            .and_then(|()| std::fs::write(process.folder.join("unit.elf"), &program.elf));
        written.map_err(|error| self.lost(format!("{}: {error}", process.folder.display())))?;
        let connect = |process: &mut Process, port, limit| {
            let stream = process.connect(port, limit, cancel);
            stream.map_err(|problem| problem.map_or(UnitError::Cancelled, |problem| self.lost(problem)))
        };
        let stream = connect(&mut process, monitor_port, START)?;
        let mut monitor = Monitor::new(stream).map_err(|error| self.lost(error.to_string()))?;
        monitor.greet(START, cancel).map_err(|error| self.failed(Some(&process), "its start", error))?;
        let terminal = format!("emulation CreateServerSocketTerminal {console_port} \"term\" false");
        for command in [
            format!("logFile {}", path(&process.folder.join("renode.log"))),
            "mach create \"unit\"".into(),
            format!("machine LoadPlatformDescription {}", path(&process.folder.join("unit.repl"))),
            format!("cpu PerformanceInMips {}", self.board.clock.hz.div_ceil(1_000_000)),
            terminal,
            "connector Connect sysbus.console term".into(),
            "emulation SetGlobalAdvanceImmediately true".into(),
        ] {
            let done = monitor.quietly(&command, COMMAND, cancel);
            done.map_err(|error| self.failed(Some(&process), &command, error))?;
        }
        let console = connect(&mut process, console_port, COMMAND)?;
        console.set_nodelay(true).map_err(|error| self.lost(error.to_string()))?;
        let (now, slice) = (Duration::ZERO, SLICES.0);
        self.running = Some(Running { monitor, console, now, instructions: 0, slice, process });
        Ok(())
    }

    fn load(&mut self, cancel: &Cancel) -> Result<(), UnitError> {
        let elf = self.running()?.process.folder.join("unit.elf");
        self.commands(&[format!("sysbus LoadELF {}", path(&elf))], COMMAND, cancel)
    }

    /// What the console has sent already, or sends within `wait`.
    fn heard(&mut self, wait: Duration) -> Result<Vec<u8>, UnitError> {
        let mut buffer = [0; 4096];
        let console = &mut self.running()?.console;
        match console.set_read_timeout(Some(wait)).and_then(|()| console.read(&mut buffer)) {
            Ok(0) => {
                self.running = None;
                Err(self.lost("Renode closed the console"))
            }
            Ok(count) => Ok(buffer[..count].to_vec()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(Vec::new()),
            Err(error) => Err(self.lost(format!("Renode's console: {error}"))),
        }
    }

    /// Reads virtual time and executed instructions back.
    fn look(&mut self, cancel: &Cancel) -> Result<(), UnitError> {
        let time = self.ask("machine ElapsedVirtualTime", cancel)?;
        let instructions = self.ask("cpu ExecutedInstructions", cancel)?;
        let odd = |said: &str| UnitError::Lost { unit: self.id.clone(), problem: format!("Renode said `{said}`") };
        let (time, count) =
            (elapsed(&time).ok_or_else(|| odd(&time))?, hexadecimal(&instructions).ok_or_else(|| odd(&instructions))?);
        let running = self.running()?;
        // It never goes back.
        running.now = running.now.max(time);
        running.instructions = count;
        Ok(())
    }
}

/// A path as the monitor reads it.
fn path(path: &Path) -> String {
    format!("@{}", path.display().to_string().replace(' ', "\\ "))
}

/// `[Domain = ..., TimeElapsed = 00:00:00.200000000]`, where the domain has times of its own, or the time alone.
fn elapsed(said: &str) -> Option<Duration> {
    let time = said.rsplit_once('=').map_or(said, |(_, time)| time).trim().trim_end_matches(']');
    let parts: Vec<&str> = time.split(':').collect();
    let [hours, minutes, seconds] = parts[..] else { return None };
    let seconds = seconds.parse::<f64>().ok().filter(|s| (0.0..60.0).contains(s))?;
    let minutes = hours.parse::<u64>().ok()?.checked_mul(60)?.checked_add(minutes.parse().ok()?)?;
    Some(Duration::from_secs(minutes.checked_mul(60)?) + Duration::from_secs_f64(seconds))
}

/// `0x0000000000469FA9`.
fn hexadecimal(said: &str) -> Option<u64> {
    u64::from_str_radix(said.trim().strip_prefix("0x")?, 16).ok()
}

impl Unit for Renode {
    fn id(&self) -> &str {
        &self.id
    }

    fn board(&self) -> &Board {
        &self.board
    }

    fn driver(&self) -> Driver {
        Driver::Renode
    }

    /// A new process each time, so that nothing of an earlier image is left.
    fn flash(&mut self, program: &Program, _: Duration, cancel: &Cancel) -> Result<(), UnitError> {
        self.running = None;
        if program.elf.is_empty() {
            let problem = "Renode loads ELF files, and this image is none".into();
            return Err(UnitError::Program { unit: self.id.clone(), problem });
        }
        self.start(program, cancel)?;
        self.load(cancel)
    }

    fn reset(&mut self, cancel: &Cancel) -> Result<(), UnitError> {
        self.commands(&["machine Reset".into()], COMMAND, cancel)?;
        // Renode's count starts anew; its time does not.
        self.running()?.instructions = 0;
        self.load(cancel)?;
        while !self.heard(WIRE.0)?.is_empty() {}
        Ok(())
    }

    fn write(&mut self, bytes: &[u8], _: &Cancel) -> Result<(), UnitError> {
        let sent = self.running()?.console.write_all(bytes);
        sent.map_err(|error| self.lost(format!("Renode's console: {error}")))
    }

    fn now(&self) -> Duration {
        self.running.as_ref().map_or(Duration::ZERO, |running| running.now)
    }

    fn read(&mut self, until: Duration, cancel: &Cancel) -> Result<Vec<u8>, UnitError> {
        // Nothing is concluded from silence after simulated time as long as bytes may be on their way.
        let mut wait = WIRE.0;
        loop {
            if cancel.is_cancelled() {
                return Err(UnitError::Cancelled);
            }
            let heard = self.heard(wait)?;
            if !heard.is_empty() {
                self.running()?.slice = SLICES.0;
                return Ok(heard);
            }
            let running = self.running()?;
            if running.now >= until {
                return Ok(Vec::new());
            }
            let slice = running.slice.min(until - running.now).max(Duration::from_micros(1));
            running.slice = (running.slice * 2).min(SLICES.1);
            self.run_for(slice, cancel)?;
            let before = self.now();
            self.look(cancel)?;
            if self.now() <= before {
                return Err(self.lost("Renode's virtual time stands still"));
            }
            if self.now() >= until {
                wait = WIRE.1;
            }
        }
    }

    fn recover(&mut self, _: Step, _: Duration, _: &Cancel) -> Result<(), UnitError> {
        self.running = None;
        Ok(())
    }

    /// The process ends with the lease.
    fn release(&mut self) {
        self.running = None;
    }

    fn counters(&self) -> Option<Counters> {
        // Cycles it has none; instructions of one inference are what the firmware's counter counts here.
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_numbers_or_nothing() {
        let said = "[Domain = Elapsed Virtual Time: 00:00:00.300000000\nCurrent load: NaN\nQuantum: 00:00:00.000100000, \
                    TimeElapsed = 00:00:00.200000000]";
        assert_eq!(elapsed(said), Some(Duration::from_millis(200)));
        assert_eq!(elapsed("TimeElapsed = 00:00:00.200000000"), Some(Duration::from_millis(200)));
        assert_eq!(elapsed("01:02:03.5"), Some(Duration::from_millis(3_723_500)));
        for wrong in ["", "00:00", "00:00:61", "a:b:c", "-1:00:00"] {
            assert_eq!(elapsed(wrong), None, "{wrong}");
        }
        assert_eq!(hexadecimal("0x0000000000469FA9"), Some(0x0046_9FA9));
        assert_eq!(hexadecimal("12"), None);
    }

    #[test]
    fn a_space_ends_no_path() {
        assert_eq!(path(Path::new("/a b/c")), "@/a\\ b/c");
    }
}
