//! One simulated board: an emulated board that runs in a thread of its own, its debug port and its console.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::clock::{Lap, SimClock};
use super::factory::announce;
use super::faults::FaultScript;
use super::link::{Link, Unplugged, count_down};
use super::meter::{Metering, SimMeter};
use super::pty::Pty;
use crate::board::Board;
use crate::emulator::EmulatorError;

/// How long an idle board waits for its console at a time.
const NAP: Duration = Duration::from_millis(1);

/// Why there is no simulated board.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    #[error(transparent)]
    Emulator(#[from] EmulatorError),
    #[error("the console of simulated board {serial}: {problem}")]
    Console { serial: String, problem: String },
    #[error("the instrument of simulated board {serial}: {problem}")]
    Meter { serial: String, problem: String },
}

struct Shared {
    link: Mutex<Link>,
    /// Who waits for `link`; the board's thread lets them go first.
    waiting: AtomicUsize,
    stop: AtomicBool,
    clock: SimClock,
}

impl Shared {
    fn link(&self) -> MutexGuard<'_, Link> {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        let link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_sub(1, Ordering::AcqRel);
        link
    }

    /// The life of a board.
    fn live(&self, mut pty: Pty, mut meter: Option<SimMeter>) {
        let (mut lap, mut idle, mut out) = (Lap::new(), true, Vec::new());
        while !self.stop.load(Ordering::Acquire) {
            let input = pty.read(if idle { NAP } else { Duration::ZERO });
            if let Some(meter) = &mut meter {
                meter.hear();
            }
            while self.waiting.load(Ordering::Acquire) > 0 {
                std::thread::yield_now();
            }
            {
                let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
                let span = link.turn(&input, lap.take(), &self.clock);
                idle = span.idle;
                if let Some(meter) = &mut meter {
                    meter.play(&span, &mut link.faults);
                }
                out.append(&mut link.out);
            }
            pty.write(&mut out);
            if let Some(meter) = &mut meter {
                meter.flush(&self.stop);
            }
        }
    }
}

/// A board of this process that probe-rs and `serialport` reach as they reach a real one. It lives until this is dropped.
pub struct SimBoard {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    board: Board,
    serial: String,
    port: String,
    meter_port: Option<String>,
}

impl SimBoard {
    /// Powers a blank board on and puts its probe on probe-rs' list under `serial`, which is unique in the process.
    pub fn start(board: &Board, serial: &str, script: &FaultScript) -> Result<Arc<Self>, SimError> {
        Self::start_metered(board, serial, script, None)
    }

    /// As [`SimBoard::start`], with an emulated instrument in the board's supply.
    pub fn start_metered(
        board: &Board,
        serial: &str,
        script: &FaultScript,
        metering: Option<Metering>,
    ) -> Result<Arc<Self>, SimError> {
        let of_meter = |problem| SimError::Meter { serial: serial.into(), problem };
        let meter = metering.map(|metering| SimMeter::new(board, metering).map_err(of_meter)).transpose()?;
        let meter_port = meter.as_ref().map(|meter| meter.path().to_string());
        let failed = |problem| SimError::Console { serial: serial.into(), problem };
        let pty = Pty::open().map_err(failed)?;
        let port = pty.path().to_string();
        let shared = Arc::new(Shared {
            link: Mutex::new(Link::new(board, script)?),
            waiting: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            clock: SimClock::default(),
        });
        if let (Some(_), Some(marker)) = (&meter, board.marker) {
            shared.link().machine.soc_mut().watch(marker.port, marker.number);
        }
        let lives = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name(format!("simprobe {serial}"));
        let thread =
            thread.spawn(move || lives.live(pty, meter)).map_err(|error| failed(format!("no thread: {error}")))?;
        let board = board.clone();
        let this = Arc::new(Self { shared, thread: Some(thread), board, serial: serial.into(), port, meter_port });
        announce(&this);
        Ok(this)
    }

    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Serial number of its probe.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// Path of its console.
    pub fn port(&self) -> &str {
        &self.port
    }

    /// Path of its instrument's port; none where it has no instrument.
    pub fn meter_port(&self) -> Option<&str> {
        self.meter_port.as_deref()
    }

    pub fn clock(&self) -> SimClock {
        self.shared.clock.clone()
    }

    /// Bit rate of the host's end of the console.
    pub fn set_line(&self, baud: u32) {
        self.shared.link().set_line(baud);
    }

    /// Takes the power away and gives it back: RAM and registers are lost, flash stays, the probe is plugged in anew.
    pub fn power_cycle(&self) {
        self.shared.link().power_cycle();
    }

    /// Faults that the script has caused so far.
    pub fn faults(&self) -> u64 {
        self.shared.link().faults.count()
    }

    /// Why the core does not go on, where it is locked up: what a board would not tell.
    pub fn lockup(&self) -> Option<String> {
        self.shared.link().machine.core().lockup().map(String::from)
    }

    /// Whether a search finds its probe; an unplugged one comes nearer to being back with each.
    pub(super) fn is_found(&self) -> bool {
        let mut link = self.shared.link();
        let found = link.gone == 0;
        count_down(&mut link.gone);
        found
    }

    /// Takes the probe, or says why not.
    pub(super) fn open_probe(&self) -> Result<(), String> {
        let mut link = self.shared.link();
        if link.gone > 0 {
            return Err("the probe is not there".into());
        }
        if link.open {
            return Err("the probe is in use".into());
        }
        link.open = true;
        Ok(())
    }

    pub(super) fn close_probe(&self) {
        self.shared.link().open = false;
    }

    /// Works on the board as its probe does.
    pub(super) fn link<T>(&self, act: impl FnOnce(&mut Link) -> T) -> Result<T, Unplugged> {
        let mut link = self.shared.link();
        if link.gone > 0 { Err(Unplugged) } else { Ok(act(&mut link)) }
    }
}

impl Drop for SimBoard {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
