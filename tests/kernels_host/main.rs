//! The C kernels against plain loops, on random layers: the portable path and the DSP path with emulated intrinsics.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

mod binary;
mod draw;
mod vector;
mod window;

use binary::*;
use draw::Rng;
use vector::*;
use window::*;

const KERNELS: &str = "firmware/kernels";
/// Random layers per kernel.
const ROUNDS: usize = 300;
const WARNINGS: [&str; 6] = ["-std=c11", "-Wall", "-Wextra", "-Wconversion", "-Werror", "-O2"];

fn sources() -> Vec<PathBuf> {
    let mut found: Vec<_> = fs::read_dir(KERNELS)
        .expect("the kernels")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "c"))
        .collect();
    found.sort();
    found
}

/// One call of a kernel, as `host/driver.c` reads it, and the output it must give.
struct Case {
    what: String,
    kernel: i32,
    params: Vec<i32>,
    buffers: Vec<Vec<u8>>,
    expected: Vec<u8>,
}

fn encode(cases: &[Case]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let word = |bytes: &mut Vec<u8>, x: i32| bytes.extend(x.to_le_bytes());
    for case in cases {
        word(&mut bytes, case.kernel);
        word(&mut bytes, case.params.len() as i32);
        case.params.iter().for_each(|&p| word(&mut bytes, p));
        word(&mut bytes, case.buffers.len() as i32);
        for buffer in &case.buffers {
            word(&mut bytes, buffer.len() as i32);
            bytes.extend(buffer);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        word(&mut bytes, case.expected.len() as i32);
    }
    bytes
}

fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&path).expect("a folder");
    path
}

fn compile(folder: &Path, flags: &[&str]) -> Option<PathBuf> {
    let program = folder.join("driver");
    let status = Command::new("cc")
        .args(WARNINGS)
        .args(flags)
        .args(sources())
        .arg(format!("{KERNELS}/host/driver.c"))
        .arg("-o")
        .arg(&program)
        .status()
        .expect("cc starts");
    status.success().then_some(program)
}

fn run(program: &Path, input: Vec<u8>) -> Vec<u8> {
    let mut child =
        Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the driver starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("the driver ends");
    assert!(output.status.success(), "the driver failed: {}", output.status);
    writer.join().expect("the writer").expect("the driver reads every case");
    output.stdout
}

fn check(name: &str, flags: &[&str]) {
    const SANITIZE: [&str; 2] = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
    let folder = folder(name);
    let sanitized: Vec<&str> = flags.iter().copied().chain(SANITIZE).collect();
    let program = compile(&folder, &sanitized).unwrap_or_else(|| {
        println!("the host compiler lacks sanitizers: accesses outside a buffer go unseen");
        compile(&folder, flags).expect("the kernels compile")
    });
    let cases = cases();
    let output = run(&program, encode(&cases));
    let mut at = 0;
    for case in &cases {
        let got = &output[at..at + case.expected.len()];
        if let Some(i) = (0..got.len()).find(|&i| got[i] != case.expected[i]) {
            panic!("{}: byte {i} is {}, not {}", case.what, got[i] as i8, case.expected[i] as i8);
        }
        at += case.expected.len();
    }
    assert_eq!(at, output.len());
}

#[test]
fn portable_path_equals_plain_loops() {
    check("portable", &[]);
}

#[test]
fn dsp_path_equals_plain_loops() {
    check("dsp", &["-DHIL_DSP_EMULATED"]);
}

#[test]
fn kernels_cross_compile_without_warnings() {
    const CORES: [[&str; 2]; 3] = [
        ["-mcpu=cortex-m4", "-mfpu=fpv4-sp-d16"],
        ["-mcpu=cortex-m7", "-mfpu=fpv5-sp-d16"],
        ["-mcpu=cortex-m7", "-mfpu=fpv5-d16"],
    ];
    if Command::new("arm-none-eabi-gcc").arg("--version").output().is_err() {
        println!("skipped: arm-none-eabi-gcc is missing");
        return;
    }
    let folder = folder("cross");
    for core in CORES {
        for source in sources() {
            let status = Command::new("arm-none-eabi-gcc")
                .args(core)
                .args(["-mfloat-abi=hard", "-c"])
                .args(WARNINGS)
                .arg(&source)
                .arg("-o")
                .arg(folder.join("kernel.o"))
                .status()
                .expect("the cross compiler starts");
            assert!(status.success(), "{} for {core:?}", source.display());
        }
    }
}

fn cases() -> Vec<Case> {
    let mut rng = Rng(20);
    let mut cases = Vec::new();
    for _ in 0..ROUNDS {
        cases.push(conv(&mut rng));
        cases.push(conv_1x1(&mut rng));
        cases.push(depthwise(&mut rng));
        cases.push(fully_connected(&mut rng));
        cases.push(add(&mut rng));
        cases.push(pool(&mut rng));
        cases.push(mean(&mut rng));
        cases.push(softmax(&mut rng));
        cases.push(pad(&mut rng));
        cases.push(quantize_f32(&mut rng));
        cases.push(dequantize(&mut rng));
        cases.push(requantize(&mut rng));
        cases.push(lookup(&mut rng));
        cases.push(binary(&mut rng));
    }
    cases
}
