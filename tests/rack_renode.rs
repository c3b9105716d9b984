//! The driver of Renode against a program that speaks as Renode 1.16.1 does, to the byte, and falls into each of its traps.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use hil::board::Board;
use hil::rack::{Cancel, Program, Renode, Unit, UnitError};

const BOARD: &str = "nucleo-l4r5zi";
const ARGUMENTS: &str = "HIL_FAKE_RENODE";
const TRAP: &str = "HIL_FAKE_TRAP";
/// Where the fake leaves its process id.
const ID: &str = "HIL_FAKE_ID";
const PARENT: &str = "HIL_FAKE_PARENT";

/// Not a test of its own: the program that stands for Renode.
#[test]
fn fake_renode() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    let trap = std::env::var(TRAP).unwrap_or_default();
    let words: Vec<&str> = arguments.split(' ').collect();
    assert_eq!(words[..4], ["--disable-xwt", "--plain", "--hide-log", "-P"]);
    let temporary = PathBuf::from(std::env::var_os("TMPDIR").expect("a place of its own"));
    assert!(temporary.ends_with("tmp") && temporary.is_dir());
    std::fs::write(std::env::var_os(ID).expect("a file"), std::process::id().to_string()).expect("written");
    let (monitor, _) =
        TcpListener::bind(("127.0.0.1", words[4].parse().expect("a port"))).expect("free").accept().expect("a client");
    Fake { monitor, trap, console: None, nanoseconds: 0, reset_at: 0, log: PathBuf::new(), booted: false }.run();
}

struct Fake {
    monitor: TcpStream,
    trap: String,
    console: Option<(TcpListener, Option<TcpStream>)>,
    nanoseconds: u64,
    reset_at: u64,
    log: PathBuf,
    booted: bool,
}

impl Fake {
    fn say(&mut self, bytes: &[u8]) {
        self.monitor.write_all(bytes).expect("sent");
    }

    fn run(mut self) {
        self.say(b"\xFF\xFD\x00\xFF\xFB\x01\xFF\xFB\x03\xFF\xFC\x22Renode, version 1.16.1 (fake)\n\r\n\r(monitor) ");
        let mut lines = BufReader::new(self.monitor.try_clone().expect("a copy")).lines();
        while let Some(Ok(line)) = lines.next() {
            let output = self.command(&line);
            // In pieces, so that nobody takes half a prompt for one.
            self.say(format!("{line}\n\r").as_bytes());
            self.say(output.as_bytes());
            self.say(b"(un");
            std::thread::sleep(Duration::from_millis(1));
            self.say(b"it) ");
        }
    }

    fn command(&mut self, line: &str) -> String {
        let words: Vec<&str> = line.split(' ').collect();
        let error = |text: &str| format!("There was an error executing command '{line}'\r\n{text}\r\n");
        match words[..] {
            ["logFile", ..] => self.log = path(line),
            ["machine", "LoadPlatformDescription", ..] => {
                let text = std::fs::read_to_string(path(line)).expect("a platform");
                assert!(text.contains("cpuType: \"cortex-m4f\""));
                match self.trap.as_str() {
                    "platform" => return error("Error E04: Could not resolve type: 'CPU.CortexN'.\r\nAt 6:6:"),
                    "dies" => {
                        eprintln!(
                            "Fatal error:\nException has been thrown by the target of an invocation.\n  at A.B ()"
                        );
                        eprintln!(
                            "Inner exception:\n[FatalError] unexpected token ':' (Line 7, Column 67)\n  at C.D ()\n"
                        );
                        std::process::exit(1);
                    }
                    _ => {}
                }
            }
            ["sysbus", "LoadELF", ..] => assert_eq!(std::fs::read(path(line)).expect("an image"), b"elf"),
            ["emulation", "CreateServerSocketTerminal", port, "\"term\"", "false"] => {
                let listener = TcpListener::bind(("127.0.0.1", port.parse().expect("a port"))).expect("free");
                self.console = Some((listener, None));
            }
            ["emulation", "RunFor", time] => {
                if self.trap == "jump" && self.booted {
                    std::fs::write(&self.log, "12:00:00 [ERROR] cpu: CPU abort [PC=0xDEADBEEE]: no memory\n")
                        .expect("log");
                    std::thread::sleep(Duration::from_secs(600));
                }
                if self.trap == "stuck" && self.booted {
                    std::thread::sleep(Duration::from_secs(600));
                }
                if self.trap == "ends" && self.booted {
                    std::process::exit(0);
                }
                if self.trap != "stands" {
                    self.nanoseconds += (time.trim_matches('"').parse::<f64>().expect("a time") * 1e9) as u64;
                }
                self.firmware();
            }
            ["machine", "ElapsedVirtualTime"] => {
                let (s, ns) = (self.nanoseconds / 1_000_000_000, self.nanoseconds % 1_000_000_000);
                let time = format!("00:{:02}:{:02}.{ns:09}", s / 60, s % 60);
                return format!(
                    "[Domain = Elapsed Virtual Time: {time}\r\nElapsed Host Time: 00:00:00.009783500\r\nCurrent load: 0.0042\r\n\
                     Cumulative load: 0.0489175\r\nState: Idle\r\nAdvance immediately: True\r\n\
                     Quantum: 00:00:00.000100000, TimeElapsed = {time}]\r\r\n"
                );
            }
            ["cpu", "ExecutedInstructions"] => {
                return format!("0x{:016X}\r\r\n", (self.nanoseconds - self.reset_at) * 120 / 1000);
            }
            ["machine", "Reset"] => (self.booted, self.reset_at) = (false, self.nanoseconds),
            ["cpu", "PerformanceInMips", mips] => assert_eq!(mips, "120"),
            ["mach", "create", _] | ["connector", "Connect", ..] | ["emulation", "SetGlobalAdvanceImmediately", _] => {}
            _ => return format!("No such command or device: {line}\r\n"),
        }
        String::new()
    }

    fn firmware(&mut self) {
        let booted = std::mem::replace(&mut self.booted, true);
        let Some((listener, stream)) = &mut self.console else { return };
        let stream = stream.get_or_insert_with(|| listener.accept().expect("a client").0);
        stream.set_read_timeout(Some(Duration::from_millis(2))).expect("set");
        if !booted {
            stream.write_all(b"m-init-done\r\nm-ready\r\n").expect("sent");
        }
        let mut heard = [0; 100];
        if let Ok(count) = stream.read(&mut heard)
            && count > 0
        {
            stream.write_all(b"m-name-dut-[fake]\r\nm-ready\r\n").expect("sent");
        }
    }
}

/// The path at the end of a command: a space of its own is escaped, and the end is the end of the line.
fn path(line: &str) -> PathBuf {
    let (_, path) = line.split_once('@').expect("a path");
    assert!(!path.replace("\\ ", "").contains(' '), "{line}");
    path.replace("\\ ", " ").into()
}

/// A unit whose Renode is this test's own program.
fn unit(folder: &Path, trap: &str) -> Renode {
    let test = std::env::current_exe().expect("this test");
    let script = format!(
        "#!/bin/sh\n{ARGUMENTS}=\"$*\" {TRAP}={trap} {ID}={} exec {} fake_renode --exact --nocapture\n",
        folder.join("id").display(),
        test.display()
    );
    let path = folder.join("renode");
    std::fs::write(&path, script).expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("runs");
    // A core that is known to be lost is not waited for.
    let limit = if trap == "jump" { Duration::from_secs(300) } else { Duration::from_millis(500) };
    Renode::with(&Board::shipped(BOARD).expect("a board"), "r", path, limit)
}

fn program() -> Program {
    Program { segments: vec![], elf: b"elf".to_vec(), baud: None }
}

fn flashed(unit: &mut Renode) -> Result<(), UnitError> {
    unit.flash(&program(), Duration::from_secs(10), &Cancel::new())
}

/// Everything that comes until nothing comes for 50 ms of virtual time.
fn heard(unit: &mut Renode) -> Result<String, UnitError> {
    let mut all = Vec::new();
    loop {
        let until = unit.now() + Duration::from_millis(50);
        let more = unit.read(until, &Cancel::new())?;
        if more.is_empty() {
            return Ok(String::from_utf8_lossy(&all).into_owned());
        }
        all.extend(more);
    }
}

#[test]
fn the_console_is_heard_in_virtual_time() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut unit = unit(folder.path(), "none");
    flashed(&mut unit).expect("flashed");
    assert_eq!(unit.id(), format!("renode/{BOARD}/r"));
    let mut began = Duration::ZERO;
    for _ in 0..2 {
        unit.reset(&Cancel::new()).expect("reset");
        assert_eq!(unit.executed_instructions(), 0);
        began = unit.now();
        assert_eq!(heard(&mut unit).expect("said"), "m-init-done\r\nm-ready\r\n");
        unit.write(b"name%", &Cancel::new()).expect("sent");
        assert_eq!(heard(&mut unit).expect("said"), "m-name-dut-[fake]\r\nm-ready\r\n");
    }
    assert!(unit.now() >= Duration::from_millis(200), "{:?}", unit.now());
    assert_eq!(unit.executed_instructions(), ((unit.now() - began).as_nanos() * 120 / 1000) as u64, "since the reset");
    assert_eq!(unit.counters(), None, "it has no cycles");
}

#[test]
fn an_error_in_words_is_an_error_although_the_exit_code_is_0() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = flashed(&mut unit(folder.path(), "platform")).expect_err("refused").to_string();
    assert!(
        error.contains("Renode refused `machine LoadPlatformDescription") && error.contains("Error E04"),
        "{error}"
    );
}

#[test]
fn renode_that_dies_is_quoted() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = flashed(&mut unit(folder.path(), "dies")).expect_err("dead").to_string();
    assert!(
        error.contains("LoadPlatformDescription") && error.contains("unexpected token ':' (Line 7, Column 67)"),
        "{error}"
    );
}

/// Not a test of its own: the process that is killed.
#[test]
fn killed_parent() {
    let Some(folder) = std::env::var_os(PARENT).map(PathBuf::from) else { return };
    let mut unit = unit(&folder, "none");
    flashed(&mut unit).expect("flashed");
    std::fs::write(folder.join("flashed"), "").expect("written");
    std::thread::sleep(Duration::from_secs(600));
}

#[test]
fn nothing_is_left_of_a_process_that_is_killed() {
    let folder = tempfile::tempdir().expect("a folder");
    let temporary = folder.path().join("a place");
    std::fs::create_dir(&temporary).expect("made");
    let mut parent = Command::new(std::env::current_exe().expect("this test"))
        .args(["killed_parent", "--exact"])
        .env(PARENT, folder.path())
        .env("TMPDIR", &temporary)
        .stdout(Stdio::null())
        .spawn()
        .expect("a process");
    eventually(|| folder.path().join("flashed").exists());
    let id = std::fs::read_to_string(folder.path().join("id")).expect("an id");
    assert!(lives(&id) && std::fs::read_dir(&temporary).expect("a folder").next().is_some());
    parent.kill().expect("killed");
    parent.wait().expect("waited");
    eventually(|| !lives(&id) && std::fs::read_dir(&temporary).expect("a folder").next().is_none());
}

/// A process that ended but was not waited for has no command line.
fn lives(id: &str) -> bool {
    std::fs::read(Path::new("/proc").join(id).join("cmdline")).is_ok_and(|line| !line.is_empty())
}

fn eventually(happens: impl Fn() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !happens() {
        assert!(Instant::now() < until, "it does not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_core_that_never_comes_back_is_given_up_and_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut unit = unit(folder.path(), "jump");
    flashed(&mut unit).expect("flashed");
    unit.reset(&Cancel::new()).expect("reset");
    let error = heard(&mut unit).expect_err("stuck");
    assert!(matches!(error, UnitError::Stopped { .. }), "{error}");
    assert!(error.to_string().contains("CPU abort [PC=0xDEADBEEE]"), "{error}");
    assert!(unit.read(Duration::MAX, &Cancel::new()).is_err(), "that Renode is not used any more");
    flashed(&mut unit).expect("a new one is");
}

#[test]
fn a_core_that_never_comes_back_and_says_nothing_is_given_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut unit = unit(folder.path(), "stuck");
    flashed(&mut unit).expect("flashed");
    unit.reset(&Cancel::new()).expect("reset");
    let error = heard(&mut unit).expect_err("stuck");
    assert!(error.to_string().contains("may have jumped"), "{error}");
}

#[test]
fn a_process_that_ends_or_a_time_that_stands_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    for (trap, says) in [("ends", "Renode"), ("stands", "virtual time stands still")] {
        let mut unit = unit(folder.path(), trap);
        flashed(&mut unit).expect("flashed");
        unit.reset(&Cancel::new()).expect("reset");
        let error = heard(&mut unit).expect_err("gone");
        assert!(matches!(error, UnitError::Lost { .. }) && error.to_string().contains(says), "{trap}: {error}");
    }
}

#[test]
fn a_program_that_is_missing_says_what_to_do() {
    let board = Board::shipped(BOARD).expect("a board");
    let mut unit = Renode::with(&board, "r", "/no/such/renode".into(), Duration::from_secs(1));
    let error = flashed(&mut unit).expect_err("missing").to_string();
    assert!(error.contains("/no/such/renode cannot be run") && error.contains("set HIL_RENODE"), "{error}");
    let mut no_elf = Renode::with(&board, "r", "/no/such/renode".into(), Duration::from_secs(1));
    let flashed = no_elf.flash(&Program::default(), Duration::from_secs(1), &Cancel::new());
    assert!(matches!(flashed, Err(UnitError::Program { .. })));
}

/// Sends `o`, and then what it hears; after `!` it goes to where there is no memory.
#[rustfmt::skip]
const ECHO: [u32; 33] = [
    // An ELF file of one segment, and the segment at the start of flash: stack, reset vector and code.
    0x464C_457F, 0x0001_0101, 0, 0, 0x0028_0002, 1, 0x0800_0009, 52, 0, 0x0500_0400, 0x0020_0034, 0x0028_0001, 0,
    1, 84, 0x0800_0000, 0x0800_0000, 48, 48, 5, 4,
    0x2000_0800, 0x0800_0009, 0x210D_4807, 0x216F_6001, 0x69C2_6281, 0xD5FC_0692, 0x2A21_6A42, 0x6282_D001,
    0x4B02_E7F7, 0xBF00_4718, 0x4000_8000, 0xDEAD_BEEF,
];

/// Where `HIL_RENODE` names one; no CI has it.
#[test]
fn a_real_renode_does_what_the_fake_does() {
    if std::env::var_os("HIL_RENODE").is_none() {
        return;
    }
    let elf = ECHO.iter().flat_map(|word| word.to_le_bytes()).collect();
    let program = Program { segments: vec![], elf, baud: None };
    let cancel = Cancel::new();
    let mut unit = Renode::new(&Board::shipped(BOARD).expect("a board"), "real");
    for _ in 0..2 {
        unit.flash(&program, Duration::from_secs(10), &cancel).expect("flashed");
        let mut began = Duration::ZERO;
        for _ in 0..2 {
            unit.reset(&cancel).expect("reset");
            began = unit.now();
            assert_eq!(heard(&mut unit).expect("said"), "o");
            unit.write(b"to and fro", &cancel).expect("sent");
            assert_eq!(heard(&mut unit).expect("said"), "to and fro");
        }
        // 120 million instructions a second of a core that never sleeps.
        let expected = (unit.now() - began).as_micros() as u64 * 120;
        assert!(expected > 0 && unit.executed_instructions().abs_diff(expected) <= expected / 100);
        unit.write(b"!", &cancel).expect("sent");
        let error = heard(&mut unit).expect_err("lost").to_string();
        assert!(error.contains("CPU abort [PC=0xDEADBEEE]"), "{error}");
    }
}
