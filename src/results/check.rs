//! What a row must satisfy beyond its types.

use super::measurement::{Measurement, Provenance};
use super::outcome::{Energy, Outcome};
use super::prebuilt::{Prebuilt, Verification};

/// A row that contradicts itself: a mistake of whoever made it, not of the user.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Inconsistent {
    #[error("ok without a checked output, although provenance is `{0}`")]
    Unchecked(Provenance),
    #[error("ok without an image, although provenance is `{0}`")]
    NoImage(Provenance),
    #[error("cycles, although `renode` counts none")]
    CyclesFromRenode,
    #[error("neither a latency nor instructions")]
    NothingMeasured,
    #[error("a number of provenance `{0}` without its error band")]
    NoErrorBand(Provenance),
    #[error("{timed} steps timed of {planned}")]
    Steps { timed: usize, planned: usize },
    #[error("an energy of {0} µJ")]
    Energy(String),
    #[error("the energy of {known} steps of {planned}")]
    StepEnergy { known: usize, planned: usize },
    #[error("does not fit, but neither memory is exceeded")]
    Fits,
    #[error("ok, but the board's memory is exceeded")]
    TooBig,
    #[error("no reason for `{0}`")]
    NoReason(&'static str),
    #[error("an image without a window")]
    NoWindow,
    #[error("an accuracy of {0} %")]
    Accuracy(String),
}

fn prebuilt(row: &Measurement, image: &Prebuilt) -> Result<(), Inconsistent> {
    if row.image_sha256.is_none() {
        return Err(Inconsistent::NoImage(row.provenance));
    }
    if row.provenance != Provenance::Silicon && row.error_band.trim().is_empty() {
        return Err(Inconsistent::NoErrorBand(row.provenance));
    }
    if image.windows.is_empty() || image.windows.iter().any(|w| w.inferences == 0 || w.microseconds == 0) {
        return Err(Inconsistent::NoWindow);
    }
    match &image.verification {
        Verification::NotVerified(why) if why.trim().is_empty() => return Err(Inconsistent::NoReason("not verified")),
        _ => {}
    }
    if let Energy::Microjoules(uj) = image.energy
        && !(uj.is_finite() && uj > 0.0)
    {
        return Err(Inconsistent::Energy(uj.to_string()));
    }
    match image.accuracy {
        Some(found) if !(0.0..=100.0).contains(&found.top1) || found.files == 0 => {
            Err(Inconsistent::Accuracy(found.top1.to_string()))
        }
        _ => Ok(()),
    }
}

/// Whether `row` is consistent with itself.
pub fn check(row: &Measurement) -> Result<(), Inconsistent> {
    let provenance = row.provenance;
    let exceeded = row.over_by() != Default::default();
    if row.outcome.reason().is_some_and(|reason| reason.trim().is_empty()) {
        return Err(Inconsistent::NoReason(row.status().name()));
    }
    let run = match &row.outcome {
        Outcome::Ok(run) => run,
        Outcome::Prebuilt(image) => return prebuilt(row, image),
        Outcome::DoesNotFit { .. } => return if exceeded { Ok(()) } else { Err(Inconsistent::Fits) },
        Outcome::Mismatch { .. } | Outcome::Failed { .. } => return Ok(()),
    };
    if exceeded {
        return Err(Inconsistent::TooBig);
    }
    if provenance != Provenance::Predicted {
        if run.check.is_none() {
            return Err(Inconsistent::Unchecked(provenance));
        }
        if row.image_sha256.is_none() {
            return Err(Inconsistent::NoImage(provenance));
        }
    }
    if provenance != Provenance::Silicon && row.error_band.trim().is_empty() {
        return Err(Inconsistent::NoErrorBand(provenance));
    }
    if let Energy::Microjoules(uj) = run.energy
        && !(uj.is_finite() && uj > 0.0)
    {
        return Err(Inconsistent::Energy(uj.to_string()));
    }
    if let Some(uj) = run.step_energy_uj.iter().find(|uj| !(uj.is_finite() && **uj > 0.0)) {
        return Err(Inconsistent::Energy(uj.to_string()));
    }
    let (known, planned) = (run.step_energy_uj.len(), row.steps.len());
    if known != 0 && known != planned {
        return Err(Inconsistent::StepEnergy { known, planned });
    }
    match &run.latency {
        None if run.instructions.is_none() => Err(Inconsistent::NothingMeasured),
        None => Ok(()),
        Some(_) if provenance == Provenance::Renode => Err(Inconsistent::CyclesFromRenode),
        Some(latency) => match latency.step_cycles().len() {
            0 => Ok(()),
            timed if timed == row.steps.len() => Ok(()),
            timed => Err(Inconsistent::Steps { timed, planned: row.steps.len() }),
        },
    }
}
