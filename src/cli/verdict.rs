//! From rows to an exit code.

use std::process::ExitCode;

use crate::results::gate::Judgement;
use crate::results::{Cause, RunState, Status, StoredRun};

/// What the whole run says; the first that applies counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Infrastructure failed, or the run did not come to its end: the other rows stand, but some are missing.
    Infrastructure,
    /// Something is worse than its baseline, by more than the scenario allows.
    Gate,
    /// A candidate cannot be used.
    Candidate,
    /// An output was not the reference's.
    Wrong,
    Passed,
}

impl Verdict {
    pub fn of(run: &StoredRun, judgement: Option<&Judgement>) -> Self {
        let failed = |cause| run.rows.iter().any(|row| row.outcome.cause() == Some(cause));
        let failed_again = judgement.is_some_and(|judgement| !judgement.failed_again().is_empty());
        if run.state != RunState::Finished || failed(Cause::Infrastructure) || failed_again {
            Self::Infrastructure
        } else if judgement.is_some_and(Judgement::fails) {
            Self::Gate
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
            Self::Gate | Self::Wrong => 1,
            Self::Candidate => 2,
            Self::Infrastructure => 3,
        })
    }
}
