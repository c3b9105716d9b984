//! Loads and stores of one register, and exclusive ones.

use crate::emulator::core::bus::Access;
use crate::emulator::core::cpu::Cpu;
use crate::emulator::core::fault::{Fault, usage};
use crate::emulator::core::op::{FAULT, Flow, HALT, Handler, NEXT, Op};
use crate::emulator::interface::Periphery;
use crate::emulator::isa::{Address, Size};

const BYTE: u8 = Size::Byte as u8;
const HALF: u8 = Size::Half as u8;
const WORD: u8 = Size::Word as u8;
const SIGNED_BYTE: u8 = Size::SignedByte as u8;
const SIGNED_HALF: u8 = Size::SignedHalf as u8;

pub(super) const OFFSET: u8 = 0;
pub(super) const PRE: u8 = 1;
pub(super) const POST: u8 = 2;
pub(super) const REGISTER: u8 = 3;
pub(super) const ABSOLUTE: u8 = 4;

/// Address of the access, and the base afterwards.
#[inline(always)]
pub(super) fn address<const MODE: u8>(cpu: &Cpu, op: &Op) -> (u32, u32) {
    let base = cpu.reg(op.n);
    match MODE {
        OFFSET => (base.wrapping_add(op.imm), base),
        PRE => (base.wrapping_add(op.imm), base.wrapping_add(op.imm)),
        POST => (base, base.wrapping_add(op.imm)),
        REGISTER => (base.wrapping_add(cpu.reg(op.m) << (op.a & 3)), base),
        _ => (op.imm, base),
    }
}

/// What a handler returns whose access was refused.
#[inline]
pub(super) fn refused(cpu: &Cpu) -> Flow {
    if cpu.halt.is_some() { HALT } else { FAULT }
}

#[inline(always)]
fn extend<const SIZE: u8>(value: u32) -> u32 {
    match SIZE {
        SIGNED_BYTE => i32::from(value as i8) as u32,
        SIGNED_HALF => i32::from(value as i16) as u32,
        _ => value,
    }
}

fn load<const SIZE: u8, const MODE: u8>(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op) -> Flow {
    let (address, base) = address::<MODE>(cpu, op);
    let place = match SIZE {
        BYTE | SIGNED_BYTE => cpu.fast.ram::<1>(address),
        HALF | SIGNED_HALF => cpu.fast.ram::<2>(address),
        _ => cpu.fast.ram::<4>(address),
    };
    let mut flow = NEXT;
    let value = if let Some(offset) = place {
        cpu.touch(address, false);
        cpu.map.mark_read(offset);
        match SIZE {
            BYTE | SIGNED_BYTE => cpu.map.get::<1>(offset),
            HALF | SIGNED_HALF => cpu.map.get::<2>(offset),
            _ => cpu.map.get::<4>(offset),
        }
    } else {
        let width = match SIZE {
            BYTE | SIGNED_BYTE => 1,
            HALF | SIGNED_HALF => 2,
            _ => 4,
        };
        match cpu.read(periphery, op, address, Access::of(width), &mut flow) {
            Some(value) => value,
            None => return refused(cpu),
        }
    };
    if MODE == PRE || MODE == POST {
        cpu.set_reg(op.n, base);
    }
    cpu.set_reg(op.d, extend::<SIZE>(value));
    flow
}

fn store<const SIZE: u8, const MODE: u8>(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op) -> Flow {
    let (address, base) = address::<MODE>(cpu, op);
    let value = cpu.reg(op.d);
    let place = match SIZE {
        BYTE => cpu.fast.ram::<1>(address),
        HALF => cpu.fast.ram::<2>(address),
        _ => cpu.fast.ram::<4>(address),
    };
    let mut flow = NEXT;
    if let Some(offset) = place
        && !cpu.map.mark_written(offset)
    {
        cpu.touch(address, true);
        match SIZE {
            BYTE => cpu.map.put::<1>(offset, value),
            HALF => cpu.map.put::<2>(offset, value),
            _ => cpu.map.put::<4>(offset, value),
        }
    } else {
        let width = match SIZE {
            BYTE => 1,
            HALF => 2,
            _ => 4,
        };
        if cpu.write(periphery, op, address, value, Access::of(width), &mut flow).is_none() {
            return refused(cpu);
        }
    }
    if MODE == PRE || MODE == POST {
        cpu.set_reg(op.n, base);
    }
    flow
}

/// Load into PC: a branch with interworking.
fn load_pc<const MODE: u8>(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op) -> Flow {
    let (address, base) = address::<MODE>(cpu, op);
    let mut flow = NEXT;
    // An unaligned load of PC is unpredictable; it faults as LDM does.
    let Some(value) = cpu.read_word(periphery, op, address, &mut flow) else { return refused(cpu) };
    if MODE == PRE || MODE == POST {
        cpu.set_reg(op.n, base);
        if op.n == 13 {
            cpu.note_sp();
        }
    }
    cpu.jump(value)
}

macro_rules! by_mode {
    ($function:ident, $($size:ident)?, $mode:expr) => {
        match $mode {
            Address::Offset { .. } => $function::<$($size,)? OFFSET>,
            Address::PreIndexed { .. } => $function::<$($size,)? PRE>,
            Address::PostIndexed { .. } => $function::<$($size,)? POST>,
            Address::Register { .. } => $function::<$($size,)? REGISTER>,
            Address::Absolute(_) => $function::<$($size,)? ABSOLUTE>,
        }
    };
}
pub(super) use by_mode;

pub fn load_handler(size: Size, from: Address) -> Handler {
    match size {
        Size::Byte => by_mode!(load, BYTE, from),
        Size::Half => by_mode!(load, HALF, from),
        Size::Word => by_mode!(load, WORD, from),
        Size::SignedByte => by_mode!(load, SIGNED_BYTE, from),
        Size::SignedHalf => by_mode!(load, SIGNED_HALF, from),
    }
}

pub fn load_pc_handler(from: Address) -> Handler {
    by_mode!(load_pc, , from)
}

pub fn store_handler(size: Size, to: Address) -> Handler {
    match size {
        Size::Byte | Size::SignedByte => by_mode!(store, BYTE, to),
        Size::Half | Size::SignedHalf => by_mode!(store, HALF, to),
        Size::Word => by_mode!(store, WORD, to),
    }
}

/// LDRT and relatives: the access is unprivileged.
fn load_unprivileged<const SIZE: u8>(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op) -> Flow {
    let address = cpu.reg(op.n).wrapping_add(op.imm);
    let width = match SIZE {
        BYTE | SIGNED_BYTE => 1,
        HALF | SIGNED_HALF => 2,
        _ => 4,
    };
    let mut flow = NEXT;
    let access = Access { unprivileged: true, ..Access::of(width) };
    let Some(value) = cpu.read(periphery, op, address, access, &mut flow) else { return refused(cpu) };
    cpu.set_reg(op.d, extend::<SIZE>(value));
    flow
}

fn store_unprivileged<const WIDTH: u32>(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op) -> Flow {
    let address = cpu.reg(op.n).wrapping_add(op.imm);
    let mut flow = NEXT;
    let access = Access { unprivileged: true, ..Access::of(WIDTH) };
    match cpu.write(periphery, op, address, cpu.reg(op.d), access, &mut flow) {
        Some(()) => flow,
        None => refused(cpu),
    }
}

pub fn load_unprivileged_handler(size: Size) -> Handler {
    match size {
        Size::Byte => load_unprivileged::<BYTE>,
        Size::Half => load_unprivileged::<HALF>,
        Size::Word => load_unprivileged::<WORD>,
        Size::SignedByte => load_unprivileged::<SIGNED_BYTE>,
        Size::SignedHalf => load_unprivileged::<SIGNED_HALF>,
    }
}

pub fn store_unprivileged_handler(size: Size) -> Handler {
    match size {
        Size::Byte | Size::SignedByte => store_unprivileged::<1>,
        Size::Half | Size::SignedHalf => store_unprivileged::<2>,
        Size::Word => store_unprivileged::<4>,
    }
}

/// Load-acquire: the core does everything in order.
pub fn lda<const WIDTH: u32>(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op) -> Flow {
    let mut flow = NEXT;
    let access = Access { aligned: true, ..Access::of(WIDTH) };
    let Some(value) = cpu.read(periphery, op, cpu.reg(op.n), access, &mut flow) else { return refused(cpu) };
    cpu.set_reg(op.d, value);
    flow
}

/// Store-release of `d`.
pub fn stl<const WIDTH: u32>(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op) -> Flow {
    let mut flow = NEXT;
    let access = Access { aligned: true, ..Access::of(WIDTH) };
    match cpu.write(periphery, op, cpu.reg(op.n), cpu.reg(op.d), access, &mut flow) {
        Some(()) => flow,
        None => refused(cpu),
    }
}

pub fn ldrex<const WIDTH: u32>(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op) -> Flow {
    let address = cpu.reg(op.n).wrapping_add(op.imm);
    let mut flow = NEXT;
    let access = Access { aligned: true, ..Access::of(WIDTH) };
    let Some(value) = cpu.read(periphery, op, address, access, &mut flow) else { return refused(cpu) };
    cpu.exclusive = Some((address, WIDTH));
    cpu.set_reg(op.d, value);
    flow
}

/// Stores `m` and gives 0 in `d` if the exclusive access is still open, else gives 1.
pub fn strex<const WIDTH: u32>(cpu: &mut Cpu, periphery: &mut dyn Periphery, op: &Op) -> Flow {
    let address = cpu.reg(op.n).wrapping_add(op.imm);
    if address & (WIDTH - 1) != 0 {
        cpu.fault = Fault::Usage(usage::UNALIGNED);
        return FAULT;
    }
    let mut flow = NEXT;
    if cpu.exclusive == Some((address, WIDTH)) {
        let access = Access { aligned: true, ..Access::of(WIDTH) };
        if cpu.write(periphery, op, address, cpu.reg(op.m), access, &mut flow).is_none() {
            return refused(cpu);
        }
        cpu.set_reg(op.d, 0);
    } else {
        cpu.set_reg(op.d, 1);
    }
    cpu.exclusive = None;
    flow
}

pub fn clrex(cpu: &mut Cpu, _: &mut dyn Periphery, _: &Op) -> Flow {
    cpu.exclusive = None;
    NEXT
}
