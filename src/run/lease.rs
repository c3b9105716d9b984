//! One measurement on whichever unit can do it: what a unit fails at is tried again, on another where there is one.

use std::time::Duration;

use super::record::provenance;
use crate::measure::{EnergyMeasured, MeasureError, Mismatch, Windows};
use crate::rack::{Cancel, Driver, Fate, Lease, Rack, RackError, UnitError, Waiting, Wish};
use crate::results::{Energy, Outcome, Provenance};
use crate::scenario::Measure;

/// Units that a measurement is tried on before its failure is the row's.
const ATTEMPTS: usize = 3;

/// Why there is no measurement.
#[derive(Debug)]
pub enum Unmeasured {
    Cancelled,
    /// The network computes something else than the reference.
    Mismatch(Mismatch),
    /// Infrastructure failed; what each unit said.
    Failed(String),
}

/// Does `work` on a unit of `board`. A unit that fails is brought back or taken out of use, and `work` done once more.
pub fn on_a_unit<T>(
    rack: &Rack,
    board: &str,
    cancel: &Cancel,
    tell: &dyn Fn(&Waiting),
    work: impl FnMut(&mut Lease<'_>) -> Result<T, MeasureError>,
) -> Result<T, Unmeasured> {
    on_a_wished_unit(rack, board, Wish::default(), cancel, tell, work)
}

/// As [`on_a_unit`], on a unit that is as wished.
pub fn on_a_wished_unit<T>(
    rack: &Rack,
    board: &str,
    wish: Wish<'_>,
    cancel: &Cancel,
    tell: &dyn Fn(&Waiting),
    mut work: impl FnMut(&mut Lease<'_>) -> Result<T, MeasureError>,
) -> Result<T, Unmeasured> {
    let (mut tried, mut said) = (Vec::new(), Vec::<String>::new());
    loop {
        let wish = Wish { tried: &tried, ..wish };
        let mut lease = rack.lease_wished(board, &wish, cancel, tell).map_err(|error| match error {
            RackError::Cancelled => Unmeasured::Cancelled,
            // What the units said before they were taken out of use is part of that.
            other => Unmeasured::Failed(other.to_string()),
        })?;
        let error = match work(&mut lease) {
            Ok(done) => {
                lease.succeeded();
                return Ok(done);
            }
            Err(MeasureError::Mismatch(mismatch)) => return Err(Unmeasured::Mismatch(mismatch)),
            Err(error) if error.is_cancelled() || cancel.is_cancelled() => return Err(Unmeasured::Cancelled),
            Err(error) => error,
        };
        if matches!(error, MeasureError::Instrument(_) | MeasureError::Energy { .. }) {
            lease.close_instrument();
        }
        if let MeasureError::Clock { .. } = error {
            // It is as far off the next time.
            lease.quarantine(&error.to_string());
        }
        said.push(error.to_string());
        if lease.failed(&of_unit(&error, lease.id()), cancel) == Fate::Cancelled {
            return Err(Unmeasured::Cancelled);
        }
        tried.push(lease.id().to_string());
        if is_final(&error, lease.driver()) || tried.len() >= ATTEMPTS {
            said.dedup();
            return Err(Unmeasured::Failed(said.join("; then ")));
        }
    }
}

/// Whether another unit, or the same once more, would do the same.
fn is_final(error: &MeasureError, driver: Driver) -> bool {
    match error {
        MeasureError::Unit(UnitError::Program { .. } | UnitError::Unsupported { .. }) => true,
        MeasureError::Unit(UnitError::Lost { .. }) => false,
        _ => driver.interchangeable(),
    }
}

/// The failure as one of the unit, for its recovery.
fn of_unit(error: &MeasureError, unit: &str) -> UnitError {
    match error {
        MeasureError::Unit(error) => error.clone(),
        other => UnitError::Stopped { unit: unit.into(), problem: other.to_string() },
    }
}

/// `outcome` with only what a unit of that driver can know, and the energy that an instrument found.
pub fn as_known(driver: Driver, outcome: Outcome, energy: Option<&EnergyMeasured>) -> Outcome {
    let Outcome::Ok(mut run) = outcome else { return outcome };
    match (provenance(driver), energy) {
        (_, Some(energy)) => run.energy = Energy::Microjoules(energy.microjoules.mean),
        (Provenance::Silicon, None) => {
            // What other boards of its kind were measured to draw is no measurement of this one.
            run.energy = Energy::Missing("no instrument is in the unit's supply".into());
        }
        (Provenance::Renode, None) => {
            // One step of its cycle counter is one instruction.
            run.instructions = run.latency.take().map(|latency| latency.median_cycles().round() as u64);
            run.energy = Energy::Missing("Renode counts instructions, no cycles".into());
        }
        _ => {}
    }
    Outcome::Ok(run)
}

/// What the energy of a row rests on, in words.
pub fn band(energy: &EnergyMeasured) -> String {
    format!(
        "energy ± {:.2} % (95 % of {} windows) and ± {:.3} % by integration, with {} at {:.2} V, {} of {} samples lost",
        energy.microjoules.relative() * 100.0,
        energy.microjoules.count,
        energy.integration_uj / energy.microjoules.mean * 100.0,
        energy.instrument.name(),
        energy.volts,
        energy.lost,
        energy.samples
    )
}

/// The windows that a scenario asks for; on boards there are some unless it says otherwise.
pub fn windows(asked: &Measure, provenance: Provenance) -> Option<Windows> {
    let of_silicon = (provenance == Provenance::Silicon).then_some(Windows::SILICON.count);
    let given = asked.windows.or(of_silicon).or(asked.window_seconds.map(|_| Windows::SILICON.count));
    Some(Windows { count: given?, time: asked.window_seconds.map_or(Windows::SILICON.time, Duration::from_secs_f64) })
}
