//! Halt, step, run, registers, memory and breakpoints of an emulated board.

use super::{HaltCause, Register};
use crate::emulator::core::Pause as CorePause;
use crate::emulator::interface::{AccessError, Periphery, Width};
use crate::emulator::machine::{EmulatorError, Machine, Pause};

/// Why [`Debugger::run`] came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// The cycles are used up; the core is still running.
    Budget,
    /// The core sleeps and nothing is due: only input from outside can go on.
    Idle,
    Halted(HaltCause),
}

/// The debug port of a [`Machine`]. Halting debug is on from the first [`Debugger::halt`], breakpoint or vector catch until
/// [`Debugger::detach`]; it does not end with this value.
pub struct Debugger<'a> {
    machine: &'a mut Machine,
}

impl<'a> Debugger<'a> {
    pub(in crate::emulator) fn new(machine: &'a mut Machine) -> Self {
        Self { machine }
    }

    pub fn machine(&mut self) -> &mut Machine {
        self.machine
    }

    /// Stops the core before its next instruction.
    pub fn halt(&mut self) {
        self.machine.core.set_debug(true);
        self.machine.core.halt();
    }

    pub fn halted(&self) -> Option<HaltCause> {
        self.machine.core.halted()
    }

    /// Why the core is locked up, if it is; [`Debugger::halt`] ends that.
    pub fn lockup(&self) -> Option<&str> {
        self.machine.core.lockup()
    }

    /// Clears the breakpoints of this interface and switches halting debug off; a halted core runs on.
    pub fn detach(&mut self) {
        self.machine.core.clear_breakpoints();
        self.machine.core.set_debug(false);
    }

    /// Executes one instruction, whatever breakpoint stands on it, or takes the exception that is due, and halts.
    pub fn step(&mut self) -> Result<HaltCause, EmulatorError> {
        self.halt();
        self.machine.core.set_deaf(true);
        let stepped = self.step_as_told();
        self.machine.core.set_deaf(false);
        stepped
    }

    /// As the debug unit steps: a breakpoint on the instruction stops the core before it.
    pub(super) fn step_as_told(&mut self) -> Result<HaltCause, EmulatorError> {
        self.machine.core.resume();
        match self.machine.core.step(&mut self.machine.soc)? {
            CorePause::Reset => {
                self.machine.reset_by_software();
                self.machine.core.halt();
            }
            _ if self.halted().is_none() => self.machine.core.halt(),
            _ => {}
        }
        Ok(self.halted().unwrap_or(HaltCause::Stepped))
    }

    /// Runs for at most `cycles` core cycles, from a breakpoint on, too.
    pub fn run(&mut self, cycles: u64) -> Result<Ran, EmulatorError> {
        if self.halted().is_some() {
            let at = self.machine.cycles();
            match self.step()? {
                HaltCause::Stepped => {}
                other => return Ok(Ran::Halted(other)),
            }
            self.machine.core.resume();
            let spent = self.machine.cycles() - at;
            return self.go_on(cycles.saturating_sub(spent));
        }
        self.go_on(cycles)
    }

    fn go_on(&mut self, cycles: u64) -> Result<Ran, EmulatorError> {
        Ok(match self.machine.run(cycles)? {
            Pause::Halted => Ran::Halted(self.halted().unwrap_or(HaltCause::Requested)),
            Pause::Idle => Ran::Idle,
            Pause::Budget | Pause::Heard => Ran::Budget,
        })
    }

    /// Runs from the present instruction until the one at `address` is next, for at most `cycles`.
    pub fn run_to(&mut self, address: u32, cycles: u64) -> Result<Ran, EmulatorError> {
        let fresh = !self.clear_breakpoint(address);
        self.set_breakpoint(address);
        let ran = self.run(cycles);
        if fresh {
            self.clear_breakpoint(address);
        }
        ran
    }

    /// Resets core and peripherals as the reset pin does; `halt` stops the core before its first instruction.
    pub fn reset(&mut self, halt: bool) {
        self.machine.reset();
        if halt {
            self.halt();
        }
    }

    pub fn register(&self, register: Register) -> u32 {
        self.machine.core.debug_register(register)
    }

    pub fn set_register(&mut self, register: Register, value: u32) {
        self.machine.core.set_debug_register(register, value);
    }

    /// Address of the next instruction.
    pub fn pc(&self) -> u32 {
        self.register(Register::Core(15))
    }

    /// Any number; they cost no comparator and are not seen in the breakpoint unit.
    pub fn set_breakpoint(&mut self, address: u32) {
        self.machine.core.set_debug(true);
        self.machine.core.set_breakpoint(address);
    }

    /// False where there was none.
    pub fn clear_breakpoint(&mut self, address: u32) -> bool {
        self.machine.core.clear_breakpoint(address)
    }

    /// Reads memory and registers of peripherals, in the widest aligned accesses that fit.
    pub fn read(&mut self, address: u32, to: &mut [u8]) -> Result<(), AccessError> {
        let mut at = address;
        let mut rest = to;
        while !rest.is_empty() {
            let width = widest(at, rest.len());
            let (now, later) = rest.split_at_mut(width.bytes() as usize);
            let value = self.read_one(at, width)?;
            now.copy_from_slice(&value.to_le_bytes()[..now.len()]);
            at = at.wrapping_add(width.bytes());
            rest = later;
        }
        Ok(())
    }

    /// Writes RAM and registers of peripherals, in the widest aligned accesses that fit. Flash is written by its controller
    /// only; [`Debugger::program`] does without it.
    pub fn write(&mut self, address: u32, from: &[u8]) -> Result<(), AccessError> {
        let mut at = address;
        let mut rest = from;
        while !rest.is_empty() {
            let width = widest(at, rest.len());
            let (now, later) = rest.split_at(width.bytes() as usize);
            let mut value = [0; 4];
            value[..now.len()].copy_from_slice(now);
            self.write_one(at, width, u32::from_le_bytes(value))?;
            at = at.wrapping_add(width.bytes());
            rest = later;
        }
        Ok(())
    }

    /// Writes memory of any kind, flash too. False where the range is not all memory; then nothing is written.
    pub fn program(&mut self, address: u32, from: &[u8]) -> bool {
        self.machine.core.memory_mut().program(address, from)
    }

    pub fn read_one(&mut self, address: u32, width: Width) -> Result<u32, AccessError> {
        let machine = &mut *self.machine;
        machine.core.debug_read(&mut machine.soc, address, width)
    }

    /// One access, with all that it causes: a step by DHCSR, a reset by AIRCR. A step that the emulator cannot do leaves the
    /// core locked up.
    pub fn write_one(&mut self, address: u32, width: Width, value: u32) -> Result<(), AccessError> {
        use crate::emulator::core::Effect;
        let machine = &mut *self.machine;
        match machine.core.debug_write(&mut machine.soc, address, width, value)? {
            Effect::None => {}
            Effect::Reset => machine.reset_by_software(),
            Effect::Step => {
                if let Err(error) = self.step_as_told()
                    && self.lockup().is_none()
                {
                    self.machine.core.lock_up(&error.to_string());
                }
            }
        }
        Ok(())
    }

    /// Lets `cycles` pass in which the core does nothing, for the peripherals. A reset that falls due is carried out.
    pub fn pass(&mut self, cycles: u64) {
        let machine = &mut *self.machine;
        machine.core.pass(cycles);
        let now = machine.core.cycles();
        machine.soc.tick(now, machine.core.memory_mut());
        if machine.soc.reset_requested() {
            machine.reset_by_software();
        }
    }
}

/// The widest access that is aligned at `address` and no longer than `left` bytes.
fn widest(address: u32, left: usize) -> Width {
    match () {
        () if address & 3 == 0 && left >= 4 => Width::Word,
        () if address & 1 == 0 && left >= 2 => Width::Half,
        () => Width::Byte,
    }
}
