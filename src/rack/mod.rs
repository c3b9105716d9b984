//! Units that this machine can use, and the drivers that reach them.
//!
//! - [`Unit`] is one board or emulated board: programmed, reset, and talked to over its console.
//! - [`Rack`] lends units out, one lease at a time each, and keeps their health.
//! - [`Cancel`] ends whatever waits for a unit.
//!
//! A unit has a time of its own: an emulated one that of its core, a real one the host's. Limits are in unit time, so
//! that a loaded host cannot make an emulated unit miss them.

mod cancel;
mod emulated;
mod error;
mod pool;
mod program;
mod unit;

pub use cancel::Cancel;
pub use error::{RackError, UnitError};
pub use pool::{Health, Lease, Rack, UnitStatus};
pub use program::ProgramError;
pub use unit::{Counters, Driver, Program, Segment, Unit};
