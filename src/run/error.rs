//! Why a scenario could not be carried through at all.

use std::path::PathBuf;

use crate::board::BoardError;
use crate::engine::tflm::LibraryError;
use crate::results::ResultsError;
use crate::results::baseline::BaselineError;

/// What ends a whole run; what goes wrong with one row is in that row.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Results(#[from] ResultsError),
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    #[error(transparent)]
    Board(#[from] BoardError),
    /// A library that the scenario names.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// A tool that every row needs cannot be used.
    #[error("{0}")]
    Tools(String),
    #[error("{}: {what} has changed since that run: it was `{then}` and is `{now}`; start a new run", .path.display())]
    Changed { path: PathBuf, what: String, then: String, now: String },
}
