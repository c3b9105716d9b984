//! The memory of a board: regions and their aliases, what of it was touched, and which of it holds decoded code.

mod map;

pub use map::{GRANULE, Map, MapError, Touched};
