//! Halting debug (Armv7-M ARM, C1): what stops the core, and the registers that a debugger works it by.
//!
//! A breakpoint is decoded into the block that it stands in, so that a core without any runs as fast as one without debug.

use std::collections::BTreeSet;

use super::Core;
use super::cpu::{Cpu, Sleep};
use super::fpb::Fpb;
use super::ppb::{cfsr, exception};
use crate::board;

/// Why the core is halted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HaltCause {
    /// The debugger asked.
    Requested,
    /// One instruction was to be executed, and was.
    Stepped,
    /// BKPT, the breakpoint unit, or a breakpoint of the emulator's own.
    Breakpoint,
    /// A reset or an exception that is to be caught.
    VectorCatch,
}

/// Bits of DFSR.
const DFSR_HALTED: u32 = 1 << 0;
const DFSR_BREAKPOINT: u32 = 1 << 1;
const DFSR_VECTOR_CATCH: u32 = 1 << 3;
const DFSR_MASK: u32 = 0x1F;

/// Bits of DHCSR.
const C_DEBUGEN: u32 = 1 << 0;
const C_HALT: u32 = 1 << 1;
const C_STEP: u32 = 1 << 2;
const C_MASKINTS: u32 = 1 << 3;
const S_REGRDY: u32 = 1 << 16;
const S_HALT: u32 = 1 << 17;
const S_SLEEP: u32 = 1 << 18;
const S_LOCKUP: u32 = 1 << 19;
const S_RETIRE_ST: u32 = 1 << 24;
const S_RESET_ST: u32 = 1 << 25;

/// Bits of DEMCR.
const VC_CORERESET: u32 = 1 << 0;
const VC_MMERR: u32 = 1 << 4;
const VC_NOCPERR: u32 = 1 << 5;
const VC_CHKERR: u32 = 1 << 6;
const VC_STATERR: u32 = 1 << 7;
const VC_BUSERR: u32 = 1 << 8;
const VC_INTERR: u32 = 1 << 9;
const VC_HARDERR: u32 = 1 << 10;
const DEMCR_MASK: u32 = 0x010F_07F1;

/// What a locked-up core fetches from (Armv7-M ARM, B1.5.15).
const LOCKUP_PC: u32 = 0xFFFF_FFFE;

/// The debug unit of a core. All but the breakpoint unit's enable outlives a reset.
#[derive(Debug, Clone)]
pub(crate) struct Debug {
    /// C_DEBUGEN.
    enabled: bool,
    /// C_MASKINTS.
    masks: bool,
    halted: Option<HaltCause>,
    /// Why the core is locked up, while it is.
    lockup: Option<String>,
    /// A reset since DHCSR was read last.
    was_reset: bool,
    /// Instructions when DHCSR was read last.
    retired: u64,
    pub demcr: u32,
    pub dfsr: u32,
    /// DCRDR.
    transfer: u32,
    pub fpb: Fpb,
    own: BTreeSet<u32>,
    /// Breakpoints do not stop the instruction that is stepped over.
    deaf: bool,
}

impl Debug {
    pub fn new(core: board::Core) -> Self {
        Self {
            enabled: false,
            masks: false,
            halted: None,
            lockup: None,
            was_reset: true,
            retired: 0,
            demcr: 0,
            dfsr: 0,
            transfer: 0,
            fpb: Fpb::new(core),
            own: BTreeSet::new(),
            deaf: false,
        }
    }

    pub fn enabled(&self) -> bool {
        self.enabled
    }

    pub fn halted(&self) -> Option<HaltCause> {
        self.halted
    }

    /// Whether PendSV, SysTick and interrupts are held back.
    pub fn masks_interrupts(&self) -> bool {
        self.masks && self.enabled
    }

    /// Whether the instruction at `pc` is not to be executed.
    pub fn breaks_at(&self, pc: u32) -> bool {
        self.enabled && !self.deaf && (self.fpb.matches(pc) || !self.own.is_empty() && self.own.contains(&pc))
    }

    /// Whether the core stops before the first instruction of an exception's handler; `status` is CFSR.
    pub fn catches(&self, number: u32, status: u32) -> bool {
        if !self.enabled || self.demcr & DEMCR_MASK & 0x7F0 == 0 {
            return false;
        }
        let usage = status >> cfsr::USAGE_SHIFT;
        let wanted = match number {
            exception::HARD_FAULT => VC_HARDERR,
            exception::MEMORY_MANAGEMENT => VC_MMERR,
            exception::BUS_FAULT if status & (cfsr::STACKING | cfsr::UNSTACKING) != 0 => VC_BUSERR | VC_INTERR,
            exception::BUS_FAULT => VC_BUSERR,
            exception::USAGE_FAULT if usage & 0x8 != 0 => VC_NOCPERR,
            exception::USAGE_FAULT if usage & 0x300 != 0 => VC_CHKERR,
            exception::USAGE_FAULT => VC_STATERR,
            _ => 0,
        };
        self.demcr & wanted != 0
    }

    /// What of it a reset leaves; `dead` is a core that waits for its debugger.
    pub fn after_reset(mut self) -> Self {
        self.halted = None;
        self.lockup = None;
        self.was_reset = true;
        self.fpb.disable();
        if self.enabled && self.demcr & VC_CORERESET != 0 {
            self.stop(HaltCause::VectorCatch);
        }
        self
    }

    pub fn stop(&mut self, cause: HaltCause) {
        self.halted = Some(cause);
        self.dfsr |= match cause {
            HaltCause::Requested | HaltCause::Stepped => DFSR_HALTED,
            HaltCause::Breakpoint => DFSR_BREAKPOINT,
            HaltCause::VectorCatch => DFSR_VECTOR_CATCH,
        };
    }

    pub fn lock_up(&mut self, reason: &str) {
        self.lockup = Some(reason.into());
    }
}

/// A register that a debugger transfers by DCRSR (Armv7-M ARM, C1.6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Register {
    /// R0 to R15; 13 is the current stack pointer, 15 the address of the next instruction.
    Core(u8),
    Xpsr,
    Msp,
    Psp,
    /// CONTROL, FAULTMASK, BASEPRI and PRIMASK, from the top byte on.
    Special,
    Fpscr,
    /// S0 to S31.
    Float(u8),
}

impl Register {
    /// By its number in DCRSR.REGSEL.
    pub fn numbered(number: u32) -> Option<Self> {
        Some(match number {
            0..=15 => Self::Core(number as u8),
            16 => Self::Xpsr,
            17 => Self::Msp,
            18 => Self::Psp,
            20 => Self::Special,
            33 => Self::Fpscr,
            64..=95 => Self::Float((number - 64) as u8),
            _ => return None,
        })
    }
}

impl Cpu {
    /// CONTROL, FAULTMASK, BASEPRI and PRIMASK.
    fn special(&self) -> u32 {
        let masks = u32::from(self.faultmask) << 16 | u32::from(self.basepri) << 8 | u32::from(self.primask);
        self.control() << 24 | masks
    }

    fn set_special(&mut self, value: u32) {
        self.primask = value & 1 == 1;
        self.basepri = self.ppb.implemented(value >> 8);
        self.faultmask = value >> 16 & 1 == 1;
        self.unprivileged = value >> 24 & 1 == 1;
        self.float_active = value >> 26 & 1 == 1;
        if self.exception == 0 {
            self.switch(0, value >> 25 & 1 == 1);
        }
        self.flush |= self.ppb.mpu.enabled();
    }
}

impl Core {
    /// Why the core is halted by its debug unit, if it is.
    pub fn halted(&self) -> Option<HaltCause> {
        self.cpu.debug.halted
    }

    /// Why the core is locked up, if it is.
    pub fn lockup(&self) -> Option<&str> {
        self.cpu.debug.lockup.as_deref()
    }

    pub fn is_asleep(&self) -> bool {
        self.cpu.sleeping != Sleep::Awake
    }

    /// Switches halting debug on or off; a halted core runs on when it is switched off.
    pub fn set_debug(&mut self, enabled: bool) {
        let debug = &mut self.cpu.debug;
        if debug.enabled != enabled {
            debug.enabled = enabled;
            self.cpu.flush = true;
        }
        if !enabled {
            self.cpu.debug.halted = None;
        }
    }

    /// Halts the core before its next instruction; a locked-up core leaves that state, at the address that it locked up on.
    pub fn halt(&mut self) {
        if self.cpu.debug.halted.is_some() {
            return;
        }
        if self.cpu.debug.lockup.take().is_some() {
            self.cpu.pc = LOCKUP_PC;
        }
        self.cpu.sleeping = Sleep::Awake;
        self.cpu.debug.stop(HaltCause::Requested);
    }

    /// The debug unit as after power-on.
    pub(crate) fn power_on(&mut self) {
        self.cpu.debug = Debug::new(self.cpu.config.core);
        self.cpu.flush = true;
    }

    /// The core cannot go on until it is reset or halted.
    pub(crate) fn lock_up(&mut self, reason: &str) {
        // At the priority of a hard fault: a debugger that halts it and lets it go finds it locked up again.
        self.cpu.faultmask = true;
        self.cpu.debug.halted = None;
        self.cpu.debug.lock_up(reason);
    }

    /// Lets a halted core run when [`Core::run`] is called next.
    pub fn resume(&mut self) {
        self.cpu.debug.halted = None;
    }

    /// Adds a breakpoint that costs no comparator.
    pub fn set_breakpoint(&mut self, address: u32) {
        self.cpu.flush |= self.cpu.debug.own.insert(address & !1);
    }

    /// False where there was none.
    pub fn clear_breakpoint(&mut self, address: u32) -> bool {
        let was = self.cpu.debug.own.remove(&(address & !1));
        self.cpu.flush |= was;
        was
    }

    pub fn clear_breakpoints(&mut self) {
        self.cpu.flush |= !self.cpu.debug.own.is_empty();
        self.cpu.debug.own.clear();
    }

    /// Whether breakpoints are ignored from now on.
    pub(crate) fn set_deaf(&mut self, deaf: bool) {
        self.cpu.debug.deaf = deaf;
    }

    pub fn debug_register(&self, register: Register) -> u32 {
        match register {
            Register::Core(number) => self.register(number.into()),
            Register::Xpsr => self.cpu.xpsr(),
            Register::Msp => self.cpu.main_sp(),
            Register::Psp => self.cpu.process_sp(),
            Register::Special => self.cpu.special(),
            Register::Fpscr => self.cpu.fpscr,
            Register::Float(number) => self.float_register(number.into()),
        }
    }

    pub fn set_debug_register(&mut self, register: Register, value: u32) {
        match register {
            Register::Core(15) => {
                self.set_register(15, value);
                self.cpu.it = 0;
            }
            Register::Core(number) => self.set_register(number.into(), value),
            Register::Xpsr => self.set_psr(value),
            Register::Msp => self.cpu.set_main_sp(value),
            Register::Psp => self.cpu.set_process_sp(value),
            Register::Special => self.cpu.set_special(value),
            Register::Fpscr => self.cpu.fpscr = value,
            Register::Float(number) => self.set_float_register(number.into(), value),
        }
    }

    /// Lets time pass in which the core does nothing: peripherals go on, the counters of a halted core do not.
    pub(crate) fn pass(&mut self, cycles: u64) {
        let cpu = &mut self.cpu;
        cpu.cycles += cycles;
        if cpu.debug.halted.is_some() {
            cpu.ppb.dwt.hold(cycles);
            cpu.ppb.systick.hold(cycles);
        }
    }

    /// DHCSR as a debugger reads it: flags of what happened since are cleared.
    pub(crate) fn read_dhcsr(&mut self) -> u32 {
        let (asleep, retired) = (self.is_asleep(), self.cpu.instructions);
        let debug = &mut self.cpu.debug;
        let bit = |on: bool, bit: u32| if on { bit } else { 0 };
        let halted = debug.halted.is_some();
        bit(debug.enabled, C_DEBUGEN)
            | bit(halted, C_HALT | S_HALT | S_REGRDY)
            | bit(debug.masks, C_MASKINTS)
            | bit(asleep, S_SLEEP)
            | bit(debug.lockup.is_some(), S_LOCKUP)
            | bit(std::mem::replace(&mut debug.retired, retired) != retired, S_RETIRE_ST)
            | bit(std::mem::take(&mut debug.was_reset), S_RESET_ST)
    }

    /// What a debugger writes to DHCSR. True where one instruction is to be executed now.
    pub(crate) fn write_dhcsr(&mut self, value: u32) -> bool {
        if value >> 16 != 0xA05F {
            return false;
        }
        self.set_debug(value & C_DEBUGEN != 0);
        if !self.cpu.debug.enabled {
            return false;
        }
        self.cpu.debug.masks = value & C_MASKINTS != 0;
        if value & C_HALT != 0 {
            self.halt();
            return false;
        }
        let was_halted = self.cpu.debug.halted.is_some();
        self.resume();
        was_halted && value & C_STEP != 0
    }

    /// What a debugger writes to DCRSR: only a halted core transfers registers.
    pub(crate) fn write_dcrsr(&mut self, value: u32) {
        let Some(register) = Register::numbered(value & 0x7F) else { return };
        if self.cpu.debug.halted.is_none() {
            return;
        }
        if value >> 16 & 1 == 1 {
            self.set_debug_register(register, self.cpu.debug.transfer);
        } else {
            self.cpu.debug.transfer = self.debug_register(register);
        }
    }

    pub(crate) fn dcrdr(&mut self) -> &mut u32 {
        &mut self.cpu.debug.transfer
    }

    /// The breakpoint unit's register at `offset`; none where it has no such register.
    pub(crate) fn read_fpb(&self, offset: u32) -> Option<u32> {
        self.cpu.debug.fpb.read(offset)
    }

    pub(crate) fn write_fpb(&mut self, offset: u32, value: u32) -> bool {
        self.cpu.flush = true;
        self.cpu.debug.fpb.write(offset, value)
    }
}

/// DHCSR, DEMCR and DFSR as software on the core sees them.
impl Debug {
    pub fn dhcsr_by_software(&self) -> u32 {
        u32::from(self.enabled)
    }

    pub fn write_demcr(&mut self, value: u32) {
        self.demcr = value & DEMCR_MASK;
    }

    pub fn clear_dfsr(&mut self, bits: u32) {
        self.dfsr &= !(bits & DFSR_MASK);
    }
}
