//! Emulated boards behind an emulated debug probe, so that all of probe-rs and of the driver `probe` runs without a board.
//!
//! `probe-rs` runs unmodified: its attach sequences, its Cortex-M driver, its flash loader and the flash algorithms that it
//! uploads, which the emulated core executes against emulated flash controllers. `serialport` runs unmodified on a pty. The
//! emulation begins at the debug port's transfers and at the bytes of the UART.
//!
//! # What silicon has not seen
//!
//! These are emulated, or missing, and a rack of real boards meets them for the first time:
//!
//! - the firmware and the USB protocol of debug probes. An ST-Link does not even pass transfers through: it has commands of
//!   its own for memory and registers, and probe-rs other code for them;
//! - the bits on the wire: parity, turnaround, clock rate, signal quality, and the multidrop and dormant states of SWD v2;
//! - the debug port's overrun detection and pushed compares; access ports other than those probe-rs asks for;
//! - times: flash is 64 times as quick as the datasheet's typical figure, because probe-rs' limits are of host time; it
//!   never takes longer with age, and a busy bank does not stall the core;
//! - what a halt freezes: watchdogs and timers go on by the wire's time, whatever DBGMCU says;
//! - the virtual COM port: its latency timer, its own buffer, its loss of bytes when the host is slow;
//! - power: instruments play the board's power model, with noise of their own making; supplies, brown-out thresholds, and how a board comes back are one switch here;
//! - option bytes, read-out and write protection: they are as delivered.
//!
//! Numbers that are measured here are `emulated`, like those of the driver `emulated`.

mod board;
mod clock;
mod factory;
mod faults;
mod link;
mod meter;
mod probe;
mod pty;

pub use board::{SimBoard, SimError};
pub use clock::SimClock;
pub use factory::{SimProbeFactory, VENDOR_AND_PRODUCT};
pub use faults::{FaultKind, FaultScript, FaultScriptError, Rule};
pub use meter::Metering;
pub use pty::Pty;
