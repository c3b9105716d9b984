//! TinyNAS: which networks of a search space are best on a board, with the board's measurements in the loop
//! (arXiv 2007.10319, 3).
//!
//! - [`selection`] is stage 1: it chooses a configuration of the space by the networks that fit.
//! - [`evolution`] breeds networks under constraints, [`objectives`] compares them by several aims at once.
//! - [`measured`] is the loop: predict, measure what promises most, learn. Who measures and who judges accuracy comes in
//!   from outside ([`measured::Bench`], [`measured::Evaluator`]); [`proxy`] judges without training.
//! - [`campaign`] carries a scenario's search through: stage 1, supernet, loop, and what comes of it.
//! - [`rivals`] are what the loop has to beat, [`compared`] the architectures that what it finds is held against.

mod bench;
pub mod campaign;
pub mod compared;
pub mod error;
pub mod evolution;
pub mod measured;
pub mod objectives;
pub mod proxy;
pub mod rivals;
pub mod selection;
pub mod taught;

pub use error::SearchError;
