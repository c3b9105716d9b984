//! Images on QEMU: the protocol, and outputs against the reference interpreter.

mod firmware_common;

use std::fs;
use std::path::Path;

use firmware_common::{Console, compile, fact, has_qemu, network, noise, options, twins};
use hil::board::Board;
use hil::firmware::{Image, build};
use hil::network::{Network, reference, tflite};

const BOOT: &str = "m-init-done\r\nm-ready\r\n";

/// Builds `network` for each twin and hands both to `check`; nothing where a tool is missing.
fn on_twins(network: &Network, check: impl Fn(&Image, &Board, &mut Console)) {
    let folder = tempfile::tempdir().expect("a folder");
    let Some(options) = options(folder.path()).filter(|_| has_qemu()) else { return };
    for board in twins() {
        let image = build(&compile(network), &board, &options).unwrap_or_else(|e| panic!("{}: {e}", network.name));
        let mut console = Console::open(&image, &board.name, folder.path());
        console.until(BOOT);
        check(&image, &board, &mut console);
    }
}

/// Outputs of several inputs are those of the reference interpreter.
fn check_outputs(network: &Network, console: &mut Console) {
    let bytes = network.tensor(network.inputs[0]).bytes();
    for input in [noise(1, bytes), vec![0x80; bytes], vec![0x7f; bytes]] {
        let expected = reference::run(network, &[input.clone()]).expect("a run").remove(0);
        console.load(&input);
        let said = console.ask("infer 1 1");
        assert!(said.contains("m-infer-done\r\nm-results-["), "{said}");
        assert!(console.output() == expected, "{}: the output differs", network.name);
        console.ask("hil steps");
        assert!(console.output() == expected, "{}: the output differs, step by step", network.name);
    }
}

#[test]
fn outputs_are_those_of_the_interpreter() {
    let network = network(8);
    on_twins(&network, |_, _, console| check_outputs(&network, console));
}

#[test]
fn outputs_of_models_are_those_of_the_interpreter() {
    let models = ["mlperf_tiny/kws_ref_model", "mlperf_tiny/ad01_int8", "tflite_micro/person_detect"];
    for model in models {
        let path = Path::new("../shared/models").join(model).with_extension("tflite");
        let Ok(bytes) = fs::read(&path) else {
            println!("skipped: {} is not there", path.display());
            continue;
        };
        let network = tflite::import(model, &bytes).unwrap_or_else(|e| panic!("{model}: {e}"));
        on_twins(&network, |_, _, console| check_outputs(&network, console));
    }
}
