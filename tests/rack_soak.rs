//! Many measurements on simulated units that fail in every way a script knows: none is lost, none wrong, none counted twice.
//!
//! `HIL_SOAK=1000` makes it as many measurements, on eight units; without it a few show that the machinery works.

mod firmware_common;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use firmware_common::{compile, network, noise, options};
use hil::board::Board;
use hil::measure::{Case, Expected, Limits, MeasureError, Settings, Thorough, measure, measure_thoroughly};
use hil::network::reference;
use hil::rack::probe::ProbeUnit;
use hil::rack::simprobe::{FaultScript, SimBoard};
use hil::rack::{Cancel, Fate, Health, Program, Rack, Unit, UnitError, Wish};
use hil::run::{Images, Toolchain};

const BOARD: &str = "nucleo-l4r5zi";

/// One image, what it must compute, and its cycles on the plain emulated board.
struct Job {
    program: Program,
    expected: Expected,
    cases: Vec<Case>,
    cycles: Vec<u64>,
}

const SETTINGS: Settings = Settings { repeats: 2, warmup: 1, limits: LIMITS };
const LIMITS: Limits = Limits {
    flash: std::time::Duration::from_secs(60),
    boot: std::time::Duration::from_secs(2),
    command: std::time::Duration::from_secs(2),
    inference: std::time::Duration::from_secs(2),
};

fn job(cache: &Path) -> Option<Job> {
    job_on(BOARD, cache)
}

fn job_on(name: &str, cache: &Path) -> Option<Job> {
    let board = Board::shipped(name).expect("a board");
    let network = network(8);
    let compiled = compile(&network);
    let built = Images::with(options(cache)?).build(&compiled, &board).unwrap_or_else(|e| panic!("{}", e.reason));
    let bytes = network.tensor(network.inputs[0]).bytes();
    let case = |seed| {
        let input = noise(seed, bytes);
        let output = reference::run(&network, std::slice::from_ref(&input)).expect("a run").remove(0);
        Case { input, output }
    };
    let cases = vec![case(1), case(2)];
    let expected =
        Expected { build_id: built.build_id.clone(), steps: compiled.steps.len(), timed: compiled.timed.clone() };
    let rack = Rack::emulated(&[board], 1);
    let mut unit = rack.lease(name, &Cancel::new()).expect("a unit");
    let plain = measure(&mut *unit, &built.program, &expected, &cases, &SETTINGS, &Cancel::new()).expect("measured");
    Some(Job { program: built.program.clone(), expected, cases, cycles: plain.cycles })
}

/// Faults that come and go, of every kind that a unit can be brought back from.
const FAULTS: &str = "
seed: SEED
faults:
  - { fault: wait, chance: 0.0001, times: 0, length: 20 }
  - { fault: fault, chance: 0.000001, times: 0 }
  - { fault: unplug, chance: 0.0000005, times: 0, length: 1 }
  - { fault: stuck-reset, chance: 0.01, times: 0, length: 2 }
  - { fault: flash-error, chance: 0.01, times: 0, length: 3 }
  - { fault: verify-mismatch, chance: 0.000002, times: 0 }
  - { fault: silent-uart, chance: 0.00001, times: 0, length: 200 }
  - { fault: garbage, chance: 0.00001, times: 0 }
  - { fault: dropped-byte, chance: 0.00001, times: 0 }
  - { fault: stale, chance: 0.1, times: 0 }
  - { fault: lock-up, chance: 0.00001, times: 0 }
  - { fault: brown-out, chance: 0.00001, times: 0 }
";

fn unit(name: &str, faults: &str) -> (Box<dyn Unit>, std::sync::Arc<SimBoard>) {
    unit_on(BOARD, name, faults)
}

fn unit_on(board: &str, name: &str, faults: &str) -> (Box<dyn Unit>, std::sync::Arc<SimBoard>) {
    let board = Board::shipped(board).expect("a board");
    let sim = SimBoard::start(&board, name, &FaultScript::parse(faults).expect("a script")).expect("a board");
    (Box::new(ProbeUnit::simulated(name, sim.clone()).expect("a unit")), sim)
}

fn own(what: &str) -> usize {
    std::fs::read_dir(format!("/proc/self/{what}")).map_or(0, Iterator::count)
}

/// What a failed measurement was of the unit's doing.
fn as_unit_error(id: &str, error: MeasureError) -> UnitError {
    match error {
        MeasureError::Unit(error) => error,
        // Nothing of the network is wrong: it computed right on the plain board.
        other => UnitError::Failed { unit: id.into(), what: "talking".into(), problem: other.to_string() },
    }
}

#[test]
fn a_simulated_probe_measures_what_the_emulator_measures() {
    let cache = tempfile::tempdir().expect("a folder");
    // One that is of Armv7-M, and one of Armv8-M.
    for board in [BOARD, "nucleo-u575zi-q"] {
        let Some(job) = job_on(board, cache.path()) else { return };
        let (mut unit, _sim) = unit_on(board, &format!("plain-{board}"), "");
        let measured = measure(&mut *unit, &job.program, &job.expected, &job.cases, &SETTINGS, &Cancel::new());
        assert_eq!(measured.unwrap_or_else(|error| panic!("{board}: {error}")).cycles, job.cycles, "{board}");
    }
}

#[test]
fn a_core_that_hangs_is_named_with_its_callers() {
    let cache = tempfile::tempdir().expect("a folder");
    let Some(job) = job(cache.path()) else { return };
    let (mut unit, _sim) = unit("hangs", "faults: [{ fault: lock-up, after: 400 }]");
    let failed = measure(&mut *unit, &job.program, &job.expected, &job.cases, &SETTINGS, &Cancel::new());
    let message = failed.expect_err("locked up").to_string();
    assert!(message.contains("the core was locked up") && message.contains("no end of the reply"), "{message}");
}

#[test]
fn registers_and_memory_of_a_core_that_hangs_are_kept_where_the_error_says() {
    let (cache, dumps) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let Some(job) = job(cache.path()) else { return };
    let (mut unit, _sim) = unit("kept", "faults: [{ fault: lock-up, after: 400 }]");
    let thorough = Thorough { dumps: Some(dumps.path()), ..Thorough::default() };
    let (expected, cases) = (&job.expected, &job.cases);
    let cancel = Cancel::new();
    let failed = measure_thoroughly(&mut *unit, &job.program, expected, cases, &SETTINGS, thorough, &cancel);
    let message = failed.expect_err("locked up").to_string();
    let place = dumps.path().join("simprobe_nucleo-l4r5zi_kept-1");
    assert!(message.contains(&format!("registers and memory are in {}", place.display())), "{message}");
    let text = std::fs::read_to_string(place.join("core.txt")).expect("a text");
    assert!(["pc 0x", "xpsr 0x", "cfsr 0x", "sp+0x000"].iter().all(|part| text.contains(part)), "{text}");
    let memory = std::fs::read(place.join("sram1-0x20000000.bin")).expect("its memory");
    assert_eq!(memory.len(), 0x30000);
    assert_ne!(memory[4..0x4000], memory[0x4000..0x7FFC], "one piece was read again in place of the next");
    // The stack lies there, from where the stack pointer stands.
    let word = |from: &str| u32::from_str_radix(text.split(from).nth(1).expect(from)[..8].trim(), 16).expect("a word");
    let at = (word("sp 0x") - 0x2000_0000) as usize;
    assert_eq!(memory[at..at + 4], word("sp+0x000  ").to_le_bytes());
}

#[test]
fn no_measurement_is_lost_or_wrong_whatever_fails() {
    let cache = tempfile::tempdir().expect("a folder");
    let Some(job) = job(cache.path()) else { return };
    let wanted: usize = std::env::var("HIL_SOAK").ok().and_then(|n| n.parse().ok()).unwrap_or(6);
    let units = if wanted > 100 { 8 } else { 2 };
    let before = (own("task"), own("fd"));
    let made: Vec<_> =
        (0..units).map(|number| unit(&format!("soak{number}"), &FAULTS.replace("SEED", &number.to_string()))).collect();
    // One is beyond help: it must be taken out of use, and hold nobody up.
    let broken = unit("broken", "faults: [{ fault: wrong-chip, device: 0x123 }]");
    let boards: Vec<_> = made.iter().chain([&broken]).map(|(_, sim)| sim.clone()).collect();
    let rack = Rack::new(made.into_iter().chain([broken]).map(|(unit, _)| unit).collect());
    let (next, failures) = (AtomicUsize::new(0), Mutex::new(BTreeMap::<String, usize>::new()));
    let done = Mutex::new(vec![0usize; wanted]);
    std::thread::scope(|scope| {
        for _ in 0..=units {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= wanted {
                        return;
                    }
                    let mut tried = Vec::new();
                    loop {
                        let cancel = Cancel::new();
                        let mut lease = match rack.lease_wished(
                            BOARD,
                            &Wish { tried: &tried, ..Wish::default() },
                            &cancel,
                            &|_| {},
                        ) {
                            Ok(lease) => lease,
                            Err(error) => panic!("{error}; {:?}", failures.lock().expect("failures")),
                        };
                        let id = lease.id().to_string();
                        match measure(&mut *lease, &job.program, &job.expected, &job.cases, &SETTINGS, &cancel) {
                            Ok(measured) => {
                                assert_eq!(measured.cycles, job.cycles, "{id}");
                                lease.succeeded();
                                done.lock().expect("done")[index] += 1;
                                break;
                            }
                            Err(error) => {
                                let error = as_unit_error(&id, error);
                                *failures.lock().expect("failures").entry(error.to_string()).or_default() += 1;
                                // A unit of good hardware that many scripts trouble at once may give up: it is checked again.
                                if let Fate::Quarantined(_) = lease.failed(&error, &cancel)
                                    && !id.ends_with("broken")
                                {
                                    lease.found_well();
                                }
                                tried.push(id);
                            }
                        }
                    }
                }
            });
        }
    });
    assert!(done.lock().expect("done").iter().all(|count| *count == 1), "each was measured once");
    let status = rack.status();
    let quarantined: Vec<_> = status.iter().filter(|unit| unit.health != Health::Good).map(|unit| &unit.id).collect();
    assert!(quarantined.iter().all(|id| id.ends_with("broken")), "{quarantined:?}");
    let faults: u64 = boards.iter().map(|board| board.faults()).sum();
    for (failure, count) in failures.into_inner().expect("failures") {
        println!("{count:4} {failure}");
    }
    println!("{faults} faults in {wanted} measurements on {} units", units + 1);
    drop((rack, boards));
    // Other tests of this process come to an end meanwhile, and threads take a moment to.
    let left = || (own("task"), own("fd"));
    let patience = Instant::now();
    while (left().0 > before.0 || left().1 > before.1) && patience.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let left = left();
    assert!(left.0 <= before.0 && left.1 <= before.1, "threads and file handles: {left:?}, before {before:?}");
}
