//! The C that `tinyengine` prints, compiled for the host, against the reference interpreter.

mod engine_common;
mod engine_host;
mod engine_random;

use std::fs;

use engine_common::Builder;
use hil::engine::pack::Form;
use hil::engine::{Budget, Compiled, Engine, Goal, KernelChoice, Prefer, Tailored, TinyEngine};
use hil::network::{Binary, Clamp, DType, Network, OpKind, Rearrangement, tflite};

fn check(network: &Network, name: &str) {
    check_compiled(network, name, TinyEngine.compile(network).unwrap_or_else(|e| panic!("{name}: {e}")));
}

fn check_compiled(network: &Network, name: &str, compiled: Compiled) {
    engine_host::check(network, &compiled, name);
}

#[test]
fn built_networks_compute_what_the_interpreter_does() {
    let (mut b, x) = Builder::new(&[1, 9, 7, 5]);
    let padded = b.pad(x, [(0, 0), (1, 0), (0, 1), (0, 0)]);
    let y = b.conv(padded, 3, 2, 8, true);
    let y = b.inverted_residual(y, 3, 5, 1, 8);
    let y = b.inverted_residual(y, 2, 3, 2, 6);
    let flat = b.0.tensor(y).elements();
    let y = b.reshape(y, &[1, flat]);
    let y = b.dense(y, 10);
    let mut network = b.finish(&[y]);
    // No model at hand has filters that are not symmetric.
    let filter = network.ops.last().expect("a dense layer").inputs[1];
    network.tensors[filter.0].quant.as_mut().expect("a scale").zero_point = vec![-7];
    check(&network, "built");
}

#[test]
fn accumulators_wrap_as_those_of_the_interpreter_do() {
    let (mut b, x) = Builder::new(&[1, 6, 6, 5]);
    let y = b.conv(x, 3, 1, 7, true);
    let y = b.conv(y, 1, 1, 6, true);
    let y = b.depthwise(y, 3, 1, true);
    let flat = b.0.tensor(y).elements();
    let y = b.reshape(y, &[1, flat]);
    let y = b.dense(y, 5);
    let mut network = b.finish(&[y]);
    let ends = [i32::MIN, i32::MAX, i32::MIN + 1];
    for tensor in network.tensors.iter_mut().filter(|t| t.dtype == DType::I32) {
        let biases = (0..tensor.elements()).flat_map(|i| ends[i % ends.len()].to_le_bytes());
        tensor.data = Some(biases.collect());
    }
    check(&network, "ends");
}

/// Shapes, paddings, scales and clamps that no model has.
#[test]
fn random_networks_compute_what_the_interpreter_does() {
    for seed in 0..engine_host::rounds(6) {
        check(&engine_random::network(seed, 8), &format!("random-{seed}"));
    }
}

#[test]
fn pieces_compute_what_the_interpreter_does() {
    for seed in 0..engine_host::rounds(4) {
        check(&engine_random::pieces(700 + seed, 14), &format!("pieces-{seed}"));
    }
}

/// Squares of differences, and elements that are picked one by one.
#[test]
fn rare_operators_compute_what_the_interpreter_does() {
    let (mut b, x) = Builder::new(&[1, 5, 7, 6]);
    let clamp = Clamp { min: -128, max: 127 };
    let mean = b.conv(x, 1, 1, 6, false);
    let square = OpKind::Binary { function: Binary::SquaredDifference, clamp };
    let y = b.op(square, &[x, mean], &[1, 5, 7, 6]);
    b.0.tensors[y.0].quant.as_mut().expect("a scale").scale = vec![0.4];
    let positions = vec![2, 1, 0, 1, 2, 3, 4, 5, 6, 6, 3];
    let y = b.op(OpKind::Rearrange(Rearrangement::Gather { positions }), &[y], &[1, 5, 11, 6]);
    check(&b.finish(&[y]), "rare");
}

/// Whatever the estimates say.
#[test]
fn every_candidate_computes_what_the_interpreter_does() {
    let largest = |_: usize, choices: &[KernelChoice]| choices.len() - 1;
    let mut tiled = 0;
    for seed in 0..engine_host::rounds(5) {
        let (network, name) = (engine_random::conv_3x3(seed), format!("candidates-{seed}"));
        let compiled = TinyEngine.compile_with(&network, largest).unwrap_or_else(|e| panic!("{name}: {e}"));
        let forms = compiled.plan.steps.iter().filter_map(|step| step.kernel.packed()).map(|packed| packed.form);
        tiled += forms.filter(|form| *form == Form::Winograd).count();
        check_compiled(&network, &name, compiled);
    }
    assert!(tiled as u64 > engine_host::rounds(5), "{tiled}: such layers are what minimal filtering is for");
}

/// Layers that share their code.
#[test]
fn the_form_of_least_flash_computes_what_the_interpreter_does() {
    let mut small = 0;
    for seed in 500..500 + engine_host::rounds(3) {
        for (kind, network) in [engine_random::network(seed, 8), engine_random::blocks(seed, 4)].iter().enumerate() {
            let compile = |sram| {
                let goal = Goal { budget: Budget { sram, ..Budget::default() }, ..Goal::preferring(Prefer::Flash) };
                Tailored(goal).compile(network)
            };
            let whole = compile(None).expect("C");
            small += whole.plan.steps.iter().filter(|step| step.kernel.is_small()).count();
            // A byte less than whole maps take: bands have the other form.
            if let Ok(tight) = compile(Some(whole.plan.arena_bytes - 1)) {
                let staged = |op: usize| tight.plan.stages.iter().any(|stage| stage.holds(op));
                assert!(!tight.plan.steps.iter().any(|step| staged(step.op) && step.kernel.is_small()), "{seed}");
            }
            check_compiled(network, &format!("small-{seed}-{kind}"), whole);
        }
    }
    assert!(small > 30, "{small}");
}

#[test]
fn groups_of_single_channels_compute_what_the_interpreter_does() {
    for seed in 0..engine_host::rounds(2) {
        check(&engine_random::grouped(seed), &format!("grouped-{seed}"));
    }
}

/// Multiply-accumulates up to which a model is run here; sanitised code is slow, and cores run them all elsewhere.
const SMALL: u64 = 4_000_000;

#[test]
fn small_models_compute_what_the_interpreter_does() {
    let mut found = 0;
    for folder in fs::read_dir("../shared/models").into_iter().flatten().flatten().filter(|e| e.path().is_dir()) {
        for entry in fs::read_dir(folder.path()).expect("a folder").flatten() {
            let stem = entry.path().file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let tflite = entry.path().extension().is_some_and(|e| e == "tflite");
            if tflite && !stem.contains("lstm") {
                let bytes = fs::read(entry.path()).expect("a model");
                let network = tflite::import(&stem, &bytes).expect("a network");
                if network.macs() <= SMALL {
                    check(&network, &stem);
                    found += 1;
                }
            }
        }
    }
    println!("{found} models checked; those of ../shared/models are skipped where they are not there");
}
