//! Emulated boards: a Cortex-M core, its memory and timing, and the peripherals around it. Knows nothing of networks.

pub mod arith;
pub mod core;
pub mod debug;
mod image;
mod interface;
pub mod isa;
mod machine;
pub mod memory;
pub mod observe;
pub mod soc;
pub mod timing;

pub use image::{Image, ImageError, Segment, Symbol};
pub use interface::{AccessError, FlashSetup, Lines, Memory, NoPeriphery, Periphery, Width};
pub use machine::{EmulatorError, Machine, Pause};
