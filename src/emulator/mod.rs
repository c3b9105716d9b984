//! Emulated boards: a Cortex-M core, its memory and timing, and the peripherals around it. Knows nothing of networks.

mod interface;
pub mod soc;

pub use interface::{AccessError, Lines, Memory, NoPeriphery, Periphery, Width};
