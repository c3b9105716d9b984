//! How commands fail.

use std::process::ExitCode;

use crate::board::BoardError;
use crate::rack::RackError;
use crate::rack::file::RackFileError;
use crate::results::ResultsError;
use crate::results::baseline::BaselineError;
use crate::run::RunError;
use crate::scenario::ScenarioError;

/// Why a command came to nothing.
#[derive(Debug)]
pub enum Failure {
    /// Something that the user gave cannot be used: exit code 2.
    Usage(String),
    /// A tool, a unit, an instrument or the machine failed: exit code 3.
    Infrastructure(String),
}

impl Failure {
    /// Prints the message and returns the exit code.
    pub fn report(&self) -> ExitCode {
        let (message, code) = match self {
            Self::Usage(message) => (message, 2),
            Self::Infrastructure(message) => (message, 3),
        };
        eprintln!("error: {message}");
        ExitCode::from(code)
    }
}

impl From<BoardError> for Failure {
    fn from(error: BoardError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<RackFileError> for Failure {
    fn from(error: RackFileError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<RackError> for Failure {
    fn from(error: RackError) -> Self {
        Self::Infrastructure(error.to_string())
    }
}

impl From<ScenarioError> for Failure {
    fn from(error: ScenarioError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<ResultsError> for Failure {
    fn from(error: ResultsError) -> Self {
        use ResultsError as E;
        match error {
            E::NotARun { .. }
            | E::Journal { .. }
            | E::Pairs { .. }
            | E::Damaged { .. }
            | E::RunFile { .. }
            | E::Parquet { .. } => Self::Usage(error.to_string()),
            E::Busy { .. }
            | E::Exclusive { .. }
            | E::DiskFull { .. }
            | E::Permission { .. }
            | E::Io { .. }
            | E::Inconsistent { .. } => Self::Infrastructure(error.to_string()),
        }
    }
}

impl From<BaselineError> for Failure {
    fn from(error: BaselineError) -> Self {
        match error {
            BaselineError::Store(error) => error.into(),
            _ => Self::Usage(error.to_string()),
        }
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Results(error) => error.into(),
            RunError::Baseline(error) => error.into(),
            RunError::Board(error) => error.into(),
            RunError::Tools(message) => Self::Infrastructure(message),
            RunError::Library(_) | RunError::Changed { .. } => Self::Usage(error.to_string()),
        }
    }
}
