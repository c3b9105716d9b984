//! Errors that point into the scenario's text.

use std::path::PathBuf;

/// Why a scenario cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    #[error("{}: failed to read the scenario: {source}", .path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    /// Lines and columns start at 1; columns count characters.
    #[error("{file}:{line}:{column}: {message}")]
    Invalid { file: String, line: usize, column: usize, message: String },
}
