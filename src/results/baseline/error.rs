//! What can go wrong with baselines.

use std::path::PathBuf;

use crate::results::ResultsError;

#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// Lines start at 1.
    #[error("{}:{line}: {message}", .path.display())]
    Invalid { path: PathBuf, line: usize, message: String },
    #[error("no reason given: say why these measurements are the ones to compare with")]
    NoReason,
    #[error("run {run} has no row that is ok and meets what was asked for; nothing was accepted")]
    NothingToAccept { run: String },
    #[error(transparent)]
    Store(#[from] ResultsError),
}
