//! What instructions and memory cost in cycles.
//!
//! `m4` and `m7` charge a block when it is decoded, from what `uses` says of each instruction; `flash` and `cache` charge what
//! only addresses decide, when it runs. No constant is fitted: each has the source that stands beside it. What that gives
//! against silicon is in `boards/*.yaml` (`error_band`) and printed by `hil validate`.

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
