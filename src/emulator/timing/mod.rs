//! What instructions and memory cost in cycles.
//!
//! `m4`, `m7` and `m33` charge a block when it is decoded, from what `uses` says of each instruction; `flash` and `cache` charge what
//! only addresses decide, when it runs. What that gives against silicon is in `boards/*.yaml` (`validation`) and printed by
//! `hil validate`.
//!
//! But for one constant, no number was found by a fit; where sources leave a choice it was made with the errors of MLPerf Tiny v1.1 in sight,
//! so that the errors over those images are of the calibration and not of a blind test:
//!
//! - M4, unaligned wide instructions in a mixed group (`m4`): the source says only that they can cost more than one cycle.
//!   Rejected: no penalty, one for every three, one that any access ends, and that such loads cannot overlap.
//! - M4, refill after a direct branch: 1 of the manual's 1 to 3. Rejected: 2.
//! - L4+, a miss of the data cache brings one read of the array. Rejected: the whole line.
//! - M7, loads of unlike bases share a cycle every second time (`m7`). Rejected: by the offsets alone, always, never.
//! - M7, the data cache replaces a random line (`cache`). Rejected: the least recently used.
//! - M7, a line from RAM takes the beats of the bus that brings it (`LineFill`): 4 where that has 64 bits, not 8 throughout.
//! - M33, what a miss of STM32U5's ICACHE takes beyond the wait states (`fill` of its board) is fitted: no source says it. Only
//!   the image whose weights stream from flash tells it, 2.8 % of its latency a cycle. With none at all the errors of the four
//!   images are -7.3, -4.2, 0.3 and -2.7 %; predicted from the other three, that one would be 33 % off, and each of those
//!   is as with all four.
//!
//! `hil validate` attributes the errors of those images to kinds of kernels. On the M4 convolutions and fully connected layers
//! are right to about a percent, and depthwise convolutions are predicted a fifth too fast. They read weights from flash at a
//! stride, between loads from RAM, in runs of unaligned wide instructions: which of these costs more than it is charged here,
//! no source says, and no constant was put in its place. On the M7 the cost of writing back a line of the data cache is not
//! charged, nor a store buffer that is full.

mod cache;
mod cost;
mod flash;
mod m33;
mod m4;
mod m7;
mod uses;

pub use cache::CacheGeometry;
pub use cost::Cost;
pub(crate) use cost::Pipeline;
pub(crate) use flash::Flash;
pub use flash::FlashPath;
