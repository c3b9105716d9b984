//! How a debugger reaches an emulated board, at two levels.
//!
//! - [`Debugger`] is the plain one, for what runs in this process: halt, step, run, registers, memory, breakpoints. [`gdb`]
//!   serves it to gdb.
//! - [`DebugPort`] is what stands at the end of a debug probe's wire: an Arm debug interface of version 5 with its debug
//!   port and access ports, moved by single transfers. A probe driver works the core through the registers behind it.
//!
//! What is not modelled: data watchpoints, patching by the FPB, tracing (ITM, ETM, TPIU), the debug monitor, JTAG. While
//! the core is halted its counters (DWT, SysTick) stand still and peripherals go on, as far as somebody lets time pass.

mod access;
mod debugger;
pub mod gdb;
mod port;

pub use access::AccessPort;
pub use debugger::{Debugger, Ran};
pub use port::{Ack, DebugPort, Transfer};

pub use crate::emulator::core::{HaltCause, Register};
