//! Driver of boards behind a debug probe: `probe-rs` programs, resets and examines them, `serialport` talks to them.
//!
//! A session with the probe lasts as long as one of these does: while one is open DBGMCU keeps clocks on in sleep, which
//! falsifies energy, so that none is when the firmware runs. Chip detection is not relied on: the board's file names the
//! chip, and DBGMCU_IDCODE is held against it each time.

mod connect;
mod dump;
mod kind;
mod operate;
mod unit;
mod wire;
mod worker;

pub use connect::Wanted;
pub use dump::{CoreDump, Frame};
pub use kind::{Kind, Silicon, Simulated};
pub use unit::{Place, ProbeUnit};
