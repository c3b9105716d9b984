//! Rows as Parquet: one table of measurements, and a long one with a row per step of each measurement.
//!
//! Columns that follow from others (`latency_ms`, `sram_peak`, `over_by_sram`, …) are there for whoever reads the
//! files with other tools; they are not read back.

mod read;
mod write;

pub use read::read;
pub use write::{layers, measurements};
