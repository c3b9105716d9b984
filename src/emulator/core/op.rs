//! A decoded instruction, ready to run.

use super::cpu::Cpu;
use crate::emulator::interface::Periphery;

/// What becomes of control after an operation.
pub type Flow = u32;

/// On to the next operation. Flows up to [`SKIP_MOST`] skip as many operations as their number says.
pub const NEXT: Flow = 0;
pub const SKIP_MOST: Flow = 7;
/// To the block's branch target.
pub const TAKEN: Flow = 8;
/// Past the end of the block.
pub const FALL: Flow = 9;
/// To [`Cpu::pc`].
pub const JUMP: Flow = 10;
/// The block ends after this operation, because something outside it may have changed.
pub const EXIT: Flow = 11;
/// The operation did not happen: [`Cpu::fault`] says why.
pub const FAULT: Flow = 12;
/// Exception return with the value in [`Cpu::pc`].
pub const RETURN: Flow = 13;
/// The run ends before this operation: [`Cpu::halt`] says why.
pub const HALT: Flow = 14;

/// In [`Op::a`] of a load: it was charged as going on in the shadow of the load before, or the next load as in its own.
pub const FOLLOWS: u8 = 1 << 7;
pub const LEADS: u8 = 1 << 6;

/// Does the work of one operation.
pub type Handler = fn(&mut Cpu, &mut dyn Periphery, &Op) -> Flow;

/// An operation; what the fields mean is between [`super::lower`] and the handler.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct Op {
    pub run: Handler,
    pub imm: u32,
    /// Cycles of the block before this operation.
    pub at: u32,
    pub d: u8,
    pub n: u8,
    pub m: u8,
    pub a: u8,
}

/// What is needed of an operation only where its block is left in the middle.
#[derive(Debug, Clone, Copy, Default)]
pub struct Meta {
    pub pc: u32,
    /// Instructions of the block before this one.
    pub count: u32,
    /// Accesses and multiplications of the block before this one, as in [`super::block::Block::tally`].
    pub tally: u64,
    /// ITSTATE before it.
    pub it: u8,
    /// Completes the operation before it.
    pub tail: bool,
}
