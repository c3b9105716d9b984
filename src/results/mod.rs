//! The store: what was measured, in folders that survive a killed process.
//!
//! - [`Measurement`] is one row. It has a latency only where its outputs were verified.
//! - [`RunFolder`] writes a run: `run.json`, a journal that is synced row by row, and Parquet at the end.
//! - [`read`] gives a run back, from Parquet or, where a run was killed, from its journal.
//!
//! Sizes are bytes, clocks are Hz, times are UTC. Digests are SHA-256 in lower-case hex.

pub mod baseline;
mod check;
mod compare;
mod digest;
mod durable;
mod earlier;
mod error;
mod exclusive;
mod folder;
pub mod gate;
pub mod history;
mod limits;
mod measurement;
mod memory;
mod migrate;
mod outcome;
mod parquet;
mod prebuilt;
mod predictions;
mod read;
mod retention;
pub mod step;
mod time;

pub use check::Inconsistent;
pub use compare::{Comparison, LayerChange, LayerNumbers, RowPair, compare, energy, energy_uj};
pub use digest::sha256_hex;
pub use durable::write_file;
pub use error::ResultsError;
pub use exclusive::Exclusive;
pub use folder::{RunFolder, RunInfo, RunState, UnitFacts};
pub use limits::{Broken, Limits};
pub use measurement::{Budget, Measurement, Provenance, Repeat, Step};
pub use memory::{Excess, Flash, Memory, Sram};
pub use outcome::{Cause, Energy, Latency, LatencyError, Outcome, OutputCheck, Run, Status};
pub use prebuilt::{Accuracy, Prebuilt, Verification, Window};
pub use predictions::{Predicted, Predictions};
pub use read::{Source, StoredRun, read};
pub use retention::{Removed, Retention, sweep};
pub use time::utc_text;
