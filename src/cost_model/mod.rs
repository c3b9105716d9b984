//! The cost model: latency of networks that nobody has measured, learned from those that somebody has.
//!
//! SRAM and flash are never learned: the planner knows them. Latency is a sum over steps, each the product of two parts:
//!
//! 1. [`physics`]: a sum of trip counts and bytes ([`terms`]) with non-negative coefficients, by relative least squares.
//!    Coefficients of a kernel on a board lean on those of its core, these on those of the kernel anywhere, these on those
//!    of any kernel: what one board has not shown, others have.
//! 2. [`residual`]: what is left is learned by gradient boosting, and counts only as far as it helps networks that it has
//!    not seen.
//!
//! How far a prediction may be off is learned from networks that were held out ([`model`], split-conformal). A
//! [`DataSet`] is what a model was trained on, and is the model's file: training is quick and gives the same model
//! everywhere. [`evaluate`] holds models against networks, families and boards that they have not seen.

pub mod baseline;
mod check;
pub mod data;
pub mod evaluate;
mod facts;
mod linear;
pub mod model;
mod physics;
mod residual;
pub mod score;
mod scores;
mod terms;

pub use check::check;
pub use data::{DataError, DataSet, Sample};
pub use evaluate::{Evaluation, Split, evaluate};
pub use facts::Facts;
pub use model::{Interval, Model, Prediction, Settings};
pub use score::Score;
