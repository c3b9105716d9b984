//! Board descriptions: one YAML file per board type under `boards/`, facts with their source.

mod description;

pub use description::{
    Board, BoardError, Cache, Clock, Console, Core, FlashInterface, Oscillators, Pin, Processor, Region, RegionKind,
    Supply, names, test_names,
};
