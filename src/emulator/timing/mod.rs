//! What instructions and memory cost in cycles.
//!
//! NOT VALIDATED: no figure here has been held against silicon yet.

mod cache;
mod cost;
mod flash;
mod m4;
mod m7;
mod uses;

pub use cache::CacheGeometry;
pub use cost::Cost;
pub(crate) use cost::Pipeline;
pub(crate) use flash::Flash;
pub use flash::FlashPath;
