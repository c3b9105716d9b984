//! What runs between devices: interrupt lines, clocks, DMA requests, pins and serial lines.

use super::clocks::{Clocks, Node, Rate};
use super::pins::Pins;
use super::serial::Serial;
use crate::board::Supply;
use crate::emulator::interface::{FlashSetup, Lines};

/// One source of an interrupt line; sources on the same line are joined by OR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Irq {
    line: u16,
    source: u8,
}

/// A DMA request, named as the reference manual's request tables do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Request(u16);

/// Where a device's kernel clock comes from.
#[derive(Debug, Clone, Copy)]
pub enum Kernel {
    Fixed(Node),
    /// A field of two bits of an RCC register chooses.
    Chosen {
        register: u16,
        shift: u8,
        from: [Node; 4],
    },
    /// A field of three bits does.
    ChosenOf8 {
        register: u16,
        shift: u8,
        from: [Node; 8],
    },
}

/// What caused the last reset, beside the pin, which every reset pulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Power,
    Software,
    /// The independent watchdog.
    Watchdog,
    /// The window watchdog.
    Window,
}

/// Everything that devices share.
#[derive(Debug)]
pub struct Wires {
    lines: Lines,
    sources: Vec<u32>,
    used: Vec<u8>,
    requests: Vec<(&'static str, bool)>,
    pub clocks: Clocks,
    /// Registers of the RCC by offset / 4, for gates and selectors.
    pub rcc: Vec<u32>,
    /// Flash wait states in force.
    pub wait_states: u32,
    /// Whether the instruction cache between core and flash is on, where FLASH ACR does not say.
    pub cached: bool,
    /// Whether a line has one place in it only.
    pub direct_mapped: bool,
    /// What FLASH ACR says, where the part has one.
    pub flash_setup: Option<FlashSetup>,
    /// Highest core clock, Hz, that the regulator's present setting carries.
    pub supply_limit_hz: u64,
    /// How the board supplies the core, where software has to choose it.
    pub supply: Option<Supply>,
    /// SYSCFG of H74x lifts the highest voltage range.
    pub over_drive: bool,
    /// PWR lets software write to the backup domain.
    pub backup_writable: bool,
    pub serial: Vec<Serial>,
    pub pins: Pins,
    /// Input that each DMAMUX output listens to.
    pub mux: [u8; 16],
    /// How many times as quick as typical erasing and programming are.
    pub flash_haste: u64,
    pub clocks_changed: bool,
    /// Wait states or supply limit changed: the core clock has to be looked at again.
    pub limits_changed: bool,
    pub resets_changed: bool,
    /// A request rose: the DMA controllers have to look.
    pub requests_changed: bool,
    pub reset_requested: bool,
    pub reset_cause: Cause,
}

impl Wires {
    pub fn new(clocks: Clocks) -> Self {
        Self {
            lines: Lines::default(),
            sources: vec![0; Lines::COUNT],
            used: vec![0; Lines::COUNT],
            requests: Vec::new(),
            clocks,
            rcc: Vec::new(),
            wait_states: 0,
            cached: false,
            direct_mapped: false,
            flash_setup: None,
            supply_limit_hz: u64::MAX,
            supply: None,
            over_drive: false,
            backup_writable: true,
            serial: Vec::new(),
            pins: Pins::default(),
            mux: [0; 16],
            flash_haste: 1,
            clocks_changed: false,
            limits_changed: false,
            resets_changed: false,
            requests_changed: false,
            reset_requested: false,
            reset_cause: Cause::Power,
        }
    }

    /// How long an operation of flash takes that typically takes `micros`.
    pub fn flash_micros(&self, micros: u64) -> u64 {
        (micros / self.flash_haste.max(1)).max(1)
    }

    pub fn lines(&self) -> &Lines {
        &self.lines
    }

    /// A new source on an interrupt line (at most 32 a line).
    pub fn source(&mut self, line: u16) -> Irq {
        let used = &mut self.used[usize::from(line)];
        let irq = Irq { line, source: *used };
        *used += 1;
        irq
    }

    pub fn drive(&mut self, irq: Irq, high: bool) {
        let sources = &mut self.sources[usize::from(irq.line)];
        let bit = 1 << irq.source;
        let driven = if high { *sources | bit } else { *sources & !bit };
        if driven != *sources {
            *sources = driven;
            self.lines.set(usize::from(irq.line), driven != 0);
        }
    }

    /// A watchdog asks for a reset of the system.
    pub fn ask_for_reset(&mut self, cause: Cause) {
        self.reset_requested = true;
        self.reset_cause = cause;
    }

    /// The request of this name, which the two ends of it ask for.
    pub fn request(&mut self, name: &'static str) -> Request {
        let at = self.requests.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
            self.requests.push((name, false));
            self.requests.len() - 1
        });
        Request(at as u16)
    }

    pub fn demand(&mut self, request: Request, high: bool) {
        let (_, level) = &mut self.requests[usize::from(request.0)];
        self.requests_changed |= high && !*level;
        *level = high;
    }

    pub fn is_demanded(&self, request: Request) -> bool {
        self.requests[usize::from(request.0)].1
    }

    /// A kernel clock as it stands.
    pub fn rate(&self, kernel: Kernel) -> Rate {
        let field = |register: u16, shift: u8| self.rcc.get(usize::from(register) / 4).copied().unwrap_or(0) >> shift;
        let node = match kernel {
            Kernel::Fixed(node) => node,
            Kernel::Chosen { register, shift, from } => from[(field(register, shift) & 3) as usize],
            Kernel::ChosenOf8 { register, shift, from } => from[(field(register, shift) & 7) as usize],
        };
        Rate { hz: self.clocks.hz(node), core_hz: self.clocks.hz(Node::Core) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_of_a_line_are_joined() {
        let mut wires = Wires::new(Clocks::uniform(1));
        let (a, b) = (wires.source(54), wires.source(54));
        wires.drive(a, true);
        wires.drive(b, true);
        wires.drive(a, false);
        assert!(wires.lines().is_high(54));
        wires.drive(b, false);
        assert!(!wires.lines().is_high(54));
    }
}
