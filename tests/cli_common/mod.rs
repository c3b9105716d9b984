//! Running the binary, and models for it.

#![allow(dead_code)] // Each test crate uses a part of it.

use std::path::Path;
use std::process::{Command, Output};

use hil::network::{builtin, tflite};

pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hil"));
    command.args(arguments);
    command
}

pub fn hil(arguments: &[&str]) -> Output {
    command(arguments).output().expect("hil runs")
}

pub fn hil_with(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    command(arguments).envs(variables.iter().copied()).output().expect("hil runs")
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What stderr says of a command that must end with `code`.
pub fn failure(arguments: &[&str], code: i32) -> String {
    let output = hil(arguments);
    let message = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {message}");
    message
}

/// A small network as a file.
pub fn model() -> Vec<u8> {
    let spec = builtin::Spec {
        architecture: "mobilenetv1".into(),
        resolution: Some(32),
        width: Some(0.25),
        classes: Some(2),
        seed: 0,
    };
    tflite::export(&builtin::build(&spec).expect("a network")).expect("a file")
}

/// The same with an operator that is not supported instead of its softmax.
pub fn with_unsupported_operator() -> Vec<u8> {
    /// TFLite's codes of SOFTMAX and LOG_SOFTMAX.
    const SOFTMAX: u8 = 25;
    const LOG_SOFTMAX: u8 = 50;
    let model = model();
    let patched = (0..model.len()).filter(|at| model[*at] == SOFTMAX).map(|at| {
        let mut patched = model.clone();
        patched[at] = LOG_SOFTMAX;
        patched
    });
    let mut refused =
        patched.filter(|bytes| matches!(tflite::import("x", bytes), Err(tflite::ImportError::Operator { .. })));
    refused.next().expect("the code of an operator")
}

/// Whether the cross compiler is there; says so where it is not.
pub fn has_compiler() -> bool {
    let there = Command::new("arm-none-eabi-gcc").arg("--version").output().is_ok();
    if !there {
        println!("skipped: arm-none-eabi-gcc is not there");
    }
    there
}

/// A scenario in `folder`.
pub fn scenario(folder: &Path, text: &str) -> String {
    let path = folder.join("s.yaml");
    std::fs::write(&path, text).expect("written");
    path.to_str().expect("a path").into()
}
