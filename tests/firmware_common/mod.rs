//! Boards, networks and a console for the tests of images.

#![allow(dead_code)] // Each test crate uses a part of it.

#[path = "../engine_common/mod.rs"]
mod engine_common;

use std::io::{Read, Write};
use std::num::NonZeroUsize;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use engine_common::Builder;
#[allow(unused_imports)]
pub use engine_common::noise;
use hil::board::{Board, Core, names};
use hil::engine::{Compiled, Engine, TinyEngine};
use hil::firmware::{Cache, Image, Options, Toolchain, qemu_twin};
use hil::network::Network;

/// Compilers at a time.
const JOBS: usize = 2;
/// Longest wait for a reply.
const PATIENCE: Duration = Duration::from_secs(60);

/// A small network; another for each number of channels.
pub fn network(channels: usize) -> Network {
    let (mut b, x) = Builder::new(&[1, 9, 7, 5]);
    let y = b.conv(x, 3, 2, channels, true);
    let y = b.inverted_residual(y, 3, 5, 1, 8);
    let flat = b.0.tensor(y).elements();
    let y = b.reshape(y, &[1, flat]);
    let y = b.dense(y, 10);
    b.finish(&[y])
}

/// A network whose outputs are as many as its inputs, in steps of a half.
pub fn reconstructing() -> Network {
    let (mut b, x) = Builder::new(&[1, 8]);
    let y = b.dense(x, 8);
    let mut network = b.finish(&[y]);
    network.tensors[x.0].quant.as_mut().expect("scales").scale = vec![0.5];
    network
}

pub fn compile(network: &Network) -> Compiled {
    TinyEngine.compile(network).unwrap_or_else(|e| panic!("{}: {e}", network.name))
}

/// Options with a cache of their own; none, with a message, where there is no cross compiler.
pub fn options(cache: &Path) -> Option<Options> {
    match Toolchain::find() {
        Ok(toolchain) => Some(Options {
            cache: Cache::at(cache),
            jobs: NonZeroUsize::new(JOBS).expect("jobs"),
            ..Options::new(toolchain, "tinyengine")
        }),
        Err(e) => {
            println!("skipped: {e}");
            None
        }
    }
}

pub fn shipped() -> impl Iterator<Item = Board> {
    names().into_iter().map(|name| Board::shipped(name).expect("a board"))
}

/// Of the cores whose kernels differ: a Cortex-M33 runs those of Cortex-M4.
pub fn twins() -> [Board; 2] {
    [Core::CortexM4f, Core::CortexM7f].map(qemu_twin)
}

/// Whether there is a QEMU; if not, a message says so.
pub fn has_qemu() -> bool {
    let found = Command::new("qemu-system-arm").arg("--version").stdout(Stdio::null()).status().is_ok();
    if !found {
        println!("skipped: qemu-system-arm is missing");
    }
    found
}

/// An image that runs on QEMU, and its console.
pub struct Console {
    _folder: tempfile::TempDir,
    qemu: Child,
    stdin: ChildStdin,
    received: Receiver<Vec<u8>>,
    pending: Vec<u8>,
}

impl Console {
    /// Starts `image`; what it says first is left to be read.
    pub fn open(image: &Image, machine: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("image.elf");
        std::fs::write(&path, &image.elf).expect("an image");
        let mut qemu = Command::new("qemu-system-arm")
            .args(["-M", machine, "-display", "none", "-monitor", "none", "-serial", "stdio", "-kernel"])
            .arg(&path)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("QEMU starts");
        let mut stdout = qemu.stdout.take().expect("a pipe");
        let (send, received) = channel();
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = stdout.read(&mut bytes) {
                if send.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { _folder: folder, stdin: qemu.stdin.take().expect("a pipe"), qemu, received, pending: vec![] }
    }

    pub fn send(&mut self, bytes: &[u8]) {
        self.stdin.write_all(bytes).and_then(|()| self.stdin.flush()).expect("QEMU reads");
    }

    /// All that is said up to and with the first `end`.
    pub fn until(&mut self, end: &str) -> String {
        loop {
            let found = self.pending.windows(end.len()).position(|bytes| bytes == end.as_bytes());
            if let Some(at) = found {
                let said: Vec<u8> = self.pending.drain(..at + end.len()).collect();
                return String::from_utf8(said).expect("text");
            }
            match self.received.recv_timeout(PATIENCE) {
                Ok(bytes) => self.pending.extend(bytes),
                Err(e) => panic!("no `{end}` ({e}) but `{}`", String::from_utf8_lossy(&self.pending)),
            }
        }
    }

    /// The reply, without the line that ends it.
    pub fn ask(&mut self, command: &str) -> String {
        self.send(format!("{command}%").as_bytes());
        self.reply()
    }

    pub fn reply(&mut self) -> String {
        let said = self.until("m-ready\r\n");
        said.strip_suffix("m-ready\r\n").expect("an end").to_string()
    }

    /// Loads an input as the runner does, in lines that fit its limit.
    pub fn load(&mut self, input: &[u8]) {
        let expecting = self.ask(&format!("db load {}", input.len()));
        assert_eq!(expecting, format!("m-[Expecting {} bytes]\r\n", input.len()));
        let chunks = input.chunks(128);
        let last = chunks.len() - 1;
        for (at, chunk) in chunks.enumerate() {
            let digits: String = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
            let reply = self.ask(&format!("db {digits}"));
            assert_eq!(reply, if at == last { "m-load-done\r\n" } else { "" });
        }
    }

    /// The output of the last inference.
    pub fn output(&mut self) -> Vec<u8> {
        let said = self.ask("hil output");
        let digits = said.strip_prefix("m-hil-output-[").and_then(|rest| rest.split(']').next());
        let digits = digits.unwrap_or_else(|| panic!("no output but `{said}`"));
        let pair = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex");
        (0..digits.len()).step_by(2).map(pair).collect()
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.qemu.kill();
        let _ = self.qemu.wait();
    }
}

/// The value of the line `m-hil-KEY-[VALUE]`.
pub fn fact<'a>(said: &'a str, key: &str) -> &'a str {
    let line = said.lines().find_map(|line| line.strip_prefix(&format!("m-hil-{key}-["))?.strip_suffix(']'));
    line.unwrap_or_else(|| panic!("no line m-hil-{key} in\n{said}"))
}
