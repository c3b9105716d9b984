//! What happens on one unit: flash, handshake, verify, time, memory; and the statistics of it.
//!
//! [`measure`] is the procedure. Its order is the promise: every output is compared with the reference before any
//! latency is asked for, so that a wrong network has none.

mod client;
mod error;
mod info;
pub mod mlperf;
mod procedure;
mod reply;
mod session;
mod statistics;

pub use client::Client;
pub use error::{MeasureError, Mismatch};
pub use info::Info;
pub use procedure::{Case, Expected, Limits, Measured, Settings, measure};
pub use statistics::Statistics;
