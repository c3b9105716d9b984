//! The Cortex-M processor: registers, decoded code, exceptions and the private peripheral bus.

mod activity;
mod block;
mod bus;
mod config;
mod cpu;
mod debug;
mod debug_bus;
mod dwt;
mod exception;
pub(crate) mod exec;
mod fault;
mod fpb;
mod lower;
mod mpu;
mod nvic;
mod op;
mod ppb;
mod run;
mod stop;
mod systick;
mod watch;

use crate::emulator::isa;
use crate::emulator::memory::{Map, Touched};

pub use crate::emulator::timing::CacheGeometry;
pub use config::CoreConfig;
pub use cpu::Cpu;
pub use debug::{HaltCause, Register};
pub(crate) use debug_bus::Effect;
pub use op::{Flow, Handler, Op};
pub use stop::{Pause, Stop, Symbols};
pub use watch::{Ended, Executed, Observer, Passage, View};

/// A Cortex-M4 or Cortex-M7 with its memory.
pub struct Core {
    cpu: Cpu,
    blocks: block::Blocks,
    symbols: Symbols,
    watcher: Option<Box<watch::Watcher>>,
}

/// Lowest values of the stack pointers since [`Core::clear_watermarks`]; the process stack's is `u32::MAX` where it was
/// never set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StackLow {
    pub main: u32,
    pub process: u32,
}

impl Core {
    pub fn new(config: CoreConfig, map: Map) -> Self {
        Self {
            cpu: Cpu::new(config, map),
            blocks: block::Blocks::default(),
            symbols: Symbols::default(),
            watcher: None,
        }
    }

    /// Names for addresses, used in [`Stop`]s; sorted or not.
    pub fn set_symbols(&mut self, symbols: Vec<(u32, String)>) {
        self.symbols = Symbols::new(symbols);
    }

    /// Resets all but memory, counters and time, and loads SP and PC from the boot vectors.
    pub fn reset(&mut self) {
        self.blocks.forget_all(&mut self.cpu);
        let map = std::mem::replace(&mut self.cpu.map, Map::empty());
        let mut cpu = Cpu::new(self.cpu.config.clone(), map);
        cpu.cycles = self.cpu.cycles;
        cpu.instructions = self.cpu.instructions;
        cpu.counts = self.cpu.counts;
        cpu.flash.counts = self.cpu.flash.counts;
        cpu.sp_low = self.cpu.sp_low;
        cpu.debug = self.cpu.debug.clone().after_reset();
        let boot = cpu.config.boot_address;
        let word = |map: &Map, address| map.offset(address, 4).map_or(0, |offset| map.get::<4>(offset));
        cpu.r[13] = word(&cpu.map, boot);
        cpu.note_sp();
        let entry = word(&cpu.map, boot.wrapping_add(4));
        cpu.pc = entry & !1;
        cpu.thumb = entry & 1 == 1;
        cpu.r[14] = u32::MAX;
        self.cpu = cpu;
        self.observe_reset();
    }

    /// Core cycles since power-on.
    pub fn cycles(&self) -> u64 {
        self.cpu.cycles
    }

    /// Instructions since power-on.
    pub fn instructions(&self) -> u64 {
        self.cpu.instructions
    }

    /// Instructions between the last two reads of the cycle counter, to within the blocks that read it: what software
    /// that times itself took.
    pub fn instructions_timed(&self) -> u64 {
        self.windows(1).first().map_or(0, |window| window.instructions)
    }

    /// R0 to R15; 13 is the current stack pointer, 15 the address of the next instruction.
    pub fn register(&self, number: usize) -> u32 {
        if number == 15 { self.cpu.pc } else { self.cpu.r[number & 15] }
    }

    pub fn set_register(&mut self, number: usize, value: u32) {
        match number {
            15 => self.cpu.pc = value & !1,
            13 => {
                self.cpu.r[13] = value;
                self.cpu.note_sp();
            }
            _ => self.cpu.r[number & 15] = value,
        }
    }

    /// APSR, IPSR and EPSR together.
    pub fn psr(&self) -> u32 {
        self.cpu.xpsr()
    }

    /// Flags and execution state; the number of the current exception stays.
    pub fn set_psr(&mut self, value: u32) {
        let exception = self.cpu.exception;
        self.cpu.set_xpsr(value);
        self.cpu.exception = exception;
    }

    /// S0 to S31 as bits.
    pub fn float_register(&self, number: usize) -> u32 {
        self.cpu.s[number & 31]
    }

    pub fn set_float_register(&mut self, number: usize, value: u32) {
        self.cpu.s[number & 31] = value;
    }

    pub fn fpscr(&self) -> u32 {
        self.cpu.fpscr
    }

    pub fn set_fpscr(&mut self, value: u32) {
        self.cpu.fpscr = value;
    }

    /// MSP and PSP.
    pub fn stack_pointers(&self) -> (u32, u32) {
        (self.cpu.main_sp(), self.cpu.process_sp())
    }

    pub fn memory(&self) -> &Map {
        &self.cpu.map
    }

    /// For loaders and debuggers; [`Map::program`] writes flash too, and decoded code follows.
    pub fn memory_mut(&mut self) -> &mut Map {
        &mut self.cpu.map
    }

    pub fn stack_low(&self) -> StackLow {
        StackLow { main: self.cpu.sp_low[0], process: self.cpu.sp_low[1] }
    }

    /// What of RAM was read or written since [`Core::clear_watermarks`].
    pub fn touched(&self) -> Vec<Touched> {
        self.cpu.map.touched()
    }

    /// Starts stack watermark and touched ranges anew.
    pub fn clear_watermarks(&mut self) {
        self.cpu.map.clear_touched();
        let unused_or = |sp: u32| if sp == 0 { u32::MAX } else { sp };
        self.cpu.sp_low = [self.cpu.main_sp(), unused_or(self.cpu.process_sp())];
    }

    /// Instructions per block at most, for stepping; 0 is the usual length. Changes no result but when interrupts are taken.
    pub fn set_block_limit(&mut self, instructions: usize) {
        self.blocks.limit = instructions;
        self.cpu.flush = true;
    }

    /// Bytes and disassembly of the instruction at an address.
    pub fn describe_instruction(&self, pc: u32) -> (String, String) {
        describe(&self.cpu.map, pc, if self.cpu.pc == pc { self.cpu.it } else { 0 })
    }
}

/// Bytes and disassembly of the instruction at an address, in the IT block that ITSTATE says.
pub(crate) fn describe(map: &Map, pc: u32, it: u8) -> (String, String) {
    let half = |address| map.offset(address, 2).map(|offset| map.get::<2>(offset) as u16);
    let Some(first) = half(pc) else { return ("none".into(), "nothing there".into()) };
    let second = half(pc.wrapping_add(2)).unwrap_or(0);
    let bytes = if isa::is_wide(first) { format!("{first:04x} {second:04x}") } else { format!("{first:04x}") };
    let in_it = it & 15 != 0;
    let condition = if in_it { it >> 4 } else { 14 };
    let text =
        isa::find(first, second, pc, condition, in_it, true).map_or("unknown".into(), |code| isa::disassemble(&code));
    (bytes, text)
}
