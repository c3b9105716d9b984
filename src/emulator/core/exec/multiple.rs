//! Loads and stores of several registers.

use super::memory::{ABSOLUTE, OFFSET, POST, PRE, REGISTER, address, by_mode, refused};
use crate::emulator::core::cpu::Cpu;
use crate::emulator::core::fault::{Fault, usage};
use crate::emulator::core::op::{FAULT, Flow, Handler, NEXT, Op};
use crate::emulator::interface::Periphery;
use crate::emulator::isa::Address;

/// These fault where the address is not a multiple of 4.
#[inline(always)]
fn misaligned(cpu: &mut Cpu, address: u32) -> bool {
    if address & 3 == 0 {
        return false;
    }
    cpu.fault = Fault::Usage(usage::UNALIGNED);
    true
}

/// `d` and `m` from two words.
fn load_double<const MODE: u8>(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op) -> Flow {
    let (address, base) = address::<MODE>(cpu, op);
    if misaligned(cpu, address) {
        return FAULT;
    }
    let mut flow = NEXT;
    let Some(first) = cpu.read_word(periphery, op, address, &mut flow) else { return refused(cpu) };
    let Some(second) = cpu.read_word(periphery, op, address.wrapping_add(4), &mut flow) else { return refused(cpu) };
    if MODE == PRE || MODE == POST {
        cpu.set_reg(op.n, base);
    }
    cpu.set_reg(op.d, first);
    cpu.set_reg(op.m, second);
    flow
}

fn store_double<const MODE: u8>(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op) -> Flow {
    let (address, base) = address::<MODE>(cpu, op);
    if misaligned(cpu, address) {
        return FAULT;
    }
    let (first, second) = (cpu.reg(op.d), cpu.reg(op.m));
    let mut flow = NEXT;
    if cpu.write_word(periphery, op, address, first, &mut flow).is_none()
        || cpu.write_word(periphery, op, address.wrapping_add(4), second, &mut flow).is_none()
    {
        return refused(cpu);
    }
    if MODE == PRE || MODE == POST {
        cpu.set_reg(op.n, base);
    }
    flow
}

pub fn load_double_handler(from: Address) -> Handler {
    by_mode!(load_double, , from)
}

pub fn store_double_handler(to: Address) -> Handler {
    by_mode!(store_double, , to)
}

/// `imm` is the register list; `BEFORE` decrements first; `BACK` writes the base back.
pub fn load_multiple<const BEFORE: bool, const BACK: bool>(
    cpu: &mut Cpu,
    periphery: &mut dyn Periphery,
    op: &Op,
) -> Flow {
    let bytes = op.imm.count_ones() * 4;
    let base = cpu.reg(op.n);
    let mut address = if BEFORE { base.wrapping_sub(bytes) } else { base };
    let after = if BEFORE { address } else { base.wrapping_add(bytes) };
    if misaligned(cpu, address) {
        return FAULT;
    }
    let mut flow = NEXT;
    let mut list = op.imm;
    // Nothing is kept of a load that faults half-way, so that it can be done again.
    let kept = cpu.r;
    let mut target = 0;
    while list != 0 {
        let number = list.trailing_zeros();
        list &= list - 1;
        let Some(value) = cpu.read_word(periphery, op, address, &mut flow) else {
            cpu.r = kept;
            return refused(cpu);
        };
        if number == 15 {
            target = value;
        } else {
            cpu.set_reg(number as u8, value);
        }
        address = address.wrapping_add(4);
    }
    if BACK {
        cpu.set_reg(op.n, after);
    }
    if op.imm >> 15 == 0 {
        return flow;
    }
    if op.n == 13 {
        cpu.note_sp();
    }
    cpu.jump(target)
}

pub fn store_multiple<const BEFORE: bool, const BACK: bool>(
    cpu: &mut Cpu,
    periphery: &mut dyn Periphery,
    op: &Op,
) -> Flow {
    let bytes = op.imm.count_ones() * 4;
    let base = cpu.reg(op.n);
    let mut address = if BEFORE { base.wrapping_sub(bytes) } else { base };
    let after = if BEFORE { address } else { base.wrapping_add(bytes) };
    if misaligned(cpu, address) {
        return FAULT;
    }
    let mut flow = NEXT;
    let mut list = op.imm;
    while list != 0 {
        let number = list.trailing_zeros();
        list &= list - 1;
        if cpu.write_word(periphery, op, address, cpu.reg(number as u8), &mut flow).is_none() {
            return refused(cpu);
        }
        address = address.wrapping_add(4);
    }
    if BACK {
        cpu.set_reg(op.n, after);
    }
    flow
}

/// `d` is the first float register, `a` the number of words.
fn float_load<const MODE: u8>(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op) -> Flow {
    let (address, _) = address::<MODE>(cpu, op);
    if misaligned(cpu, address) {
        return FAULT;
    }
    float_load_words(cpu, periphery, op, address)
}

fn float_store<const MODE: u8>(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op) -> Flow {
    let (address, _) = address::<MODE>(cpu, op);
    if misaligned(cpu, address) {
        return FAULT;
    }
    float_store_words(cpu, periphery, op, address)
}

#[inline(always)]
fn float_load_words(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op, mut address: u32) -> Flow {
    let mut flow = NEXT;
    for number in op.d..op.d + op.a {
        let Some(value) = cpu.read_word(periphery, op, address, &mut flow) else { return refused(cpu) };
        cpu.s[usize::from(number & 31)] = value;
        address = address.wrapping_add(4);
    }
    flow
}

#[inline(always)]
fn float_store_words(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op, mut address: u32) -> Flow {
    let mut flow = NEXT;
    for number in op.d..op.d + op.a {
        let value = cpu.s[usize::from(number & 31)];
        if cpu.write_word(periphery, op, address, value, &mut flow).is_none() {
            return refused(cpu);
        }
        address = address.wrapping_add(4);
    }
    flow
}

pub fn float_load_handler(from: Address) -> Handler {
    by_mode!(float_load, , from)
}

pub fn float_store_handler(to: Address) -> Handler {
    by_mode!(float_store, , to)
}

/// `m` not 0: the base is written back.
pub fn float_load_multiple<const BEFORE: bool>(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op) -> Flow {
    float_multiple::<BEFORE>(cpu, periphery, op, float_load_words)
}

pub fn float_store_multiple<const BEFORE: bool>(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op) -> Flow {
    float_multiple::<BEFORE>(cpu, periphery, op, float_store_words)
}

#[inline(always)]
fn float_multiple<const BEFORE: bool>(
    cpu: &mut Cpu,
    periphery: &mut dyn Periphery,
    op: &Op,
    work: fn(&mut Cpu, &mut dyn Periphery, &Op, u32) -> Flow,
) -> Flow {
    let bytes = u32::from(op.a) * 4;
    let base = cpu.reg(op.n);
    let address = if BEFORE { base.wrapping_sub(bytes) } else { base };
    if misaligned(cpu, address) {
        return FAULT;
    }
    let flow = work(cpu, periphery, op, address);
    if flow < FAULT && op.m != 0 {
        cpu.set_reg(op.n, if BEFORE { address } else { base.wrapping_add(bytes) });
    }
    flow
}
