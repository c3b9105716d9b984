//! What the tests of baselines share: sources from the user's cache, and images on QEMU.

#![allow(dead_code)] // Each test crate uses a part of it.

#[path = "../engine_common/mod.rs"]
pub mod networks;

#[path = "../firmware_common/mod.rs"]
pub mod images;

use std::fs;
use std::path::Path;

use hil::board::Board;
use hil::engine::fetch::Store;
use hil::engine::{Compiled, Engine, EngineError, FetchError};
use hil::firmware::{Cache, Image, build};
use hil::network::{DType, Network, OpKind, reference, tflite};
use images::{Console, has_qemu, noise, options, twins};
use networks::Builder;

pub const BOOT: &str = "m-init-done\r\nm-ready\r\n";

/// Where users have sources; without a connection only what was fetched before.
pub fn store() -> Store {
    Store::new(Cache::user().folder())
}

/// The compiled network; none, with a message, where the engine's sources cannot be had.
pub fn compile(engine: &dyn Engine, network: &Network) -> Option<Compiled> {
    match engine.compile(network) {
        Ok(compiled) => Some(compiled),
        Err(EngineError::Fetch(e @ FetchError::Unavailable { .. })) => {
            println!("skipped: {e}");
            None
        }
        Err(e) => panic!("{}: {e}", network.name),
    }
}

/// Builds `compiled` for each twin and hands image and console to `check`; nothing where a tool is missing.
pub fn on_twins(compiled: &Compiled, engine: &str, check: impl Fn(&Image, &Board, &mut Console)) {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("baselines");
    let Some(mut options) = options(&cache).filter(|_| has_qemu()) else { return };
    options.engine = engine.into();
    for board in twins() {
        let image = build(compiled, &board, &options).unwrap_or_else(|e| panic!("{}: {e}", compiled.plan.name));
        let mut console = Console::open(&image, &board.name);
        console.until(BOOT);
        check(&image, &board, &mut console);
    }
}

/// Outputs on both cores are those of the reference interpreter, whole and step by step.
pub fn check_outputs(engine: &dyn Engine, network: &Network) {
    let Some(compiled) = compile(engine, network) else { return };
    let bytes = network.tensor(network.inputs[0]).bytes();
    let inputs = [noise(1, bytes), vec![0x80; bytes], vec![0x7f; bytes]];
    let expected: Vec<_> = inputs.iter().map(|x| reference::run(network, &[x.clone()]).expect("a run")).collect();
    on_twins(&compiled, engine.name(), |_, board, console| {
        for (input, expected) in inputs.iter().zip(&expected) {
            console.load(input);
            let said = console.ask("infer 1 0");
            assert!(said.contains("m-infer-done\r\n"), "{}, {}: {said}", network.name, board.name);
            assert!(console.output() == expected[0], "{}, {}: the output differs", network.name, board.name);
            let steps = console.ask("hil steps");
            assert_eq!(steps.lines().count(), compiled.steps.len(), "{steps}");
            assert!(console.output() == expected[0], "{}, {}: it differs by steps", network.name, board.name);
        }
    });
}

/// A model of ../shared/models; none, with a message, where it is not there.
pub fn model(name: &str) -> Option<Network> {
    let path = Path::new("../shared/models").join(name).with_extension("tflite");
    let Ok(bytes) = fs::read(&path) else {
        println!("skipped: {} is not there", path.display());
        return None;
    };
    Some(tflite::import(name, &bytes).unwrap_or_else(|e| panic!("{name}: {e}")))
}

/// Every operator that both libraries have, odd sizes, asymmetric padding.
pub fn mixed() -> Network {
    let (mut b, x) = Builder::new(&[1, 9, 7, 5]);
    let y = b.conv(x, 3, 2, 7, true);
    let padded = b.pad(y, [(0, 0), (1, 0), (0, 2), (0, 0)]);
    let y = b.depthwise(padded, 3, 1, false);
    let y = b.inverted_residual(y, 3, 5, 1, 8);
    let y = b.conv(y, 1, 2, 6, false);
    let y = b.conv(y, 1, 1, 6, true);
    let flat = b.0.tensor(y).elements();
    let y = b.reshape(y, &[1, flat]);
    let y = b.dense(y, 10);
    let mut network = b.finish(&[y]);
    // Biases of the builder have no scale that follows from anything; export derives it.
    network.tensors.iter_mut().filter(|tensor| tensor.dtype == DType::I32).for_each(|bias| bias.quant = None);
    // Nor does it say that depthwise filters have their channels last.
    for op in network.ops.iter().filter(|op| matches!(op.kind, OpKind::DepthwiseConv2d { .. })) {
        network.tensors[op.inputs[1].0].quant.as_mut().expect("scales").axis = 3;
    }
    network
}
