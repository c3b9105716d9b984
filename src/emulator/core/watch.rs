//! Looking on while a core executes.
//!
//! The loop over blocks is generic over who watches, so that one that nobody watches is compiled without a trace of this.
//! Cycles belong to an instruction from the moment that it starts until the next one starts; what its block costs at its
//! beginning belongs to the first instruction and what it costs at its end to the last. So every cycle is told of once.

use std::any::Any;

use super::Core;
use super::block::Block;
use super::cpu::Cpu;
use super::op::{FALL, Flow, HALT, JUMP, TAKEN};
use crate::emulator::memory::Map;

/// What one instruction took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Executed {
    pub pc: u32,
    /// ITSTATE before it.
    pub it: u8,
    /// The cycle at which it started.
    pub start: u64,
    /// All cycles. Negative where an instruction before was charged for what this one does meanwhile.
    pub cycles: i64,
    /// Of them, wait states of flash.
    pub flash: u64,
    /// Of them, for lines that came into a cache.
    pub cache: u64,
}

/// How a block was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// On to what follows, or in the middle.
    On,
    /// By a branch to an address that the instruction holds.
    Branch,
    /// By an address from a register or memory.
    Jump,
    /// By a call that returns to this address.
    Call(u32),
}

/// What exceptions did to the stack, in the order of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// State was stacked: the stack pointer before, and whether it was the process stack's.
    Stacked { sp: u32, process: bool },
    /// A handler starts at `pc`. Without [`Passage::Stacked`] before it, it takes the place of the one that returned.
    Vector { number: u32, pc: u32, sp: u32 },
    /// Back to what was interrupted, or to another thread.
    Left { sp: u32, process: bool, handler: bool },
}

/// The core between two instructions.
#[derive(Clone, Copy)]
pub struct View<'a> {
    pub memory: &'a Map,
    /// Address of the next instruction.
    pub pc: u32,
    pub sp: u32,
    /// Whether that is the process stack's.
    pub process: bool,
    /// Lowest main and process stack pointers so far.
    pub low: [u32; 2],
}

/// One who looks on.
pub trait Observer: Any + Send {
    /// Instructions follow from here on.
    fn block(&mut self, view: View);
    /// An instruction of the block is done.
    fn instruction(&mut self, executed: &Executed, view: View);
    /// The block is left; its instructions took `cycles`.
    fn ended(&mut self, ended: Ended, cycles: i64, view: View);
    fn passage(&mut self, passage: Passage);
    /// Time went by in which no instruction ran: asleep, or by entry to and return from exceptions.
    fn outside(&mut self, asleep: u64, exceptions: u64, view: View);
    /// The core was reset.
    fn reset(&mut self);
}

/// How the loop tells what it does.
pub(super) trait Watch {
    fn resume(&mut self, cpu: &mut Cpu);
    fn block(&mut self, cpu: &Cpu, block: &Block);
    fn operation(&mut self, cpu: &Cpu, block: &Block, index: usize);
    fn end(&mut self, cpu: &Cpu, block: &Block, flow: Flow);
}

pub(super) struct Nobody;

impl Watch for Nobody {
    #[inline(always)]
    fn resume(&mut self, _: &mut Cpu) {}
    #[inline(always)]
    fn block(&mut self, _: &Cpu, _: &Block) {}
    #[inline(always)]
    fn operation(&mut self, _: &Cpu, _: &Block, _: usize) {}
    #[inline(always)]
    fn end(&mut self, _: &Cpu, _: &Block, _: Flow) {}
}

/// An observer, and what it has been told up to.
pub(super) struct Watcher {
    pub observer: Box<dyn Observer>,
    cycles: u64,
    asleep: u64,
    flash: u64,
    cache: u64,
    /// The instruction that runs.
    pc: u32,
    it: u8,
    /// Where its block began.
    began: u64,
}

impl Watcher {
    fn new(observer: Box<dyn Observer>, cpu: &Cpu) -> Self {
        let counts = cpu.flash.counts;
        Self {
            observer,
            cycles: cpu.cycles,
            asleep: cpu.counts.asleep,
            flash: counts.wait_cycles,
            cache: counts.fill_cycles,
            pc: cpu.pc,
            it: cpu.it,
            began: cpu.cycles,
        }
    }

    fn close(&mut self, cpu: &Cpu, now: u64) {
        let counts = cpu.flash.counts;
        let executed = Executed {
            pc: self.pc,
            it: self.it,
            start: self.cycles,
            cycles: now.wrapping_sub(self.cycles).cast_signed(),
            flash: counts.wait_cycles - self.flash,
            cache: counts.fill_cycles - self.cache,
        };
        (self.cycles, self.flash, self.cache) = (now, counts.wait_cycles, counts.fill_cycles);
        self.observer.instruction(&executed, view(cpu));
    }
}

fn view(cpu: &Cpu) -> View<'_> {
    View { memory: &cpu.map, pc: cpu.pc, sp: cpu.r[13], process: cpu.on_process_stack(), low: cpu.sp_low }
}

impl Watch for Watcher {
    fn resume(&mut self, cpu: &mut Cpu) {
        let asleep = cpu.counts.asleep - self.asleep;
        let exceptions = cpu.cycles.wrapping_sub(self.cycles).wrapping_sub(asleep);
        if asleep != 0 || exceptions != 0 {
            self.observer.outside(asleep, exceptions, view(cpu));
        }
        let counts = cpu.flash.counts;
        (self.cycles, self.asleep) = (cpu.cycles, cpu.counts.asleep);
        (self.flash, self.cache) = (counts.wait_cycles, counts.fill_cycles);
        for passage in cpu.passages.iter_mut().flat_map(std::mem::take) {
            self.observer.passage(passage);
        }
    }

    fn block(&mut self, cpu: &Cpu, block: &Block) {
        (self.pc, self.it, self.began) = (block.key as u32, (block.key >> 32) as u8, cpu.cycles);
        self.observer.block(view(cpu));
    }

    fn operation(&mut self, cpu: &Cpu, block: &Block, index: usize) {
        let meta = &block.meta[index];
        // The last operation of a block is its end and no instruction.
        if meta.pc != self.pc && index + 1 < block.ops.len() {
            self.close(cpu, cpu.cycles.wrapping_add(block.ops[index].at.into()));
            (self.pc, self.it) = (meta.pc, meta.it);
        }
    }

    fn end(&mut self, cpu: &Cpu, block: &Block, flow: Flow) {
        // What halted the core was not executed, but may have been waited for.
        if flow != HALT || cpu.cycles != self.cycles {
            self.close(cpu, cpu.cycles);
        }
        let ended = match flow {
            TAKEN | JUMP if block.calls => Ended::Call(block.end),
            TAKEN => Ended::Branch,
            JUMP => Ended::Jump,
            FALL => Ended::On,
            _ => Ended::On,
        };
        self.observer.ended(ended, cpu.cycles.wrapping_sub(self.began).cast_signed(), view(cpu));
    }
}

impl Core {
    /// Tells `observer` of everything from now on, and nobody else.
    pub fn observe(&mut self, observer: Box<dyn Observer>) {
        self.cpu.passages = Some(Vec::new());
        self.watcher = Some(Box::new(Watcher::new(observer, &self.cpu)));
    }

    /// Ends [`Core::observe`], with all told up to now.
    pub fn end_observation(&mut self) -> Option<Box<dyn Observer>> {
        let mut watcher = self.watcher.take()?;
        watcher.resume(&mut self.cpu);
        self.cpu.passages = None;
        Some(watcher.observer)
    }

    /// The observer, to look at what it knows so far.
    pub fn observer(&self) -> Option<&dyn Observer> {
        self.watcher.as_deref().map(|watcher| &*watcher.observer)
    }

    /// After all of the processor was made anew.
    pub(super) fn observe_reset(&mut self) {
        if let Some(watcher) = &mut self.watcher {
            self.cpu.passages = Some(Vec::new());
            watcher.observer.reset();
        }
    }
}
