//! From rows to an exit code.

use std::process::ExitCode;

use crate::results::{Cause, RunState, Status, StoredRun};

/// What the whole run says; the first that applies counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Infrastructure failed, or the run did not come to its end: the other rows stand, but some are missing.
    Infrastructure,
    /// A candidate cannot be used.
    Candidate,
    /// An output was not the reference's.
    Wrong,
    Passed,
}

impl Verdict {
    pub fn of(run: &StoredRun) -> Self {
        let failed = |cause| run.rows.iter().any(|row| row.outcome.cause() == Some(cause));
        if run.state != RunState::Finished || failed(Cause::Infrastructure) {
            Self::Infrastructure
        } else if failed(Cause::Candidate) {
            Self::Candidate
        } else if run.rows.iter().any(|row| row.status() == Status::Mismatch) {
            Self::Wrong
        } else {
            Self::Passed
        }
    }

    pub fn exit_code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Passed => 0,
            Self::Wrong => 1,
            Self::Candidate => 2,
            Self::Infrastructure => 3,
        })
    }
}
