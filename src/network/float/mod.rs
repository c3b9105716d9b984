//! Networks in single precision: what is trained or seeded before it is quantised.
//!
//! Only the basic IEEE operations are used, in a fixed order, so that every host computes the same bits.

mod graph;
mod math;
mod run;

pub use graph::{FloatKind, FloatNetwork, FloatOp, FloatWeights, Value};
pub use run::{activate, linear, run};
