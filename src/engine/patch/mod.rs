//! Patch-based inference: adjoining operators are computed band by band, so that what they pass on to one another never
//! exists as a whole (MCUNetV2, arXiv 2110.15352, section 3.1).
//!
//! A patch is a band of whole rows, since rows adjoin in memory: every kernel takes them as a smaller map with padding of
//! its own above and below, and what one band leaves over for the next is one move. Bands that overlap need some rows
//! twice (the halo): for each tensor they are either kept, which costs memory and no arithmetic, or computed again,
//! which costs arithmetic and no memory.
//!
//! [`rows`] says which rows an operator needs, [`schedule`] which rows each band computes, [`stage`] turns them into
//! calls, [`search`] chooses the stages by what they take ([`cost`]).

mod cost;
mod rows;
mod schedule;
mod search;
mod stage;

pub use rows::Rows;
pub use schedule::{Halo, Window};
pub use stage::{Call, Cut, Stage};

pub(super) use search::{best, exactly};

use super::kernel::{Kernel, Plane};
use crate::network::Hw;

/// Bytes of scratch memory of a kernel that computes `rows` rows of `width` pixels at a time.
pub(super) fn scratch_bytes(kernel: &Kernel, width: usize, rows: usize) -> usize {
    match kernel {
        Kernel::Depthwise(depthwise) if depthwise.packed.is_some() => {
            let plane =
                Plane { out: Hw { h: rows, w: width }, filter: depthwise.filter, stride: depthwise.window.stride };
            plane.scratch_bytes().unwrap_or_else(|| kernel.scratch_bytes())
        }
        _ => kernel.scratch_bytes(),
    }
}
