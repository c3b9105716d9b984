//! Board descriptions: one YAML file per board type under `boards/`, facts with their source.

mod activity;
mod description;
mod power;

pub use activity::Activity;
pub use description::{
    Board, BoardError, Cache, Clock, Console, Core, Errors, FlashInterface, LineFill, Marker, Oscillators, Pin, Probe,
    Processor, Region, RegionKind, Supply, Validation, names, test_names,
};
pub use power::{Charges, Power, Regulator};
