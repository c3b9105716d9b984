//! The procedure.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use super::client::Client;
use super::clock::ClockCheck;
use super::energy::{EnergyMeasured, Metered, energy};
use super::error::MeasureError;
use super::info::Info;
use super::post_mortem::examined;
use super::session::Session;
use super::statistics::Statistics;
use super::windows::{Windows, medians};
use crate::rack::{Activity, Cancel, Program, Unit};

/// Longest waits, in unit time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub flash: Duration,
    pub boot: Duration,
    /// A command that computes nothing.
    pub command: Duration,
    /// One inference.
    pub inference: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            flash: Duration::from_secs(60),
            boot: Duration::from_secs(5),
            command: Duration::from_secs(5),
            inference: Duration::from_secs(30),
        }
    }
}

/// How much is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Timed inferences; at least one.
    pub repeats: u32,
    /// Inferences before those that are timed.
    pub warmup: u32,
    pub limits: Limits,
}

/// An input and what the reference makes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub input: Vec<u8>,
    pub output: Vec<u8>,
}

/// What the image must say of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    pub build_id: String,
    /// Steps that compute something.
    pub steps: usize,
    /// The step of each call that is timed, in the order of calls.
    pub timed: Vec<usize>,
}

/// What one image did on one unit, with every output equal to the reference's.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    pub info: Info,
    /// Cycles of each timed inference, in order; the median of each window where it was timed in windows.
    pub cycles: Vec<u64>,
    pub statistics: Statistics,
    /// Cycles of each step of one inference.
    pub step_cycles: Vec<u64>,
    /// Output for each case.
    pub outputs: Vec<Vec<u8>>,
    /// High-water mark of the stack in bytes.
    pub stack_bytes: u64,
    /// Everything that `hil memory` said, by key.
    pub memory: BTreeMap<String, u64>,
    /// Instructions of the last timed inference; none where the unit cannot count.
    pub instructions: Option<u64>,
    /// What happened in the last timed inference, and in each step; none and empty where the unit cannot count.
    pub activity: Option<Activity>,
    pub step_activity: Vec<Activity>,
    /// Bytes of SRAM that were ever read or written; none where the unit cannot tell.
    pub touched_sram: Option<u64>,
    /// None where there is no instrument.
    pub energy: Option<EnergyMeasured>,
}

/// What more is measured of a unit whose numbers scatter.
#[derive(Default)]
pub struct Thorough<'a> {
    /// In place of [`Settings::repeats`], which then only tell how many inferences fill a window.
    pub windows: Option<Windows>,
    pub meter: Option<Metered<'a>>,
    /// Where registers and memory of a core that hangs are kept.
    pub dumps: Option<&'a Path>,
}

/// Flashes `program`, verifies the outputs of all `cases`, then times inferences of the last. Where the unit does not answer
/// the error says what its core was doing.
pub fn measure(
    unit: &mut dyn Unit,
    program: &Program,
    expected: &Expected,
    cases: &[Case],
    settings: &Settings,
    cancel: &Cancel,
) -> Result<Measured, MeasureError> {
    measure_thoroughly(unit, program, expected, cases, settings, Thorough::default(), cancel)
}

/// As [`measure`], in windows of time and with an instrument where `thorough` has them. All outputs are verified once more
/// after the windows.
pub fn measure_thoroughly(
    unit: &mut dyn Unit,
    program: &Program,
    expected: &Expected,
    cases: &[Case],
    settings: &Settings,
    thorough: Thorough<'_>,
    cancel: &Cancel,
) -> Result<Measured, MeasureError> {
    let dumps = thorough.dumps;
    procedure(unit, program, expected, cases, settings, thorough, cancel)
        .map_err(|error| examined(error, unit, dumps, cancel))
}

fn procedure(
    unit: &mut dyn Unit,
    program: &Program,
    expected: &Expected,
    cases: &[Case],
    settings: &Settings,
    mut thorough: Thorough<'_>,
    cancel: &Cancel,
) -> Result<Measured, MeasureError> {
    unit.flash(program, settings.limits.flash, cancel)?;
    let (mut session, info) = Session::start(Client::new(unit, cancel), settings.limits, expected, cases)?;
    let mut outputs = Vec::with_capacity(cases.len());
    for (index, case) in cases.iter().enumerate() {
        outputs.push(session.verify(index, case)?);
    }
    let last = cases.len().wrapping_sub(1);
    let Some(case) = cases.get(last) else { return Err(session.broken("hil cycles", "no input to time", &[])) };
    let mut cycles = session.cycles(case, settings.repeats, settings.warmup)?;
    let median = Statistics::of(&cycles).map_or(0.0, |found| found.median);
    if let Some(windows) = thorough.windows {
        cycles = medians(&mut session, case, windows, windows.inferences(median, info.clock_hz))?;
    }
    let instructions = session.timed_instructions();
    let activity = session.timed_activity(&cycles);
    // Whatever happened while it was timed, it still computes the same.
    session.compare(last, case)?;
    let energy = match &mut thorough.meter {
        None => None,
        Some(metered) => {
            let windows = thorough.windows.unwrap_or(Windows::EMULATED);
            let inferences = windows.inferences(median, info.clock_hz);
            let energy = energy(&mut session, (windows.count, inferences), metered, cancel)?;
            session.compare(last, case)?;
            Some(energy)
        }
    };
    let step_cycles = session.steps(case)?;
    let step_activity = session.step_activity(&step_cycles, &expected.timed);
    let memory = session.memory()?;
    let stack = memory.get("stack").copied();
    let stack_bytes = stack.ok_or_else(|| session.broken("hil memory", "no line `m-hil-stack-[…]`", &[]))?;
    // After all that is timed: caches that replace lines at random would go on from its questions.
    let clock = ClockCheck::begin(&mut session)?;
    if thorough.windows.is_some() {
        for (index, case) in cases.iter().enumerate() {
            session.verify(index, case)?;
        }
    }
    clock.finish(&mut session, cancel)?;
    let statistics =
        Statistics::of(&cycles).ok_or_else(|| session.broken("hil cycles", "no inference in the list", &[]))?;
    let touched_sram = session.unit().counters().map(|counters| counters.touched_sram);
    Ok(Measured {
        info,
        cycles,
        statistics,
        step_cycles,
        outputs,
        stack_bytes,
        memory,
        instructions,
        activity,
        step_activity,
        touched_sram,
        energy,
    })
}
