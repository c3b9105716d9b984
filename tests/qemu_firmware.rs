//! Images on QEMU and on the emulator: the same instruction counts, the same output.

mod firmware_common;
#[path = "qemu_common/mod.rs"]
mod qemu_common;

use firmware_common::{compile, network, options};
use hil::board::Board;
use hil::firmware::{Image, build};
use hil::network::{Network, tflite};
use qemu_common::{Counter, EmulatedCounter, TWINS, tools_are_there};
use std::path::Path;

fn address(image: &Image, name: &str) -> u32 {
    let symbol = image.symbols.iter().find(|symbol| symbol.name == name);
    symbol.unwrap_or_else(|| panic!("no symbol {name}")).address
}

/// One inference, called where the image would wait for the first command.
fn check(network: &Network) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("qemu_firmware");
    let Some(options) = options(&folder.join("cache")).filter(|_| tools_are_there()) else { return };
    let compiled = compile(network);
    for twin in TWINS {
        let board = Board::shipped(twin.board).expect("a twin");
        let image = build(&compiled, &board, &options).unwrap_or_else(|e| panic!("{}: {e}", network.name));
        let elf = folder.join(format!("{}-{}.elf", network.name.replace('/', "-"), twin.board));
        std::fs::write(&elf, &image.elf).expect("an image");
        let (mut qemu, mut ours) = (Counter::start(&elf, twin, &[]), EmulatedCounter::start(&elf, twin, &[]));
        let (ready, inference) = (address(&image, "hil_serve"), address(&image, "hil_network_run"));
        qemu.run_to(ready);
        ours.run_to(ready);
        let (theirs, ours) = (qemu.call(inference), ours.call(inference));
        assert!(theirs > 1000, "{theirs}");
        assert_eq!(ours, theirs, "instructions of an inference of {} on {}", network.name, twin.board);
        println!("{} on {}: {theirs} instructions", network.name, twin.board);
    }
}

#[test]
fn an_inference_takes_as_many_instructions_as_on_qemu() {
    check(&network(8));
}

#[test]
fn inferences_of_models_take_as_many_instructions_as_on_qemu() {
    for model in ["mlperf_tiny/kws_ref_model", "mlperf_tiny/ad01_int8", "tflite_micro/person_detect"] {
        let path = Path::new("../shared/models").join(model).with_extension("tflite");
        let Ok(bytes) = std::fs::read(&path) else {
            println!("skipped: {} is not there", path.display());
            continue;
        };
        check(&tflite::import(model, &bytes).unwrap_or_else(|e| panic!("{model}: {e}")));
    }
}
