//! Decoded basic blocks.

use super::cpu::Cpu;
use super::exception::float_enter;
use super::exec;
use super::lower::{blank, lower};
use super::op::{Meta, Op};
use crate::board::RegionKind;
use crate::emulator::isa::{self, Class, Insn};
use crate::emulator::memory::{CODE, GRANULE};
use std::cell::Cell;
use std::collections::HashMap;

/// Longest block, in instructions.
const LONGEST: usize = 64;
/// Entries of the quick index, a power of two.
const QUICK: usize = 4096;
const NOWHERE: u64 = u64::MAX;

/// A run of instructions that is left only at its end, if nothing faults.
pub(crate) struct Block {
    /// Address, and ITSTATE above bit 32.
    pub key: u64,
    pub ops: Box<[Op]>,
    pub meta: Box<[Meta]>,
    /// Where its direct branch goes.
    pub target: u32,
    /// Address after its last instruction.
    pub end: u32,
    /// ITSTATE there.
    pub end_it: u8,
    /// Instructions.
    pub count: u32,
    pub cycles_taken: u32,
    pub cycles: u32,
    /// Blocks found last at `target` and at `end`.
    pub taken: Cell<u32>,
    pub fall: Cell<u32>,
    /// Lines of flash that it is fetched from.
    pub lines: Box<[u32]>,
    /// When all of them were known to be in the cache.
    pub epoch: Cell<u64>,
    granules: Box<[u32]>,
}

#[derive(Default)]
pub(crate) struct Blocks {
    pub blocks: Vec<Block>,
    index: HashMap<u64, u32>,
    quick: Vec<(u64, u32)>,
    /// Blocks by the granules of the store that their code stands in.
    by_granule: HashMap<u32, Vec<u32>>,
    free: Vec<u32>,
    /// Longest block, in instructions; 0: as long as usual.
    pub limit: usize,
}

pub(crate) fn key(pc: u32, it: u8) -> u64 {
    u64::from(it) << 32 | u64::from(pc)
}

impl Blocks {
    /// The block at the processor's PC, decoded if need be.
    #[inline]
    pub fn at(&mut self, cpu: &mut Cpu) -> u32 {
        let key = key(cpu.pc, cpu.it);
        let slot = (cpu.pc >> 1) as usize & (QUICK - 1);
        if let Some(&(known, block)) = self.quick.get(slot)
            && known == key
        {
            return block;
        }
        self.look_up(cpu, key, slot)
    }

    #[inline(never)]
    fn look_up(&mut self, cpu: &mut Cpu, key: u64, slot: usize) -> u32 {
        if self.quick.is_empty() {
            self.quick = vec![(NOWHERE, 0); QUICK];
        }
        let block = match self.index.get(&key) {
            Some(&block) => block,
            None => {
                let block = self.translate(cpu);
                self.add(block)
            }
        };
        self.quick[slot] = (key, block);
        block
    }

    fn add(&mut self, block: Block) -> u32 {
        let number = match self.free.pop() {
            Some(number) => number,
            None => self.blocks.len() as u32,
        };
        self.index.insert(block.key, number);
        for &granule in &block.granules {
            self.by_granule.entry(granule).or_default().push(number);
        }
        if (number as usize) < self.blocks.len() {
            self.blocks[number as usize] = block;
        } else {
            self.blocks.push(block);
        }
        number
    }

    /// Forgets all blocks with code in the granule of the store at `offset`.
    pub fn forget(&mut self, offset: u32) {
        let Some(numbers) = self.by_granule.remove(&(offset / GRANULE)) else { return };
        for number in numbers {
            let block = &mut self.blocks[number as usize];
            if block.key == NOWHERE {
                continue;
            }
            self.index.remove(&block.key);
            let slot = (block.key as u32 >> 1) as usize & (QUICK - 1);
            self.quick[slot] = (NOWHERE, 0);
            block.key = NOWHERE;
            // Its number is used again only when no granule lists it any more.
        }
    }

    pub fn forget_all(&mut self, cpu: &mut Cpu) {
        for granule in self.by_granule.keys() {
            cpu.map.marks[*granule as usize] &= !CODE;
        }
        *self = Self { limit: self.limit, ..Self::default() };
    }

    fn translate(&mut self, cpu: &mut Cpu) -> Block {
        let mut builder = Builder::new(cpu.pc, cpu.it);
        let limit = if self.limit == 0 { LONGEST } else { self.limit };
        while !builder.done && (builder.count < limit || self.limit == 0 && builder.it != 0) {
            builder.step(cpu);
        }
        builder.finish()
    }
}

struct Builder {
    start: u32,
    start_it: u8,
    pc: u32,
    it: u8,
    ops: Vec<Op>,
    meta: Vec<Meta>,
    count: usize,
    half_cycles: u32,
    taken_extra: u32,
    target: u32,
    entered_float: bool,
    done: bool,
    granules: Vec<u32>,
    lines: Vec<u32>,
    before: Option<isa::Code>,
}

impl Builder {
    fn new(pc: u32, it: u8) -> Self {
        Self {
            start: pc,
            start_it: it,
            pc,
            it,
            ops: Vec::new(),
            meta: Vec::new(),
            count: 0,
            half_cycles: 0,
            taken_extra: 0,
            target: 0,
            entered_float: false,
            done: false,
            granules: Vec::new(),
            lines: Vec::new(),
            before: None,
        }
    }

    fn push(&mut self, op: Op, tail: bool) {
        self.ops.push(Op { at: self.half_cycles / 2, ..op });
        self.meta.push(Meta { pc: self.pc, count: self.count as u32, it: self.it, tail });
    }

    /// A last operation that reports instead of working.
    fn report(&mut self, op: Op) {
        self.push(op, false);
        self.done = true;
    }

    fn halfword(&mut self, cpu: &mut Cpu, address: u32) -> Option<u16> {
        let window = *cpu.map.window(address, 2)?;
        let offset = (window.offset + (address - window.origin)) as usize;
        let line = address & !(cpu.flash.line() - 1);
        if window.kind == RegionKind::Flash && self.lines.last() != Some(&line) {
            self.lines.push(line);
        }
        let granule = offset as u32 / GRANULE;
        if self.granules.last() != Some(&granule) {
            self.granules.push(granule);
        }
        cpu.map.marks[granule as usize] |= CODE;
        Some(cpu.map.get::<2>(offset) as u16)
    }

    /// Decodes one instruction.
    fn step(&mut self, cpu: &mut Cpu) {
        let pc = self.pc;
        if never_executable(pc) || fetch_refused(cpu, pc) {
            return self.report(blank(exec::fetch_protection_fault));
        }
        let Some(first) = self.halfword(cpu, pc) else { return self.report(blank(exec::fetch_bus_fault)) };
        let mut second = 0;
        if isa::is_wide(first) {
            if fetch_refused(cpu, pc.wrapping_add(2)) {
                return self.report(blank(exec::fetch_protection_fault));
            }
            match self.halfword(cpu, pc.wrapping_add(2)) {
                Some(halfword) => second = halfword,
                None => return self.report(blank(exec::fetch_bus_fault)),
            }
        }
        let in_it = self.it & 15 != 0;
        let condition = if in_it { self.it >> 4 } else { 14 };
        let last_in_it = !in_it || self.it & 15 == 8;
        let Some(code) = isa::find(first, second, pc, condition, in_it, last_in_it) else {
            return self.report(blank(exec::unknown));
        };
        let Some(lowered) = lower(&code, &cpu.config) else { return self.report(blank(exec::unknown)) };
        let half_cycles = cpu.cost.half_cycles(&code, self.before.as_ref());
        self.before = Some(code);
        let conditional = condition < 14;
        let enters_float = code.class().is_float() && !self.entered_float;
        if conditional {
            let skipped = lowered.length as u8 + u8::from(enters_float);
            let saved = (half_cycles / 2).saturating_sub(1);
            self.push(Op { d: skipped, imm: saved, ..blank(exec::unless_handler(condition)) }, false);
        }
        if enters_float {
            self.push(blank(float_enter), false);
            self.entered_float = !conditional;
        }
        for (index, op) in lowered.ops[..lowered.length].iter().enumerate() {
            self.push(*op, index >= lowered.tail);
        }
        if let Some(target) = lowered.target {
            self.target = target;
        }
        self.taken_extra = cpu.cost.taken(&code);
        self.done = lowered.last;
        self.count += 1;
        self.half_cycles += half_cycles;
        self.pc = pc.wrapping_add(code.length());
        self.it = match (code.class(), code.insn()) {
            (Class::It, Insn::It { first, mask }) => first << 4 | mask,
            _ => advance(self.it),
        };
    }

    fn finish(mut self) -> Block {
        self.push(blank(exec::fall), false);
        let cycles = self.half_cycles.div_ceil(2);
        Block {
            key: key(self.start, self.start_it),
            ops: self.ops.into(),
            meta: self.meta.into(),
            target: self.target,
            end: self.pc,
            end_it: self.it,
            count: self.count as u32,
            cycles_taken: cycles + self.taken_extra,
            cycles,
            taken: Cell::new(0),
            fall: Cell::new(0),
            lines: self.lines.into(),
            epoch: Cell::new(0),
            granules: self.granules.into(),
        }
    }
}

/// ITAdvance.
pub(crate) fn advance(it: u8) -> u8 {
    if it & 7 == 0 { 0 } else { it & 0xE0 | it << 1 & 0x1F }
}

/// Peripherals, devices and the system space of the default memory map (Armv7-M ARM, B3.1).
fn never_executable(pc: u32) -> bool {
    (0x4000_0000..0x6000_0000).contains(&pc) || pc >= 0xA000_0000
}

fn fetch_refused(cpu: &Cpu, pc: u32) -> bool {
    cpu.ppb.mpu.active(cpu.exception, cpu.faultmask) && !cpu.ppb.mpu.allows_fetch(pc, cpu.privileged())
}
