//! What gdb may ask of a board.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::ops::ControlFlow;

use gdbstub::common::Signal;
use gdbstub::stub::SingleThreadStopReason;
use gdbstub::target::ext::base::BaseOps;
use gdbstub::target::ext::base::singlethread::{
    SingleThreadBase, SingleThreadResume, SingleThreadResumeOps, SingleThreadSingleStep, SingleThreadSingleStepOps,
};
use gdbstub::target::ext::breakpoints::{
    Breakpoints, BreakpointsOps, HwBreakpoint, HwBreakpointOps, SwBreakpoint, SwBreakpointOps,
};
use gdbstub::target::ext::monitor_cmd::{ConsoleOutput, MonitorCmd, MonitorCmdOps, outputln};
use gdbstub::target::{Target, TargetError, TargetResult};

use super::super::{HaltCause, Ran};
use super::Attendant;
use super::registers::{self, CortexM, Words};
use crate::emulator::core::Register;
use crate::emulator::interface::Width;
use crate::emulator::machine::{EmulatorError, Machine};

/// Core cycles between two looks at the connection.
const SLICE: u64 = 1 << 20;
const DEMCR: u32 = 0xE000_EDFC;
const DEMCR_VC_HARDERR: u32 = 1 << 10;
/// Bad address.
const EFAULT: u8 = 14;

const HELP: &str = "\
cycles   cycles, instructions and seconds of the board since power-on
reset    reset the board and halt before its first instruction
halt     say where the core is
help     this";

type Reason = SingleThreadStopReason<u32>;

/// A board with its debugger.
pub struct Debuggee<'a> {
    machine: &'a mut Machine,
    attendant: &'a mut dyn Attendant,
    stepping: bool,
    software: BTreeSet<u32>,
    hardware: BTreeSet<u32>,
}

impl<'a> Debuggee<'a> {
    /// Halts the board; hard faults will halt it, too.
    pub fn new(machine: &'a mut Machine, attendant: &'a mut dyn Attendant) -> Self {
        let mut debugger = machine.debugger();
        debugger.halt();
        // The register is always there.
        let _ = debugger.write_one(DEMCR, Width::Word, DEMCR_VC_HARDERR);
        Self { machine, attendant, stepping: false, software: BTreeSet::new(), hardware: BTreeSet::new() }
    }

    /// Lets the host's end of the console go on.
    pub fn attend(&mut self) -> ControlFlow<()> {
        self.attendant.attend(self.machine)
    }

    /// Runs for a moment, or makes a step; none while there is nothing to report.
    pub fn advance(&mut self) -> Option<Reason> {
        if std::mem::take(&mut self.stepping) {
            return Some(match self.machine.debugger().step() {
                Ok(cause) => self.reason(cause),
                Err(error) => self.stopped(&error),
            });
        }
        match self.machine.debugger().run(SLICE) {
            Ok(Ran::Budget) => None,
            Ok(Ran::Idle) => {
                std::thread::sleep(super::PATIENCE);
                None
            }
            Ok(Ran::Halted(cause)) => Some(self.reason(cause)),
            Err(error) => Some(self.stopped(&error)),
        }
    }

    pub fn interrupt(&mut self) -> Reason {
        self.machine.debugger().halt();
        Reason::Signal(Signal::SIGINT)
    }

    /// The board runs on without a debugger.
    pub fn release(&mut self) {
        let mut debugger = self.machine.debugger();
        let _ = debugger.write_one(DEMCR, Width::Word, 0);
        debugger.detach();
    }

    fn reason(&mut self, cause: HaltCause) -> Reason {
        let pc = self.machine.debugger().pc();
        match cause {
            HaltCause::Stepped => Reason::DoneStep,
            HaltCause::Breakpoint if self.software.contains(&pc) => Reason::SwBreak(()),
            HaltCause::Breakpoint if self.hardware.contains(&pc) => Reason::HwBreak(()),
            HaltCause::Breakpoint => Reason::Signal(Signal::SIGTRAP),
            HaltCause::Requested => Reason::Signal(Signal::SIGINT),
            HaltCause::VectorCatch => Reason::Signal(Signal::SIGSEGV),
        }
    }

    /// What the emulator cannot do is shown as an illegal instruction.
    fn stopped(&mut self, error: &EmulatorError) -> Reason {
        self.attendant.say(&error.to_string());
        self.machine.debugger().halt();
        Reason::Signal(Signal::SIGILL)
    }

    fn insert(&mut self, address: u32) {
        self.machine.debugger().set_breakpoint(address);
    }

    /// Both kinds of gdb's are one here.
    fn remove(&mut self, address: u32) {
        if !self.software.contains(&address) && !self.hardware.contains(&address) {
            self.machine.debugger().clear_breakpoint(address);
        }
    }
}

impl Target for Debuggee<'_> {
    type Arch = CortexM;
    type Error = Infallible;

    fn base_ops(&mut self) -> BaseOps<'_, CortexM, Infallible> {
        BaseOps::SingleThread(self)
    }

    fn guard_rail_implicit_sw_breakpoints(&self) -> bool {
        true
    }

    fn support_breakpoints(&mut self) -> Option<BreakpointsOps<'_, Self>> {
        Some(self)
    }

    fn support_monitor_cmd(&mut self) -> Option<MonitorCmdOps<'_, Self>> {
        Some(self)
    }
}

impl SingleThreadBase for Debuggee<'_> {
    fn read_registers(&mut self, words: &mut Words) -> TargetResult<(), Self> {
        registers::read(&self.machine.debugger(), words);
        Ok(())
    }

    fn write_registers(&mut self, words: &Words) -> TargetResult<(), Self> {
        registers::write(&mut self.machine.debugger(), words);
        Ok(())
    }

    fn read_addrs(&mut self, start: u32, data: &mut [u8]) -> TargetResult<usize, Self> {
        match self.machine.debugger().read(start, data) {
            Ok(()) => Ok(data.len()),
            Err(_) => Err(TargetError::Errno(EFAULT)),
        }
    }

    fn write_addrs(&mut self, start: u32, data: &[u8]) -> TargetResult<(), Self> {
        let mut debugger = self.machine.debugger();
        // `load` writes flash without knowing of its controller.
        if debugger.program(start, data) || debugger.write(start, data).is_ok() {
            return Ok(());
        }
        Err(TargetError::Errno(EFAULT))
    }

    fn support_resume(&mut self) -> Option<SingleThreadResumeOps<'_, Self>> {
        Some(self)
    }
}

impl SingleThreadResume for Debuggee<'_> {
    fn resume(&mut self, _: Option<Signal>) -> Result<(), Infallible> {
        self.stepping = false;
        Ok(())
    }

    fn support_single_step(&mut self) -> Option<SingleThreadSingleStepOps<'_, Self>> {
        Some(self)
    }
}

impl SingleThreadSingleStep for Debuggee<'_> {
    fn step(&mut self, _: Option<Signal>) -> Result<(), Infallible> {
        self.stepping = true;
        Ok(())
    }
}

impl Breakpoints for Debuggee<'_> {
    fn support_sw_breakpoint(&mut self) -> Option<SwBreakpointOps<'_, Self>> {
        Some(self)
    }

    fn support_hw_breakpoint(&mut self) -> Option<HwBreakpointOps<'_, Self>> {
        Some(self)
    }
}

impl SwBreakpoint for Debuggee<'_> {
    fn add_sw_breakpoint(&mut self, address: u32, _: usize) -> TargetResult<bool, Self> {
        self.software.insert(address & !1);
        self.insert(address & !1);
        Ok(true)
    }

    fn remove_sw_breakpoint(&mut self, address: u32, _: usize) -> TargetResult<bool, Self> {
        let was = self.software.remove(&(address & !1));
        self.remove(address & !1);
        Ok(was)
    }
}

impl HwBreakpoint for Debuggee<'_> {
    fn add_hw_breakpoint(&mut self, address: u32, _: usize) -> TargetResult<bool, Self> {
        self.hardware.insert(address & !1);
        self.insert(address & !1);
        Ok(true)
    }

    fn remove_hw_breakpoint(&mut self, address: u32, _: usize) -> TargetResult<bool, Self> {
        let was = self.hardware.remove(&(address & !1));
        self.remove(address & !1);
        Ok(was)
    }
}

impl MonitorCmd for Debuggee<'_> {
    fn handle_monitor_cmd(&mut self, command: &[u8], mut out: ConsoleOutput<'_>) -> Result<(), Infallible> {
        match command.trim_ascii() {
            b"cycles" => {
                let (cycles, instructions) = (self.machine.cycles(), self.machine.instructions());
                outputln!(out, "{cycles} cycles, {instructions} instructions, {:.6} s", self.machine.seconds());
            }
            b"reset" | b"reset halt" => {
                self.machine.debugger().reset(true);
                outputln!(out, "reset, halted at {:#010x}", self.machine.debugger().pc());
            }
            b"halt" => {
                let exception = self.machine.debugger().register(Register::Xpsr) & 0x1FF;
                let pc = self.machine.debugger().pc();
                outputln!(out, "halted at {pc:#010x}, in exception {exception}");
            }
            b"help" | b"" => outputln!(out, "{HELP}"),
            other => {
                outputln!(out, "no command `{}`; there are:\n{HELP}", String::from_utf8_lossy(other));
            }
        }
        Ok(())
    }
}
