//! Performance, then accuracy.

use std::time::Duration;

use super::super::client::Client;
use super::dut::{Dut, Identity, Inferred};
use super::error::ImageError;
use super::score::{mean, normalised};
use crate::rack::{Activity, Cancel, Program, Unit};

/// Inferences before those that are timed: the device API's own number, which the runner's scripts keep to or stay below.
const WARMUPS: u64 = 10;
/// Microseconds that a first guess at the length of an inference is made from: long beside the stamps' resolution.
const GUESS: u64 = 20_000;
/// Share by which a window is made longer than it must be, so that it need not be repeated.
const SPARE: f64 = 1.02;
/// How often a window that came out too short is taken again.
const ATTEMPTS: u32 = 4;
/// Longest single inference.
const INFERENCE: Duration = Duration::from_secs(60);

/// What is asked of an image.
pub struct Order<'a> {
    pub model: &'a str,
    /// Named in errors; the program holds it.
    pub baud: u32,
    /// Inputs that are timed, one window each.
    pub inputs: &'a [Vec<u8>],
    /// Least time between the stamps of a window.
    pub window: Duration,
}

/// Inferences between two stamps.
#[derive(Debug, Clone, PartialEq)]
pub struct Window {
    pub inferences: u64,
    pub microseconds: u64,
    /// What the image said of the last.
    pub results: Vec<f64>,
    /// What happened on the unit meanwhile, warm-up and console included; none where it cannot tell.
    activity: Option<Activity>,
}

/// What an image did.
#[derive(Debug, Clone, PartialEq)]
pub struct Timed {
    pub identity: Identity,
    /// One per input.
    pub windows: Vec<Window>,
    /// Core clock while it ran; none where the unit cannot tell.
    pub core_hz: Option<u64>,
    /// What happened during inferences alone; none where the unit cannot tell.
    pub activity: Option<Activity>,
    /// Bytes of SRAM that were ever read or written; none where the unit cannot tell.
    pub touched_sram: Option<u64>,
    /// The mean of the normalised results of each file of the data set.
    pub outputs: Outputs,
}

/// One list of numbers per file.
pub type Outputs = Vec<Vec<f64>>;

/// Flashes and boots `program`, times every input, and infers each of `files` once; a file is one input or several.
pub fn run<E: From<ImageError>>(
    unit: &mut dyn Unit,
    program: &Program,
    order: &Order<'_>,
    files: impl Iterator<Item = Result<Vec<Vec<u8>>, E>>,
    cancel: &Cancel,
) -> Result<Timed, E> {
    let flash = |unit: &mut dyn Unit| unit.flash(program, Duration::from_secs(60), cancel);
    flash(unit).map_err(|error| ImageError::Protocol(error.into()))?;
    let (mut dut, identity) = Dut::start(Client::new(unit, cancel), order.model, order.baud)?;
    let mut windows = Vec::new();
    let mut each = None;
    for input in order.inputs {
        dut.load(input, order.model)?;
        let guess = match each {
            Some(guess) => guess,
            None => guessed(&mut dut)?,
        };
        let window = window(&mut dut, order.window, guess)?;
        each = Some(window.microseconds as f64 / window.inferences as f64);
        windows.push(window);
    }
    // The clock as it is while the image runs; it set it up itself.
    let counters = |dut: &mut Dut<'_>| dut.client().unit().counters();
    let core_hz = counters(&mut dut).map(|counters| counters.core_hz);
    let activity = inferring(&mut dut, windows.last())?;
    let mut outputs = Vec::new();
    for inputs in files {
        let mut results = Vec::new();
        for input in inputs? {
            dut.load(&input, order.model)?;
            results.push(normalised(&dut.infer(1, 0, INFERENCE)?.results));
        }
        outputs.push(mean(&results));
    }
    let touched_sram = counters(&mut dut).map(|counters| counters.touched_sram);
    Ok(Timed { identity, windows, core_hz, activity, touched_sram, outputs })
}

/// Inferences after the usual warm-up, and what happened on the unit from command to prompt.
fn observed(dut: &mut Dut<'_>, count: u64, limit: Duration) -> Result<(Inferred, Option<Activity>), ImageError> {
    let before = dut.client().unit().counters();
    let found = dut.infer(count, WARMUPS, limit)?;
    let after = dut.client().unit().counters();
    Ok((found, before.zip(after).map(|(before, after)| after.activity - before.activity)))
}

/// What happens in inferences: the difference of two windows that differ in nothing else.
fn inferring(dut: &mut Dut<'_>, window: Option<&Window>) -> Result<Option<Activity>, ImageError> {
    let Some((window, long)) = window.and_then(|window| Some((window, window.activity?))) else { return Ok(None) };
    let count = if window.inferences > 1 { 1 } else { 2 };
    let (_, other) = observed(dut, count, INFERENCE.saturating_mul(WARMUPS as u32 + 2))?;
    let difference = |other: Activity| if count < window.inferences { long - other } else { other - long };
    Ok(other.map(difference).filter(|activity| activity.cycles > 0))
}

/// Microseconds of one inference, roughly.
fn guessed(dut: &mut Dut<'_>) -> Result<f64, ImageError> {
    let mut count = 1;
    loop {
        let found = dut.infer(count, 1, INFERENCE)?;
        // Bounded: each round is ten times as many, and an inference takes some time.
        if found.microseconds >= GUESS || count >= 1_000_000 {
            return Ok(found.microseconds as f64 / count as f64);
        }
        count *= 10;
    }
}

fn window(dut: &mut Dut<'_>, least: Duration, guess: f64) -> Result<Window, ImageError> {
    let wanted = least.as_micros() as f64;
    let mut guess = guess;
    for _ in 0..ATTEMPTS {
        let inferences = ((wanted * SPARE / guess.max(0.01)).ceil() as u64).max(1);
        // Twice as long as guessed is no reason to give up on a slow start.
        let limit = Duration::from_secs_f64(2.0 * guess * (inferences + WARMUPS) as f64 / 1e6);
        let (found, activity) = observed(dut, inferences, limit)?;
        if found.microseconds as f64 >= wanted {
            return Ok(Window { inferences, microseconds: found.microseconds, results: found.results, activity });
        }
        guess = found.microseconds as f64 / inferences as f64;
    }
    let problem = format!("its inferences get shorter the more there are: {ATTEMPTS} windows ended before {least:?}");
    Err(ImageError::Stamps(problem))
}
