//! Recovery: bounded, in order, and nothing believed before it is verified.

use std::time::Duration;

use hil::rack::recovery::{Actions, Policy, Recovery, Step, Try, recover};
use hil::rack::{Cancel, UnitError};

/// A unit that is brought back by one step, from its n-th try on.
struct Sick {
    cure: Option<(Step, u32)>,
    /// Steps that its driver does not have.
    without: Vec<Step>,
    /// Steps that fail themselves, rather than do no good.
    failing: Vec<Step>,
    taken: Vec<Step>,
    verified: u32,
    cancel_at: Option<(Step, Cancel)>,
}

impl Sick {
    fn cured_by(cure: Option<(Step, u32)>) -> Self {
        Self { cure, without: vec![], failing: vec![], taken: vec![], verified: 0, cancel_at: None }
    }
}

fn lost(problem: &str) -> UnitError {
    UnitError::Lost { unit: "u".into(), problem: problem.into() }
}

impl Actions for Sick {
    fn take(&mut self, step: Step, _: Duration, _: &Cancel) -> Result<(), UnitError> {
        if self.without.contains(&step) {
            return Err(UnitError::Unsupported { unit: "u".into(), what: step.name().into() });
        }
        self.taken.push(step);
        if let Some((at, cancel)) = &self.cancel_at
            && *at == step
        {
            cancel.cancel();
        }
        if self.failing.contains(&step) { Err(lost("no such device")) } else { Ok(()) }
    }

    fn verify(&mut self, _: Duration, _: &Cancel) -> Result<(), UnitError> {
        self.verified += 1;
        let times = |step| self.taken.iter().filter(|taken| **taken == step).count() as u32;
        match self.cure {
            Some((step, nth)) if self.taken.last() == Some(&step) && times(step) >= nth => Ok(()),
            _ => Err(lost("silent")),
        }
    }
}

fn recovered(sick: &mut Sick) -> Recovery {
    recover(sick, &Policy::default(), &Cancel::new())
}

#[test]
fn each_step_is_tried_in_order_and_the_first_that_helps_ends_it() {
    use Step::*;
    for (cure, taken) in [
        ((Reset, 1), vec![Reset]),
        ((ResetAtAttach, 1), vec![Reset, ResetAtAttach]),
        ((Reattach, 2), vec![Reset, ResetAtAttach, Reattach, Reattach]),
        ((PowerCycle, 1), vec![Reset, ResetAtAttach, Reattach, Reattach, PowerCycle]),
    ] {
        let mut sick = Sick::cured_by(Some(cure));
        assert_eq!(recovered(&mut sick), Recovery::Well(cure.0));
        assert_eq!(sick.taken, taken);
        assert_eq!(sick.verified as usize, taken.len(), "each step was verified");
    }
}

#[test]
fn what_nothing_helps_ends_and_says_what_was_tried() {
    let mut sick = Sick::cured_by(None);
    sick.failing = vec![Step::Reattach];
    let Recovery::Hopeless(why) = recovered(&mut sick) else { panic!("nothing helps") };
    let said = "reset did not help: unit u: silent; check its cable and power; reset under power-on did not help: ";
    assert!(why.starts_with(said), "{why}");
    assert!(why.contains("re-attach did not help: unit u: no such device"), "{why}");
    assert_eq!(sick.taken.len(), 6, "the tries are bounded: {:?}", sick.taken);
    assert_eq!(sick.verified, 4, "a step that failed is not verified");
}

#[test]
fn a_cure_that_needs_more_tries_than_allowed_is_none() {
    assert!(matches!(recovered(&mut Sick::cured_by(Some((Step::Reset, 2)))), Recovery::Hopeless(_)));
}

#[test]
fn steps_that_a_driver_lacks_are_left_out() {
    let mut sick = Sick::cured_by(Some((Step::PowerCycle, 1)));
    sick.without = vec![Step::Reset, Step::ResetAtAttach, Step::Reattach];
    assert_eq!(recovered(&mut sick), Recovery::Well(Step::PowerCycle));
    sick.without.push(Step::PowerCycle);
    sick.cure = None;
    assert_eq!(recovered(&mut sick), Recovery::Hopeless("there is no step that could help".into()));
}

#[test]
fn a_lost_connection_is_not_reset() {
    let policy = Policy::default().against(&lost("unplugged"));
    assert!(policy.tries.iter().all(|Try { step, .. }| *step >= Step::Reattach), "{policy:?}");
    let stopped = UnitError::Stopped { unit: "u".into(), problem: "lock-up".into() };
    assert_eq!(Policy::default().against(&stopped), Policy::default());
}

#[test]
fn cancellation_ends_it_between_steps() {
    let cancel = Cancel::new();
    let mut sick = Sick::cured_by(None);
    sick.cancel_at = Some((Step::ResetAtAttach, cancel.clone()));
    assert_eq!(recover(&mut sick, &Policy::default(), &cancel), Recovery::Cancelled);
    assert_eq!(sick.taken, [Step::Reset, Step::ResetAtAttach]);
}
