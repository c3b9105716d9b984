//! The DSP extension and its neighbours: lanes, saturation, multiplication, bit fields.
//!
//! A result that comes with a `bool` sets Q where that is true (Q is cumulative, so it is never cleared);
//! one that comes with a `u8` sets GE to its low four bits.

mod bits;
mod lanes;
mod multiply;
mod saturate;

pub use bits::*;
pub use lanes::*;
pub use multiply::*;
pub use saturate::*;
