//! The peripherals of a board and what connects them.
//!
//! `families/` holds the memory map of each family as data; a block that is on the part but not modelled refuses every
//! access by name. Devices never see each other: they meet on [`wires::Wires`].

mod adc;
mod blocks;
mod build;
mod clocks;
mod cmsdk_timer;
mod cmsdk_uart;
mod crc;
mod debug;
mod decode;
mod device;
mod dma;
mod dma_bus;
mod down_counter;
mod exti;
mod families;
mod flash;
mod gpio;
mod host;
mod icache;
mod identity;
mod mps2;
mod otg;
mod pins;
mod pwr;
mod rcc;
mod registers;
mod rng;
mod serial;
mod syscfg;
mod time;
mod timer;
mod usart;
mod watchdog;
mod wires;

use std::collections::BTreeMap;

use crate::board::{Board, RegionKind};
use crate::emulator::interface::{AccessError, FlashSetup, Lines, Memory, Periphery, Width};
use blocks::{Block, FamilyMap, Unclocked};
use clocks::{Clocks, Node};
use decode::Decoder;
use device::{Bus, Device, NoMemory, Refusal};
pub use pins::Edge;
pub use serial::Sent;
use time::Time;
use wires::{Cause, Wires};

/// Why a board's peripherals cannot be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SocError {
    #[error("board `{board}`: the emulator does not know the family `{family}`")]
    Family { board: String, family: String },
    #[error("board `{board}`: console `{console}` is no serial peripheral of {family}")]
    Console { board: String, console: String, family: String },
    #[error("board `{board}`: {peripheral} {register}: {problem}")]
    Setup { board: String, peripheral: String, register: String, problem: String },
}

struct Slot {
    block: usize,
    device: Box<dyn Device>,
    due: u64,
}

/// All peripherals of one board.
pub struct Soc {
    family: &'static FamilyMap,
    blocks: Vec<Block>,
    decoder: Decoder,
    devices: Vec<Slot>,
    /// Device of each block.
    of_block: Vec<Option<usize>>,
    /// Devices that have to look when their kind of wire changes.
    dma: Vec<usize>,
    dma_runs: bool,
    exti: Option<usize>,
    flash: Option<usize>,
    flash_ranges: Vec<(u32, u32)>,
    rcc: Option<&'static rcc::Family>,
    wires: Wires,
    due: u64,
    console: usize,
    time: Time,
    permissive: bool,
    ignored: BTreeMap<(String, String), u64>,
    unclocked: BTreeMap<&'static str, u64>,
}

impl Soc {
    pub fn new(board: &Board) -> Result<Self, SocError> {
        let unknown = || SocError::Family { board: board.name.clone(), family: board.family.clone() };
        let family = families::find(&board.family).ok_or_else(unknown)?;
        let mut blocks = family.blocks.to_vec();
        blocks.sort_by_key(|block| block.base);
        let decoder = Decoder::new(&blocks);
        let wires = Wires::new(Clocks::uniform(family.fixed_hz.unwrap_or(0)));
        let flash_ranges = board
            .memory
            .iter()
            .filter(|r| r.kind == RegionKind::Flash)
            .flat_map(|r| std::iter::once(r.origin).chain(r.aliases.iter().copied()).map(|origin| (origin, r.size)))
            .collect();
        let mut soc = Self {
            family,
            of_block: vec![None; blocks.len()],
            blocks,
            decoder,
            devices: Vec::new(),
            dma: Vec::new(),
            dma_runs: false,
            exti: None,
            flash: None,
            flash_ranges,
            rcc: None,
            wires,
            due: u64::MAX,
            console: 0,
            time: Time::default(),
            permissive: false,
            ignored: BTreeMap::new(),
            unclocked: BTreeMap::new(),
        };
        soc.build(board);
        let console = soc.wires.serial.iter().position(|line| line.name == board.console.peripheral);
        soc.console = console.ok_or_else(|| SocError::Console {
            board: board.name.clone(),
            console: board.console.peripheral.clone(),
            family: board.family.clone(),
        })?;
        soc.reset(0);
        Ok(soc)
    }

    /// Everything as after power-on, at cycle `now`; memory is not touched.
    pub fn reset(&mut self, now: u64) {
        self.wires.reset_cause = Cause::Power;
        self.restart(now);
    }

    fn restart(&mut self, now: u64) {
        self.wires.reset_requested = false;
        for index in 0..self.devices.len() {
            self.on_device(index, now, &mut NoMemory, |device, bus| device.reset(bus));
        }
        self.wires.clocks_changed = true;
        // No reset state is one that the part does not bear.
        let _ = self.settle(now, &mut NoMemory);
    }

    /// As [`Soc::reset`], with the flag of the RCC set that says what caused it.
    pub fn reset_by_software(&mut self, now: u64) {
        if !self.wires.reset_requested {
            self.wires.reset_cause = Cause::Software;
        }
        self.restart(now);
    }

    /// Counts accesses to what is not modelled instead of refusing them: reads give 0, writes have no effect.
    pub fn set_permissive(&mut self, permissive: bool) {
        self.permissive = permissive;
    }

    /// Accesses that were ignored: peripheral, register and problem, count.
    pub fn ignored(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        self.ignored.iter().map(|((peripheral, register), count)| (peripheral.as_str(), register.as_str(), *count))
    }

    /// Accesses to peripherals whose clock was off, where silicon loses them: peripheral and count. Software seldom means it.
    pub fn unclocked(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.unclocked.iter().map(|(peripheral, count)| (*peripheral, *count))
    }

    /// Present core clock, Hz.
    pub fn core_hz(&self) -> u64 {
        self.wires.clocks.hz(Node::Core)
    }

    /// Seconds since power-on.
    pub fn seconds(&self, now: u64) -> f64 {
        self.time.seconds(now)
    }

    fn device_named(&self, name: &str) -> Option<usize> {
        let block = self.blocks.iter().position(|block| block.name == name)?;
        self.of_block[block]
    }

    fn on_device<R>(
        &mut self,
        index: usize,
        now: u64,
        memory: &mut dyn Memory,
        act: impl FnOnce(&mut dyn Device, &mut Bus) -> R,
    ) -> R {
        let slot = &mut self.devices[index];
        let result = act(slot.device.as_mut(), &mut Bus { now, wires: &mut self.wires, memory });
        let due = slot.device.due();
        if due != slot.due {
            slot.due = due;
            self.due = self.devices.iter().map(|slot| slot.due).min().unwrap_or(u64::MAX);
        }
        result
    }

    /// Lets changes on the wires reach the devices that look at them.
    fn settle(&mut self, now: u64, memory: &mut dyn Memory) -> Result<(), Refusal> {
        if std::mem::take(&mut self.wires.resets_changed) {
            for index in 0..self.devices.len() {
                if let Some((register, bit)) = self.blocks[self.devices[index].block].gate
                    && self.rcc_bit(register - self.family.gate_to_reset, bit)
                {
                    self.on_device(index, now, memory, |device, bus| device.reset(bus));
                }
            }
        }
        if std::mem::take(&mut self.wires.clocks_changed) {
            self.time.change(now, self.core_hz());
            for index in 0..self.devices.len() {
                self.on_device(index, now, memory, |device, bus| device.clocks_changed(bus));
            }
            self.wires.limits_changed = true;
        }
        if !self.dma_runs && std::mem::take(&mut self.wires.requests_changed) {
            self.run_dma(now, memory);
        }
        if std::mem::take(&mut self.wires.pins.changed)
            && let Some(index) = self.exti
        {
            self.on_device(index, now, memory, |device, bus| device.tick(bus));
        }
        match self.rcc {
            Some(family) if std::mem::take(&mut self.wires.limits_changed) => {
                rcc::check_core_clock(family, &self.wires)
            }
            _ => Ok(()),
        }
    }

    fn rcc_bit(&self, register: u16, bit: u8) -> bool {
        self.wires.rcc.get(usize::from(register) / 4).is_some_and(|word| word >> bit & 1 == 1)
    }

    /// The device that answers at an address, and the offset in it.
    fn target(&self, address: u32, width: Width) -> Result<(usize, usize, u32), AccessError> {
        let Some((block, offset)) = self.decoder.find(address) else {
            return Err(AccessError::Unmapped { address });
        };
        let described = &self.blocks[block];
        let refuse = |register: String, problem: &str| {
            Err(AccessError::Unmodelled {
                address,
                peripheral: described.name.into(),
                register,
                problem: problem.into(),
            })
        };
        let Some(device) = self.of_block[block] else {
            return refuse(format!("+{offset:#05x}"), "no model of this peripheral");
        };
        if let Some((register, bit)) = described.gate
            && !self.rcc_bit(register, bit)
            && self.family.unclocked == Unclocked::Refused
        {
            return refuse(format!("+{offset:#05x}"), &format!("its clock is off: RCC +{register:#04x} bit {bit}"));
        }
        if offset & (width.bytes() - 1) != 0 {
            return refuse(format!("+{offset:#05x}"), "an access that is not aligned");
        }
        Ok((block, device, offset))
    }

    /// Whether a block has no clock, and so does not hear what it is asked; counted for the report.
    fn is_dead(&mut self, block: usize) -> bool {
        let Block { name, gate: Some((register, bit)), .. } = self.blocks[block] else { return false };
        let dead = !self.rcc_bit(register, bit);
        if dead {
            *self.unclocked.entry(name).or_default() += 1;
        }
        dead
    }

    fn refused(&self, block: usize, address: u32, refusal: Refusal) -> AccessError {
        AccessError::Unmodelled {
            address,
            peripheral: self.blocks[block].name.into(),
            register: refusal.register,
            problem: refusal.problem,
        }
    }

    /// In permissive mode an access to what is not modelled is counted.
    fn forgive<T>(&mut self, result: Result<T, AccessError>, instead: T) -> Result<T, AccessError> {
        match result {
            Err(AccessError::Unmodelled { peripheral, register, problem, .. }) if self.permissive => {
                *self.ignored.entry((peripheral, format!("{register}: {problem}"))).or_default() += 1;
                Ok(instead)
            }
            other => other,
        }
    }

    fn read_device(&mut self, address: u32, width: Width, now: u64) -> Result<u32, AccessError> {
        let (block, device, offset) = self.target(address, width)?;
        if self.is_dead(block) {
            return Ok(0);
        }
        let read = self.on_device(device, now, &mut NoMemory, |device, bus| device.read(offset, width, bus));
        read.map_err(|refusal| self.refused(block, address, refusal))
    }

    fn write_device(
        &mut self,
        address: u32,
        width: Width,
        value: u32,
        now: u64,
        memory: &mut dyn Memory,
    ) -> Result<(), AccessError> {
        let in_flash = self.flash_ranges.iter().any(|(origin, size)| address.wrapping_sub(*origin) < *size);
        if in_flash && let Some(device) = self.flash {
            let block = self.devices[device].block;
            let stored = self.on_device(device, now, memory, |device, bus| device.store(address, width, value, bus));
            return stored.map_err(|refusal| self.refused(block, address, refusal));
        }
        let (block, device, offset) = self.target(address, width)?;
        if self.is_dead(block) {
            return Ok(());
        }
        let written = self.on_device(device, now, memory, |device, bus| device.write(offset, width, value, bus));
        let settled = self.settle(now, memory);
        written.and(settled).map_err(|refusal| self.refused(block, address, refusal))
    }
}

impl Periphery for Soc {
    fn read(&mut self, address: u32, width: Width, now: u64) -> Result<u32, AccessError> {
        let read = self.read_device(address, width, now);
        self.forgive(read, 0)
    }

    fn write(
        &mut self,
        address: u32,
        width: Width,
        value: u32,
        now: u64,
        memory: &mut dyn Memory,
    ) -> Result<(), AccessError> {
        let written = self.write_device(address, width, value, now, memory);
        self.forgive(written, ())
    }

    fn due(&self) -> u64 {
        self.due
    }

    fn tick(&mut self, now: u64, memory: &mut dyn Memory) {
        while self.due <= now {
            for index in 0..self.devices.len() {
                if self.devices[index].due <= now {
                    self.on_device(index, now, memory, |device, bus| device.tick(bus));
                }
            }
            // No device changes clocks by itself.
            let _ = self.settle(now, memory);
        }
    }

    fn lines(&self) -> &Lines {
        self.wires.lines()
    }

    fn flash_setup(&self) -> Option<FlashSetup> {
        self.wires.flash_setup
    }

    fn reset_requested(&self) -> bool {
        self.wires.reset_requested
    }
}
