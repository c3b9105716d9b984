//! `hil` measures int8 neural networks on STM32 boards, real or emulated: latency, energy, SRAM and flash.
//!
//! # Layout
//!
//! One module per room; ARCHITECTURE.md says what each is responsible for and which others it may use.

pub mod board;
pub mod cli;
pub mod engine;
pub mod network;
pub mod report;
pub mod results;
pub mod scenario;
