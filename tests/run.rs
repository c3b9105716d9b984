//! A scenario carried through, with a compiler and units that are none.

mod run_fake;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use hil::board::Board;
use hil::engine::{Compiled, Reserved};
use hil::network::{builtin, reference};
use hil::rack::{Cancel, Program, Rack, Unit};
use hil::results::{Cause, Flash, Measurement, Memory, Outcome, RunState, Sram, Status, read, sha256_hex};
use hil::run::{BuildFailure, Built, Event, Finished, Order, RunError, Stage, Toolchain, carry, prepare};
use hil::scenario::{Known, Scenario, parse};
use run_fake::{Fake, Fault, Firmware, Firmwares};

const SCENARIO: &str = "
name: small
task: vww
candidates:
  - { name: a, network: mobilenetv1, width: 0.25, resolution: 32, classes: 2 }
  - { name: b, network: mobilenetv1, width: 0.25, resolution: 32, classes: 2, seed: 1 }
  - { name: c, network: mobilenetv1, width: 0.25, resolution: 48, classes: 3 }
boards: [nucleo-l4r5zi, stm32f746g-disco]
engines: [tinyengine]
measure: { inputs: 2, repeats: 3, warmup: 1 }
";

fn scenario(text: &str) -> Scenario {
    let known = Known { networks: &builtin::names(), boards: &hil::board::names() };
    parse("s.yaml", text, Path::new(""), known).expect("a scenario")
}

/// Builds nothing, and says so.
#[derive(Default)]
struct Tools {
    builds: Mutex<Vec<String>>,
    /// Bytes of SRAM reserved on the F746.
    reserved: usize,
    fails_for: Option<&'static str>,
    panics_for: Option<&'static str>,
    compiler: Option<&'static str>,
}

impl Toolchain for Tools {
    fn compiler(&self) -> Result<String, String> {
        Ok(self.compiler.unwrap_or("gcc 1").into())
    }

    fn flags(&self, board: &Board) -> BTreeMap<String, String> {
        BTreeMap::from([(board.name.clone(), "-O2".into())])
    }

    fn reserved(&self, board: &Board, _: &Compiled) -> Reserved {
        Reserved { flash: 0, sram: if board.name.starts_with("stm32f7") { self.reserved } else { 0 } }
    }

    fn build(&self, compiled: &Compiled, board: &Board) -> Result<Built, BuildFailure> {
        let name = compiled.plan.name.clone();
        let what = format!("{name} on {}", board.name);
        self.builds.lock().expect("builds").push(what.clone());
        assert_ne!(self.panics_for, Some(what.as_str()), "on purpose");
        if self.fails_for == Some(what.as_str()) {
            return Err(BuildFailure { cause: Cause::Infrastructure, reason: "no space".into() });
        }
        let arena = compiled.plan.arena_bytes as u64;
        Ok(Built {
            program: Program { elf: what.clone().into_bytes(), ..Program::default() },
            build_id: what.clone(),
            sha256: sha256_hex(what.as_bytes()),
            memory: Memory {
                sram: Sram { arena, stack: 2048, ..Sram::default() },
                flash: Flash { code: 9000, ..Flash::default() },
            },
            flags_sha256: sha256_hex(b"-O2"),
            cached: false,
        })
    }
}

/// Firmware that computes what the reference computes.
fn firmwares(scenario: &Scenario) -> Firmwares {
    let networks: Vec<_> =
        scenario.candidates.iter().map(|c| (c.name.clone(), Arc::new(prepare(c).expect("a network")))).collect();
    Arc::new(move |program: &Program| {
        let build_id = String::from_utf8(program.elf.clone()).expect("text");
        let name = build_id.split(' ').next().unwrap_or_default();
        let (_, prepared) = networks.iter().find(|(known, _)| known == name)?;
        let prepared = prepared.clone();
        let steps =
            hil::run::engine(hil::scenario::EngineName::TinyEngine).compile(&prepared.network).ok()?.steps.len();
        let bytes = |id: &[hil::network::TensorId]| prepared.network.tensor(id[0]).bytes();
        Some(Firmware {
            build_id,
            input_bytes: bytes(&prepared.network.inputs),
            output_bytes: bytes(&prepared.network.outputs),
            steps,
            compute: Arc::new(move |input| {
                reference::run(&prepared.network, &[input.to_vec()]).expect("outputs").remove(0)
            }),
        })
    })
}

/// Units of both boards; those of the first board have `faults`.
fn rack(scenario: &Scenario, count: usize, faults: &[Fault]) -> Rack {
    let firmwares = firmwares(scenario);
    let mut units: Vec<Box<dyn Unit>> = Vec::new();
    for (at, board) in scenario.boards.iter().enumerate() {
        for number in 0..count {
            let mut fake = Fake::new(board, number);
            fake.firmwares = Some(firmwares.clone());
            if at == 0 {
                fake.faults = faults.to_vec();
            }
            units.push(Box::new(fake));
        }
    }
    Rack::new(units)
}

fn order(results: &Path, jobs: usize) -> Order {
    Order {
        scenario_file: "s.yaml".into(),
        scenario_text: SCENARIO.into(),
        command: vec!["hil".into(), "run".into()],
        results: results.to_path_buf(),
        resume: None,
        jobs,
        cancel: Cancel::new(),
    }
}

struct Case {
    scenario: Scenario,
    folder: tempfile::TempDir,
}

impl Case {
    fn new() -> Self {
        Self { scenario: scenario(SCENARIO), folder: tempfile::tempdir().expect("a folder") }
    }

    fn carry(&self, tools: &Tools, jobs: usize, faults: &[Fault]) -> Finished {
        let rack = rack(&self.scenario, jobs, faults);
        carry(&self.scenario, tools, &rack, &order(self.folder.path(), jobs), &|_| {}).expect("carried")
    }
}

fn statuses(rows: &[Measurement]) -> Vec<Status> {
    rows.iter().map(Measurement::status).collect()
}

#[test]
fn rows_are_the_same_whatever_the_parallelism() {
    let case = Case::new();
    let one = case.carry(&Tools::default(), 1, &[]).run.rows;
    assert_eq!(statuses(&one), [Status::Ok; 6]);
    let places: Vec<_> = one.iter().map(|r| (r.index, r.network.as_str(), r.board.as_str())).collect();
    assert_eq!(places[..3], [(0, "a", "nucleo-l4r5zi"), (1, "a", "stm32f746g-disco"), (2, "b", "nucleo-l4r5zi")]);
    for jobs in [2, 8] {
        assert!(case.carry(&Tools::default(), jobs, &[]).run.rows == one, "{jobs} jobs");
    }
    let run = one[0].run().expect("ok");
    assert_eq!(run.memory.sram.stack, 640, "the high-water mark, not what is reserved");
    assert_eq!(run.check.as_ref().map(|check| check.inputs.get()), Some(2));
    assert_ne!(one[0].network_sha256, one[2].network_sha256, "the seed is part of the network");
}

#[test]
fn what_does_not_fit_is_known_before_anything_is_built() {
    let case = Case::new();
    let tools = Tools { reserved: 320 * 1024, ..Tools::default() };
    let rack = rack(&case.scenario, 1, &[]);
    let known = AtomicUsize::new(usize::MAX);
    let finished = carry(&case.scenario, &tools, &rack, &order(case.folder.path(), 2), &|event| match event {
        Event::Planned { rows } => known.store(rows, Ordering::SeqCst),
        Event::Stage { stage: Stage::Building, .. } => assert_eq!(known.load(Ordering::SeqCst), 3),
        _ => {}
    });
    let rows = finished.expect("carried").run.rows;
    assert_eq!(statuses(&rows), [Status::Ok, Status::DoesNotFit].repeat(3));
    assert!(tools.builds.lock().expect("builds").iter().all(|what| what.ends_with("nucleo-l4r5zi")));
    let arena = rows[1].memory().expect("planned").sram.arena;
    assert_eq!(rows[1].over_by().sram, arena, "all of it is reserved: it is over by what the network needs");
    assert!(rows[1].outcome.reason().is_some_and(|reason| reason.contains(&format!("exceeded by {arena} bytes"))));
}

#[test]
fn one_failure_does_not_stop_the_others() {
    let case = Case::new();
    let tools = Tools { fails_for: Some("c on stm32f746g-disco"), ..Tools::default() };
    let rows = case.carry(&tools, 2, &[]).run.rows;
    assert_eq!(rows[5].outcome.cause(), Some(Cause::Infrastructure));
    assert_eq!(rows[5].outcome.reason(), Some("no space"));
    assert_eq!(statuses(&rows[..5]), [Status::Ok; 5]);
    let tools = Tools { panics_for: Some("c on nucleo-l4r5zi"), ..Tools::default() };
    let rows = case.carry(&tools, 2, &[]).run.rows;
    assert!(rows[4].outcome.reason().is_some_and(|r| r.starts_with("internal error: ") && r.contains("on purpose")));
    assert_eq!(rows.iter().filter(|row| row.status() == Status::Ok).count(), 5);
}

#[test]
fn a_broken_unit_is_no_slow_network() {
    let case = Case::new();
    for fault in [Fault::Silent, Fault::Garbage(2), Fault::OtherBuild, Fault::Stops("hil steps".into())] {
        let rows = case.carry(&Tools::default(), 2, std::slice::from_ref(&fault)).run.rows;
        for pair in rows.chunks(2) {
            assert_eq!(pair[0].outcome.cause(), Some(Cause::Infrastructure), "{fault:?}");
            assert!(pair[0].latency().is_none() && pair[0].image_sha256.is_some());
            assert_eq!(pair[1].status(), Status::Ok);
        }
    }
}

#[test]
fn a_wrong_network_has_no_latency() {
    let case = Case::new();
    let first = prepare(&case.scenario.candidates[0]).expect("one").cases(1).expect("cases")[0].input[0];
    let rows = case.carry(&Tools::default(), 2, &[Fault::WrongOutput(first)]).run.rows;
    let Outcome::Mismatch { reason, .. } = &rows[0].outcome else { panic!("{:?}", rows[0].outcome) };
    assert!(reason.starts_with("input 0: "), "{reason}");
    assert!(rows[0].latency().is_none());
    assert_eq!(rows[3].status(), Status::Ok);
}

/// Carries it until `count` rows are stored, as Ctrl-C would end it.
fn interrupted(case: &Case, tools: &Tools, count: usize) -> PathBuf {
    let rack = rack(&case.scenario, 2, &[]);
    let order = order(case.folder.path(), 2);
    let stored = AtomicUsize::new(0);
    let finished = carry(&case.scenario, tools, &rack, &order, &|event| {
        if let Event::Finished { .. } = event
            && stored.fetch_add(1, Ordering::SeqCst) + 1 == count
        {
            order.cancel.cancel();
        }
    });
    let finished = finished.expect("carried");
    assert_eq!(finished.run.state, RunState::Interrupted);
    finished.folder
}

#[test]
fn an_interrupted_run_is_readable_and_goes_on_where_it_was() {
    let case = Case::new();
    let whole = case.carry(&Tools::default(), 2, &[]).run.rows;
    for count in [1, 3, 5] {
        let folder = interrupted(&case, &Tools::default(), count);
        let stored = read(&folder).expect("readable");
        assert_eq!((stored.state, stored.info.planned_rows), (RunState::Interrupted, 6));
        assert!((count..6).contains(&stored.rows.len()), "{} rows after {count}", stored.rows.len());
        let tools = Tools::default();
        let order = Order { resume: Some(folder.clone()), ..order(case.folder.path(), 2) };
        let rack = rack(&case.scenario, 2, &[]);
        let finished = carry(&case.scenario, &tools, &rack, &order, &|_| {}).expect("carried");
        assert_eq!((finished.run.state, finished.folder), (RunState::Finished, folder));
        assert!(finished.run.rows == whole, "after {count} rows");
        assert_eq!(tools.builds.lock().expect("builds").len(), 6 - stored.rows.len(), "nothing is done twice");
    }
}

#[test]
fn what_infrastructure_failed_is_tried_again() {
    let case = Case::new();
    let broken = case.carry(&Tools::default(), 2, &[Fault::Silent]);
    assert_eq!(broken.run.rows.iter().filter(|row| row.status() == Status::Failed).count(), 3);
    let tools = Tools::default();
    let order = Order { resume: Some(broken.folder), ..order(case.folder.path(), 2) };
    let rack = rack(&case.scenario, 2, &[]);
    let rows = carry(&case.scenario, &tools, &rack, &order, &|_| {}).expect("carried").run.rows;
    assert_eq!(statuses(&rows), [Status::Ok; 6]);
    assert_eq!(tools.builds.lock().expect("builds").len(), 3);
}

#[test]
fn unlike_runs_are_not_mixed() {
    let case = Case::new();
    let folder = interrupted(&case, &Tools::default(), 2);
    let rack = rack(&case.scenario, 1, &[]);
    let refused = |order: Order, tools: &Tools| match carry(&case.scenario, tools, &rack, &order, &|_| {}) {
        Err(error @ RunError::Changed { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let again = || Order { resume: Some(folder.clone()), ..order(case.folder.path(), 1) };
    let text = SCENARIO.replace("repeats: 3", "repeats: 4");
    let message = refused(Order { scenario_text: text, ..again() }, &Tools::default());
    assert!(message.contains("the scenario has changed") && message.contains("repeats: 4"), "{message}");
    let message = refused(again(), &Tools { compiler: Some("gcc 2"), ..Tools::default() });
    assert!(message.contains("compiler has changed") && message.contains("`gcc 1`"), "{message}");
    assert_eq!(read(&folder).expect("readable").state, RunState::Interrupted, "nothing was touched");
}

#[test]
fn constraints_are_kept_with_the_run() {
    let text = format!("{SCENARIO}constraints: {{ max_sram_bytes: 1000 }}\n");
    let case = Case { scenario: scenario(&text), ..Case::new() };
    let run = case.carry(&Tools::default(), 2, &[]).run;
    assert_eq!(run.info.limits.sram_bytes, Some(1000));
    assert!(run.rows.iter().all(|row| !run.info.limits.broken(row).is_empty()));
    let table = hil::report::terminal(&run);
    assert!(table.contains("breaks a limit: SRAM"), "{table}");
    assert!(!table.contains("fastest"), "what is of no use is not ranked: {table}");
}

#[test]
fn what_a_board_fails_at_is_measured_on_another_and_the_board_is_quarantined() {
    let scenario = scenario(&SCENARIO.replace(", stm32f746g-disco", "").replace("warmup: 1", "window_seconds: 0.01"));
    let firmwares = firmwares(&scenario);
    let unit = |number: usize, faults: &[Fault]| -> Box<dyn Unit> {
        let mut fake = Fake::new("nucleo-l4r5zi", number);
        (fake.firmwares, fake.faults) = (Some(firmwares.clone()), faults.to_vec());
        fake.driver = hil::rack::Driver::Probe;
        Box::new(fake)
    };
    let rack = Rack::new(vec![unit(0, &[Fault::Silent]), unit(1, &[])]);
    let folder = tempfile::tempdir().expect("a folder");
    let mut order = order(folder.path(), 1);
    order.scenario_text = String::new();
    let finished = carry(&scenario, &Tools::default(), &rack, &order, &|_| {}).expect("carried");
    assert_eq!(finished.run.rows.len(), 3, "none is lost or counted twice");
    for row in &finished.run.rows {
        assert_eq!((row.status(), row.unit.as_str()), (Status::Ok, "emulated/nucleo-l4r5zi/1"), "{:?}", row.outcome);
        assert_eq!(row.provenance, hil::results::Provenance::Silicon);
        assert_eq!(row.latency().map(|latency| latency.cycles().len()), Some(5), "five windows");
        let Some(hil::results::Energy::Missing(why)) = row.run().map(|run| &run.energy) else { panic!("no meter") };
        assert!(why.contains("no instrument"), "{why}");
    }
    let health = rack.status().remove(0).health;
    assert!(
        matches!(&health, hil::rack::Health::Quarantined(why) if why.contains("no end of the reply")),
        "{health:?}"
    );
}

#[test]
fn a_board_alone_that_fails_is_an_infrastructure_failure_and_no_number() {
    let scenario = scenario(&SCENARIO.replace(", stm32f746g-disco", ""));
    let mut fake = Fake::new("nucleo-l4r5zi", 0).with(Fault::Silent);
    fake.driver = hil::rack::Driver::Probe;
    let rack = Rack::new(vec![Box::new(fake)]);
    let folder = tempfile::tempdir().expect("a folder");
    let finished = carry(&scenario, &Tools::default(), &rack, &order(folder.path(), 1), &|_| {}).expect("carried");
    for row in &finished.run.rows {
        assert_eq!((row.outcome.cause(), row.latency()), (Some(Cause::Infrastructure), None));
    }
}
