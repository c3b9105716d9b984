//! What an instruction does, once its encoding no longer matters.

use crate::emulator::core::Handler;

/// How an instruction is charged; `timing` gives the cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Moves, arithmetic, logic, shifts, bit fields, extends, parallel arithmetic.
    Alu,
    /// Multiply and multiply-accumulate, also long and dual.
    Multiply,
    Divide,
    Load,
    Store,
    LoadDouble,
    StoreDouble,
    LoadMultiple,
    StoreMultiple,
    Exclusive,
    Branch,
    BranchLink,
    BranchIndirect,
    TableBranch,
    CompareBranch,
    Nop,
    It,
    Barrier,
    System,
    /// Float moves, absolute, negate, compare.
    FloatMove,
    FloatAdd,
    FloatMultiply,
    FloatMultiplyAdd,
    FloatDivide,
    FloatRoot,
    FloatConvert,
    FloatLoad,
    FloatStore,
    FloatLoadMultiple,
    FloatStoreMultiple,
}

impl Class {
    /// Whether it needs the FPU.
    pub fn is_float(self) -> bool {
        use Class::*;
        matches!(
            self,
            FloatMove
                | FloatAdd
                | FloatMultiply
                | FloatMultiplyAdd
                | FloatDivide
                | FloatRoot
                | FloatConvert
                | FloatLoad
                | FloatStore
                | FloatLoadMultiple
                | FloatStoreMultiple
        )
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alu {
    And,
    Bic,
    Orr,
    Orn,
    Eor,
    Add,
    Adc,
    Sub,
    Sbc,
    Rsb,
    Mov,
    Mvn,
    Tst,
    Teq,
    Cmp,
    Cmn,
}

impl Alu {
    /// Whether only the flags are kept.
    pub fn is_compare(self) -> bool {
        matches!(self, Self::Tst | Self::Teq | Self::Cmp | Self::Cmn)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    Lsl,
    Lsr,
    Asr,
    Ror,
    Rrx,
}

/// The second operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// `carry` is what a flag-setting logical instruction makes of C, if anything.
    Immediate { value: u32, carry: Option<bool> },
    /// `amount` is 1 to 32 for right shifts, 0 to 31 for LSL.
    Register { m: u8, shift: Shift, amount: u8 },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Byte,
    Half,
    Word,
    SignedByte,
    SignedHalf,
}

/// How an address is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Address {
    /// `[n, #offset]`
    Offset { n: u8, offset: u32 },
    /// `[n, #offset]!`
    PreIndexed { n: u8, offset: u32 },
    /// `[n], #offset`
    PostIndexed { n: u8, offset: u32 },
    /// `[n, m, LSL #shift]`
    Register { n: u8, m: u8, shift: u8 },
    /// Known at decode.
    Absolute(u32),
}

/// What an instruction does.
#[derive(Clone, Copy)]
pub enum Insn {
    /// Straight-line work done by one handler on the fields as they are.
    Plain {
        run: Handler,
        d: u8,
        n: u8,
        m: u8,
        a: u8,
        immediate: u32,
    },
    /// Like `Plain`, but what follows must be looked at afresh.
    Last {
        run: Handler,
        d: u8,
        n: u8,
        m: u8,
        a: u8,
        immediate: u32,
    },
    Alu {
        op: Alu,
        set: bool,
        d: u8,
        n: u8,
        by: Operand,
    },
    /// Shift by register.
    ShiftBy {
        shift: Shift,
        set: bool,
        d: u8,
        n: u8,
        m: u8,
    },
    Load {
        size: Size,
        t: u8,
        from: Address,
        unprivileged: bool,
    },
    Store {
        size: Size,
        t: u8,
        to: Address,
        unprivileged: bool,
    },
    LoadDouble {
        t: u8,
        u: u8,
        from: Address,
    },
    StoreDouble {
        t: u8,
        u: u8,
        to: Address,
    },
    /// `before`: decrement before; otherwise increment after.
    LoadMultiple {
        n: u8,
        list: u16,
        before: bool,
        write_back: bool,
    },
    StoreMultiple {
        n: u8,
        list: u16,
        before: bool,
        write_back: bool,
    },
    /// `first` and `count` in words of the register file.
    FloatLoad {
        first: u8,
        double: bool,
        from: Address,
    },
    FloatStore {
        first: u8,
        double: bool,
        to: Address,
    },
    FloatLoadMultiple {
        n: u8,
        first: u8,
        count: u8,
        before: bool,
        write_back: bool,
    },
    FloatStoreMultiple {
        n: u8,
        first: u8,
        count: u8,
        before: bool,
        write_back: bool,
    },
    Branch {
        target: u32,
    },
    BranchIf {
        condition: u8,
        target: u32,
    },
    BranchLink {
        target: u32,
    },
    BranchIndirect {
        m: u8,
        link: bool,
    },
    CompareBranch {
        n: u8,
        target: u32,
        if_zero: bool,
    },
    TableBranch {
        n: u8,
        m: u8,
        half: bool,
    },
    /// `mask` is never 0.
    It {
        first: u8,
        mask: u8,
    },
    Nop,
    /// An encoding that the architecture calls unpredictable.
    Unpredictable,
    /// Permanently undefined: a usage fault.
    Undefined,
    /// Some coprocessor: a usage fault.
    Coprocessor,
}
