//! Holds the emulator against published measurements: boots images that were measured on silicon, drives the procedure that
//! they were measured by, and compares the time.
//!
//! The facts about the images are data in `tests/validation/`; the images themselves are third parties' and never part of
//! the project.

mod band;
mod drive;
mod facts;
mod find;
mod fit;
mod kind;
mod power;
mod residual;

pub use band::{Band, bands};
pub use drive::{DriveError, Timed, drive};
pub use facts::{Fact, Facts, FactsError, Input, shipped};
pub use find::{FindError, find};
pub use kind::{Kind, Kinds};
pub use power::{Coefficient, Proxy, Submission, Told, Verdict, assess, submissions};
pub use residual::{Part, Sample, attribute};
