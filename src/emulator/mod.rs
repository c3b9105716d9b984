//! Emulated boards: a Cortex-M core, its memory and timing, and the peripherals around it. Knows nothing of networks.

pub mod arith;
mod interface;

pub use interface::{AccessError, Lines, Memory, NoPeriphery, Periphery, Width};
