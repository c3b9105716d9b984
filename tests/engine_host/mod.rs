//! Printed C, compiled for the host and run against the reference interpreter.

#![allow(dead_code)] // Each test crate uses a part of it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::engine_common::noise;
use hil::engine::{Compiled, Source};
use hil::network::{Network, reference};

const DRIVER: &str = r#"
#include <stdio.h>
#include <string.h>
#include "network.h"
int main(void)
{
    static unsigned char input[HIL_NETWORK_INPUT_BYTES];
    while (fread(input, 1, sizeof input, stdin) == sizeof input) {
        memset(hil_network_arena, 0xA5, sizeof hil_network_arena);
        memcpy(hil_network_input(), input, sizeof input);
        hil_network_run();
        fwrite(hil_network_output(), 1, HIL_NETWORK_OUTPUT_BYTES, stdout);
    }
    return 0;
}
"#;

/// Headers of the emulated DSP intrinsics are looked for here.
const KERNELS: &str = concat!("-I", env!("CARGO_MANIFEST_DIR"), "/firmware/kernels");

/// The planner's sizes of scratch memory are the kernels' own.
const CHECK: &str = "-DHIL_CHECK(condition)=if(!(condition))__builtin_trap()";

/// Rounds of a test: `usual`, times HIL_ENGINE_EFFORT.
pub fn rounds(usual: u64) -> u64 {
    let effort = std::env::var("HIL_ENGINE_EFFORT").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    usual * effort
}

/// The folder with the C of `compiled` that is its own.
fn print_c(compiled: &Compiled, name: &str) -> PathBuf {
    let own = compiled.sources.iter().filter(|source| !source.shared);
    write(own, &Path::new(env!("CARGO_TARGET_TMPDIR")).join("engine_host").join(name))
}

fn write<'a>(sources: impl Iterator<Item = &'a Source>, folder: &Path) -> PathBuf {
    fs::create_dir_all(folder).expect("a folder");
    for source in sources {
        fs::write(folder.join(&source.path), &source.text).expect("a source is written");
    }
    folder.into()
}

/// How sources are compiled.
struct Compiler {
    name: &'static str,
    command: &'static str,
    flags: &'static [&'static [&'static str]],
    /// The folder of the kernels that all networks share, compiled once.
    kernels: OnceLock<PathBuf>,
}

impl Compiler {
    const fn new(name: &'static str, command: &'static str, flags: &'static [&'static [&'static str]]) -> Self {
        Self { name, command, flags, kernels: OnceLock::new() }
    }

    fn run(&self, folder: &Path, args: &[String]) {
        let mut command = Command::new(self.command);
        // Folders of `args` come before that of KERNELS.
        command.current_dir(folder).args(args).args(self.flags.concat());
        let status = command.status().expect("the compiler starts");
        assert!(status.success(), "{}, {}: the compiler fails", folder.display(), self.name);
    }

    /// The folder of the shared headers and objects.
    fn kernels(&self, compiled: &Compiled) -> &Path {
        self.kernels.get_or_init(|| {
            let folder = concat!(env!("CARGO_TARGET_TMPDIR"), "/engine_host/", env!("CARGO_CRATE_NAME"), "-kernels-");
            let shared = compiled.sources.iter().filter(|source| source.shared);
            let folder = write(shared, Path::new(&format!("{folder}{}", self.name)));
            self.run(&folder, &[vec!["-c".to_string()], kernels(compiled, ".c")].concat());
            folder
        })
    }
}

/// Paths of shared C files, ending so.
fn kernels(compiled: &Compiled, ending: &str) -> Vec<String> {
    let shared = compiled.sources.iter().filter(|source| source.shared);
    shared.filter_map(|source| Some(source.path.strip_suffix(".c")?.to_string() + ending)).collect()
}

const SANITISED: &[&str] = &[
    "-std=c11",
    "-O2",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-fsanitize=address,undefined",
    // Sanitised code hides from the compiler what is constant, and its own warnings of bounds then see paths that are not
    // taken; the sanitiser itself sees those that are.
    "-Wno-array-bounds",
    "-Wno-stringop-overflow",
    "-Wno-stringop-overread",
    "-fno-sanitize-recover=all",
    KERNELS,
];
const CORTEX_M4: &[&str] = &["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"];
const STRICT: &[&str] = &["-std=c11", "-O2", "-c", "-Wall", "-Wextra", "-Wconversion", "-Werror"];

static HOST: [Compiler; 2] = [
    Compiler::new("portable", "cc", &[SANITISED]),
    Compiler::new("dsp", "cc", &[SANITISED, &["-DHIL_DSP_EMULATED", CHECK]]),
];
static CROSS: Compiler = Compiler::new("cross", "arm-none-eabi-gcc", &[CORTEX_M4, STRICT]);

/// Outputs of the compiled network, one after another.
fn run_c(compiled: &Compiled, inputs: &[Vec<u8>], name: &str, compiler: &Compiler) -> Vec<u8> {
    let (folder, shared) = (print_c(compiled, name), compiler.kernels(compiled));
    fs::write(folder.join("main.c"), DRIVER).expect("a source is written");
    let objects = kernels(compiled, ".o").into_iter().map(|object| shared.join(object).display().to_string());
    let include = format!("-I{}", shared.display());
    let own = [&include, "main.c", "network.c", "-o", "run"].map(String::from);
    compiler.run(&folder, &own.into_iter().chain(objects).collect::<Vec<_>>());
    let run = Command::new(folder.join("run")).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = run.expect("the network starts");
    let (mut stdin, input) = (child.stdin.take().expect("a pipe"), inputs.concat());
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().expect("the network ends");
    assert!(output.status.success(), "{name}: {}", output.status);
    writer.join().expect("the writer ends").expect("the inputs are written");
    output.stdout
}

/// Compares the outputs of `compiled`, made of `network`, with the interpreter's.
pub fn check(network: &Network, compiled: &Compiled, name: &str) {
    let bytes = network.tensor(network.inputs[0]).bytes();
    let inputs = [noise(1, bytes), vec![0x80; bytes], vec![0x7f; bytes]];
    let expected = inputs.iter().flat_map(|x| reference::run(network, &[x.clone()]).expect("a run")[0].clone());
    let expected: Vec<u8> = expected.collect();
    for compiler in &HOST {
        let path = compiler.name;
        let output = run_c(compiled, &inputs, &format!("{name}-{path}"), compiler);
        assert!(output == expected, "{name}, {path}: outputs differ");
    }
    cross_compile(compiled, name);
}

/// Warnings in printed C would be its users'.
fn cross_compile(compiled: &Compiled, name: &str) {
    if Command::new("arm-none-eabi-gcc").arg("--version").output().is_err() {
        println!("skipped: arm-none-eabi-gcc is missing");
        return;
    }
    let folder = print_c(compiled, &format!("{name}-cross"));
    let include = format!("-I{}", CROSS.kernels(compiled).display());
    CROSS.run(&folder, &[include, "network.c".into()]);
}
