//! Why the core came to a halt.

/// Why [`super::Core::run`] returned without trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pause {
    /// `until_cycle` is reached.
    Budget,
    /// The core sleeps and nothing will ever wake it.
    Idle,
    /// Software asked for a reset, by AIRCR or by [`crate::emulator::Periphery::reset_requested`].
    Reset,
    /// The debug unit halted the core.
    Halted,
}

/// Why a run cannot go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    #[error("instruction {bytes} ({disassembly}) at {pc:#010x}{symbol} is not modelled")]
    Instruction { pc: u32, bytes: String, disassembly: String, symbol: String },
    #[error(
        "{peripheral} {register} at {address:#010x} is not modelled ({problem}); pc {pc:#010x}{symbol}: {disassembly}"
    )]
    Register {
        pc: u32,
        address: u32,
        peripheral: String,
        register: String,
        problem: String,
        disassembly: String,
        symbol: String,
    },
    #[error("breakpoint {number} at {pc:#010x}{symbol}")]
    Breakpoint { pc: u32, number: u8, symbol: String },
    #[error("the core locked up at {pc:#010x}{symbol}: {reason}")]
    Lockup { pc: u32, reason: String, symbol: String },
}

/// Names of addresses.
#[derive(Debug, Clone, Default)]
pub struct Symbols(Vec<(u32, String)>);

impl Symbols {
    pub fn new(mut symbols: Vec<(u32, String)>) -> Self {
        symbols.sort();
        Self(symbols)
    }

    /// ` <name+0x12>` for the nearest symbol at or below `address`, else nothing.
    pub fn describe(&self, address: u32) -> String {
        let index = self.0.partition_point(|(start, _)| *start <= address);
        match index.checked_sub(1).map(|i| &self.0[i]) {
            Some((start, name)) if *start == address => format!(" <{name}>"),
            Some((start, name)) => format!(" <{name}+{:#x}>", address - start),
            None => String::new(),
        }
    }
}
