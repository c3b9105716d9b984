//! What can go wrong with a run folder.

use std::io;
use std::path::{Path, PathBuf};

use super::check::Inconsistent;

/// Every message names the path and, where the user can do something, what.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    #[error(
        "{}: the disk is full (failed to {doing}); free some space or choose another folder for results, then run \
         again: rows that finished before are kept in the run's journal", .path.display()
    )]
    DiskFull { path: PathBuf, doing: &'static str, source: io::Error },
    #[error(
        "{}: permission denied (failed to {doing}); make it writable for you or choose another folder for results",
        .path.display()
    )]
    Permission { path: PathBuf, doing: &'static str, source: io::Error },
    #[error("{}: failed to {doing}: {source}", .path.display())]
    Io { path: PathBuf, doing: &'static str, source: io::Error },
    #[error("{}: not the folder of a run: there is no run.json", .path.display())]
    NotARun { path: PathBuf },
    #[error("{}: another process is writing this run; wait for it, or end it", .path.display())]
    Busy { path: PathBuf },
    #[error(
        "{}: scenario \"{scenario}\" is being run in this store by {holder}, and it has gates, so that two at once \
         would be compared with each other; wait for it, or pass --wait", .path.display()
    )]
    Exclusive { path: PathBuf, scenario: String, holder: String },
    #[error("{}:{line}: not a row of this version of hil: {message}", .path.display())]
    Journal { path: PathBuf, line: usize, message: String },
    #[error("{}:{line}: not a pair of this version of hil: {message}; delete the file to measure all pairs again", .path.display())]
    Pairs { path: PathBuf, line: usize, message: String },
    #[error(
        "{}:{line}:{column}: {message}; the file was damaged or edited: put it back from a copy, or move the folder away \
         and run the scenario anew", .path.display()
    )]
    Damaged { path: PathBuf, line: usize, column: usize, message: String },
    #[error("{}: {message}", .path.display())]
    RunFile { path: PathBuf, message: String },
    #[error("{}: {message}; delete the run's two .parquet files to read its journal instead", .path.display())]
    Parquet { path: PathBuf, message: String },
    #[error("row {index} ({network} on {board}) contradicts itself: {source}")]
    Inconsistent { index: u32, network: String, board: String, source: Inconsistent },
}

impl ResultsError {
    /// Sorts an I/O error into those that the user can mend and the others.
    pub(super) fn io(path: &Path, doing: &'static str, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { path, doing, source },
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::Permission { path, doing, source }
            }
            _ => Self::Io { path, doing, source },
        }
    }
}
