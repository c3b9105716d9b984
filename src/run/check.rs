//! The self-test of a unit: flash, console, clock, instrument, and whether it does the same twice.

use std::time::Duration;

use super::lease::{band, windows};
use super::record::provenance;
use super::toolchain::Toolchain;
use crate::board::Board;
use crate::engine::{Compiled, Engine, TinyEngine};
use crate::measure::{
    CLOCK_LIMIT, Case, ClockError, Expected, Limits, MeasureError, Measured, Metered, Settings, Thorough, Windows,
    clock_error, measure_thoroughly,
};
use crate::network::{Network, builtin, reference};
use crate::rack::{Cancel, Driver, Lease};
use crate::results::Provenance;
use crate::scenario::Measure;

/// The network of the test: small, with the usual operators.
const NETWORK: (&str, u32, f64) = ("mobilenetv1", 32, 0.25);
/// Rounds of flashing and measuring, which must agree.
const ROUNDS: usize = 2;
/// Share by which rounds may differ on a board: five runs on one agree to 0.24 %.
const REPEATABLE: f64 = 0.005;
/// Time over which clocks are compared: an answer is a few milliseconds late now and then.
const CLOCK_TIME: Duration = Duration::from_secs(4);
/// The same on an emulated board behind a pseudo terminal.
const SIMULATED_CLOCK_TIME: Duration = Duration::from_secs(2);
/// The same where answers are never late.
const EXACT_CLOCK_TIME: Duration = Duration::from_millis(200);

/// One thing that was tested.
#[derive(Debug, Clone, PartialEq)]
pub struct Tested {
    pub what: &'static str,
    /// What was found, or what is wrong.
    pub result: Result<String, String>,
}

/// What a unit's test is made of: built once per board.
pub struct SelfTest {
    compiled: Compiled,
    cases: Vec<Case>,
}

impl SelfTest {
    /// The error is a mistake of ours.
    pub fn new() -> Result<Self, String> {
        let (architecture, resolution, width) = NETWORK;
        let (resolution, width) = (Some(resolution), Some(width));
        let spec = builtin::Spec { architecture: architecture.into(), resolution, width, classes: Some(2), seed: 0 };
        let network = builtin::build(&spec).map_err(|error| error.to_string())?;
        let cases = (0..2).map(|index| case(&network, index)).collect::<Result<_, _>>()?;
        Ok(Self { compiled: TinyEngine.compile(&network).map_err(|error| error.to_string())?, cases })
    }

    /// Tests the unit. It is well if every result is; only then it comes back into use.
    pub fn test(&self, lease: &mut Lease<'_>, tools: &dyn Toolchain, cancel: &Cancel) -> Vec<Tested> {
        let mut tested = Vec::new();
        match self.rounds(lease, tools, cancel) {
            Err((what, problem)) => tested.push(Tested { what, result: Err(problem) }),
            Ok(rounds) => {
                let what = format!("{} inputs verified in each of {} rounds", self.cases.len(), rounds.len());
                tested.push(Tested { what: "flash and console", result: Ok(what) });
                let exact = provenance(lease.driver()) != Provenance::Silicon;
                tested.push(Tested { what: "repeatability", result: repeatability(&rounds, exact) });
                if let Some(energy) = rounds.last().and_then(|round| round.energy.as_ref()) {
                    // What a simulated unit draws at rest, nobody has measured.
                    let rest =
                        if exact { String::new() } else { format!("{:.2} mW at rest; ", energy.idle_watts * 1e3) };
                    let found = format!("{rest}{}", band(energy));
                    tested.push(Tested { what: "instrument", result: Ok(found) });
                }
                tested.push(Tested { what: "clock", result: clock(lease, &rounds, exact, cancel) });
            }
        }
        if tested.iter().all(|tested| tested.result.is_ok()) {
            lease.found_well();
        } else if !cancel.is_cancelled() {
            let wrong = tested.iter().filter_map(|t| Some(format!("{}: {}", t.what, t.result.as_ref().err()?)));
            lease.quarantine(&wrong.collect::<Vec<_>>().join("; "));
        }
        tested
    }

    /// The error is what failed, and why.
    fn rounds(
        &self,
        lease: &mut Lease<'_>,
        tools: &dyn Toolchain,
        cancel: &Cancel,
    ) -> Result<Vec<Measured>, (&'static str, String)> {
        const USUAL: &str = "flash and console";
        let board: Board = lease.board().clone();
        let built = tools.build(&self.compiled, &board).map_err(|failure| (USUAL, failure.reason))?;
        let expected = Expected {
            build_id: built.build_id.clone(),
            steps: self.compiled.steps.len(),
            timed: self.compiled.timed.clone(),
        };
        let settings = Settings { repeats: 5, warmup: 1, limits: Limits::default() };
        let one = |lease: &mut Lease<'_>| -> Result<Measured, MeasureError> {
            lease.open_instrument()?;
            let silicon = provenance(lease.driver()) == Provenance::Silicon;
            let windows = lease.entry().and_then(|entry| entry.instrument).filter(|_| silicon).and_then(|_| {
                let asked = Measure { window_seconds: Some(2.0), ..Measure::default() };
                windows(&asked, Provenance::Silicon)
            });
            let (unit, meter) = lease.parts();
            let thorough = Thorough { windows, meter: meter.map(Metered::usual), dumps: None };
            measure_thoroughly(unit, &built.program, &expected, &self.cases, &settings, thorough, cancel)
        };
        (0..ROUNDS)
            .map(|_| {
                one(lease).map_err(|error| {
                    lease.close_instrument();
                    let what = match error {
                        MeasureError::Clock { .. } => "clock",
                        MeasureError::Instrument(_) | MeasureError::Energy { .. } => "instrument",
                        _ => USUAL,
                    };
                    (what, error.to_string())
                })
            })
            .collect()
    }
}

fn case(network: &Network, index: u64) -> Result<Case, String> {
    let tensor = network.inputs.first().map(|id| network.tensor(*id)).ok_or("the network has no input")?;
    let input = super::inputs::draw(tensor, 0, index);
    let outputs = reference::run(network, std::slice::from_ref(&input)).map_err(|error| error.to_string())?;
    Ok(Case { input, output: outputs.into_iter().next().ok_or("the network has no output")? })
}

fn repeatability(rounds: &[Measured], exact: bool) -> Result<String, String> {
    let medians = rounds.iter().map(|round| round.statistics.median);
    let (least, most) = medians.fold((f64::INFINITY, 0.0f64), |(least, most), m| (least.min(m), most.max(m)));
    let spread = (most - least) / most.max(1.0);
    let found = format!("rounds differ by {:.3} %", spread * 100.0);
    let allowed = if exact { 0.0 } else { REPEATABLE };
    if spread <= allowed { Ok(found) } else { Err(format!("{found}, more than {:.1} %", allowed * 100.0)) }
}

/// The board's timer against the unit's time, while it computes.
fn clock(lease: &mut Lease<'_>, rounds: &[Measured], exact: bool, cancel: &Cancel) -> Result<String, String> {
    let time = match lease.driver() {
        // It answers as late as the host lets it.
        Driver::SimProbe => SIMULATED_CLOCK_TIME,
        _ if exact => EXACT_CLOCK_TIME,
        _ => CLOCK_TIME,
    };
    let inferences = rounds
        .last()
        .map_or(1, |round| Windows { count: 1, time }.inferences(round.statistics.median, round.info.clock_hz));
    let (unit, _) = lease.parts();
    let error = clock_error(unit, Limits::default(), inferences, cancel);
    error.map_err(|error| error.to_string()).and_then(within)
}

fn within(error: ClockError) -> Result<String, String> {
    let found = format!("{:+.3} % against its own time base", error.share * 100.0);
    match error.is_off() {
        Some(false) => Ok(found),
        Some(true) => {
            let limit = CLOCK_LIMIT * 100.0;
            Err(format!("{found}, more than {limit:.1} %: is the oscillator of the board file fitted?"))
        }
        None => Err(format!("{found} ± {:.3} %: its answers are too late to tell", error.uncertain * 100.0)),
    }
}
