//! Board descriptions: one YAML file per board type under `boards/`, facts with their source.

mod description;

pub use description::{Board, BoardError, Clock, Console, Core, Pin, Region, RegionKind, names};
