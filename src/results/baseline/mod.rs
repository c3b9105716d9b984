//! Baselines: accepted measurements that the gate compares with, as small text files that are reviewed like code.
//!
//! One file per [`Key`], in `<folder>/<board>/`. What its name says is for people; what is inside counts. A row whose key
//! has no file has no baseline, however alike others are: [`Baselines::find`] then gives the nearest and what differs.

mod error;
mod file;
pub mod images;
mod key;
mod store;

pub use error::BaselineError;
pub use file::{Accepted, Baseline, Format, StepCycles};
pub use key::{Difference, Key};
pub use store::{Acceptance, Baselines, Found, Only, Skipped, accept};
