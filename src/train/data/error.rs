//! Why a data set cannot be read.

use std::path::{Path, PathBuf};

/// Why a data set cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The data set is not on this machine; `hint` says how to get it.
    #[error("no data set `{set}`: `{}` does not exist; {hint}", path.display())]
    Missing { set: String, path: PathBuf, hint: String },
    #[error("failed to read `{}`: {source}", path.display())]
    Read { path: PathBuf, source: std::io::Error },
    /// `place` is a byte, a line or an entry.
    #[error("`{}`, {place}: {problem}", path.display())]
    Malformed { path: PathBuf, place: String, problem: String },
    #[error("data set `{set}`: {problem}")]
    Unfit { set: String, problem: String },
}

impl DataError {
    /// Whether there is no data set at all, rather than a broken one.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing { .. })
    }

    pub(super) fn malformed(path: &Path, place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Malformed { path: path.into(), place: place.into(), problem: problem.into() }
    }

    pub(super) fn read(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Read { path: path.into(), source }
    }
}
