//! A simulated board as its probe and its console meet it, and what faults make of it.

use std::time::Duration;

use super::clock::SimClock;
use super::faults::{FaultKind, FaultScript, Faults};
use super::meter::Span;
use crate::board::{Board, RegionKind};
use crate::emulator::debug::{Ack, DebugPort, Transfer};
use crate::emulator::{EmulatorError, Machine, Pause};

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
/// The core's debug halting control and status register.
const DHCSR: u32 = 0xE000_EDF0;
/// Slices by which a core is further on when it is looked at.
const HURRY: u64 = 4;
/// Slices of an idle board that may pass at once.
const MANY: u64 = 20;

/// The probe is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unplugged;

/// What a probe's wire and the board's thread both work on.
pub(super) struct Link {
    pub machine: Machine,
    port: DebugPort,
    pub faults: Faults,
    flash: (u32, u32),
    pub open: bool,
    /// Searches for it until the probe is back; `u32::MAX`: until a power cycle.
    pub gone: u32,
    /// Resets until the core leaves reset.
    stuck: u32,
    waits: u32,
    silent: u64,
    /// Resets until flash is whole again.
    spoiled: u32,
    device: Option<u32>,
    /// How many times as quick as its file says the board's oscillator is.
    rate: f64,
    resets: u32,
    /// Time that the core has lived outside of turns.
    ahead: Duration,
    said: Vec<u8>,
    pub out: Vec<u8>,
}

/// 0 in a script is for ever.
fn length(length: u32) -> u32 {
    if length == 0 { u32::MAX } else { length }
}

/// One less, where it is not for ever.
pub(super) fn count_down(count: &mut u32) {
    if *count != u32::MAX {
        *count = count.saturating_sub(1);
    }
}

impl Link {
    pub fn new(board: &Board, script: &FaultScript) -> Result<Self, EmulatorError> {
        let mut machine = Machine::new(board)?;
        machine.soc_mut().set_flash_haste(FLASH_HASTE);
        machine.reset();
        let flash = board.memory.iter().find(|region| region.kind == RegionKind::Flash);
        let mut faults = Faults::new(script);
        let device = faults.happens(FaultKind::WrongChip).map(|rule| rule.device);
        let percent = faults.happens(FaultKind::Clock).map_or(0.0, |rule| rule.percent);
        let rate = 1.0 + percent / 100.0;
        let mut link = Self {
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
            ahead: Duration::ZERO,
            said: Vec::new(),
            out: Vec::new(),
        };
        link.set_line(board.console.baud);
        Ok(link)
    }

    /// Bit rate of the host's end of the console. By a clock that is too quick it is slower.
    pub fn set_line(&mut self, baud: u32) {
        self.machine.soc_mut().set_baud((f64::from(baud) / self.rate).round() as u32);
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
        if transfer.access_port && transfer.write.is_none() && place == Some(DHCSR) {
            self.hurry();
        }
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

    /// Whoever waits for the core, as probe-rs for its flash algorithms, waits by the host's clock, of which this process may
    /// get little: so the core is further on each time that it is looked at.
    fn hurry(&mut self) {
        let core = self.machine.core();
        if core.halted().is_some() || core.lockup().is_some() || core.is_asleep() || self.port.is_in_reset() {
            return;
        }
        let from = self.machine.seconds();
        let slice = (self.machine.soc().core_hz() / SLICES).max(1);
        self.advance(HURRY * slice);
        self.ahead += Duration::from_secs_f64((self.machine.seconds() - from).max(0.0) / self.rate);
    }

    /// Runs for `cycles`; none where the board does nothing any more: what it does is not modelled, or a breakpoint has no
    /// debugger.
    fn advance(&mut self, cycles: u64) -> Option<Pause> {
        match self.machine.run(cycles) {
            Ok(pause) => Some(pause),
            Err(error) => {
                if self.machine.core().lockup().is_none() {
                    self.machine.lock_up(&error.to_string());
                }
                None
            }
        }
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

    pub fn power_cycle(&mut self) {
        self.machine.power_cycle();
        self.port.power_on();
        (self.gone, self.stuck, self.waits, self.silent) = (0, 0, 0, 0);
        self.port.reset_pin(&mut self.machine, false);
        self.out.clear();
    }

    /// Runs for a slice of time, or lets the time pass that the host took where the board waits for somebody.
    pub fn turn(&mut self, input: &[u8], host: Duration, clock: &SimClock) -> Span {
        clock.advance(std::mem::take(&mut self.ahead));
        if !input.is_empty() {
            self.machine.send(input);
        }
        let core = self.machine.core();
        if core.halted().is_some() || core.lockup().is_some() || self.port.is_in_reset() {
            clock.advance(host);
            return Span::still(host);
        }
        let (from, began, before) = (self.machine.seconds(), self.machine.cycles(), self.machine.activity());
        let hz = self.machine.soc().core_hz();
        // In the time that the host took, by the board's clock.
        let owed = (host.as_secs_f64() * self.rate * hz as f64) as u64;
        let slice = (hz / SLICES).max(1);
        let asleep = self.machine.core().is_asleep();
        let (idle, still) = match self.advance(if asleep { owed.clamp(slice, MANY * slice) } else { slice }) {
            Some(Pause::Idle) => {
                self.machine.wait(owed.saturating_sub(self.machine.cycles() - began));
                (true, false)
            }
            Some(_) => (self.machine.core().is_asleep(), false),
            None => (true, true),
        };
        let lived = Duration::from_secs_f64((self.machine.seconds() - from).max(0.0) / self.rate);
        let time = if still { lived.max(host) } else { lived };
        clock.advance(time);
        let cycles = (self.machine.cycles() - began).max(1) as f64;
        let edges = self.machine.take_edges().into_iter().filter(|edge| !edge.high);
        let falls = edges.map(|edge| edge.at.saturating_sub(began) as f64 / cycles).collect();
        let span = Span { idle, time, activity: self.machine.activity() - before, hz, falls };
        self.note_resets();
        self.hear();
        span
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
