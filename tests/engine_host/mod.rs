//! Printed C, compiled for the host and run against the reference interpreter.

#![allow(dead_code)] // Each test crate uses a part of it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::engine_common::noise;
use hil::engine::Compiled;
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

/// The folder with the C of `compiled`.
fn print_c(compiled: &Compiled, name: &str) -> (PathBuf, Vec<String>) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("engine_host").join(name);
    fs::create_dir_all(&folder).expect("a folder");
    for source in &compiled.sources {
        fs::write(folder.join(&source.path), &source.text).expect("a source is written");
    }
    let paths = compiled.sources.iter().map(|source| source.path.clone());
    (folder, paths.filter(|path| path.ends_with(".c")).collect())
}

/// Outputs of the compiled network, one after another.
fn run_c(compiled: &Compiled, inputs: &[Vec<u8>], name: &str, flags: &[&str]) -> Vec<u8> {
    let (folder, sources) = print_c(compiled, name);
    fs::write(folder.join("main.c"), DRIVER).expect("a source is written");
    let status = Command::new("cc")
        .current_dir(&folder)
        .args(["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined"])
        // Sanitised code hides from the compiler what is constant, and its own warnings of bounds then see paths that are not
        // taken; the sanitiser itself sees those that are.
        .args(["-Wno-array-bounds", "-Wno-stringop-overflow", "-Wno-stringop-overread"])
        .args(["-fno-sanitize-recover=all", KERNELS, "main.c", "-o", "run"])
        .args(flags)
        .args(sources)
        .status()
        .expect("cc starts");
    assert!(status.success(), "{name}: cc fails");
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
    for (path, flags) in [("portable", &[][..]), ("dsp", &["-DHIL_DSP_EMULATED", CHECK])] {
        let output = run_c(compiled, &inputs, &format!("{name}-{path}"), flags);
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
    let (folder, sources) = print_c(compiled, &format!("{name}-cross"));
    let status = Command::new("arm-none-eabi-gcc")
        .current_dir(&folder)
        .args(["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16", "-std=c11", "-O2", "-c"])
        .args(["-Wall", "-Wextra", "-Wconversion", "-Werror"])
        .args(sources)
        .status()
        .expect("the cross compiler starts");
    assert!(status.success(), "{name}: the cross compiler fails");
}
