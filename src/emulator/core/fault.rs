//! Synchronous faults, and reasons to end a run.

use super::debug::HaltCause;

/// A fault of the instruction at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// Bits of UFSR.
    Usage(u32),
    /// Precise data access; the address goes to BFAR.
    Bus(u32),
    /// SVC where its exception cannot be taken.
    Supervisor,
    /// Fetch from where nothing is.
    BusFetch,
    /// Data access that the memory protection refuses; the address goes to MMFAR.
    Protection(u32),
    /// Fetch that the memory protection or execute-never refuses.
    ProtectionFetch,
}

/// Bits of UFSR.
pub(crate) mod usage {
    pub const UNDEFINED: u32 = 1 << 0;
    pub const INVALID_STATE: u32 = 1 << 1;
    pub const INVALID_PC: u32 = 1 << 2;
    pub const NO_COPROCESSOR: u32 = 1 << 3;
    pub const UNALIGNED: u32 = 1 << 8;
    pub const DIVIDE_BY_ZERO: u32 = 1 << 9;
}

/// A reason to end the run that is not of the architecture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Halt {
    Unknown,
    /// BKPT.
    Breakpoint(u8),
    /// The debug unit halts the core.
    Debug(HaltCause),
    Register {
        address: u32,
        peripheral: String,
        register: String,
        problem: String,
    },
    Lockup(String),
    /// SYSRESETREQ.
    Reset,
}
