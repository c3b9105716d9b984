//! The two passes.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};

use super::budget;
use super::candidate::{Prepared, prepare};
use super::error::RunError;
use super::event::{Event, Stage};
use super::image::Given;
use super::lease::{Unmeasured, as_known, band, on_a_unit, windows};
use super::parallel::each;
use super::plan::{self, ImageRow, Row, boards, engines, image_rows, rows};
use super::record::{Common, PREBUILT, error_band, outcome, planned as planned_memory, provenance, steps};
use super::settle::{Settle, Settled, Unsettled};
use super::toolchain::{Built, Toolchain};
use super::trial::{Bench, TrialError};
use super::tuning::{Tuning, usual_log};
use super::{git, resume};
use crate::engine::{Compiled, fit};
use crate::measure::{Case, Expected, Metered, Settings, Thorough, measure, measure_thoroughly};
use crate::rack::{Cancel, Driver, Rack, Unit, UnitError, Waiting};
use crate::results::{
    Cause, Limits, Measurement, Outcome, Provenance, ResultsError, RunFolder, RunInfo, RunState, StoredRun, UnitFacts,
    write_file,
};
use crate::scenario::{Engine, Scenario};

/// What a run is asked to do beside its scenario.
#[derive(Debug, Clone)]
pub struct Order {
    /// The scenario's file, as the user named it, and its text.
    pub scenario_file: String,
    pub scenario_text: String,
    /// The command line.
    pub command: Vec<String>,
    /// Where the run's folder is made.
    pub results: PathBuf,
    /// The folder of a run to go on with.
    pub resume: Option<PathBuf>,
    /// Rows that are worked on at a time; at least one.
    pub jobs: usize,
    pub cancel: Cancel,
}

/// A run that came to an end, or was interrupted.
#[derive(Debug)]
pub struct Finished {
    pub folder: PathBuf,
    pub run: StoredRun,
}

/// Carries `scenario` through on the units of `rack`. `tell` hears what happens, from several threads.
pub fn carry(
    scenario: &Scenario,
    tools: &dyn Toolchain,
    rack: &Rack,
    order: &Order,
    tell: &(dyn Fn(Event<'_>) + Sync),
) -> Result<Finished, RunError> {
    let (boards, engines) = (boards(scenario)?, engines(scenario)?);
    let compiler = tools.compiler().map_err(RunError::Tools)?;
    let common = Common { scenario, boards: &boards, engines: &engines, compiler, git: git::state() };
    let (rows, images) = (rows(scenario), image_rows(scenario, &boards));
    let planned_rows = rows.len() + images.len();
    let info = RunInfo { units: units(rack), ..info(&common, tools, order, planned_rows) };
    let mut folder = match &order.resume {
        Some(path) => resume::resume(path, &info)?,
        None => RunFolder::create(&order.results, info)?,
    };
    let settled: Vec<u32> = folder.rows().iter().filter(|r| resume::is_settled(r)).map(|r| r.index).collect();
    let open: Vec<Row> = rows.iter().filter(|row| !settled.contains(&row.index)).copied().collect();
    let images: Vec<ImageRow> = images.into_iter().filter(|row| !settled.contains(&row.index)).collect();
    let path = folder.path().to_path_buf();
    tell(Event::Started { folder: &path, rows: planned_rows, kept: settled.len() });
    let carrier = Carrier {
        common: &common,
        tools,
        rack,
        order,
        tell,
        folder: &path,
        prepared: scenario.candidates.iter().map(|_| OnceLock::new()).collect(),
        keeping: Mutex::new(()),
    };
    let ended = carrier.both_passes(&open, &mut folder).and_then(|()| carrier.images(&images, &mut folder));
    let (state, message) = match &ended {
        Ok(()) if order.cancel.is_cancelled() => (RunState::Interrupted, None),
        Ok(()) => (RunState::Finished, None),
        Err(error) => (RunState::Failed, Some(error.to_string())),
    };
    let run = folder.end(state, message);
    // The first error is the one to report.
    ended?;
    Ok(Finished { folder: path, run: run? })
}

fn info(common: &Common<'_>, tools: &dyn Toolchain, order: &Order, planned_rows: usize) -> RunInfo {
    let scenario = common.scenario;
    let constraints = &scenario.constraints;
    RunInfo {
        scenario: scenario.name.clone(),
        task: scenario.task.clone(),
        scenario_file: order.scenario_file.clone(),
        scenario_text: order.scenario_text.clone(),
        command: order.command.clone(),
        hil_version: env!("CARGO_PKG_VERSION").into(),
        git: common.git.clone(),
        seed: 0,
        tools: used(common),
        flags: common.boards.iter().flat_map(|board| tools.flags(board)).collect(),
        boards: common
            .boards
            .iter()
            .map(|board| (board.name.clone(), serde_json::to_value(board).unwrap_or_default()))
            .collect(),
        units: BTreeMap::new(),
        planned_rows: planned_rows as u32,
        limits: Limits {
            latency_ms: constraints.max_latency_ms,
            sram_bytes: constraints.max_sram_bytes,
            flash_bytes: constraints.max_flash_bytes,
        },
        compare_to: scenario.compare_to.clone(),
        notes: Vec::new(),
    }
}

/// What the rack's file says of units that tells them apart.
fn units(rack: &Rack) -> BTreeMap<String, UnitFacts> {
    let facts = rack.status().into_iter().filter_map(|unit| {
        let entry = unit.entry.filter(|_| !unit.driver.interchangeable())?;
        Some((unit.id, UnitFacts { revision: entry.revision, supply_volts: entry.supply_volts }))
    });
    facts.filter(|(_, facts)| *facts != UnitFacts::default()).collect()
}

/// The compiler and the engines, with their versions.
fn used(common: &Common<'_>) -> BTreeMap<String, String> {
    let engines = common.scenario.engines.iter().zip(common.engines);
    let engines = engines.map(|(asked, engine)| (asked.name().to_string(), engine.title()));
    let images = common.scenario.prebuilt.iter().map(|_| (PREBUILT.to_string(), "images built by others".to_string()));
    engines.chain(images).chain([("compiler".to_string(), common.compiler.clone())]).collect()
}

/// A row that fits.
struct Fitting {
    row: Row,
    compiled: Compiled,
}

struct Carrier<'a> {
    common: &'a Common<'a>,
    tools: &'a dyn Toolchain,
    rack: &'a Rack,
    order: &'a Order,
    tell: &'a (dyn Fn(Event<'_>) + Sync),
    folder: &'a Path,
    /// One per candidate, made by whoever needs it first.
    prepared: Vec<OnceLock<Result<Arc<Prepared>, String>>>,
    /// Held while an image is kept: rows may have the same one.
    keeping: Mutex<()>,
}

impl Carrier<'_> {
    fn both_passes(&self, open: &[Row], folder: &mut RunFolder) -> Result<(), ResultsError> {
        let mut fitting = Vec::new();
        let mut order = open.to_vec();
        // Workers on one candidate would wait for each other.
        order.sort_by_key(|row| (row.board, row.candidate));
        let stop = || self.order.cancel.cancel();
        let failed = |row: Row| move |reason| self.common.failed(row, None, Cause::Infrastructure, reason);
        let plan = |row: &Row| (*row, self.guarded(failed(*row), || self.plan(*row)));
        self.each(&order, plan, stop, |(row, planned)| match planned {
            None => Ok(()),
            Some(Ok(compiled)) => {
                fitting.push(Fitting { row, compiled });
                Ok(())
            }
            Some(Err(measurement)) => self.store(folder, row.index, *measurement),
        })?;
        // One after another: what the first has timed, the others need not.
        fitting.sort_by_key(|fitting| fitting.row.index);
        let mut tuned = Vec::new();
        for planned in fitting {
            let row = planned.row;
            match self.guarded(failed(row), || self.tuned(planned)) {
                None => return Ok(()),
                Some(Ok(ready)) => tuned.push(ready),
                Some(Err(measurement)) => self.store(folder, row.index, *measurement)?,
            }
        }
        let mut fitting = tuned;
        fitting.sort_by_key(|fitting| (fitting.row.board, fitting.row.candidate));
        (self.tell)(Event::Planned { rows: fitting.len() });
        let work = |f: &Fitting| (f.row, self.guarded(failed(f.row), || self.build_and_measure(f)));
        self.each(&fitting, work, stop, |(row, done)| match done {
            None => Ok(()),
            Some(Ok(measurement) | Err(measurement)) => self.store(folder, row.index, *measurement),
        })
    }

    fn each<I: Sync, T: Send>(
        &self,
        items: &[I],
        work: impl Fn(&I) -> T + Sync,
        stop: impl Fn(),
        take: impl FnMut(T) -> Result<(), ResultsError>,
    ) -> Result<(), ResultsError> {
        each(items, self.order.jobs, work, take, stop)
    }

    fn store(&self, folder: &mut RunFolder, row: u32, measurement: Measurement) -> Result<(), ResultsError> {
        folder.append(measurement.clone())?;
        (self.tell)(Event::Finished { row, measurement: &measurement });
        Ok(())
    }

    /// Does nothing once cancelled, and makes a failure of a panic, which is a mistake of ours.
    fn guarded<T>(&self, failed: impl FnOnce(String) -> Measurement, work: impl FnOnce() -> Step<T>) -> Step<T> {
        if self.order.cancel.is_cancelled() {
            return None;
        }
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string)).unwrap_or_default();
            if self.order.cancel.is_cancelled() {
                return None;
            }
            Some(Err(Box::new(failed(format!("internal error: {text}")))))
        })
    }

    fn fail<T>(&self, row: Row, prepared: Option<&Prepared>, cause: Cause, reason: String) -> Step<T> {
        // Ctrl-C ends compilers, too.
        if cause == Cause::Infrastructure && self.order.cancel.is_cancelled() {
            return None;
        }
        Some(Err(Box::new(self.common.failed(row, prepared, cause, reason))))
    }

    fn stage(&self, row: Row, stage: Stage) {
        let network = &self.common.scenario.candidates[row.candidate].name;
        let board = &self.common.boards[row.board].name;
        (self.tell)(Event::Stage { row: row.index, network, board, stage });
    }

    fn prepared(&self, row: Row) -> Result<Arc<Prepared>, String> {
        let make = || prepare(&self.common.scenario.candidates[row.candidate]).map(Arc::new);
        self.prepared[row.candidate].get_or_init(make).clone()
    }

    fn plan(&self, row: Row) -> Step<Compiled> {
        self.stage(row, Stage::Planning);
        let prepared = match self.prepared(row) {
            Ok(prepared) => prepared,
            Err(reason) => return self.fail(row, None, Cause::Candidate, reason),
        };
        let (engine, board) = (&self.common.engines[row.engine], &self.common.boards[row.board]);
        if let Some(problem) = engine.refuses(board) {
            return self.fail(row, Some(&prepared), Cause::Candidate, problem);
        }
        let compiled = match engine.compile_for(&prepared.network, board) {
            Ok(compiled) => compiled,
            Err(error) => {
                let cause = if error.is_infrastructure() { Cause::Infrastructure } else { Cause::Candidate };
                return self.fail(row, Some(&prepared), cause, error.to_string());
            }
        };
        let reserved = self.tools.reserved(board, &compiled);
        match fit::fit(&compiled.plan, board, reserved) {
            Ok(_) => Some(Ok(compiled)),
            Err(misfit) => {
                let memory = planned_memory(&compiled.plan, reserved);
                let outcome = Outcome::DoesNotFit { reason: misfit.to_string(), memory };
                let mut measurement = self.common.row(row, Some(&prepared), outcome);
                measurement.steps = steps(&compiled);
                Some(Err(Box::new(measurement)))
            }
        }
    }

    fn build_and_measure(&self, fitting: &Fitting) -> Step<Box<Measurement>> {
        let row = fitting.row;
        let prepared = match self.prepared(row) {
            Ok(prepared) => prepared,
            Err(reason) => return self.fail(row, None, Cause::Candidate, reason),
        };
        let board = &self.common.boards[row.board];
        self.stage(row, Stage::Reference);
        let inputs = self.common.scenario.measure.inputs;
        let cases = match prepared.cases(inputs) {
            Ok(cases) => cases,
            Err(reason) => return self.fail(row, Some(&prepared), Cause::Candidate, reason),
        };
        self.stage(row, Stage::Building);
        let (settled, built);
        let compiled = if fitting.compiled.arena_is_trial {
            match self.settled(row, &prepared, &fitting.compiled, cases) {
                Some(Ok(found)) => (settled, built) = (found.compiled, found.built),
                Some(Err(measurement)) => return Some(Err(measurement)),
                None => return None,
            }
            &settled
        } else {
            match self.tools.build(&fitting.compiled, board) {
                Ok(found) => built = found,
                Err(failure) => return self.fail(row, Some(&prepared), failure.cause, failure.reason),
            }
            &fitting.compiled
        };
        let mut built = built;
        built.memory.sram = built.memory.sram.with_interpreter(compiled.interpreter_bytes as u64);
        self.stage(row, Stage::Built { cached: built.cached });
        let mut measurement = self.common.failed(row, Some(&prepared), Cause::Infrastructure, "not measured".into());
        measurement.steps = steps(compiled);
        measurement.image_sha256 = Some(built.sha256.clone());
        measurement.repeat.flags_sha256 = built.flags_sha256.clone();
        let failed =
            |reason: String| Outcome::Failed { cause: Cause::Infrastructure, reason, memory: Some(built.memory) };
        measurement.outcome = match self.keep(&built) {
            Err(error) => failed(error.to_string()),
            Ok(()) => match self.lease_and_measure(row, compiled, &built, cases, &mut measurement) {
                Ok(outcome) => outcome,
                Err(None) => return None,
                Err(Some(reason)) => failed(reason),
            },
        };
        budget::enforce(&self.common.scenario.engines[row.engine], &mut measurement);
        Some(Ok(Box::new(measurement)))
    }

    /// The row with kernels chosen on a unit, where the scenario asks for that.
    fn tuned(&self, planned: Fitting) -> Step<Fitting> {
        let row = planned.row;
        let goal = match &self.common.scenario.engines[row.engine] {
            Engine::TinyEngine(tailored) if tailored.tune => tailored,
            _ => return Some(Ok(planned)),
        };
        let prepared = match self.prepared(row) {
            Ok(prepared) => prepared,
            Err(reason) => return self.fail(row, None, Cause::Candidate, reason),
        };
        self.stage(row, Stage::Reference);
        let cases = match prepared.cases(self.common.scenario.measure.inputs) {
            Ok(cases) => cases,
            Err(reason) => return self.fail(row, Some(&prepared), Cause::Candidate, reason),
        };
        let (board, tools) = (&self.common.boards[row.board], self.tools);
        let note = |text: &str| (self.tell)(Event::Note { text });
        let tuning = Tuning {
            bench: Bench {
                board,
                rack: self.rack,
                tools,
                cancel: &self.order.cancel,
                waiting: &|waiting| (self.tell)(Event::Waiting { waiting }),
            },
            goal: plan::goal(goal).on(board),
            network: &prepared.network,
            cases,
            log: &goal.tuning_log.clone().unwrap_or_else(usual_log),
            tell: &|image, images| self.stage(row, Stage::Tuning { image, images }),
            note: &note,
        };
        match tuning.tune() {
            Ok(compiled) => match fit::fit(&compiled.plan, board, tools.reserved(board, &compiled)) {
                Ok(_) => Some(Ok(Fitting { row, compiled })),
                Err(misfit) => {
                    note(&format!("{}: the tuned plan is left: {misfit}", prepared.network.name));
                    Some(Ok(planned))
                }
            },
            Err(TrialError::Cancelled) => None,
            Err(TrialError::Mismatch(reason)) => {
                let memory = planned_memory(&planned.compiled.plan, tools.reserved(board, &planned.compiled));
                Some(Err(Box::new(self.common.row(row, Some(&prepared), Outcome::Mismatch { reason, memory }))))
            }
            Err(TrialError::Engine(error)) if !error.is_infrastructure() => {
                self.fail(row, Some(&prepared), Cause::Candidate, error.to_string())
            }
            Err(other) => self.fail(row, Some(&prepared), Cause::Infrastructure, format!("tuning: {other}")),
        }
    }

    /// The image of an engine whose first one is a trial, with the arena that was found on a unit.
    fn settled(&self, row: Row, prepared: &Prepared, trial: &Compiled, cases: &[Case]) -> Step<Settled> {
        let (board, cancel) = (&self.common.boards[row.board], &self.order.cancel);
        let infrastructure = |reason| self.fail(row, Some(prepared), Cause::Infrastructure, reason);
        let Some(case) = cases.first() else { return infrastructure("internal error: there is no input".into()) };
        let start = |unit: &mut dyn Unit, compiled: &Compiled, built: &Built| {
            let expected = Expected {
                build_id: built.build_id.clone(),
                steps: compiled.steps.len(),
                timed: compiled.timed.clone(),
            };
            let settings = Settings { repeats: 1, warmup: 0, limits: Default::default() };
            let measured = measure(unit, &built.program, &expected, std::slice::from_ref(case), &settings, cancel)?;
            Ok(measured.memory.get("arena-used").copied().and_then(|used| usize::try_from(used).ok()))
        };
        let engine = &*self.common.engines[row.engine];
        let mut settle = Settle::new((engine, &prepared.network), board, self.tools, trial, &start);
        let wait = |waiting: &Waiting| (self.tell)(Event::Waiting { waiting });
        match on_a_unit(self.rack, &board.name, cancel, &wait, |unit| settle.on(unit.parts().0)) {
            Ok(Ok(settled)) => Some(Ok(settled)),
            Ok(Err(Unsettled::Build(failure))) => self.fail(row, Some(prepared), failure.cause, failure.reason),
            Ok(Err(Unsettled::Engine(reason))) => self.fail(row, Some(prepared), Cause::Candidate, reason),
            Ok(Err(Unsettled::TooBig { arena_bytes, said })) => {
                let reason = format!("no arena that fits {} starts the library: {said}", board.name);
                let reserved = self.tools.reserved(board, trial);
                let mut memory = planned_memory(&trial.plan, reserved);
                memory.sram.arena = arena_bytes as u64;
                let mut measurement = self.common.row(row, Some(prepared), Outcome::DoesNotFit { reason, memory });
                if measurement.over_by() == Default::default() {
                    let Outcome::DoesNotFit { reason, memory } = measurement.outcome else { return None };
                    let outcome = Outcome::Failed { cause: Cause::Candidate, reason, memory: Some(memory) };
                    measurement = self.common.row(row, Some(prepared), outcome);
                }
                measurement.steps = steps(trial);
                Some(Err(Box::new(measurement)))
            }
            Err(Unmeasured::Cancelled) => None,
            // Wrong is wrong in any arena.
            Err(Unmeasured::Mismatch(mismatch)) => {
                let memory = planned_memory(&trial.plan, self.tools.reserved(board, trial));
                let outcome = Outcome::Mismatch { reason: mismatch.to_string(), memory };
                Some(Err(Box::new(self.common.row(row, Some(prepared), outcome))))
            }
            Err(Unmeasured::Failed(reason)) => infrastructure(reason),
        }
    }

    /// The third pass: images of others, which need no plan and no build.
    fn images(&self, rows: &[ImageRow], folder: &mut RunFolder) -> Result<(), ResultsError> {
        let stop = || self.order.cancel.cancel();
        let failed = |row: ImageRow| move |reason| self.failed_image(row, Cause::Infrastructure, reason);
        let work = |row: &ImageRow| (*row, self.guarded(failed(*row), || self.image(*row)));
        self.each(rows, work, stop, |(row, done)| match done {
            None => Ok(()),
            Some(Ok(measurement) | Err(measurement)) => self.store(folder, row.index, *measurement),
        })
    }

    fn failed_image(&self, row: ImageRow, cause: Cause, reason: String) -> Measurement {
        let file = self.common.scenario.prebuilt[row.image].image.display();
        // What is wrong with a file names it already.
        let reason = if reason.starts_with(&file.to_string()) { reason } else { format!("{file}: {reason}") };
        self.common.image(row, Outcome::Failed { cause, reason, memory: None })
    }

    fn image(&self, row: ImageRow) -> Step<Box<Measurement>> {
        let (asked, board) = (&self.common.scenario.prebuilt[row.image], &self.common.boards[row.board]);
        let failed = |cause, reason| Some(Err(Box::new(self.failed_image(row, cause, reason))));
        let given = match Given::read(asked, board) {
            Ok(given) => given,
            Err(problem) => return failed(Cause::Candidate, problem),
        };
        let cancel = &self.order.cancel;
        let wait = |waiting: &Waiting| (self.tell)(Event::Waiting { waiting });
        let stage = Stage::Measuring;
        let (mut on, mut told) = (None, None);
        let measured = on_a_unit(self.rack, &board.name, cancel, &wait, |unit| {
            (self.tell)(Event::Stage { row: row.index, network: &asked.name, board: &board.name, stage });
            let driver = unit.driver();
            on = Some((driver, unit.id().to_string()));
            if driver == Driver::Renode {
                // Its windows would be instructions in the guise of time.
                let what = "time an image of others, since Renode has no model of time".into();
                return Err(UnitError::Unsupported { unit: unit.id().into(), what }.into());
            }
            given
                .measure(unit.parts().0, cancel)
                .map_or_else(|error| error.of_unit(driver, &mut told), |done| Ok(Ok(done)))
        });
        let mut measurement = match measured {
            Ok(Ok(outcome)) => self.common.image(row, outcome),
            Ok(Err(error)) => self.failed_image(row, error.cause(), error.to_string()),
            Err(Unmeasured::Cancelled) => return None,
            Err(Unmeasured::Mismatch(mismatch)) => {
                return failed(Cause::Infrastructure, format!("internal error: {mismatch}"));
            }
            // What the image may have to do with it stands only in the image's own words.
            Err(Unmeasured::Failed(reason)) => self.failed_image(row, Cause::Infrastructure, told.unwrap_or(reason)),
        };
        if let Some((driver, id)) = on {
            measurement.provenance = provenance(driver);
            if !driver.interchangeable() {
                measurement.unit = id;
            }
        }
        measurement.image_sha256 = Some(given.sha256());
        if let Some(network) = &given.network {
            measurement.network_sha256 = network.sha256.clone();
            measurement.macs = network.network.macs();
        }
        Some(Ok(Box::new(measurement)))
    }

    /// Keeps the image in the run's folder.
    fn keep(&self, built: &Built) -> Result<(), ResultsError> {
        let _alone = self.keeping.lock();
        let images = self.folder.join("images");
        // Whoever made it first made it for all; where it cannot be made, writing says why.
        let _ = std::fs::create_dir(&images);
        let path = images.join(format!("{}.elf", built.sha256));
        if path.exists() || built.program.elf.is_empty() { Ok(()) } else { write_file(&path, &built.program.elf) }
    }

    /// The error is none where the run was cancelled.
    fn lease_and_measure(
        &self,
        row: Row,
        compiled: &Compiled,
        built: &Built,
        cases: &[Case],
        measurement: &mut Measurement,
    ) -> Result<Outcome, Option<String>> {
        let cancel = &self.order.cancel;
        let asked = self.common.scenario.measure;
        let settings = Settings { repeats: asked.repeats, warmup: asked.warmup, limits: Default::default() };
        let expected =
            Expected { build_id: built.build_id.clone(), steps: compiled.steps.len(), timed: compiled.timed.clone() };
        let board = measurement.board.clone();
        let wait = |waiting: &Waiting| (self.tell)(Event::Waiting { waiting });
        let dumps = self.folder.join("dumps");
        let measured = on_a_unit(self.rack, &board, cancel, &wait, |unit| {
            self.stage(row, Stage::Measuring);
            measurement.provenance = provenance(unit.driver());
            measurement.error_band = error_band(unit.driver(), unit.board());
            measurement.unit = match unit.driver().interchangeable() {
                true => format!("{}/{board}", unit.driver().name()),
                false => unit.id().into(),
            };
            let windows = windows(&asked, measurement.provenance);
            unit.open_instrument()?;
            let (unit, meter) = unit.parts();
            let thorough = Thorough { windows, meter: meter.map(Metered::usual), dumps: Some(&dumps) };
            let measured = measure_thoroughly(unit, &built.program, &expected, cases, &settings, thorough, cancel)?;
            Ok((unit.driver(), unit.board().clone(), measured))
        });
        match measured {
            Ok((driver, board, measured)) => {
                let outcome = outcome(&board, &measured, cases, built.memory).map_err(Some)?;
                if let Some(energy) = &measured.energy {
                    measurement.error_band = match measurement.provenance {
                        Provenance::Silicon => band(energy),
                        // What it played has errors of its own.
                        _ => format!("{}; here {}", measurement.error_band, band(energy)),
                    };
                }
                Ok(as_known(driver, outcome, measured.energy.as_ref()))
            }
            Err(Unmeasured::Mismatch(mismatch)) => {
                Ok(Outcome::Mismatch { reason: mismatch.to_string(), memory: built.memory })
            }
            Err(Unmeasured::Cancelled) => Err(None),
            Err(Unmeasured::Failed(reason)) => Err(Some(reason)),
        }
    }
}

/// What became of a row: it goes on, or it has ended, or nothing since the run was cancelled.
type Step<T> = Option<Result<T, Box<Measurement>>>;
