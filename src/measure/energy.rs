//! Energy of an inference, by the instrument in the board's supply.
//!
//! Several windows of many inferences, with silence before and after. The instrument's host knows a window's ends only as
//! well as its connection is fast, so that a window is cut short at both ends and its mean power taken times what the
//! board's own timer says of an inference; edges of the board's pin are taken as they are.

use std::time::{Duration, Instant};

use super::error::MeasureError;
use super::session::Session;
use crate::instrument::{Capture, InstrumentKind, Interval, Meter, Window};
use crate::rack::{Cancel, UnitError};

/// Cut off each end of a window that the host marks.
const MARGIN: Duration = Duration::from_millis(50);
/// Share by which the board's power at rest may move while it is measured.
const DRIFT: f64 = 0.1;
/// Share of the power at rest by which an inference must be seen.
const SEEN: f64 = 0.02;
/// Half the width of the confidence interval, as a share, beyond which the windows do not agree.
const SCATTER: f64 = 0.05;
/// How often a wait looks whether it was cancelled.
const LOOK: Duration = Duration::from_millis(20);

/// An instrument and how it is used.
pub struct Metered<'a> {
    pub meter: &'a mut dyn Meter,
    pub window: Window,
    /// Silence before and after.
    pub idle: Duration,
}

impl<'a> Metered<'a> {
    /// With a second of silence.
    pub fn usual((meter, window): (&'a mut dyn Meter, Window)) -> Self {
        Self { meter, window, idle: Duration::from_secs(1) }
    }
}

/// What an instrument measured.
#[derive(Debug, Clone, PartialEq)]
pub struct EnergyMeasured {
    pub instrument: InstrumentKind,
    /// Of one inference, over the windows.
    pub microjoules: Interval,
    /// Largest error that the integration can have made, µJ per inference.
    pub integration_uj: f64,
    pub busy_watts: f64,
    /// At rest: the core asleep, waiting for a command.
    pub idle_watts: f64,
    pub volts: f64,
    /// Samples that were lost, and all.
    pub lost: usize,
    pub samples: usize,
}

/// Measures `count` windows of `inferences` inferences of the input that was loaded last.
pub fn energy(
    session: &mut Session<'_>,
    (count, inferences): (u32, u64),
    metered: &mut Metered<'_>,
    cancel: &Cancel,
) -> Result<EnergyMeasured, MeasureError> {
    // One window says nothing of its scatter.
    let count = count.max(2);
    metered.meter.start()?;
    let recorded = record(session, (count, inferences), metered, cancel);
    // It must not go on sampling whatever went wrong; the first error is the one to report.
    let capture = metered.meter.stop();
    let seconds = recorded?;
    let unit = session.unit().id().to_string();
    let unusable = |problem| MeasureError::Energy { unit: unit.clone(), problem };
    evaluate(metered, &capture?, &seconds, inferences).map_err(unusable)
}

/// Seconds of each window, by the board's timer.
fn record(
    session: &mut Session<'_>,
    (count, inferences): (u32, u64),
    metered: &mut Metered<'_>,
    cancel: &Cancel,
) -> Result<Vec<f64>, MeasureError> {
    let mut seconds = Vec::new();
    rest(metered.idle, cancel)?;
    for _ in 0..count {
        metered.meter.mark()?;
        seconds.push(session.infer(inferences)?);
        metered.meter.mark()?;
    }
    rest(metered.idle, cancel)?;
    metered.meter.mark()?;
    Ok(seconds)
}

fn rest(time: Duration, cancel: &Cancel) -> Result<(), UnitError> {
    let until = Instant::now() + time;
    while Instant::now() < until {
        if cancel.is_cancelled() {
            return Err(UnitError::Cancelled);
        }
        std::thread::sleep(LOOK.min(until.saturating_duration_since(Instant::now())));
    }
    Ok(())
}

fn evaluate(
    metered: &Metered<'_>,
    capture: &Capture,
    seconds: &[f64],
    inferences: u64,
) -> Result<EnergyMeasured, String> {
    let margin = (MARGIN.as_secs_f64() * capture.rate_hz).ceil() as usize;
    let (marks, end) = match capture.marks.split_last() {
        Some((end, marks)) if marks.len() == 2 * seconds.len() => (marks, *end),
        _ => return Err(format!("{} marks of {} windows", capture.marks.len(), seconds.len())),
    };
    let places = match metered.window {
        Window::Host => marks,
        Window::Edge if capture.edges.len() == 2 * seconds.len() => &capture.edges[..],
        Window::Edge => {
            let found = capture.edges.len();
            return Err(format!(
                "{found} edges of {} windows: check the wire to the instrument's input",
                seconds.len()
            ));
        }
    };
    let (mut joules, mut watts, mut integration) = (Vec::new(), 0.0, 0.0f64);
    for (pair, seconds) in places.chunks(2).zip(seconds) {
        let &[start, stop] = pair else { return Err("a window without an end".into()) };
        let (window, whole) = match metered.window {
            Window::Host => (start + margin..stop.saturating_sub(margin), *seconds),
            Window::Edge => (start..stop, (stop - start) as f64 / capture.rate_hz),
        };
        if window.is_empty() {
            return Err("a window is too short for the connection of the instrument; measure more inferences".into());
        }
        let found = capture.energy(window)?;
        let each = whole / inferences as f64;
        joules.push(found.watts() * each);
        watts += found.watts() / seconds_count(places);
        integration = integration.max(found.integration / found.seconds * each);
    }
    let first = *places.first().ok_or("no window")?;
    let last = *places.last().ok_or("no window")?;
    let before = capture.energy(0..first.saturating_sub(margin))?.watts();
    let after = capture.energy(last + margin..end)?.watts();
    if (before - after).abs() > DRIFT * before.max(after) {
        return Err(format!(
            "at rest the board draws {:.4} mW before the inferences and {:.4} mW after them: the instrument drifts, or \
             something else is on its supply",
            before * 1e3,
            after * 1e3
        ));
    }
    let idle = (before + after) / 2.0;
    if (watts - idle).abs() < SEEN * idle {
        return Err(format!(
            "the board draws {:.4} mW at rest and {:.4} mW at work: the instrument is not in its supply",
            idle * 1e3,
            watts * 1e3
        ));
    }
    let interval = Interval::of(&joules).ok_or("one window does not tell how far it is to be trusted")?;
    if interval.relative() > SCATTER {
        return Err(format!("the windows do not agree: ± {:.1} % at 95 % confidence", interval.relative() * 100.0));
    }
    Ok(EnergyMeasured {
        instrument: metered.meter.kind(),
        microjoules: Interval {
            mean: interval.mean * 1e6,
            half_width: interval.half_width * 1e6,
            count: interval.count,
        },
        integration_uj: integration * 1e6,
        busy_watts: watts,
        idle_watts: idle,
        volts: capture.volts,
        lost: capture.lost(),
        samples: capture.amps.len(),
    })
}

/// Number of windows, as a divisor.
fn seconds_count(places: &[usize]) -> f64 {
    (places.len() / 2).max(1) as f64
}
