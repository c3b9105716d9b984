//! The memory of a board: regions and their aliases, what of it was touched, and which of it holds decoded code.

mod fast;
mod map;

pub(crate) use fast::Fast;
pub(crate) use map::CODE;
pub use map::{GRANULE, Map, MapError, Touched, Window};
