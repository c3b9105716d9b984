//! What happens on one unit: flash, handshake, verify, time, memory; and the statistics of it.
//!
//! [`measure`] is the procedure. Its order is the promise: every output is compared with the reference before any
//! latency is asked for, so that a wrong network has none.

mod client;
mod clock;
mod energy;
mod error;
mod info;
pub mod mlperf;
mod post_mortem;
mod procedure;
mod reply;
mod session;
mod statistics;
mod windows;

pub use client::Client;
pub use clock::{CLOCK_LIMIT, ClockError, clock_error};
pub use energy::{EnergyMeasured, Metered};
pub use error::{MeasureError, Mismatch, Percent};
pub use info::Info;
pub use procedure::{Case, Expected, Limits, Measured, Settings, Thorough, measure, measure_thoroughly};
pub use statistics::Statistics;
pub use windows::Windows;
