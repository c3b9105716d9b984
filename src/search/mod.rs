//! TinyNAS: which networks of a search space are best on a board, with the board's measurements in the loop
//! (arXiv 2007.10319, 3).
//!
//! - [`selection`] is stage 1: it chooses a configuration of the space by the networks that fit.

pub mod selection;
