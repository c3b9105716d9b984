//! What import says of files that it cannot use, and that damage never makes it panic.

use hil::network::builtin::{Spec, build};
use hil::network::tflite::file::{Field, File, FileOp, Options, write};
use hil::network::tflite::{self, ImportError};
use hil::network::{DType, Network, OpKind, Quantization, Tensor, reference};

fn int8(name: &str, shape: &[usize]) -> Tensor {
    let quant = Some(Quantization { scale: vec![0.5], zero_point: vec![0], axis: 0 });
    Tensor { name: name.into(), shape: shape.to_vec(), dtype: DType::I8, quant, data: None }
}

fn op(code: i32, inputs: &[usize], output: usize) -> FileOp {
    let inputs = inputs.iter().map(|index| Some(*index)).collect();
    FileOp { code, version: 1, options: Options::default(), inputs, output }
}

fn import(tensors: Vec<Tensor>, ops: Vec<FileOp>) -> Result<Network, ImportError> {
    let outputs = vec![tensors.len() - 1];
    tflite::import("case", &write(&File { name: "case", tensors, ops, inputs: vec![0], outputs }))
}

fn refused(tensors: Vec<Tensor>, ops: Vec<FileOp>) -> String {
    import(tensors, ops).expect_err("an error").to_string()
}

#[test]
fn an_unsupported_operator_is_named_with_index_and_tensor() {
    let tensors = || vec![int8("image", &[1, 4]), int8("flat", &[4]), int8("gate", &[4])];
    let relu = op(22, &[0], 1);
    for (code, name) in [(16, "LSTM"), (27, "SVDF"), (50, "LOG_SOFTMAX"), (205, "builtin operator 205")] {
        let message = refused(tensors(), vec![relu.clone(), op(code, &[1], 2)]);
        let problem =
            format!("operator 1 ({name}, output `gate`): this operator is not supported; those that are: ADD, ");
        assert!(message.starts_with(&problem), "{message}");
        assert!(message.ends_with("SPLIT_V, ELU, QUANTIZE, HARD_SWISH"), "{message}");
    }
}

#[test]
fn what_keeps_an_operator_from_running_is_said() {
    let cases = [
        (vec![int8("a", &[1, 4]), int8("b", &[1, 3])], vec![op(22, &[0], 1)], "as many elements"),
        (
            vec![int8("a", &[1, 4]), int8("b", &[1, 4]), int8("c", &[1, 2])],
            vec![op(0, &[0, 1], 2)],
            "shapes do not fit",
        ),
        (vec![int8("a", &[2, 2]), int8("b", &[2, 2])], vec![op(39, &[0], 1)], "it lacks an operand"),
        (vec![int8("a", &[2, 2]), int8("b", &[2, 2])], vec![op(22, &[1], 1)], "nothing computes it"),
        (vec![int8("a", &[4]), int8("b", &[4])], vec![op(22, &[0], 1), op(22, &[0], 1)], "computed before"),
        (vec![int8("a", &[4]), int8("b", &[4])], vec![op(22, &[0], 0)], "`a`: is computed although it is an input"),
    ];
    for (tensors, ops, part) in cases {
        let message = refused(tensors, ops);
        assert!(message.contains(part), "{message}\nexpected {part}");
    }
}

#[test]
fn a_network_that_ends_in_a_scalar_survives_export() {
    let network = import(vec![int8("row", &[1, 1]), int8("scalar", &[])], vec![op(22, &[0], 1)]).expect("a network");
    let again = tflite::import("case", &tflite::export(&network).expect("a file")).expect("a network");
    assert_eq!(reference::run(&again, &[vec![7]]).expect("outputs"), [[7]]);
}

/// Operators may share a constant: what each makes of it must not multiply without bound.
#[test]
fn a_small_file_cannot_ask_for_much_memory() {
    let mut tensors = vec![int8("x", &[1, 1])];
    let filter = Tensor { data: Some(vec![1; 4000].into()), ..int8("filter", &[4000, 1]) };
    tensors.push(filter);
    tensors.extend((0..40).map(|i| int8(&format!("out{i}"), &[1, 4000])));
    let ops = |count: usize| (0..count).map(|i| op(9, &[0, 1], 2 + i)).collect();
    let message = refused(tensors.clone(), ops(40));
    assert!(message.contains("more memory than its own size explains"), "{message}");
    tensors.truncate(4);
    assert!(import(tensors, ops(2)).is_ok());
}

#[test]
fn a_dense_filter_in_another_order_is_refused() {
    let filter = Tensor { data: Some(vec![1; 4].into()), ..int8("filter", &[2, 2]) };
    let tensors = || vec![int8("x", &[1, 2]), filter.clone(), int8("out", &[1, 2])];
    let shuffled = Options { number: 8, fields: vec![(1, Field::Byte(1))] };
    let message = refused(tensors(), vec![FileOp { options: shuffled, ..op(9, &[0, 1], 2) }]);
    assert_eq!(message, "operator 0 (FULLY_CONNECTED, output `out`): shuffled weights are not supported");
    assert!(import(tensors(), vec![op(9, &[0, 1], 2)]).is_ok());
}

#[test]
fn a_transpose_moves_values_or_is_a_reshape() {
    let axes = Tensor {
        name: "axes".into(),
        shape: vec![2],
        dtype: DType::I32,
        quant: None,
        data: Some([1i32, 0].iter().flat_map(|v| v.to_le_bytes()).collect()),
    };
    let with = |h, w| vec![int8("x", &[h, w]), axes.clone(), int8("turned", &[w, h])];
    let network = import(with(2, 3), vec![op(39, &[0, 1], 2)]).expect("a network");
    assert_eq!(reference::run(&network, &[(0..6).collect()]).expect("outputs"), [[0, 3, 1, 4, 2, 5]]);
    // Where only dimensions of 1 move, the bytes stay where they are.
    let network = import(with(1, 3), vec![op(39, &[0, 1], 2)]).expect("a network");
    assert_eq!(network.ops[0].kind, OpKind::Reshape);
}

/// Exported files, cut and changed at random, import and run or give an error.
#[test]
fn damaged_files_never_panic() {
    let architectures = ["resnet8", "mcunet-vww0", "ad-autoencoder"];
    let mut state = 5u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    for name in architectures {
        let spec = Spec { architecture: name.into(), ..Spec::default() };
        let whole = tflite::export(&build(&spec).expect("a network")).expect("a file");
        for round in 0..800 {
            let mut bytes = whole.clone();
            // Tables stand at the end of a file, vectors of numbers among them.
            let at = bytes.len() - 1 - random() % bytes.len().min(20_000);
            match round % 5 {
                0 => bytes.truncate(at),
                1 => bytes[at] = 0xff,
                2 => {
                    let from = random() % (bytes.len() - 4);
                    bytes.copy_within(from..from + 4, at.min(whole.len() - 4));
                }
                _ => bytes[at] ^= 1 << (random() % 8),
            }
            let Ok(network) = tflite::import("damaged", &bytes) else { continue };
            let largest = network.tensors.iter().map(|t| t.elements()).max().unwrap_or(0);
            if round % 20 == 3 && network.macs() < 20_000_000 && largest < 1_000_000 {
                let inputs: Vec<_> = network.inputs.iter().map(|id| vec![0x80; network.tensor(*id).bytes()]).collect();
                reference::run(&network, &inputs).expect("an imported network runs");
            }
            // What was imported may have no form in a file, but asking must not panic.
            let _ = tflite::export(&network);
        }
    }
}
