//! Power meters and their protocols.
//!
//! - [`open`] opens the instrument that `rack.yaml` names; [`Meter`] is what each of them does: supply, sample, mark.
//! - A [`Capture`] is what it recorded, with the places of what was lost; [`Capture::energy`] integrates a window, or says
//!   why there is no energy in it. [`Interval`] is a mean with its confidence interval.
//!
//! Each instrument is tested against an emulated one behind a pseudo-terminal, which plays its protocol as its manual has
//! it. The instruments themselves have not been at the other end.

mod capture;
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
pub use entry::{InstrumentEntry, InstrumentKind, Window};
pub use error::InstrumentError;
pub use meter::{Meter, open};
