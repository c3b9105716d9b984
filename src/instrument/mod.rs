//! Power meters and their protocols.
//!
//! - [`open`] opens the instrument that `rack.yaml` names; [`Meter`] is what each of them does: supply, sample, mark.
//! - A [`Capture`] is what it recorded, with the places of what was lost; [`Capture::energy`] integrates a window, or says
//!   why there is no energy in it. [`Interval`] is a mean with its confidence interval.
//!
//! - [`EmulatedInstrument`] is the other end of each protocol, as its manual has it, for simulated units and for tests.
//!
//! The instruments themselves have not been at the other end.

mod capture;
mod emulated;
mod entry;
mod error;
mod ina228;
mod lpm;
mod lpm_decode;
mod meter;
mod ppk2;
mod samples;
mod wire;

pub use capture::{Capture, Interval, Joules};
pub use emulated::{EmulatedInstrument, Reading};
pub use entry::{InstrumentEntry, InstrumentKind, Window};
pub use error::InstrumentError;
pub use meter::{Meter, open};
