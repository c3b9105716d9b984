//! Runs of QEMU.

use super::Twin;
use std::fs;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Bytes of the boards' external RAM, which a file backs on the host: tables in, results out.
pub const RAM_SIZE: usize = 16 << 20;

/// No program of these tests needs longer, whatever the machine.
const LIMIT: Duration = Duration::from_secs(120);

/// A machine that ends with this.
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself, which is as well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    /// Starts a machine with `arguments` added; its UART is our pipe.
    pub fn start(elf: &Path, twin: Twin, arguments: &[String]) -> Self {
        let child = Command::new("qemu-system-arm")
            .args(["-M", twin.machine, "-cpu", twin.cpu, "-display", "none", "-monitor", "none", "-serial", "stdio"])
            .args(arguments)
            .arg("-kernel")
            .arg(elf)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        Self(child.expect("qemu-system-arm"))
    }

    /// Gives `bytes` to the UART's receiver.
    pub fn send(&mut self, bytes: &[u8]) {
        self.0.stdin.as_mut().expect("a pipe").write_all(bytes).expect("QEMU's input");
    }

    /// Ends the machine and says what it complained about.
    pub fn errors(&mut self) -> String {
        let _ = self.0.kill();
        let mut errors = String::new();
        let _ = self.0.stderr.take().expect("a pipe").read_to_string(&mut errors);
        errors
    }
}

/// Starts a machine and gives what it sends by its UART to `take`, until that returns true.
pub fn run_uart(elf: &Path, twin: Twin, arguments: &[String], input: &[u8], mut take: impl FnMut(&[u8]) -> bool) {
    let mut running = Running::start(elf, twin, arguments);
    running.send(input);
    let mut output = running.0.stdout.take().expect("a pipe");
    let (send, receive) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count) = output.read(&mut buffer) {
            if count == 0 || send.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    loop {
        match receive.recv_timeout(LIMIT) {
            Ok(bytes) if take(&bytes) => break,
            Ok(_) => {}
            Err(problem) => panic!("QEMU sent no end marker ({problem}): {}", running.errors()),
        }
    }
    drop(running);
    drop(receive);
    reader.join().expect("the reader");
}

/// Runs `elf` with `ram` in its external RAM until it sends its end marker; returns the RAM's first `take` bytes afterwards.
pub fn run_until_marker(elf: &Path, twin: Twin, ram: &[u8], take: usize) -> Vec<u8> {
    let file = elf.with_extension("ram");
    let mut handle = fs::File::create(&file).expect("a RAM file");
    handle.write_all(ram).expect("a RAM file");
    handle.set_len(RAM_SIZE as u64).expect("a RAM file");
    drop(handle);
    let arguments = [
        "-M".into(),
        "memory-backend=hil".into(),
        "-object".into(),
        format!("memory-backend-file,id=hil,size={RAM_SIZE},share=on,mem-path={}", file.display()),
    ];
    let mut marker = None;
    run_uart(elf, twin, &arguments, &[], |bytes| {
        marker = bytes.first().copied();
        true
    });
    assert_eq!(marker, Some(b'!'), "{} ended in a fault", elf.display());
    let mut after = vec![0; take];
    fs::File::open(&file).and_then(|mut f| f.read_exact(&mut after)).expect("a RAM file");
    fs::remove_file(&file).expect("a RAM file");
    after
}
