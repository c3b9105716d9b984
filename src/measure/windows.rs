//! Inferences timed in windows of time, not of number: what a short run does not show is in a long one.

use std::time::Duration;

use super::error::MeasureError;
use super::procedure::Case;
use super::session::Session;
use super::statistics::Statistics;

/// Inferences asked for with one command: a reply that is lost costs no more than these.
const PER_COMMAND: u64 = 500;
/// Inferences of one window: faster networks are known well enough by then.
const MAX_INFERENCES: u64 = 1_000_000;

/// How long inferences are timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Windows {
    /// At least one.
    pub count: u32,
    /// Core time of each, at least.
    pub time: Duration,
}

impl Windows {
    /// Five of ten seconds, as the MLPerf Tiny rules have it.
    pub const SILICON: Self = Self { count: 5, time: Duration::from_secs(10) };

    /// For energy on emulated units, which do not drift: long enough for the slowest instrument and both margins.
    pub const EMULATED: Self = Self { count: 5, time: Duration::from_millis(400) };

    /// Inferences of one window, at `cycles` each and a clock of `hz`.
    pub fn inferences(&self, cycles: f64, hz: u64) -> u64 {
        let each = cycles.max(1.0) / hz.max(1) as f64;
        ((self.time.as_secs_f64() / each).ceil() as u64).clamp(1, MAX_INFERENCES)
    }
}

/// Median cycles of each window.
pub fn medians(
    session: &mut Session<'_>,
    case: &Case,
    windows: Windows,
    inferences: u64,
) -> Result<Vec<u64>, MeasureError> {
    let mut medians = Vec::new();
    for _ in 0..windows.count.max(1) {
        let (mut cycles, mut left) = (Vec::new(), inferences);
        while left > 0 {
            let some = left.min(PER_COMMAND);
            cycles.extend(session.cycles(case, some as u32, 0)?);
            left -= some;
        }
        let statistics = Statistics::of(&cycles);
        let none = || session.broken("hil cycles", "no inference in the list", &[]);
        medians.push(statistics.ok_or_else(none)?.median.round() as u64);
    }
    Ok(medians)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_as_many_as_fill_its_time() {
        let windows = Windows::SILICON;
        assert_eq!(windows.inferences(120_000_000.0, 120_000_000), 10);
        assert_eq!(windows.inferences(119_000_000.0, 120_000_000), 11, "rather one more");
        assert_eq!(windows.inferences(1e12, 120_000_000), 1);
        assert_eq!(windows.inferences(0.0, 120_000_000), MAX_INFERENCES, "bounded, whatever the unit says");
    }
}
