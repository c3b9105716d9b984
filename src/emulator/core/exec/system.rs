//! Special registers, hints, and calls of the supervisor.

use crate::emulator::core::cpu::{Cpu, Sleep};
use crate::emulator::core::debug::HaltCause;
use crate::emulator::core::fault::{Fault, Halt};
use crate::emulator::core::op::{EXIT, FAULT, Flow, HALT, NEXT, Op};
use crate::emulator::core::ppb::exception;
use crate::emulator::interface::Periphery;

/// What ends a block although nothing happens: barriers and hints.
pub fn dsb(cpu: &mut Cpu, _: &mut dyn Periphery, _: &Op) -> Flow {
    cpu.attend();
    EXIT
}

pub fn nop(_: &mut Cpu, _: &mut dyn Periphery, _: &Op) -> Flow {
    NEXT
}

pub fn wfi(cpu: &mut Cpu, _: &mut dyn Periphery, _: &Op) -> Flow {
    cpu.sleeping = Sleep::Interrupt;
    cpu.attend();
    EXIT
}

pub fn wfe(cpu: &mut Cpu, _: &mut dyn Periphery, _: &Op) -> Flow {
    if cpu.event {
        cpu.event = false;
        return NEXT;
    }
    cpu.sleeping = Sleep::Event;
    cpu.attend();
    EXIT
}

pub fn sev(cpu: &mut Cpu, _: &mut dyn Periphery, _: &Op) -> Flow {
    cpu.event = true;
    NEXT
}

pub fn svc(cpu: &mut Cpu, _: &mut dyn Periphery, _: &Op) -> Flow {
    if cpu.ppb.group(cpu.ppb.nvic.priority(exception::SVCALL)) >= cpu.execution_priority() {
        cpu.fault = Fault::Supervisor;
        return FAULT;
    }
    cpu.ppb.pend(exception::SVCALL);
    cpu.attend();
    EXIT
}

/// A breakpoint ends the run where no debugger waits for it.
pub fn bkpt(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    cpu.halt = Some(Halt::Breakpoint(op.imm as u8));
    HALT
}

/// A breakpoint of the debugger on the instruction that would be here.
pub fn breakpoint(cpu: &mut Cpu, _: &mut dyn Periphery, _: &Op) -> Flow {
    cpu.halt = Some(Halt::Debug(HaltCause::Breakpoint));
    HALT
}

pub fn unknown(cpu: &mut Cpu, _: &mut dyn Periphery, _: &Op) -> Flow {
    cpu.halt = Some(Halt::Unknown);
    HALT
}

pub fn fetch_bus_fault(cpu: &mut Cpu, _: &mut dyn Periphery, _: &Op) -> Flow {
    cpu.fault = Fault::BusFetch;
    FAULT
}

pub fn fetch_protection_fault(cpu: &mut Cpu, _: &mut dyn Periphery, _: &Op) -> Flow {
    cpu.fault = Fault::ProtectionFetch;
    FAULT
}

/// `n` not 0 sets; bits of `m`: 0 is FAULTMASK, 1 is PRIMASK.
pub fn cps(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    if cpu.privileged() {
        let set = op.n != 0;
        if op.m & 2 != 0 {
            cpu.primask = set;
        }
        if op.m & 1 != 0 && (!set || cpu.execution_priority() > -1) {
            cpu.faultmask = set;
        }
        cpu.attend();
    }
    EXIT
}

/// Special register `imm` into `d` (Armv7-M ARM, B5.2.2).
pub fn mrs(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let privileged = cpu.privileged();
    let value = match op.imm {
        0..=7 => {
            // EPSR reads as 0.
            let exception = if op.imm & 1 != 0 { cpu.exception } else { 0 };
            let flags = if op.imm & 4 == 0 { cpu.apsr() } else { 0 };
            exception | flags
        }
        8 if privileged => cpu.main_sp(),
        9 if privileged => cpu.process_sp(),
        10 | 11 if privileged => cpu.stack_limits[op.imm as usize - 10],
        16 if privileged => cpu.primask.into(),
        17 | 18 if privileged => cpu.basepri.into(),
        19 if privileged => cpu.faultmask.into(),
        20 => cpu.control(),
        _ => 0,
    };
    cpu.set_reg(op.d, value);
    NEXT
}

/// `n` into special register `imm`; `m` is the mask of an APSR write (bit 1: NZCVQ, bit 0: GE).
pub fn msr(cpu: &mut Cpu, _: &mut dyn Periphery, op: &Op) -> Flow {
    let value = cpu.reg(op.n);
    let privileged = cpu.privileged();
    match op.imm {
        0..=7 => {
            if op.imm & 4 == 0 {
                if op.m & 2 != 0 {
                    cpu.set_nzcv(value);
                    cpu.q = value >> 27 & 1;
                }
                if op.m & 1 != 0 {
                    cpu.ge = (value >> 16 & 15) as u8;
                }
            }
        }
        _ if !privileged => {}
        8 => cpu.set_main_sp(value),
        9 => cpu.set_process_sp(value),
        10 | 11 => cpu.stack_limits[op.imm as usize - 10] = value & !7,
        16 => cpu.primask = value & 1 == 1,
        17 => cpu.basepri = cpu.ppb.implemented(value),
        18 => {
            let new = cpu.ppb.implemented(value);
            if new != 0 && (new < cpu.basepri || cpu.basepri == 0) {
                cpu.basepri = new;
            }
        }
        19 => {
            if cpu.execution_priority() > -1 || value & 1 == 0 {
                cpu.faultmask = value & 1 == 1;
            }
        }
        20 => {
            cpu.unprivileged = value & 1 == 1;
            if cpu.exception == 0 {
                cpu.switch(0, value >> 1 & 1 == 1);
            }
            cpu.float_active = value >> 2 & 1 == 1;
            cpu.flush |= cpu.ppb.mpu.enabled();
        }
        _ => {}
    }
    cpu.attend();
    EXIT
}
