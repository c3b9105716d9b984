//! All runs of a folder, as one table that is fast to ask: *how did this number move over the nights?*
//!
//! The truth is in the runs' folders. Beside them, in `.index`, stand sorted copies of what histories need: segments
//! in Parquet, and a manifest that says which segment holds which run, and what the run's files looked like when it was
//! read. [`History::open`] compares that with the folders, reads what is new or changed, forgets what is gone, and joins
//! small segments once there are many. A missing, damaged or foreign index is built anew. Nothing that is only in the
//! index is ever shown.
//!
//! One writer at a time: whoever does not get the lock, or may not write, reads what is new for itself alone.

mod entry;
mod fingerprint;
mod manifest;
mod nights;
mod segment;
mod store;
mod trend;

pub use entry::{Entry, Query};
pub use nights::Nights;
pub use store::{Answer, History};
pub use trend::{Series, series};
