//! The loop that carries a core through time.

use super::Core;
use super::activity::SETTLE;
use super::block::{Blocks, key};
use super::cpu::{Cpu, Sleep};
use super::debug::HaltCause;
use super::fault::{Fault, Halt, usage};
use super::op::{EXIT, FALL, FAULT, HALT, JUMP, RETURN, SKIP_MOST, TAKEN};
use super::stop::{Pause, Stop};
use super::watch::{Nobody, Watch};
use crate::emulator::interface::Periphery;

impl Core {
    /// Runs until `until_cycle`, or until nothing will ever happen, or until software asks for a reset.
    ///
    /// Time is looked at between blocks, which end at branches and after at most 192 instructions: interrupts are taken, and
    /// `until_cycle` is passed, by up to the cost of one block later. Accesses to peripherals and to the private peripheral bus
    /// end their block, so that what they cause is seen before the next instruction; they happen at their own cycle.
    pub fn run<P: Periphery>(&mut self, periphery: &mut P, until_cycle: u64) -> Result<Pause, Stop> {
        self.run_dyn(periphery, until_cycle)
    }

    fn run_dyn(&mut self, periphery: &mut dyn Periphery, until: u64) -> Result<Pause, Stop> {
        loop {
            let now = self.cpu.cycles;
            if self.cpu.debug.halted().is_some() {
                return Ok(Pause::Halted);
            }
            if let Some(reason) = self.lockup() {
                return Err(self.locked_up(reason.into()));
            }
            if self.look_around(periphery) {
                return Ok(Pause::Reset);
            }
            self.drop_stale();
            if self.cpu.sleeping != Sleep::Awake && !self.wake() {
                let next = periphery.due().min(self.cpu.ppb.systick.due());
                if next == u64::MAX {
                    return Ok(Pause::Idle);
                }
                if next > until {
                    self.cpu.cycles = now.max(until);
                    self.cpu.counts.asleep += self.cpu.cycles - now;
                    return Ok(Pause::Budget);
                }
                self.cpu.cycles = next.max(now + 1);
                self.cpu.counts.asleep += self.cpu.cycles - now;
                continue;
            }
            if now >= until {
                return Ok(Pause::Budget);
            }
            if let Some(halt) = self.prepare(periphery) {
                return self.ended(halt);
            }
            let due = periphery.due().min(self.cpu.ppb.systick.due());
            self.cpu.deadline = until.min(due).min(now.saturating_add(SETTLE));
            self.execute(periphery);
            self.cpu.counts.settle();
            if let Some(halt) = self.cpu.halt.take() {
                return self.ended(halt);
            }
        }
    }

    /// A core that sleeps goes on sleeping for `cycles`; whoever calls this knows that nothing is due in them.
    pub fn sleep_on(&mut self, cycles: u64) {
        if self.cpu.sleeping != Sleep::Awake {
            self.cpu.cycles += cycles;
            self.cpu.counts.asleep += cycles;
        }
    }

    /// What happened outside the core comes to it. True where a reset of the system is asked for.
    fn look_around(&mut self, periphery: &mut dyn Periphery) -> bool {
        let now = self.cpu.cycles;
        if periphery.due() <= now {
            periphery.tick(now, &mut self.cpu.map);
        }
        if self.cpu.ppb.systick.tick(now) {
            self.cpu.ppb.pend(super::ppb::exception::SYSTICK);
        }
        self.cpu.ppb.nvic.sample(periphery.lines());
        if let Some(setup) = periphery.flash_setup() {
            // The accelerator of an M7 is not on the way that it fetches by: its own caches are, and CCR switches them.
            match self.cpu.config.instruction_cache {
                Some(_) => self.cpu.flash.set_wait_states(setup.wait_states),
                None => self.cpu.flash.set_up(setup),
            }
        }
        periphery.reset_requested()
    }

    /// Takes what exception is due and says what ends the run before the next instruction, if anything does.
    fn prepare(&mut self, periphery: &mut dyn Periphery) -> Option<Halt> {
        if let Some(number) = self.cpu.preempting() {
            self.cpu.enter(periphery, number);
        }
        if !self.cpu.thumb && self.cpu.halt.is_none() {
            self.cpu.raise(periphery, Fault::Usage(usage::INVALID_STATE));
            self.cpu.thumb |= self.cpu.halt.is_some();
        }
        self.cpu.halt.take()
    }

    /// Executes one instruction of a core that is not halted, and halts it. Its cost is that of an instruction alone.
    pub fn step<P: Periphery>(&mut self, periphery: &mut P) -> Result<Pause, Stop> {
        if self.look_around(periphery) {
            return Ok(Pause::Reset);
        }
        self.drop_stale();
        self.cpu.sleeping = Sleep::Awake;
        let ended = self.prepare(periphery).or_else(|| {
            self.cpu.deadline = 0;
            // Blocks of one instruction beside the others. Their marks on code stay: a mark too many costs a look only.
            let usual = std::mem::replace(&mut self.blocks, Blocks::of_one());
            self.execute(periphery);
            self.blocks = usual;
            self.cpu.halt.take()
        });
        match ended {
            Some(halt) => self.ended(halt),
            None => {
                self.cpu.debug.stop(HaltCause::Stepped);
                Ok(Pause::Halted)
            }
        }
    }

    fn wake(&mut self) -> bool {
        let cpu = &mut self.cpu;
        let awake = match cpu.sleeping {
            Sleep::Awake => true,
            Sleep::Interrupt => cpu.wakes(),
            // SEVONPEND: also what is pending but disabled.
            Sleep::Event => cpu.event || cpu.wakes() || cpu.ppb.scr & 16 != 0 && !cpu.ppb.nvic.pending.is_empty(),
        };
        if awake {
            if cpu.sleeping == Sleep::Event {
                cpu.event = false;
            }
            cpu.sleeping = Sleep::Awake;
        }
        awake
    }

    fn drop_stale(&mut self) {
        if self.cpu.flush {
            self.cpu.flush = false;
            self.blocks.forget_all(&mut self.cpu);
        }
        if self.cpu.map.is_stale() {
            for offset in self.cpu.map.take_stale() {
                self.blocks.forget(offset);
            }
        }
    }

    /// Runs blocks until the deadline.
    fn execute(&mut self, periphery: &mut dyn Periphery) {
        match &mut self.watcher {
            None => execute(&mut self.cpu, &mut self.blocks, periphery, &mut Nobody),
            Some(watcher) => execute(&mut self.cpu, &mut self.blocks, periphery, watcher.as_mut()),
        }
    }

    fn locked_up(&self, reason: String) -> Stop {
        let pc = self.cpu.pc;
        Stop::Lockup { pc, reason, symbol: self.symbols.describe(pc) }
    }

    fn ended(&mut self, halt: Halt) -> Result<Pause, Stop> {
        let pc = self.cpu.pc;
        let symbol = self.symbols.describe(pc);
        Err(match halt {
            Halt::Reset => return Ok(Pause::Reset),
            Halt::Debug(cause) => {
                self.cpu.debug.stop(cause);
                return Ok(Pause::Halted);
            }
            Halt::Breakpoint(_) if self.cpu.debug.enabled() => {
                self.cpu.debug.stop(HaltCause::Breakpoint);
                return Ok(Pause::Halted);
            }
            Halt::Unknown => {
                let (bytes, disassembly) = self.describe_instruction(pc);
                Stop::Instruction { pc, bytes, disassembly, symbol }
            }
            Halt::Breakpoint(number) => Stop::Breakpoint { pc, number, symbol },
            Halt::Register { address, peripheral, register, problem } => {
                let (_, disassembly) = self.describe_instruction(pc);
                Stop::Register { pc, address, peripheral, register, problem, disassembly, symbol }
            }
            Halt::Lockup(reason) => {
                self.cpu.debug.lock_up(&reason);
                self.locked_up(reason)
            }
        })
    }
}

/// Runs blocks until the deadline.
fn execute<W: Watch>(cpu: &mut Cpu, blocks: &mut Blocks, periphery: &mut dyn Periphery, watch: &mut W) {
    watch.resume(cpu);
    let mut number = blocks.at(cpu);
    loop {
        let block = &blocks.blocks[number as usize];
        watch.block(cpu, block);
        if block.epoch.get() != cpu.flash.epoch {
            // Whatever has come into the cache since may have driven this block's lines out.
            cpu.cycles += u64::from(cpu.flash.fetch(&block.lines));
            block.epoch.set(cpu.flash.epoch);
        }
        let mut index = 0;
        let flow = loop {
            let op = &block.ops[index];
            watch.operation(cpu, block, index);
            let flow = (op.run)(cpu, periphery, op);
            if flow > SKIP_MOST {
                break flow;
            }
            index += 1 + flow as usize;
        };
        match flow {
            TAKEN => {
                cpu.cycles = cpu.cycles.wrapping_add(block.cycles_taken.into());
                cpu.cycles += u64::from(block.foretold(true));
                cpu.instructions += u64::from(block.count);
                cpu.counts.tally += block.tally;
                cpu.pc = block.target;
                cpu.it = 0;
                watch.end(cpu, block, flow);
                if cpu.cycles >= cpu.deadline {
                    return;
                }
                let next = block.taken.get();
                if blocks.blocks[next as usize].key == u64::from(block.target) {
                    number = next;
                    continue;
                }
                let next = blocks.at(cpu);
                blocks.blocks[number as usize].taken.set(next);
                number = next;
                continue;
            }
            FALL => {
                cpu.cycles = cpu.cycles.wrapping_add(block.cycles.into());
                cpu.cycles += u64::from(block.foretold(false));
                cpu.instructions += u64::from(block.count);
                cpu.counts.tally += block.tally;
                cpu.pc = block.end;
                cpu.it = block.end_it;
                watch.end(cpu, block, flow);
                if cpu.cycles >= cpu.deadline {
                    return;
                }
                let next = block.fall.get();
                if blocks.blocks[next as usize].key == key(block.end, block.end_it) {
                    number = next;
                    continue;
                }
                let next = blocks.at(cpu);
                blocks.blocks[number as usize].fall.set(next);
                number = next;
                continue;
            }
            JUMP | RETURN => {
                cpu.cycles = cpu.cycles.wrapping_add(block.cycles_taken.into());
                cpu.cycles += u64::from(block.foretold_to(cpu.pc));
                cpu.instructions += u64::from(block.count);
                cpu.counts.tally += block.tally;
                cpu.it = 0;
                watch.end(cpu, block, flow);
                if flow == RETURN {
                    cpu.leave(periphery);
                    return;
                }
            }
            EXIT => {
                index += 1;
                while block.meta[index].tail {
                    let op = &block.ops[index];
                    (op.run)(cpu, periphery, op);
                    index += 1;
                }
                let meta = block.meta[index];
                cpu.cycles = cpu.cycles.wrapping_add(block.ops[index].at.into());
                cpu.instructions += u64::from(meta.count);
                cpu.counts.tally += meta.tally;
                cpu.pc = meta.pc;
                cpu.it = meta.it;
                watch.end(cpu, block, flow);
                return;
            }
            _ => {
                debug_assert!(flow == FAULT || flow == HALT);
                let meta = block.meta[index];
                cpu.cycles = cpu.cycles.wrapping_add(block.ops[index].at.into());
                cpu.instructions += u64::from(meta.count);
                cpu.counts.tally += meta.tally;
                cpu.pc = meta.pc;
                cpu.it = meta.it;
                watch.end(cpu, block, flow);
                if flow == FAULT {
                    let fault = std::mem::replace(&mut cpu.fault, Fault::None);
                    cpu.raise(periphery, fault);
                }
                return;
            }
        }
        if cpu.cycles >= cpu.deadline {
            return;
        }
        number = blocks.at(cpu);
    }
}
