//! Images of anybody's that speak the device API of MLPerf Tiny, measured as its runner does
//! (<https://github.com/mlcommons/tiny>, `benchmark/runner`).
//!
//! - [`run`] boots an image, checks which model it says that it is, times it, and measures its accuracy.
//! - [`Dataset`] is a folder as the runner has it; [`score`] is top-1 and AUC as the runner computes them.
//!
//! All that is known of such an image is what it says. Whether that is right, the caller decides from the results.

mod dataset;
mod dut;
mod error;
mod procedure;
pub mod score;

pub use dataset::{Dataset, DatasetError, Labelled};
pub use dut::Identity;
pub use error::ImageError;
pub use procedure::{Order, Outputs, Timed, Window, run};
