//! Measures a suspect again: its image and its baseline's, in turn, on one unit.

use std::path::PathBuf;

use super::candidate::{Prepared, prepare};
use super::carry::Finished;
use super::event::{Event, Stage};
use super::lease::{Unmeasured, on_a_wished_unit, windows};
use super::plan::rows;
use crate::firmware;
use crate::measure::{Case, Expected, MeasureError, Metered, Settings, Thorough, Windows, measure_thoroughly};
use crate::rack::{Cancel, Driver, Lease, Program, Rack, Segment, Wish};
use crate::results::baseline::images;
use crate::results::gate::{First, Pair, PairLog, Remeasured, Request, Sample};
use crate::results::{Measurement, Provenance, ResultsError};
use crate::scenario::Scenario;

/// Windows of one half: the pairs repeat it, and with fewer an instrument could not say how far windows agree.
const WINDOWS: u32 = 3;

/// What suspects are measured again with.
#[derive(Clone, Copy)]
pub struct Again<'a> {
    pub scenario: &'a Scenario,
    pub rack: &'a Rack,
    pub cancel: &'a Cancel,
    /// Rows that are measured at a time.
    pub jobs: usize,
    pub tell: &'a (dyn Fn(Event<'_>) + Sync),
}

/// Why a suspect was not measured again.
#[derive(Debug)]
pub enum NotAgain {
    Cancelled,
    /// It cannot be, and why: that says nothing of the night.
    Impossible(String),
    /// A unit, an instrument or the disk failed.
    Failed(String),
}

/// An image as it is measured.
struct Half {
    name: &'static str,
    program: Program,
    expected: Expected,
}

impl Again<'_> {
    /// The pairs that `request` asks for, of a row of `run` whose folder stands in `results`.
    pub(super) fn measure(
        &self,
        run: &Finished,
        results: &std::path::Path,
        request: &Request,
        log: &PairLog,
    ) -> Result<Vec<Pair>, NotAgain> {
        let impossible = |why: &str| NotAgain::Impossible(why.into());
        let row = run.run.rows.iter().find(|row| row.index == request.row);
        let row = row.ok_or_else(|| impossible("internal error: there is no such row"))?;
        let candidate = rows(self.scenario).into_iter().find(|planned| planned.index == row.index);
        let candidate = candidate.and_then(|planned| self.scenario.candidates.get(planned.candidate));
        let prepared = prepare(candidate.ok_or_else(|| impossible("its network is not compiled here"))?);
        let prepared = prepared.map_err(NotAgain::Impossible)?;
        if prepared.sha256 != row.network_sha256 {
            return Err(impossible("its network has changed since it was measured"));
        }
        let (baseline, new) = (baseline_half(results, &run.folder, request)?, new_half(run, row)?);
        let cases = cases(&prepared, self.scenario.measure.inputs)?;
        let mut pairs: Vec<Pair> = Vec::new();
        let mut unkept: Option<ResultsError> = None;
        // Only boards are measured again: what repeats itself exactly has nothing to ask.
        let driver = (row.provenance == Provenance::Silicon).then_some(Driver::Probe);
        let wish = Wish { first: Some(&request.unit), driver, ..Wish::default() };
        let wait = |waiting: &_| (self.tell)(Event::Waiting { waiting });
        let measured = on_a_wished_unit(self.rack, &row.board, wish, self.cancel, &wait, |lease| {
            // What an earlier unit finished stands: a pair is both halves on one unit.
            while let Some(first) = request.orders.get(pairs.len()).copied() {
                let at = request.taken + pairs.len() as u32;
                if let Some(known) = log.find(request, at, first) {
                    pairs.push(known.clone());
                    continue;
                }
                let (pair, pairs_asked) = (at + 1, request.taken + request.orders.len() as u32);
                let stage = Stage::Again { pair, pairs: pairs_asked };
                (self.tell)(Event::Stage { row: row.index, network: &row.network, board: &row.board, stage });
                let pair = self.pair(lease, first, &baseline, &new, &cases)?;
                let kept = log.keep(&Remeasured {
                    row: row.index,
                    at,
                    first,
                    unit: lease.id().into(),
                    image_sha256: request.image_sha256.clone(),
                    baseline_image_sha256: request.baseline_image_sha256.clone(),
                    pair: pair.clone(),
                });
                pairs.push(pair);
                if let Err(error) = kept {
                    unkept = Some(error);
                    break;
                }
            }
            Ok(())
        });
        match (measured, unkept) {
            (_, Some(error)) => Err(NotAgain::Failed(error.to_string())),
            (Ok(()), None) => Ok(pairs),
            (Err(Unmeasured::Cancelled), None) => Err(NotAgain::Cancelled),
            (Err(Unmeasured::Mismatch(mismatch)), None) => {
                Err(NotAgain::Failed(format!("an output was not the reference's: {mismatch}")))
            }
            (Err(Unmeasured::Failed(reason)), None) => Err(NotAgain::Failed(reason)),
        }
    }

    fn pair(
        &self,
        lease: &mut Lease<'_>,
        first: First,
        baseline: &Half,
        new: &Half,
        cases: &[Case],
    ) -> Result<Pair, MeasureError> {
        let mut half = |half: &Half| self.half(lease, half, cases).inspect_err(|error| self.note(half.name, error));
        Ok(match first {
            First::Baseline => {
                let baseline = half(baseline)?;
                Pair { baseline, new: half(new)? }
            }
            First::New => {
                let new = half(new)?;
                Pair { new, baseline: half(baseline)? }
            }
        })
    }

    fn note(&self, image: &str, error: &MeasureError) {
        if !error.is_cancelled() {
            (self.tell)(Event::Note { text: &format!("{image} failed when it was measured again: {error}") });
        }
    }

    fn half(&self, lease: &mut Lease<'_>, half: &Half, cases: &[Case]) -> Result<Sample, MeasureError> {
        let asked = self.scenario.measure;
        let settings = Settings { repeats: asked.repeats, warmup: asked.warmup, limits: Default::default() };
        let windows = windows(&asked, Provenance::Silicon);
        let windows = windows.map(|windows| Windows { count: windows.count.min(WINDOWS), ..windows });
        lease.open_instrument()?;
        let (unit, meter) = lease.parts();
        let thorough = Thorough { windows, meter: meter.map(Metered::usual), dumps: None };
        let Half { program, expected, .. } = half;
        let measured = measure_thoroughly(unit, program, expected, cases, &settings, thorough, self.cancel)?;
        Ok(Sample {
            cycles: Some(measured.statistics.median),
            energy_uj: measured.energy.map(|energy| energy.microjoules.mean),
            steps: measured.step_cycles,
        })
    }
}

fn cases(prepared: &Prepared, inputs: u32) -> Result<Vec<Case>, NotAgain> {
    prepared.cases(inputs).map(<[Case]>::to_vec).map_err(NotAgain::Impossible)
}

fn new_half(run: &Finished, row: &Measurement) -> Result<Half, NotAgain> {
    let sha256 = row.image_sha256.as_deref().unwrap_or_default();
    let elf = images::find(std::slice::from_ref(&run.folder), sha256)
        .map_err(|error| NotAgain::Impossible(format!("the image of this run cannot be had: {error}")))?;
    half("the new image", elf, row.steps.len())
}

fn baseline_half(results: &std::path::Path, folder: &std::path::Path, request: &Request) -> Result<Half, NotAgain> {
    let Some(sha256) = &request.baseline_image_sha256 else {
        return Err(NotAgain::Impossible("its baseline names no image".into()));
    };
    // A run that measured the same image has it, too, whatever its name.
    let folders: Vec<PathBuf> = vec![results.into(), results.join(&request.baseline_run), folder.into()];
    let elf = images::find(&folders, sha256).map_err(|error| {
        NotAgain::Impossible(format!(
            "the baseline's image {} cannot be had: {error}; put the file there, or measure commit {} again and accept \
             that run",
            short(sha256),
            request.baseline_git
        ))
    })?;
    half("the baseline's image", elf, request.baseline_steps)
}

fn half(name: &'static str, elf: Vec<u8>, steps: usize) -> Result<Half, NotAgain> {
    let read = firmware::linked(&elf).map_err(|error| NotAgain::Impossible(format!("{name}: {error}")))?;
    let (build_id, segments) = read;
    let segments = segments.into_iter().map(|s| Segment { address: s.address, bytes: s.bytes }).collect();
    // Only a unit that counts is asked what belongs to which call, and what it counts is no part of a pair.
    let expected = Expected { build_id, steps, timed: Vec::new() };
    Ok(Half { name, program: Program { segments, elf, baud: None }, expected })
}

fn short(sha256: &str) -> &str {
    sha256.get(..12).unwrap_or(sha256)
}
