//! A whole board: core, memory and peripherals, with an image in its flash and a host at its console.

use crate::board::{Activity, Board, Cache, RegionKind};
use crate::emulator::core::{CacheGeometry, Core, CoreConfig, Pause as CorePause, StackLow, Stop};
use crate::emulator::debug::Debugger;
use crate::emulator::image::Image;
use crate::emulator::memory::{Map, MapError, Touched};
use crate::emulator::soc::{Edge, Sent, Soc, SocError};

/// Why an emulated board cannot be built, loaded or run on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmulatorError {
    #[error(transparent)]
    Board(#[from] SocError),
    #[error("board `{board}`: {problem}")]
    Map { board: String, problem: MapError },
    #[error(
        "the image has {size} bytes at {address:#010x}, where `{board}` has no memory of that extent; its memory is {memory}"
    )]
    DoesNotFit { board: String, address: u32, size: usize, memory: String },
    #[error(transparent)]
    Stop(#[from] Stop),
}

/// Why a run came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// The cycles are used up.
    Budget,
    /// The core sleeps and nothing is due: only input from outside can go on.
    Idle,
    /// The console has something to say ([`Machine::run_until_heard`]).
    Heard,
    /// The debug unit halted the core ([`Machine::debugger`]).
    Halted,
}

/// One emulated board.
pub struct Machine {
    pub(super) core: Core,
    pub(super) soc: Soc,
    board: String,
    resets: u32,
}

impl Machine {
    /// A board with blank flash, in reset.
    pub fn new(board: &Board) -> Result<Self, EmulatorError> {
        let map =
            Map::new(&board.memory).map_err(|problem| EmulatorError::Map { board: board.name.clone(), problem })?;
        let soc = Soc::new(board)?;
        let core = Core::new(config(board), map);
        Ok(Self { core, soc, board: board.name.clone(), resets: 0 })
    }

    /// Programs an image and resets the board. Memory that the image does not name stays as it is; the symbols are used in
    /// messages.
    pub fn load(&mut self, image: &Image) -> Result<(), EmulatorError> {
        for segment in &image.segments {
            if !self.core.memory_mut().program(segment.address, &segment.bytes) {
                return Err(self.does_not_fit(segment.address, segment.bytes.len()));
            }
        }
        self.core.set_symbols(image.symbols.iter().map(|symbol| (symbol.address, symbol.name.clone())).collect());
        self.reset();
        Ok(())
    }

    fn does_not_fit(&self, address: u32, size: usize) -> EmulatorError {
        let regions = self.core.memory().regions().iter();
        let described: Vec<_> =
            regions.map(|r| format!("{} {:#010x} to {:#010x}", r.name, r.origin, r.origin + (r.size - 1))).collect();
        EmulatorError::DoesNotFit { board: self.board.clone(), address, size, memory: described.join(", ") }
    }

    /// Resets core and peripherals as the reset pin does; memory, counters and time go on.
    pub fn reset(&mut self) {
        self.soc.reset(self.core.cycles());
        self.core.reset();
    }

    /// Runs for at most `cycles` more core cycles, and over them by the cost of one block at most. A reset by software or
    /// by a watchdog is carried out and the run goes on.
    pub fn run(&mut self, cycles: u64) -> Result<Pause, EmulatorError> {
        let until = self.core.cycles().saturating_add(cycles);
        self.run_until(until)
    }

    /// A board that waits for input alone ([`Pause::Idle`]) waits for `cycles` more: its timers go on.
    pub fn wait(&mut self, cycles: u64) {
        self.core.sleep_on(cycles);
    }

    /// Carries out a reset that software, a watchdog or a debugger asked for.
    pub(super) fn reset_by_software(&mut self) {
        self.resets += 1;
        self.soc.reset_by_software(self.core.cycles());
        self.core.reset();
    }

    pub(super) fn run_until(&mut self, until: u64) -> Result<Pause, EmulatorError> {
        loop {
            match self.core.run(&mut self.soc, until)? {
                CorePause::Budget => return Ok(Pause::Budget),
                CorePause::Idle => return Ok(Pause::Idle),
                CorePause::Halted => return Ok(Pause::Halted),
                CorePause::Reset => {
                    self.reset_by_software();
                    if self.core.cycles() >= until {
                        return Ok(Pause::Budget);
                    }
                }
            }
        }
    }

    /// As [`Machine::run`], but back as soon as the board has transmitted something, to within a millisecond.
    pub fn run_until_heard(&mut self, cycles: u64) -> Result<Pause, EmulatorError> {
        let until = self.core.cycles().saturating_add(cycles);
        loop {
            if self.soc.has_sent() {
                return Ok(Pause::Heard);
            }
            let slice = (self.soc.core_hz() / 1000).max(1);
            let next = self.core.cycles().saturating_add(slice).min(until);
            let pause = self.run_until(next)?;
            if !self.soc.has_sent() && (matches!(pause, Pause::Idle | Pause::Halted) || self.core.cycles() >= until) {
                return Ok(pause);
            }
        }
    }

    /// Takes the power away and gives it back: RAM, registers and the debug unit are as new, flash and time are not.
    pub fn power_cycle(&mut self) {
        let regions = self.core.memory().regions().to_vec();
        for region in regions.iter().filter(|region| region.kind != RegionKind::Flash) {
            self.core.memory_mut().program(region.origin, &vec![0; region.size as usize]);
        }
        self.core.power_on();
        self.reset();
    }

    /// Stops the core for good, until a reset or a debugger.
    pub fn lock_up(&mut self, reason: &str) {
        self.core.lock_up(reason);
    }

    /// The debug port of the core.
    pub fn debugger(&mut self) -> Debugger<'_> {
        Debugger::new(self)
    }

    /// Bytes for the board's console, one after the other at its baud rate from now on.
    pub fn send(&mut self, bytes: &[u8]) {
        self.soc.send(bytes, self.core.cycles());
    }

    /// What the board has transmitted on its console since the last call.
    pub fn receive(&mut self) -> Vec<u8> {
        self.soc.receive().into_iter().map(|sent| sent.byte).collect()
    }

    /// As [`Machine::receive`], with the core cycle at which each byte was complete.
    pub fn receive_timed(&mut self) -> Vec<Sent> {
        self.soc.receive()
    }

    /// Core cycles since power-on.
    pub fn cycles(&self) -> u64 {
        self.core.cycles()
    }

    /// Instructions since power-on.
    pub fn instructions(&self) -> u64 {
        self.core.instructions()
    }

    /// What has happened since power-on.
    pub fn activity(&self) -> Activity {
        self.core.activity()
    }

    /// Virtual time since power-on, seconds.
    pub fn seconds(&self) -> f64 {
        self.soc.seconds(self.core.cycles())
    }

    /// Resets that software or a watchdog caused.
    pub fn resets(&self) -> u32 {
        self.resets
    }

    /// Lowest stack pointers since the last [`Machine::clear_watermarks`].
    pub fn stack_low(&self) -> StackLow {
        self.core.stack_low()
    }

    /// What of RAM was read or written since the last [`Machine::clear_watermarks`].
    pub fn touched(&self) -> Vec<Touched> {
        self.core.touched()
    }

    /// Starts stack watermarks and touched ranges anew.
    pub fn clear_watermarks(&mut self) {
        self.core.clear_watermarks();
    }

    pub fn core(&self) -> &Core {
        &self.core
    }

    pub fn core_mut(&mut self) -> &mut Core {
        &mut self.core
    }

    pub fn soc(&self) -> &Soc {
        &self.soc
    }

    pub fn soc_mut(&mut self) -> &mut Soc {
        &mut self.soc
    }

    /// The host drives a pin of the board, or lets go of it.
    pub fn drive_pin(&mut self, port: char, number: u8, level: Option<bool>) {
        self.soc.drive_pin(port, number, level, self.core.cycles());
    }

    /// Edges of the pins that [`Soc::watch`] names.
    pub fn take_edges(&mut self) -> Vec<Edge> {
        self.soc.take_edges()
    }
}

/// The core that a board file describes.
fn config(board: &Board) -> CoreConfig {
    let geometry = |cache: Cache| CacheGeometry::whole(cache.size, cache.ways, cache.line);
    let processor = &board.processor;
    CoreConfig {
        irq_lines: processor.interrupts,
        priority_bits: processor.priority_bits,
        mpu_regions: processor.mpu_regions,
        instruction_cache: processor.instruction_cache.map(geometry),
        data_cache: processor.data_cache.map(geometry),
        ..CoreConfig::of(board)
    }
}
