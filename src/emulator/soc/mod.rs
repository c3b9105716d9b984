//! The peripherals of a board and what connects them.
//!
//! `families/` holds the memory map of each family as data; a block that is on the part but not modelled refuses every
//! access by name. Devices never see each other: they meet on [`wires::Wires`].

mod blocks;
mod clocks;
mod cmsdk_uart;
mod crc;
mod debug;
mod decode;
mod device;
mod dma;
mod dma_bus;
mod exti;
mod families;
mod flash;
mod gpio;
mod identity;
mod mps2;
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
use crate::emulator::interface::{AccessError, Lines, Memory, Periphery, Width};
use blocks::{Block, FamilyMap, Model};
use clocks::{Clocks, Node};
use decode::Decoder;
use device::{Bus, Device, NoMemory, Refusal};
pub use pins::Edge;
use rcc::{Oscillators, Rcc};
pub use serial::Sent;
use serial::Serial;
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

    fn build(&mut self, board: &Board) {
        for index in 0..self.blocks.len() {
            let block = self.blocks[index];
            if let Some(device) = self.make(&block, board) {
                self.of_block[index] = Some(self.devices.len());
                self.devices.push(Slot { block: index, device, due: u64::MAX });
            }
        }
    }

    /// The device behind a block.
    fn make(&mut self, block: &Block, board: &Board) -> Option<Box<dyn Device>> {
        let next = self.devices.len();
        let wires = &mut self.wires;
        let irq = |wires: &mut Wires, at: usize| wires.source(block.irqs.get(at).copied().unwrap_or(0));
        Some(match block.model {
            Model::Absent => return None,
            Model::Rcc(family) => {
                self.rcc = Some(family);
                let oscillators = board.oscillators;
                Box::new(Rcc::new(
                    family,
                    Oscillators { hse: oscillators.hse_hz.into(), lse: oscillators.lse_hz.into() },
                ))
            }
            Model::Pwr(family) => Box::new(pwr::Pwr::new(family)),
            Model::Flash(family) => {
                self.flash = Some(next);
                let region = board.memory.iter().find(|r| r.kind == RegionKind::Flash)?;
                let aliases = region.aliases.clone();
                let geometry = flash::Geometry { origin: region.origin, size: region.size, aliases };
                Box::new(flash::Flash::new(family, geometry, irq(wires, 0)))
            }
            Model::Gpio(port, resting) => Box::new(gpio::Gpio::new(port, resting)),
            Model::Usart(kind, kernel, requests) => {
                let line = wires.serial.len();
                wires.serial.push(Serial::new(block.name, board.console.baud.into()));
                let wiring = usart::Wiring {
                    kernel,
                    line,
                    irq: irq(wires, 0),
                    transmit: requests.map(|(transmit, _)| wires.request(transmit)),
                    receive: requests.map(|(_, receive)| wires.request(receive)),
                };
                Box::new(usart::Usart::new(kind, wiring))
            }
            Model::Timer(shape, node) => {
                let second = if block.irqs.len() > 1 { 1 } else { 0 };
                let irqs = [irq(wires, 0), irq(wires, second)];
                Box::new(timer::Timer::new(shape, wires::Kernel::Fixed(node), irqs))
            }
            Model::Exti(kind) => {
                self.exti = Some(next);
                Box::new(exti::Exti::new(kind, (0..block.irqs.len()).map(|at| irq(wires, at)).collect()))
            }
            Model::Syscfg(kind) => Box::new(syscfg::Syscfg::new(kind)),
            Model::Crc => Box::new(crc::Crc::new()),
            Model::Rng => Box::new(rng::Rng::new(irq(wires, 0))),
            Model::Iwdg => Box::new(watchdog::Iwdg::new()),
            Model::Wwdg => Box::new(watchdog::Wwdg::new(irq(wires, 0))),
            Model::DmaChannels(first) => {
                self.dma.push(next);
                let mut requests = vec![None; 128];
                for (input, name) in dma::mux::L4PLUS_INPUTS {
                    requests[usize::from(*input)] = Some(wires.request(name));
                }
                let irqs = std::array::from_fn(|at| irq(wires, at));
                Box::new(dma::channels::Channels::new(irqs, first, requests))
            }
            Model::DmaMux => Box::new(dma::mux::Mux::new()),
            Model::DmaStreams(number) => {
                self.dma.push(next);
                let of_this = dma::streams::F7_REQUESTS.iter().filter(|(controller, ..)| *controller == number);
                let requests = of_this
                    .map(|(_, stream, channel, name)| (usize::from(*stream), u32::from(*channel), wires.request(name)))
                    .collect();
                let irqs = std::array::from_fn(|at| irq(wires, at));
                Box::new(dma::streams::Streams::new(irqs, requests))
            }
            Model::Identity(table) => Box::new(identity::Identity::new(table)),
            Model::Plain(table) => Box::new(mps2::Plain::new(table)),
            Model::FpgaIo => Box::new(mps2::FpgaIo::new()),
            Model::CmsdkUart => {
                let line = wires.serial.len();
                wires.serial.push(Serial::new(block.name, board.console.baud.into()));
                Box::new(cmsdk_uart::CmsdkUart::new(line, [irq(wires, 0), irq(wires, 1), irq(wires, 2)]))
            }
        })
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

    /// Present core clock, Hz.
    pub fn core_hz(&self) -> u64 {
        self.wires.clocks.hz(Node::Core)
    }

    /// Seconds since power-on.
    pub fn seconds(&self, now: u64) -> f64 {
        self.time.seconds(now)
    }

    /// Queues bytes for the board's console at its baud rate.
    pub fn send(&mut self, bytes: &[u8], now: u64) {
        let core_hz = self.core_hz();
        let console = self.console;
        self.wires.serial[console].send(bytes, now, core_hz);
        let name = self.wires.serial[console].name;
        if let Some(index) = self.device_named(name) {
            self.on_device(index, now, &mut NoMemory, |device, bus| device.tick(bus));
        }
    }

    /// What the board's console has sent since the last call.
    pub fn receive(&mut self) -> Vec<Sent> {
        let console = self.console;
        self.wires.serial[console].receive()
    }

    /// Whether [`Soc::receive`] would return anything.
    pub fn has_sent(&self) -> bool {
        self.wires.serial[self.console].has_heard()
    }

    /// Bit rate of the host's end of the console, 1/s.
    pub fn set_baud(&mut self, baud: u32) {
        self.wires.serial[self.console].baud = baud.into();
    }

    /// The board's bit rate where it was too far from the host's to be understood.
    pub fn baud_mismatch(&self) -> Option<u64> {
        self.wires.serial[self.console].mismatch
    }

    /// Records the edges of a pin that the board drives.
    pub fn watch(&mut self, port: char, number: u8) {
        if let Some(port) = port_number(port) {
            self.wires.pins.watch(port, number & 15);
        }
    }

    pub fn take_edges(&mut self) -> Vec<Edge> {
        self.wires.pins.take_edges()
    }

    /// Whether the board drives a pin high.
    pub fn pin(&self, port: char, number: u8) -> bool {
        port_number(port).is_some_and(|port| self.wires.pins.driven(port) >> (number & 15) & 1 == 1)
    }

    /// The host drives a pin, or lets go of it.
    pub fn drive_pin(&mut self, port: char, number: u8, level: Option<bool>, now: u64) {
        let Some(index) = port_number(port) else { return };
        self.wires.pins.set_outside(index, number & 15, level);
        let block = self.blocks.iter().position(|b| matches!(b.model, Model::Gpio(of, _) if of == index));
        if let Some(device) = block.and_then(|block| self.of_block[block]) {
            self.on_device(device, now, &mut NoMemory, |device, bus| device.tick(bus));
            let _ = self.settle(now, &mut NoMemory);
        }
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
        {
            return refuse(format!("+{offset:#05x}"), &format!("its clock is off: RCC +{register:#04x} bit {bit}"));
        }
        if offset & (width.bytes() - 1) != 0 {
            return refuse(format!("+{offset:#05x}"), "an access that is not aligned");
        }
        Ok((block, device, offset))
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

    fn reset_requested(&self) -> bool {
        self.wires.reset_requested
    }
}

/// `A` is port 0.
fn port_number(port: char) -> Option<u8> {
    let number = (port as u32).wrapping_sub('A' as u32);
    u8::try_from(number).ok().filter(|number| usize::from(*number) < pins::Pins::PORTS)
}
