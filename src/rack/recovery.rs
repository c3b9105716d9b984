//! From a failure back to health, or to quarantine: few steps, each bounded, none believed before it is verified.

use std::time::Duration;

use super::cancel::Cancel;
use super::error::UnitError;

/// What may bring a unit back, from gentle to rough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Resets the core.
    Reset,
    /// Holds the reset line while the probe attaches, so that no firmware gets in the way.
    ResetAtAttach,
    /// Closes probe and console and opens them again.
    Reattach,
    /// Cuts the power, gives it back, and attaches.
    PowerCycle,
}

impl Step {
    /// The word used in messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::ResetAtAttach => "reset under power-on",
            Self::Reattach => "re-attach",
            Self::PowerCycle => "power cycle",
        }
    }
}

/// What recovery may do to a unit. A trait, so that the policy can be tested without one.
pub trait Actions {
    /// Takes `step`, within `limit`. [`UnitError::Unsupported`] where the unit has no such step.
    fn take(&mut self, step: Step, limit: Duration, cancel: &Cancel) -> Result<(), UnitError>;

    /// Whether the unit answers as it should.
    fn verify(&mut self, limit: Duration, cancel: &Cancel) -> Result<(), UnitError>;
}

/// A step and how often and long it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Try {
    pub step: Step,
    pub times: u32,
    /// Of one try; verification has the same again.
    pub limit: Duration,
}

/// The steps of a recovery, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub tries: Vec<Try>,
}

impl Default for Policy {
    fn default() -> Self {
        let of = |step, times, seconds| Try { step, times, limit: Duration::from_secs(seconds) };
        Self {
            tries: vec![
                of(Step::Reset, 1, 5),
                of(Step::ResetAtAttach, 1, 10),
                // The first attach after a power cycle or a replug is known to fail where the second works.
                of(Step::Reattach, 2, 10),
                of(Step::PowerCycle, 2, 60),
            ],
        }
    }
}

impl Policy {
    /// Leaves out what cannot help against `error`: there is nothing to reset behind a connection that is gone.
    pub fn against(mut self, error: &UnitError) -> Self {
        if matches!(error, UnitError::Lost { .. }) {
            self.tries.retain(|t| t.step >= Step::Reattach);
        }
        self
    }
}

/// How a recovery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recovery {
    /// The unit answers again, because of this step.
    Well(Step),
    /// It does not; what was tried and what came of it.
    Hopeless(String),
    Cancelled,
}

/// Where a recovery is.
enum State {
    /// Take try `attempt` of `tries[at]`.
    Act {
        at: usize,
        attempt: u32,
    },
    /// The step was taken; does the unit answer?
    Verify {
        at: usize,
        attempt: u32,
    },
    /// It did not help.
    Failed {
        at: usize,
        attempt: u32,
        error: UnitError,
    },
    Ended(Recovery),
}

/// Works through `policy` until a step is verified to have helped.
pub fn recover(actions: &mut dyn Actions, policy: &Policy, cancel: &Cancel) -> Recovery {
    let mut said: Vec<String> = Vec::new();
    let mut state = State::Act { at: 0, attempt: 1 };
    loop {
        state = match state {
            State::Ended(recovery) => return recovery,
            _ if cancel.is_cancelled() => State::Ended(Recovery::Cancelled),
            State::Act { at, attempt } => match policy.tries.get(at) {
                None if said.is_empty() => State::Ended(Recovery::Hopeless("there is no step that could help".into())),
                None => State::Ended(Recovery::Hopeless(said.join("; "))),
                Some(next) => match actions.take(next.step, next.limit, cancel) {
                    Ok(()) => State::Verify { at, attempt },
                    Err(UnitError::Unsupported { .. }) => State::Act { at: at + 1, attempt: 1 },
                    Err(error) => State::Failed { at, attempt, error },
                },
            },
            State::Verify { at, attempt } => match actions.verify(policy.tries[at].limit, cancel) {
                Ok(()) => State::Ended(Recovery::Well(policy.tries[at].step)),
                Err(error) => State::Failed { at, attempt, error },
            },
            State::Failed { error: UnitError::Cancelled, .. } => State::Ended(Recovery::Cancelled),
            State::Failed { at, attempt, error } => {
                let Try { step, times, .. } = policy.tries[at];
                let more = attempt < times;
                if !more {
                    said.push(format!("{} did not help: {error}", step.name()));
                }
                State::Act { at: if more { at } else { at + 1 }, attempt: if more { attempt + 1 } else { 1 } }
            }
        };
    }
}
