//! Decoded basic blocks.

use super::activity::tally;
use super::cpu::Cpu;
use super::exception::float_enter;
use super::exec;
use super::lower::{blank, lower};
use super::op::{FOLLOWS, LEADS, Meta, Op};
use crate::board::RegionKind;
use crate::emulator::isa::{self, Class, Insn};
use crate::emulator::memory::{CODE, GRANULE};
use crate::emulator::timing::Pipeline;
use std::cell::Cell;
use std::collections::HashMap;

/// Longest block, in instructions.
const LONGEST: usize = 192;
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
    /// Its last instruction sets the link register to [`Block::end`] where it branches.
    pub calls: bool,
    /// Instructions.
    pub count: u32,
    /// Its data accesses and multiplications, as [`super::activity::tally`] packs them.
    pub tally: u64,
    pub cycles_taken: u32,
    pub cycles: u32,
    /// Cycles where the branch at its end was foretold wrongly.
    pub miss: u32,
    /// What the branch at its end did: two bits of how often it was taken, where it is conditional; above them, the target of
    /// an indirect one.
    pub history: Cell<u32>,
    /// Blocks found last at `target` and at `end`.
    pub taken: Cell<u32>,
    pub fall: Cell<u32>,
    /// Lines of flash that it is fetched from.
    pub lines: Box<[u32]>,
    /// When all of them were known to be in the cache.
    pub epoch: Cell<u64>,
    granules: Box<[u32]>,
}

impl Block {
    /// Cycles lost because the branch at the end was not expected to do what it does: two bits of history for each, as of a
    /// BTAC that is large enough (Arm DDI 0489, 1.2: 64 entries).
    #[inline(always)]
    pub fn foretold(&self, taken: bool) -> u32 {
        if self.miss == 0 {
            return 0;
        }
        let history = self.history.get();
        let next = if taken { (history + 1).min(3) } else { history.saturating_sub(1) };
        self.history.set(next);
        if (history >= 2) == taken { 0 } else { self.miss }
    }

    /// As [`Block::foretold`], of a jump to where registers or memory say.
    #[inline]
    pub fn foretold_to(&self, target: u32) -> u32 {
        if self.miss == 0 || self.history.replace(target) == target { 0 } else { self.miss }
    }
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
    /// Blocks of one instruction each.
    pub fn of_one() -> Self {
        Self { limit: 1, ..Self::default() }
    }

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
        let mut builder = Builder::new(cpu);
        let limit = if self.limit == 0 { LONGEST } else { self.limit };
        while !builder.done && (builder.count < limit || self.limit == 0 && builder.it != 0) {
            builder.step(cpu);
        }
        builder.finish(cpu)
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
    tally: u64,
    pipeline: Pipeline,
    target: u32,
    entered_float: bool,
    done: bool,
    granules: Vec<u32>,
    lines: Vec<u32>,
    before: Option<isa::Code>,
    /// Cycle of the block at which the instruction that is decoded now starts.
    at: u32,
    /// Operation of the load before, if it is one.
    load: Option<usize>,
}

impl Builder {
    fn new(cpu: &Cpu) -> Self {
        let (pc, it) = (cpu.pc, cpu.it);
        Self {
            start: pc,
            start_it: it,
            pc,
            it,
            ops: Vec::new(),
            meta: Vec::new(),
            count: 0,
            tally: 0,
            pipeline: cpu.cost.pipeline(),
            target: 0,
            entered_float: false,
            done: false,
            granules: Vec::new(),
            lines: Vec::new(),
            before: None,
            at: 0,
            load: None,
        }
    }

    fn push(&mut self, op: Op, tail: bool) {
        self.ops.push(Op { at: self.at, ..op });
        self.meta.push(Meta { pc: self.pc, count: self.count as u32, tally: self.tally, it: self.it, tail });
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
        if cpu.debug.breaks_at(pc) {
            return self.report(blank(exec::breakpoint));
        }
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
        let insn = code.insn();
        let charge = self.pipeline.step(&code, &insn);
        self.at = charge.at;
        self.before = Some(code);
        let conditional = condition < 14;
        let enters_float = code.class().is_float() && !self.entered_float;
        if conditional {
            let skipped = lowered.length as u8 + u8::from(enters_float);
            self.push(Op { d: skipped, imm: charge.saved, ..blank(exec::unless_handler(condition)) }, false);
        }
        if enters_float {
            self.push(blank(float_enter), false);
            self.entered_float = !conditional;
        }
        let first = self.ops.len();
        for (index, op) in lowered.ops[..lowered.length].iter().enumerate() {
            self.push(*op, index >= lowered.tail);
        }
        if let Some(target) = lowered.target {
            self.target = target;
        }
        let load = matches!(insn, Insn::Load { t, .. } if t != 15).then_some(first);
        if charge.shadowed
            && let (Some(before), Some(now)) = (self.load, load)
        {
            self.ops[before].a |= LEADS;
            self.ops[now].a |= FOLLOWS;
        }
        self.load = load;
        self.done = lowered.last;
        self.count += 1;
        self.tally += tally(charge.accesses, charge.multiplies);
        self.at = self.pipeline.total();
        self.pc = pc.wrapping_add(code.length());
        self.it = match (code.class(), insn) {
            (Class::It, Insn::It { first, mask }) => first << 4 | mask,
            _ => advance(self.it),
        };
    }

    fn finish(mut self, cpu: &Cpu) -> Block {
        self.push(blank(exec::fall), false);
        let halfword = cpu.map.offset(self.target, 2).map_or(0, |offset| cpu.map.get::<2>(offset) as u16);
        let unaligned = self.target & 2 != 0 && isa::is_wide(halfword);
        let calls = self.before.as_ref().is_some_and(|last| {
            matches!(last.insn(), Insn::BranchLink { .. } | Insn::BranchIndirect { link: true, .. })
        });
        let ends = self.pipeline.ends(self.before.as_ref(), unaligned);
        Block {
            key: key(self.start, self.start_it),
            ops: self.ops.into(),
            meta: self.meta.into(),
            target: self.target,
            end: self.pc,
            end_it: self.it,
            calls,
            count: self.count as u32,
            tally: self.tally,
            cycles_taken: ends.taken,
            cycles: ends.fall,
            miss: ends.miss,
            history: Cell::new(1),
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
