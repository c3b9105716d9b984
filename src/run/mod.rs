//! A scenario carried through: candidates, fit, build, measurement, store.
//!
//! Two passes. The first makes every network and plans it for every board and engine, so that what does not fit is
//! known before anything is built. The second builds and measures, row by row on leased units. Rows are stored as they
//! finish and ordered by their place in the plan, so that neither parallelism nor an interruption leaves a trace.

mod ablation;
mod bisect;
mod budget;
mod candidate;
mod carry;
mod check;
mod error;
mod event;
mod gate;
mod git;
mod image;
mod images;
mod inputs;
mod lease;
mod pair;
mod parallel;
mod plan;
mod reconstruction;
mod record;
mod replan;
mod resume;
mod settle;
mod toolchain;
mod trial;
mod tuning;

pub use ablation::{Ablated, Numbers, Variant, ablation, variants};
pub use bisect::{BisectError, Bisected, Commit, Search, Told, bisect};
pub use candidate::{Prepared, prepare};
pub use carry::{Finished, Order, carry};
pub use check::{SelfTest, Tested};
pub use error::RunError;
pub use event::{Event, Stage};
pub use gate::{Judge, thresholds};
pub use images::{Images, built};
pub use pair::Again;
pub use plan::{Row, boards, engine, rows};
pub use replan::{Replanned, Unplannable, replan};
pub use toolchain::{BuildFailure, Built, NoCompiler, Toolchain};
pub use trial::{Bench, TrialError, Tried};
pub use tuning::{Log, Setup, Tuning, usual_log};
