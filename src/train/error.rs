//! Why a network cannot be trained.

use std::path::PathBuf;

use super::data::DataError;
use crate::network::space::SpaceError;

/// Why a network cannot be trained or measured.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Space(#[from] SpaceError),
    #[error("{0}")]
    Recipe(String),
    /// The device that a scenario names cannot be had.
    #[error("search: {0}")]
    Trainer(String),
    #[error("network `{network}` has {found}, the data set {wanted}")]
    Mismatch { network: String, found: String, wanted: String },
    #[error("training of `{network}` diverged in step {step} of phase `{phase}`: the loss is {loss}; lower `rate`")]
    Diverged { network: String, phase: String, step: usize, loss: f64 },
    #[error("failed to {doing} checkpoint `{}`: {source}", path.display())]
    Checkpoint { doing: &'static str, path: PathBuf, source: std::io::Error },
    /// It is no checkpoint, or one of something else.
    #[error("checkpoint `{}` cannot be used: {problem}; remove it to start again", path.display())]
    Unusable { path: PathBuf, problem: String },
    #[error("training of `{network}` was stopped after {done} of {total} steps")]
    Stopped { network: String, done: usize, total: usize },
    #[error("failed to run `{network}`: {source}")]
    Run { network: String, source: crate::network::reference::RunError },
}
