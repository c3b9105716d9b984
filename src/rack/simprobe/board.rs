//! One simulated board: an emulated board that runs in a thread of its own, its debug port and its console.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::clock::{Lap, SimClock};
use super::factory::announce;
use super::faults::{FaultKind, FaultScript, Faults};
use super::pty::Pty;
use crate::board::{Board, RegionKind};
use crate::emulator::debug::{Ack, DebugPort, Transfer};
use crate::emulator::{EmulatorError, Machine, Pause};

/// How long an idle board waits for its console at a time.
const NAP: Duration = Duration::from_millis(1);
/// Parts of a second that a running board is not looked at.
const SLICES: u64 = 1000;
/// Where the bytes of the flash sectors that scripts name are counted from.
const SECTOR: u32 = 0x4000;
/// Bytes of what was said last, for faults that say it again.
const REMEMBERED: usize = 64;
/// probe-rs waits for flash algorithms by the host's clock, and some of its limits are close to what silicon takes.
const FLASH_HASTE: u64 = 64;
/// The debug port's register of data.
const DRW: u8 = 0xC;

/// Why there is no simulated board.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    #[error(transparent)]
    Emulator(#[from] EmulatorError),
    #[error("the console of simulated board {serial}: {problem}")]
    Console { serial: String, problem: String },
}

/// The probe is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unplugged;

/// What a probe's wire and the board's thread both work on.
pub(super) struct Link {
    machine: Machine,
    port: DebugPort,
    faults: Faults,
    flash: (u32, u32),
    open: bool,
    /// Searches for it until the probe is back; `u32::MAX`: until a power cycle.
    gone: u32,
    /// Resets until the core leaves reset.
    stuck: u32,
    waits: u32,
    silent: u64,
    /// Resets until flash is whole again.
    spoiled: u32,
    device: Option<u32>,
    /// How much faster the unit's clock goes than its board's.
    rate: f64,
    resets: u32,
    said: Vec<u8>,
    out: Vec<u8>,
}

/// 0 in a script is for ever.
fn length(length: u32) -> u32 {
    if length == 0 { u32::MAX } else { length }
}

/// One less, where it is not for ever.
fn count_down(count: &mut u32) {
    if *count != u32::MAX {
        *count = count.saturating_sub(1);
    }
}

impl Link {
    fn new(board: &Board, script: &FaultScript) -> Result<Self, EmulatorError> {
        let mut machine = Machine::new(board)?;
        machine.soc_mut().set_flash_haste(FLASH_HASTE);
        machine.reset();
        let flash = board.memory.iter().find(|region| region.kind == RegionKind::Flash);
        let mut faults = Faults::new(script);
        let device = faults.happens(FaultKind::WrongChip).map(|rule| rule.device);
        let percent = faults.happens(FaultKind::Clock).map_or(0.0, |rule| rule.percent);
        let rate = 1.0 + percent / 100.0;
        if percent != 0.0 {
            // The host's line is as far off for the board as the board's is for the host.
            machine.soc_mut().set_baud((f64::from(board.console.baud) * rate) as u32);
        }
        Ok(Self {
            machine,
            port: DebugPort::new(board),
            faults,
            flash: flash.map_or((0, 0), |region| (region.origin, region.size)),
            open: false,
            gone: 0,
            stuck: 0,
            waits: 0,
            silent: 0,
            spoiled: 0,
            device,
            rate,
            resets: 0,
            said: Vec::new(),
            out: Vec::new(),
        })
    }

    pub fn line_reset(&mut self) {
        self.port.line_reset();
    }

    pub fn set_clock(&mut self, hz: u64) {
        self.port.set_clock(hz);
    }

    pub fn is_in_reset(&self) -> bool {
        self.port.is_in_reset()
    }

    pub fn reset_pin(&mut self, low: bool) {
        let was = self.port.is_in_reset();
        self.port.reset_pin(&mut self.machine, low || self.stuck > 0);
        if was && !low {
            self.was_reset();
        }
    }

    /// One transfer on the wire, or what a fault makes of it.
    pub fn transfer(&mut self, transfer: Transfer) -> Result<Ack, Unplugged> {
        if self.gone > 0 {
            return Err(Unplugged);
        }
        if let Some(rule) = self.faults.happens(FaultKind::Unplug) {
            self.gone = length(rule.length);
            return Err(Unplugged);
        }
        if let Some(rule) = self.faults.happens(FaultKind::Wait) {
            self.waits = length(rule.length);
        }
        if self.waits > 0 {
            count_down(&mut self.waits);
            return Ok(Ack::Wait);
        }
        if transfer.access_port && self.faults.happens(FaultKind::Fault).is_some() {
            self.port.fail();
            return Ok(Ack::Fault);
        }
        let place = self.port.bus_address();
        let ack = self.port.transfer(&mut self.machine, transfer);
        if transfer.access_port
            && transfer.address == DRW
            && transfer.write.is_none()
            && let Some(address) = place
        {
            self.falsify(address);
        }
        self.note_resets();
        Ok(ack)
    }

    /// What a debugger reads at `address` and should not.
    fn falsify(&mut self, address: u32) {
        if let Some(device) = self.device
            && matches!(address, 0xE004_2000 | 0xE00E_1000 | 0x5C00_1000)
        {
            *self.port.posted() = *self.port.posted() & !0xFFF | device;
        }
        if address.wrapping_sub(self.flash.0) < self.flash.1 && self.faults.happens(FaultKind::VerifyMismatch).is_some()
        {
            *self.port.posted() ^= 1 << (self.faults.random() & 31);
        }
    }

    fn note_resets(&mut self) {
        if self.machine.resets() != self.resets {
            self.resets = self.machine.resets();
            self.was_reset();
        }
    }

    fn was_reset(&mut self) {
        if self.spoiled > 0 {
            count_down(&mut self.spoiled);
            if self.spoiled == 0 {
                self.machine.soc_mut().spoil_flash(0, 0);
            }
        }
        if let Some(rule) = self.faults.happens(FaultKind::FlashError) {
            self.spoiled = length(rule.length);
            self.machine.soc_mut().spoil_flash(rule.sector.saturating_mul(SECTOR), SECTOR);
        }
        if self.stuck > 0 {
            count_down(&mut self.stuck);
        } else if let Some(rule) = self.faults.happens(FaultKind::StuckReset) {
            self.stuck = length(rule.length);
        }
        self.port.reset_pin(&mut self.machine, self.stuck > 0);
        self.resets = self.machine.resets();
        if self.faults.happens(FaultKind::Stale).is_some() {
            let mut again = std::mem::take(&mut self.said);
            self.out.append(&mut again);
        }
    }

    fn power_cycle(&mut self) {
        self.machine.power_cycle();
        self.port.power_on();
        (self.gone, self.stuck, self.waits, self.silent) = (0, 0, 0, 0);
        self.port.reset_pin(&mut self.machine, false);
        self.out.clear();
    }

    /// Runs for a slice of time. True where the board waits for somebody; then that time was the host's.
    fn turn(&mut self, input: &[u8], host: Duration, clock: &SimClock) -> bool {
        if !input.is_empty() {
            self.machine.send(input);
        }
        let core = self.machine.core();
        if core.halted().is_some() || core.lockup().is_some() || self.port.is_in_reset() {
            clock.advance(host);
            return true;
        }
        let (from, slice) = (self.machine.seconds(), (self.machine.soc().core_hz() / SLICES).max(1));
        let idle = match self.machine.run(slice) {
            Ok(pause) => pause == Pause::Idle || self.machine.core().is_asleep(),
            Err(error) => {
                // What is not modelled, or a breakpoint without a debugger: this board does nothing any more.
                if self.machine.core().lockup().is_none() {
                    self.machine.lock_up(&error.to_string());
                }
                true
            }
        };
        let lived = Duration::from_secs_f64((self.machine.seconds() - from).max(0.0) * self.rate);
        clock.advance(if idle { lived.max(host) } else { lived });
        self.note_resets();
        self.hear();
        idle
    }

    /// Takes what the board sent, as far as faults let it through.
    fn hear(&mut self) {
        for byte in self.machine.receive() {
            self.said.push(byte);
            let excess = self.said.len().saturating_sub(REMEMBERED);
            self.said.drain(..excess);
            if let Some(rule) = self.faults.happens(FaultKind::SilentUart) {
                self.silent = if rule.length == 0 { u64::MAX } else { rule.length.into() };
            }
            let dropped = self.faults.happens(FaultKind::DroppedByte).is_some();
            if self.silent > 0 {
                self.silent -= u64::from(self.silent != u64::MAX);
            } else if !dropped {
                let garbled = self.faults.happens(FaultKind::Garbage).is_some();
                let change = if garbled { (self.faults.random() % 255 + 1) as u8 } else { 0 };
                self.out.push(byte ^ change);
            }
            if self.faults.happens(FaultKind::LockUp).is_some() {
                self.machine.lock_up("a fault of the script");
            }
            if self.faults.happens(FaultKind::BrownOut).is_some() {
                self.machine.power_cycle();
                self.port.power_on();
                return;
            }
        }
    }
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
    fn live(&self, mut pty: Pty) {
        let (mut lap, mut idle, mut out) = (Lap::new(), true, Vec::new());
        while !self.stop.load(Ordering::Acquire) {
            let input = pty.read(if idle { NAP } else { Duration::ZERO });
            while self.waiting.load(Ordering::Acquire) > 0 {
                std::thread::yield_now();
            }
            {
                let mut link = self.link.lock().unwrap_or_else(PoisonError::into_inner);
                idle = link.turn(&input, lap.take(), &self.clock);
                out.append(&mut link.out);
            }
            pty.write(&mut out);
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
}

impl SimBoard {
    /// Powers a blank board on and puts its probe on probe-rs' list under `serial`, which is unique in the process.
    pub fn start(board: &Board, serial: &str, script: &FaultScript) -> Result<Arc<Self>, SimError> {
        let failed = |problem| SimError::Console { serial: serial.into(), problem };
        let pty = Pty::open().map_err(failed)?;
        let port = pty.path().to_string();
        let shared = Arc::new(Shared {
            link: Mutex::new(Link::new(board, script)?),
            waiting: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
            clock: SimClock::default(),
        });
        let lives = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name(format!("simprobe {serial}"));
        let thread = thread.spawn(move || lives.live(pty)).map_err(|error| failed(format!("no thread: {error}")))?;
        let board = board.clone();
        let this = Arc::new(Self { shared, thread: Some(thread), board, serial: serial.into(), port });
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

    pub fn clock(&self) -> SimClock {
        self.shared.clock.clone()
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
