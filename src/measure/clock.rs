//! The board's timer against the unit's time.

use std::time::Duration;

use super::client::Client;
use super::error::MeasureError;
use super::procedure::Limits;
use super::session::Session;
use crate::rack::{Cancel, Unit};

/// How far the board's timer runs fast, as a share, while it computes `inferences` inferences of the input that it has. The
/// firmware runs already; unit time is the host's on a board, and the core's on an emulated one. Each reading stands
/// between question and answer, so that a slow answer widens the result at most by its own duration; of several the
/// quickest counts.
pub fn clock_error(unit: &mut dyn Unit, limits: Limits, inferences: u64, cancel: &Cancel) -> Result<f64, MeasureError> {
    let mut session = Session::resume(Client::new(unit, cancel), limits);
    let first = quickest(&mut session)?;
    session.infer(inferences)?;
    let last = quickest(&mut session)?;
    let board = f64::from(last.0.wrapping_sub(first.0)) / 1e6;
    let host = last.1.saturating_sub(first.1).as_secs_f64();
    Ok(board / host - 1.0)
}

/// Of five readings the one whose answer was quickest: microseconds of the board, and the middle of question and answer.
fn quickest(session: &mut Session<'_>) -> Result<(u32, Duration), MeasureError> {
    let mut best: Option<(u32, Duration, Duration)> = None;
    for _ in 0..5 {
        let (microseconds, asked, answered) = session.timestamp()?;
        let took = answered.saturating_sub(asked);
        if best.is_none_or(|(_, _, quickest)| took < quickest) {
            best = Some((microseconds, asked + took / 2, took));
        }
    }
    let none = || session.broken("timestamp", "no answer", &[]);
    best.map(|(microseconds, at, _)| (microseconds, at)).ok_or_else(none)
}
