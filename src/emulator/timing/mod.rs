//! What instructions and memory cost in cycles.
//!
//! NOT VALIDATED: no figure here has been held against silicon yet.

mod cache;
mod cost;
mod flash;

pub use cache::CacheGeometry;
pub use cost::Cost;
pub(crate) use flash::Flash;
pub use flash::FlashPath;
