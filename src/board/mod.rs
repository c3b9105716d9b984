//! Board descriptions: one YAML file per board type under `boards/`, facts with their source.

mod description;

pub use description::{
    Board, BoardError, Cache, Clock, Console, Core, Errors, FlashInterface, LineFill, Oscillators, Pin, Power, Probe,
    Processor, Region, RegionKind, Supply, Validation, names, test_names,
};
