//! The engine `tflm`: outputs of images, the arena's size to the byte, refusals.

mod baseline_common;

use baseline_common::images::noise;
use baseline_common::networks::Builder;
use baseline_common::{check_outputs, compile, mixed, model, on_twins, store};
use hil::engine::{Compiled, Engine, Tflm};
use hil::network::{DType, Network, OpKind, TensorId};

fn engine() -> Tflm {
    Tflm::new(store())
}

#[test]
fn outputs_are_those_of_the_interpreter() {
    check_outputs(&engine(), &mixed());
}

#[test]
fn outputs_of_models_are_those_of_the_interpreter() {
    for name in ["mlperf_tiny/ad01_int8", "tflite_micro/micro_speech_quantized", "mlperf_tiny/str_ww_ref_model"] {
        if let Some(network) = model(name) {
            check_outputs(&engine(), &network);
        }
    }
}

/// With an arena of `less` bytes less.
fn shrunk(compiled: &Compiled, less: usize) -> Compiled {
    let mut shrunk = compiled.clone();
    let bytes = compiled.plan.arena_bytes;
    shrunk.plan.arena_bytes -= less;
    let header = shrunk.sources.iter_mut().find(|source| source.path == "network.h").expect("a header");
    let (old, new) = (format!("ARENA_BYTES {bytes}\n"), format!("ARENA_BYTES {}\n", bytes - less));
    assert!(header.text.contains(&old));
    header.text = header.text.replace(&old, &new);
    shrunk
}

#[test]
fn the_arena_is_as_large_as_needed_and_no_larger() {
    // Of the first the tensors decide, of the second the lists that are held while they are planned.
    for name in ["mlperf_tiny/kws_ref_model", "mlperf_tiny/ad01_int8"] {
        let Some(network) = model(name) else { continue };
        let Some(compiled) = compile(&engine(), &network) else { return };
        let input = noise(1, compiled.input_bytes);
        for (less, starts) in [(0, true), (16, false)] {
            on_twins(&shrunk(&compiled, less), "tflm", |_, board, console| {
                console.load(&input);
                console.send(b"infer 1 0%");
                let said = console.until("]\r\n");
                assert_eq!(!said.contains("fault"), starts, "{name}, {}, {less} less: {said}", board.name);
            });
        }
    }
}

#[test]
fn steps_are_the_operators_of_the_network() {
    let network = mixed();
    let Some(compiled) = compile(&engine(), &network) else { return };
    let kernels: Vec<_> = compiled.steps.iter().map(|step| step.kernel).collect();
    // What is padded on one side only has a PAD in front of it.
    assert_eq!(kernels.first(), Some(&"conv"));
    assert_eq!(kernels.last(), Some(&"fully_connected"));
    assert_eq!(compiled.steps.iter().map(|step| step.macs).sum::<u64>(), network.macs());
    assert!(compiled.steps.iter().all(|step| step.live_bytes > 0 && step.live_bytes <= compiled.plan.arena_bytes));
}

#[test]
fn what_the_library_lacks_is_refused_by_name() {
    let refused = |network: &Network| engine().plan(network).unwrap_err().to_string();

    let (mut b, x) = Builder::new(&[1, 5, 5, 2]);
    let y = b.op(OpKind::Mean { axes: vec![1, 2], keep_dims: false }, &[x], &[1, 2]);
    let message = refused(&b.finish(&[y]));
    assert_eq!(message, "operator 0 (mean), tensor `t1`: TFLM of July 2020 has no int8 kernel for it");

    let (mut b, x) = Builder::new(&[1, 5, 5, 2]);
    let y = b.depthwise(x, 3, 1, true);
    assert!(refused(&b.finish(&[y])).contains("(depthwise), tensor `t3`: TFLM of July 2020 wants the filter's scales"));

    let (mut b, x) = Builder::new(&[1, 6]);
    let y = b.op(OpKind::Quantize, &[x], &[1, 6]);
    let mut network = b.finish(&[y]);
    network.tensors[x.0].dtype = DType::U8;
    assert!(refused(&network).contains("quantises floats only"));

    let (mut b, x) = Builder::new(&[1, 6]);
    let y = b.dense(x, 3);
    let mut network = b.finish(&[y]);
    assert!(refused(&network).contains("wants the bias's scale to be the product"));
    let TensorId(filter) = network.ops[0].inputs[1];
    let quant = network.tensors[filter].quant.as_mut().expect("a scale");
    (quant.scale, quant.zero_point) = (vec![0.01, 0.02, 0.03], vec![0; 3]);
    assert!(refused(&network).contains("one scale only"));
}
