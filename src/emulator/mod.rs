//! Emulated boards: a Cortex-M core, its memory and timing, and the peripherals around it. Knows nothing of networks.

pub mod arith;
pub mod core;
mod interface;
pub mod isa;
pub mod memory;
pub mod timing;

pub use interface::{AccessError, Lines, Memory, NoPeriphery, Periphery, Width};
