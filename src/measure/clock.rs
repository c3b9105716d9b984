//! The board's timer against the unit's time.

use std::time::Duration;

use super::client::Client;
use super::error::{MeasureError, Percent};
use super::procedure::Limits;
use super::session::Session;
use crate::rack::{Cancel, Unit, UnitError};

/// Share by which a board's clock may be off: the least that the crystals and trimmed oscillators of boards keep to.
pub const CLOCK_LIMIT: f64 = 0.005;
/// Readings of which the quickest answer counts.
const READINGS: u32 = 5;
/// Time that a comparison is given more, where its two ends are too close together to tell.
const MORE: Duration = Duration::from_millis(200);
/// After this it goes undecided: answers that slow are none of the clock's doing.
const PATIENCE: u32 = 100;

/// One reading of the board's timer.
#[derive(Debug, Clone, Copy)]
struct Reading {
    microseconds: u32,
    /// Unit time, between question and answer.
    at: Duration,
    took: Duration,
}

/// How far the board's timer runs fast, as a share, and how well that is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockError {
    pub share: f64,
    /// The answers may have been late by as much.
    pub uncertain: f64,
}

impl ClockError {
    fn between(first: Reading, last: Reading) -> Self {
        let board = f64::from(last.microseconds.wrapping_sub(first.microseconds)) / 1e6;
        let host = last.at.saturating_sub(first.at).as_secs_f64().max(1e-9);
        let late = (first.took + last.took).as_secs_f64() / 2.0;
        Self { share: board / host - 1.0, uncertain: late / host }
    }

    /// Whether the clock is off by more than [`CLOCK_LIMIT`]; none where the comparison was too short to tell.
    pub fn is_off(self) -> Option<bool> {
        match self.share.abs() {
            share if share + self.uncertain <= CLOCK_LIMIT => Some(false),
            share if share - self.uncertain > CLOCK_LIMIT => Some(true),
            _ => None,
        }
    }
}

/// A comparison that goes on while something else is done.
pub struct ClockCheck {
    /// None where a unit's clock cannot be off: it is the unit's time itself.
    first: Option<Reading>,
}

impl ClockCheck {
    pub fn begin(session: &mut Session<'_>) -> Result<Self, MeasureError> {
        let exact = session.unit().driver().interchangeable();
        Ok(Self { first: if exact { None } else { Some(quickest(session)?) } })
    }

    /// Ends it, later where it is too early to tell.
    pub fn finish(self, session: &mut Session<'_>, cancel: &Cancel) -> Result<(), MeasureError> {
        let Some(first) = self.first else { return Ok(()) };
        for _ in 0..PATIENCE {
            let found = ClockError::between(first, quickest(session)?);
            match found.is_off() {
                Some(false) => return Ok(()),
                Some(true) => {
                    let unit = session.unit().id().to_string();
                    return Err(MeasureError::Clock { unit, percent: Percent(found.share * 100.0) });
                }
                None if cancel.is_cancelled() => return Err(UnitError::Cancelled.into()),
                None => std::thread::sleep(MORE),
            }
        }
        Ok(())
    }
}

/// How far the board's timer runs fast while it computes `inferences` inferences of the input that it has. The firmware runs
/// already; unit time is the host's on a board, and the core's on an emulated one.
pub fn clock_error(
    unit: &mut dyn Unit,
    limits: Limits,
    inferences: u64,
    cancel: &Cancel,
) -> Result<ClockError, MeasureError> {
    let mut session = Session::resume(Client::new(unit, cancel), limits);
    let first = quickest(&mut session)?;
    session.infer(inferences)?;
    let found = ClockError::between(first, quickest(&mut session)?);
    // Where unit time is the core's own, every answer is as late as every other.
    let exact = session.unit().driver().interchangeable();
    Ok(if exact { ClockError { uncertain: 0.0, ..found } } else { found })
}

/// Of several readings the one whose answer was quickest.
fn quickest(session: &mut Session<'_>) -> Result<Reading, MeasureError> {
    let mut best: Option<Reading> = None;
    for _ in 0..READINGS {
        let (microseconds, asked, answered) = session.timestamp()?;
        let took = answered.saturating_sub(asked);
        if best.is_none_or(|best| took < best.took) {
            best = Some(Reading { microseconds, at: asked + took / 2, took });
        }
    }
    best.ok_or_else(|| session.broken("timestamp", "no answer", &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(microseconds: u32, millis: u64, took: u64) -> Reading {
        Reading { microseconds, at: Duration::from_millis(millis), took: Duration::from_millis(took) }
    }

    #[test]
    fn a_clock_is_judged_only_once_late_answers_cannot_explain_it() {
        let first = reading(u32::MAX - 999, 0, 4);
        let after = |millis: u64, share: f64| {
            let microseconds = (millis as f64 * 1000.0 * (1.0 + share)).round() as u32;
            ClockError::between(first, reading(microseconds.wrapping_sub(1000), millis, 4)).is_off()
        };
        assert_eq!(after(10_000, 0.001), Some(false));
        assert_eq!(after(10_000, -0.001), Some(false));
        assert_eq!(after(10_000, 0.01), Some(true));
        assert_eq!(after(10_000, -0.01), Some(true));
        assert_eq!(after(500, 0.01), None, "4 ms of 500 ms are as much");
    }
}
