//! `hil emulate` and its instruments, on images of a few instructions.

mod cli_common;

use std::path::Path;

use cli_common::command;

/// An image that starts with `code`, at the beginning of flash; `origin` is where that is.
fn image(folder: &Path, name: &str, origin: u32, code: &[u16]) -> String {
    let mut bytes = vec![0; 0x100];
    bytes[0..4].copy_from_slice(&0x2000_2000u32.to_le_bytes());
    bytes[4..8].copy_from_slice(&(origin + 0x101).to_le_bytes());
    bytes.extend(code.iter().flat_map(|half| half.to_le_bytes()));
    let path = folder.join(name);
    std::fs::write(&path, bytes).expect("written");
    path.to_str().expect("a path").into()
}

const FLASH: u32 = 0x0800_0000;
const BOARD: [&str; 2] = ["--board", "nucleo-l4r5zi"];

/// push {r4, lr}; bl f; sleep: wfi; b sleep; nop; f: push {r0}; pop {r0}; bx lr.
const CALL: &[u16] = &[0xB510, 0xF000, 0xF803, 0xBF30, 0xE7FD, 0xBF00, 0xB401, 0xBC01, 0x4770];
/// ldr r0, =0x40013000 (SPI1); ldr r1, [r0]; ldr r1, [r0]; sleep: wfi; b sleep.
const SPI: &[u16] = &[0x4802, 0x6801, 0x6801, 0xBF30, 0xE7FD, 0xBF00, 0x3000, 0x4001];

#[test]
fn profile_stack_and_folded_chains_are_in_the_json_and_add_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let image = image(folder.path(), "call.bin", FLASH, CALL);
    let folded = folder.path().join("folded");
    let output = command(&["--json", "emulate", &image, "--profile", "--stack"])
        .args(BOARD)
        .arg("--folded")
        .arg(&folded)
        .output()
        .expect("hil runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(value["profile"]["cycles"], value["cycles"]);
    let sum = |rows: &serde_json::Value, key: &str| {
        rows.as_array().expect("rows").iter().map(|row| row[key].as_i64().expect("a number")).sum::<i64>()
    };
    assert_eq!(sum(&value["profile"]["functions"], "self"), value["cycles"].as_i64().expect("cycles"));
    // There are no symbols in a binary: functions are where they were called.
    let names: Vec<&str> =
        value["stack"][0]["frames"].as_array().expect("frames").iter().filter_map(|f| f["function"].as_str()).collect();
    assert_eq!(names, ["0x08000100", "0x0800010c"]);
    assert_eq!(value["stack"][0]["bytes"], 12);
    let text = std::fs::read_to_string(folded).expect("chains");
    let total: i64 = text.lines().filter_map(|line| line.rsplit(' ').next()?.parse::<i64>().ok()).sum();
    assert!(text.contains("0x08000100;0x0800010c ") && Some(total) == value["cycles"].as_i64(), "{text}");
}

#[test]
fn tables_fit_the_terminal_and_files_get_what_belongs_to_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let image = image(folder.path(), "call.bin", FLASH, CALL);
    let trace = folder.path().join("trace");
    let output = command(&["emulate", &image, "--profile", "--stack", "--from", "0x0800010c", "--instructions", "2"])
        .args(BOARD)
        .arg(format!("--trace={}", trace.display()))
        .output()
        .expect("hil runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && output.stdout.is_empty(), "{text}");
    // Paths and the error band are as long as they are.
    let is_free = |line: &str| line.starts_with("no source lines") || line.starts_with("error band");
    assert!(text.lines().all(|line| line.chars().count() <= 100 || is_free(line)), "{text}");
    assert!(text.contains("trace: 2 instructions") && text.contains("main stack: 12 bytes"), "{text}");
    let trace = std::fs::read_to_string(trace).expect("a trace");
    assert!(trace.lines().count() == 3 && trace.contains("push"), "{trace}");
    let output = command(&["emulate", &image, "--trace", "--from", "nowhere"]).args(BOARD).output().expect("hil runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("`nowhere` is no symbol"));
}

#[test]
fn what_is_not_modelled_stops_the_run_unless_it_is_to_be_counted() {
    let folder = tempfile::tempdir().expect("a folder");
    let image = image(folder.path(), "spi.bin", FLASH, SPI);
    let output = command(&["emulate", &image]).args(BOARD).output().expect("hil runs");
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("SPI1"), "{output:?}");
    let output = command(&["emulate", &image, "--permissive"]).args(BOARD).output().expect("hil runs");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("ignored 2 times: SPI1 +0x000") && text.contains("this is no latency"), "{text}");
    let output = command(&["--json", "emulate", &image, "--permissive"]).args(BOARD).output().expect("hil runs");
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(value["error_band"].is_null() && value["ignored"][0]["count"] == 2, "{value}");
}

/// ldr r0, =UART0; BAUDDIV = 16; CTRL = transmit and receive; loop: wait until STATE.RXFULL; DATA = DATA; b loop.
#[cfg(unix)]
const ECHO: &[u16] =
    &[0x4805, 0x2110, 0x6101, 0x2103, 0x6081, 0x6841, 0x0789, 0xD5FC, 0x6801, 0x6001, 0xE7F9, 0xBF00, 0x4000, 0x4000];

#[cfg(unix)]
#[test]
fn the_console_is_on_a_pseudo_terminal() {
    use std::io::{BufRead, BufReader, Read, Write};
    let folder = tempfile::tempdir().expect("a folder");
    let image = image(folder.path(), "echo.bin", 0, ECHO);
    let mut child = command(&["emulate", &image, "--board", "mps2-an386", "--pty"])
        .stdin(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("hil runs");
    let mut line = String::new();
    BufReader::new(child.stderr.take().expect("stderr")).read_line(&mut line).expect("a line");
    let path = line.strip_prefix("console: ").expect("a path").trim();
    let mut terminal = std::fs::File::options().read(true).write(true).open(path).expect("a terminal");
    terminal.write_all(b"echo").expect("written");
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut heard = [0; 4];
        let _ = sender.send(terminal.read_exact(&mut heard).map(|()| heard));
    });
    let heard = receiver.recv_timeout(std::time::Duration::from_secs(20));
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert_eq!(&heard.expect("in time").expect("read"), b"echo");
}
