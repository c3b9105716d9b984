//! What instructions and memory cost in cycles.
//!
//! NOT VALIDATED: no figure here has been held against silicon yet.

mod cost;

pub use cost::Cost;
