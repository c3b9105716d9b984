//! Leases among processes: one user a unit, whoever dies.

mod run_fake;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use hil::board;
use hil::rack::file::{RackFile, parse};
use hil::rack::{Cancel, Fate, Health, Rack, RackError, Unit, UnitError, Waiting, Wish};

const BOARD: &str = "nucleo-l4r5zi";
/// Names the rack to the process that holds a unit of it.
const HOLD: &str = "HIL_TEST_HOLD";

fn rack_of(folder: &Path, units: usize) -> (PathBuf, RackFile) {
    let units: String =
        (0..units).map(|n| format!("  - {{ name: u{n}, board: {BOARD}, driver: emulated }}\n")).collect();
    let (path, text) = (folder.join("rack.yaml"), format!("state: state\nunits:\n{units}"));
    std::fs::write(&path, &text).expect("written");
    let file = parse("rack.yaml", &text, folder, &board::names()).expect("a rack");
    (path, file)
}

fn open(folder: &Path, units: usize) -> Rack {
    let (path, file) = rack_of(folder, units);
    Rack::open(&path, &file).expect("a rack")
}

/// Not a test of its own: what another process does, one lease a line that it is sent, until its stdin ends.
#[test]
fn holder() {
    let Some(folder) = std::env::var_os(HOLD) else { return };
    let rack = open(Path::new(&folder), 1);
    let mut lines = std::io::stdin().lines();
    while let Some(Ok(_)) = lines.next() {
        let lease = rack.lease(BOARD, &Cancel::new()).expect("a unit");
        println!("\nheld {}", lease.id());
        std::io::stdout().flush().expect("flushed");
        if lines.next().is_none() {
            return;
        }
        drop(lease);
        println!("\nfree");
    }
}

struct Process {
    child: Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Process {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["holder", "--exact", "--nocapture", "--test-threads=1"])
            .env(HOLD, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("another process");
        let said = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, said }
    }

    fn step(&mut self) {
        self.child.stdin.as_mut().expect("piped").write_all(b"\n").expect("sent");
    }

    fn until(&mut self, start: &str) {
        let mut line = String::new();
        while !line.starts_with(start) {
            line.clear();
            assert_ne!(self.said.read_line(&mut line).expect("a line"), 0, "it ended before `{start}`");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn who_waits_is_told_for_what_and_kill_9_of_the_owner_frees_the_unit() {
    let folder = tempfile::tempdir().expect("a folder");
    let rack = open(folder.path(), 1);
    let mut other = Process::start(folder.path());
    other.step();
    other.until("held");
    let status = rack.status();
    assert!(status[0].leased, "{status:?}");
    assert_eq!(status[0].owner.as_ref().map(|owner| owner.pid), Some(other.child.id()));

    let told: Mutex<Vec<Waiting>> = Mutex::default();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let tell = |waiting: &Waiting| told.lock().expect("told").push(waiting.clone());
            rack.lease_wished(BOARD, &Wish::default(), &Cancel::new(), &tell).map(|lease| lease.id().to_string())
        });
        while told.lock().expect("told").is_empty() {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(!waiting.is_finished(), "it is held");
        // SIGKILL: nothing of the other process runs any more.
        other.child.kill().expect("killed");
        assert_eq!(waiting.join().expect("no panic").expect("a unit"), format!("emulated/{BOARD}/u0"));
    });
    let told = told.into_inner().expect("told");
    assert_eq!(told.len(), 1, "said once, not at every look");
    let text = told[0].to_string();
    let start =
        format!("waiting for a unit of {BOARD}: emulated/{BOARD}/u0 is held by process {} (`", other.child.id());
    assert!(text.starts_with(&start) && text.contains("holder --exact"), "{text}");
    assert!(!rack.status()[0].leased);
}

#[test]
fn two_processes_fight_for_one_unit_and_both_get_it_by_turns() {
    let folder = tempfile::tempdir().expect("a folder");
    let rack = open(folder.path(), 1);
    let mut other = Process::start(folder.path());
    for _ in 0..5 {
        let lease = rack.lease(BOARD, &Cancel::new()).expect("a unit");
        other.step();
        std::thread::sleep(Duration::from_millis(20));
        drop(lease);
        other.until("held");
        let cancel = Cancel::new();
        cancel.cancel();
        assert_eq!(rack.lease(BOARD, &cancel).err(), Some(RackError::Cancelled));
        assert!(rack.status()[0].leased);
        other.step();
        other.until("free");
    }
}

#[test]
fn quarantine_outlives_the_process_and_ends_with_a_check() {
    let folder = tempfile::tempdir().expect("a folder");
    let first = open(folder.path(), 2);
    let mut lease = first.lease(BOARD, &Cancel::new()).expect("a unit");
    let bad = lease.id().to_string();
    lease.quarantine("its regulator is hot");
    drop(lease);

    let second = open(folder.path(), 2);
    let lease = second.lease(BOARD, &Cancel::new()).expect("the other");
    assert_ne!(lease.id(), bad);
    drop(lease);
    let health = |rack: &Rack| rack.status().into_iter().find(|unit| unit.id == bad).expect("listed").health;
    assert_eq!(health(&second), Health::Quarantined("its regulator is hot".into()));

    second.lease_to_check(&bad, &Cancel::new(), &|_| {}).expect("checks have it all the same").found_well();
    assert_eq!(health(&second), Health::Good);
    let third = open(folder.path(), 2);
    assert_eq!(health(&third), Health::Good);
    assert!(third.status().iter().any(|unit| unit.record.checked.is_some()));
}

/// A board that is brought back by nothing, or by anything.
struct Board {
    inner: run_fake::Fake,
    curable: bool,
    released: std::sync::Arc<std::sync::atomic::AtomicUsize>,
}

impl Unit for Board {
    fn id(&self) -> &str {
        self.inner.id()
    }
    fn board(&self) -> &hil::board::Board {
        self.inner.board()
    }
    fn driver(&self) -> hil::rack::Driver {
        hil::rack::Driver::Probe
    }
    fn flash(&mut self, p: &hil::rack::Program, l: Duration, c: &Cancel) -> Result<(), UnitError> {
        self.inner.flash(p, l, c)
    }
    fn reset(&mut self, cancel: &Cancel) -> Result<(), UnitError> {
        self.inner.reset(cancel)
    }
    fn write(&mut self, bytes: &[u8], cancel: &Cancel) -> Result<(), UnitError> {
        self.inner.write(bytes, cancel)
    }
    fn now(&self) -> Duration {
        self.inner.now()
    }
    fn read(&mut self, until: Duration, cancel: &Cancel) -> Result<Vec<u8>, UnitError> {
        self.inner.read(until, cancel)
    }
    fn recover(&mut self, _: hil::rack::recovery::Step, _: Duration, _: &Cancel) -> Result<(), UnitError> {
        Ok(())
    }
    fn answers(&mut self, limit: Duration, _: &Cancel) -> Result<(), UnitError> {
        let unit = self.id().into();
        if self.curable { Ok(()) } else { Err(UnitError::TimedOut { unit, what: "answer".into(), limit }) }
    }
    fn release(&mut self) {
        self.released.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

fn boards(folder: &Path, curable: bool) -> (Rack, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    let (path, file) = rack_of(folder, 1);
    let released = std::sync::Arc::default();
    let inner = run_fake::Fake::new(BOARD, 0);
    let board: Box<dyn Unit> = Box::new(Board { inner, curable, released: std::sync::Arc::clone(&released) });
    let mut entry = file.units[0].clone();
    let log = folder.join("switch.log");
    let say = |word: &str| vec!["sh".into(), "-c".into(), format!("echo {word} >> {}", log.display())];
    entry.power = Some(hil::rack::file::PowerSwitch {
        off: say("off"),
        on: say("on"),
        instrument: false,
        pause_seconds: 0.0,
        back_seconds: 1.0,
    });
    (Rack::shared(&path, &file.state, vec![(board, entry)]).expect("a rack"), released)
}

fn silent() -> UnitError {
    UnitError::TimedOut { unit: "u".into(), what: "reply".into(), limit: Duration::from_secs(5) }
}

#[test]
fn a_unit_that_nothing_brings_back_is_power_cycled_and_then_quarantined_with_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let (rack, _) = boards(folder.path(), false);
    let mut lease = rack.lease(BOARD, &Cancel::new()).expect("a unit");
    let Fate::Quarantined(why) = lease.failed(&silent(), &Cancel::new()) else { panic!("it stays silent") };
    assert!(why.contains("no reply within 5 s; reset did not help: ") && why.contains("power cycle"), "{why}");
    drop(lease);
    let log = std::fs::read_to_string(folder.path().join("switch.log")).expect("switched");
    assert_eq!(log, "off\non\noff\non\n");
    let error = rack.lease(BOARD, &Cancel::new()).expect_err("quarantined").to_string();
    assert!(error.contains("out of order") && error.contains("`hil rack check`"), "{error}");
}

#[test]
fn a_unit_that_comes_back_each_time_but_never_works_is_quarantined_at_last() {
    let folder = tempfile::tempdir().expect("a folder");
    let (rack, released) = boards(folder.path(), true);
    let fail = || rack.lease(BOARD, &Cancel::new()).expect("a unit").failed(&silent(), &Cancel::new());
    assert!(matches!(fail(), Fate::Usable(Some(_))));
    rack.lease(BOARD, &Cancel::new()).expect("a unit").succeeded();
    assert!(matches!(fail(), Fate::Usable(Some(_))));
    assert!(matches!(fail(), Fate::Usable(Some(_))));
    let Fate::Quarantined(why) = fail() else { panic!("three in a row") };
    assert!(why.contains("3 times in a row"), "{why}");
    assert_eq!(released.load(std::sync::atomic::Ordering::SeqCst), 5, "each lease lets go of the board");
    assert!(rack.status()[0].record.last_error.as_ref().is_some_and(|e| e.reason.contains("no reply")));
}

#[test]
fn an_image_that_stops_an_emulated_unit_says_nothing_of_the_unit() {
    let folder = tempfile::tempdir().expect("a folder");
    let rack = open(folder.path(), 1);
    for _ in 0..5 {
        let mut lease = rack.lease(BOARD, &Cancel::new()).expect("a unit");
        let stopped = UnitError::Stopped { unit: lease.id().into(), problem: "a fault".into() };
        assert_eq!(lease.failed(&stopped, &Cancel::new()), Fate::Usable(None));
    }
}
