//! What can go wrong with units.

use std::path::PathBuf;
use std::time::Duration;

/// A unit that did not do what was asked. All but [`UnitError::Cancelled`] are infrastructure errors: they say nothing
/// about a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    #[error("cancelled")]
    Cancelled,
    /// The unit has no memory where the image wants to be.
    #[error("unit {unit}: the image does not fit its memory: {problem}")]
    Program { unit: String, problem: String },
    /// The core cannot go on: a fault, a lock-up, something that the emulator does not model.
    #[error("unit {unit}: the core stopped: {problem}")]
    Stopped { unit: String, problem: String },
    /// `what` did not happen in the time allowed, which is unit time.
    #[error("unit {unit}: no {what} within {} s", .limit.as_secs_f64())]
    TimedOut { unit: String, what: String, limit: Duration },
    /// What is there is not what the rack says.
    #[error("unit {unit}: {problem}; correct the rack's file or the wiring")]
    Foreign { unit: String, problem: String },
    /// A step of handling the unit went wrong.
    #[error("unit {unit}: {what} failed: {problem}")]
    Failed { unit: String, what: String, problem: String },
    /// The connection is gone.
    #[error("unit {unit}: {problem}; check its cable and power")]
    Lost { unit: String, problem: String },
    /// The unit's driver has no such action.
    #[error("unit {unit}: its driver cannot {what}")]
    Unsupported { unit: String, what: String },
}

/// Why no unit could be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RackError {
    #[error("cancelled")]
    Cancelled,
    #[error("no unit of board `{board}` is in the rack (it has: {known})")]
    NoUnit { board: String, known: String },
    /// There are units, and none with the driver that was wished.
    #[error("every unit of board `{board}` in the rack is of another kind than it was measured on")]
    OtherKind { board: String },
    #[error("every unit of board `{board}` is out of order: {problems}; `hil rack check` brings units back")]
    OutOfOrder { board: String, problems: String },
    /// A unit of `rack.yaml` cannot be used as it is described there.
    #[error("unit {unit}: {problem}")]
    Unit { unit: String, problem: String },
    /// Locks and health cannot be kept.
    #[error("{}: {problem}; the folder is `state` in rack.yaml, or hil/rack in the user's state folder", .path.display())]
    State { path: PathBuf, problem: String },
}
