//! What memory is taken for, in the same parts for every engine.

use serde::{Deserialize, Serialize};

/// Bytes of SRAM at the worst moment, part by part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sram {
    /// Tensors and scratch.
    pub arena: u64,
    /// What the engine keeps beside them: an interpreter with its structures, variables, copies of filters.
    pub engine: u64,
    /// High-water mark of the stack; of a plan, what is reserved for it.
    pub stack: u64,
    pub heap: u64,
    /// Variables of what runs around the network.
    pub runtime: u64,
    /// Buffers that only measurement needs, e.g. a copy of the input; no part of the peak, since no product has them.
    pub harness: u64,
}

impl Sram {
    pub fn peak(&self) -> u64 {
        self.parts().into_iter().fold(0, |sum, (_, bytes)| sum.saturating_add(bytes))
    }

    /// What the peak consists of, with the names in files.
    pub fn parts(&self) -> [(&'static str, u64); 5] {
        let Self { arena, engine, stack, heap, runtime, harness: _ } = *self;
        [("arena", arena), ("engine", engine), ("stack", stack), ("heap", heap), ("runtime", runtime)]
    }

    /// Moves `bytes` of the arena that an interpreter keeps for itself to what the engine keeps.
    #[must_use]
    pub fn with_interpreter(mut self, bytes: u64) -> Self {
        let kept = bytes.min(self.arena);
        self.arena -= kept;
        self.engine += kept;
        self
    }
}

/// Bytes of flash, part by part.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Flash {
    /// Filters, biases and other constants of the network.
    pub weights: u64,
    /// Other constants of network and engine: requantisation, parameters of steps, lookup tables, what describes a model.
    pub tables: u64,
    /// Code of network and engine, with what it alone takes from libraries.
    pub code: u64,
    /// Code and constants of what runs around the network, with what they take from libraries.
    pub runtime: u64,
    /// Initial values of variables.
    pub data: u64,
}

impl Flash {
    pub fn total(&self) -> u64 {
        self.parts().into_iter().fold(0, |sum, (_, bytes)| sum.saturating_add(bytes))
    }

    /// What the sum consists of, with the names in files.
    pub fn parts(&self) -> [(&'static str, u64); 5] {
        let Self { weights, tables, code, runtime, data } = *self;
        [("weights", weights), ("tables", tables), ("code", code), ("runtime", runtime), ("data", data)]
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Memory {
    pub sram: Sram,
    pub flash: Flash,
}

/// Bytes by which memories are exceeded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Excess {
    pub sram: u64,
    pub flash: u64,
}
