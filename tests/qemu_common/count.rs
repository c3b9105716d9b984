//! Exact instruction counts from QEMU.
//!
//! Method: `-icount shift=0` makes QEMU count instructions, and its record mode (`rr=record`) makes `info replay` print
//! the count, which is that of instructions completed, those that fail their condition included. Breakpoints of the
//! debug stub stop before an instruction and do not disturb the count; the monitor is asked through the stub (`qRcmd`).
//! A timer in virtual time would be exact only to its tick (40 instructions at 25 MHz).

use super::Twin;
use super::qemu::Running;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// A halted machine with a counter of instructions.
pub struct Counter {
    stream: UnixStream,
    _running: Running,
    _folder: tempfile::TempDir,
}

impl Counter {
    /// Starts `elf` on `twin`, halted at its first instruction. `input` is what the UART receives.
    pub fn start(elf: &Path, twin: Twin, input: &[u8]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let arguments = [
            "-S".into(),
            "-icount".into(),
            format!("shift=0,sleep=off,rr=record,rrfile={}", path("record")),
            "-chardev".into(),
            format!("socket,id=gdb,path={},server=on,wait=off", path("gdb")),
            "-gdb".into(),
            "chardev:gdb".into(),
        ];
        let mut running = Running::start(elf, twin, &arguments);
        running.send(input);
        let start = Instant::now();
        let stream = loop {
            match UnixStream::connect(path("gdb")) {
                Ok(stream) => break stream,
                Err(_) if start.elapsed() < Duration::from_secs(20) => std::thread::sleep(Duration::from_millis(5)),
                Err(problem) => panic!("QEMU's debug stub does not answer: {problem}\n{}", running.errors()),
            }
        };
        stream.set_read_timeout(Some(Duration::from_secs(600))).expect("a timeout");
        Self { stream, _running: running, _folder: folder }
    }

    /// Runs until the instruction at `address` is next, and says how many have been executed since power-on.
    pub fn run_to(&mut self, address: u32) -> u64 {
        assert_eq!(self.ask(&format!("Z0,{address:x},2")), "OK");
        let stop = self.ask("c");
        assert!(stop.starts_with("T05"), "QEMU stopped otherwise than at {address:#x}: {stop}");
        assert_eq!(self.ask(&format!("z0,{address:x},2")), "OK");
        assert_eq!(self.register(15), address, "pc");
        self.count()
    }

    /// Instructions executed since power-on.
    pub fn count(&mut self) -> u64 {
        let answer = self.monitor("info replay");
        let count = answer.rsplit('=').next().and_then(|text| text.trim().parse().ok());
        count.unwrap_or_else(|| panic!("info replay: {answer}"))
    }

    /// r0 to r15.
    pub fn register(&mut self, number: usize) -> u32 {
        let answer = self.ask("g");
        let digits = answer.get(8 * number..8 * number + 8).unwrap_or_default();
        u32::from_str_radix(digits, 16).map(u32::swap_bytes).unwrap_or_else(|_| panic!("registers: {answer}"))
    }

    /// Calls `function` from where the machine stands, and counts its instructions.
    pub fn call(&mut self, function: u32) -> u64 {
        let (before, here) = (self.count(), self.register(15));
        let mut registers = self.ask("g");
        for (number, value) in [(14, here | 1), (15, function & !1)] {
            registers.replace_range(8 * number..8 * number + 8, &format!("{:08x}", value.swap_bytes()));
        }
        assert_eq!(self.ask(&format!("G{registers}")), "OK");
        self.run_to(here) - before
    }

    fn monitor(&mut self, command: &str) -> String {
        let hex: String = command.bytes().map(|byte| format!("{byte:02x}")).collect();
        let mut answer = self.ask(&format!("qRcmd,{hex}"));
        let mut text = Vec::new();
        while answer != "OK" {
            let digits = answer.strip_prefix('O').unwrap_or_else(|| panic!("{command}: {answer}"));
            text.extend(
                digits
                    .as_bytes()
                    .chunks(2)
                    .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).expect("ASCII"), 16).ok()),
            );
            answer = self.receive();
        }
        String::from_utf8_lossy(&text).into_owned()
    }

    /// A packet, and the answer to it.
    fn ask(&mut self, packet: &str) -> String {
        let sum = packet.bytes().fold(0u8, u8::wrapping_add);
        self.stream.write_all(format!("${packet}#{sum:02x}").as_bytes()).expect("the debug stub");
        self.receive()
    }

    fn receive(&mut self) -> String {
        while self.byte() != b'$' {}
        let mut text = Vec::new();
        loop {
            match self.byte() {
                b'#' => break,
                byte => text.push(byte),
            }
        }
        self.byte();
        self.byte();
        self.stream.write_all(b"+").expect("the debug stub");
        String::from_utf8(text).expect("ASCII")
    }

    fn byte(&mut self) -> u8 {
        let mut byte = [0];
        self.stream.read_exact(&mut byte).expect("the debug stub");
        byte[0]
    }
}

/// Instructions from the first arrival at `from` to the next arrival at `to`: what a call of a function takes, if these
/// are its first instruction and the one that it returns to.
pub fn qemu_instructions(elf: &Path, twin: Twin, input: &[u8], from: u32, to: u32) -> u64 {
    let mut counter = Counter::start(elf, twin, input);
    let before = counter.run_to(from);
    counter.run_to(to) - before
}

/// Instructions of the first call of the function at `entry`.
pub fn qemu_instructions_of_call(elf: &Path, twin: Twin, input: &[u8], entry: u32) -> u64 {
    let mut counter = Counter::start(elf, twin, input);
    let before = counter.run_to(entry & !1);
    let back = counter.register(14) & !1;
    counter.run_to(back) - before
}
