//! Units that this machine can use, and the drivers that reach them.
//!
//! - [`Unit`] is one board or emulated board: programmed, reset, and talked to over its console.
//! - [`Rack`] lends units out, one lease at a time each among all processes, and keeps their health; [`file`] is the format
//!   of `rack.yaml`, [`recovery`] what is done to a unit that failed.
//! - [`Cancel`] ends whatever waits for a unit.
//!
//! A unit has a time of its own: an emulated one that of its core, a real one the host's. Limits are in unit time, so
//! that a loaded host cannot make an emulated unit miss them.

mod cancel;
mod emulated;
mod error;
pub mod file;
mod health;
mod lock;
mod open;
mod pool;
mod power;
pub mod probe;
mod program;
pub mod recovery;
mod renode;
pub mod scan;
pub mod simprobe;
mod unit;
mod usb;

pub use crate::board::Activity;
pub use cancel::Cancel;
pub use error::{RackError, UnitError};
pub use health::{Record, Trouble};
pub use lock::Owner;
pub use pool::{Fate, Health, Lease, Rack, UnitStatus, Waiting, Wish};
pub use program::ProgramError;
pub use renode::Renode;
pub use unit::{Counters, Driver, PostMortem, Program, Remains, Segment, Unit};
