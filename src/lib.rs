//! `hil` measures int8 neural networks on STM32 boards, real or emulated: latency, energy, SRAM and flash.
//!
//! # Layout
//!
//! One module per room; ARCHITECTURE.md says what each is responsible for and which others it may use.

pub mod board;
pub mod cli;
pub mod cost_model;
pub mod emulator;
pub mod engine;
pub mod firmware;
pub mod measure;
pub mod network;
pub mod rack;
pub mod report;
pub mod results;
pub mod run;
pub mod scenario;
pub mod search;
pub mod train;
pub mod validate;
