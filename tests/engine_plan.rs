//! Plans of built and published networks: parameters, sizes, and that running by the plan clobbers nothing.

#[path = "engine_common/mod.rs"]
mod common;
#[path = "engine_machine/mod.rs"]
mod machine;

use std::fs;

use common::{Builder, noise};
use hil::engine::{Kernel, Place, Plan, passes};
use hil::network::{DType, Network, Requant, TensorId, reference, tflite};
use machine::run_by_plan;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

fn input_of(network: &Network, seed: usize) -> Vec<Vec<u8>> {
    network.inputs.iter().map(|id| noise(seed, network.tensor(*id).bytes())).collect()
}

fn check_run(network: &Network) {
    let (plan, inputs) = (Plan::new(network).expect("a plan"), input_of(network, 5));
    let expected = reference::run(network, &inputs).expect("a run");
    assert_eq!(run_by_plan(network, &plan, &inputs), expected, "the plan's places differ from separate buffers");
    assert!(plan.arena_bytes >= plan.arena_lower_bound);
}

/// Biases at the end of int32: no specialised form may be taken.
fn wrapping(mut network: Network) -> Network {
    for tensor in network.tensors.iter_mut().filter(|t| t.dtype == DType::I32) {
        tensor.data = Some((0..tensor.elements()).flat_map(|_| i32::MAX.to_le_bytes()).collect());
    }
    network
}

#[test]
fn each_convolution_gets_its_kernel_scratch_and_sizes() {
    let (mut b, x) = Builder::new(&[1, 8, 8, 5]);
    let pointwise = b.conv(x, 1, 2, 7, true);
    let full = b.conv(pointwise, 3, 1, 6, true);
    let depthwise = b.depthwise(full, 3, 1, true);
    let dense = b.dense(depthwise, 10);
    let plan = Plan::new(&b.finish(&[dense])).expect("a plan");
    let names: Vec<_> = plan.steps.iter().map(|s| s.kernel.name()).collect();
    assert_eq!(names, ["conv1x1", "conv", "depthwise", "fully_connected"]);
    let scratch: Vec<_> = plan.steps.iter().map(|s| s.scratch_bytes).collect();
    // Four columns of whole groups of 4, and one of bytes where pixels are no whole groups; a plane of 6x6 pixels.
    assert_eq!(scratch, [4 * 2 * 8 + 8, 4 * 2 * 64 + 64, 2 * 6 * 6, 2 * 96]);
    assert!(plan.steps.iter().all(|s| s.scratch.is_some()));
    let weights: Vec<_> = plan.steps.iter().map(|s| s.weights_bytes).collect();
    // Channels come in pairs; rows of depthwise filters are whole words.
    assert_eq!(weights, [8 * 8, 64 * 6, 3 * 4 * 6, 96 * 10]);
    assert_eq!(plan.table_bytes, 12 * (8 + 6 + 6 + 10));
    assert_eq!(plan.flash_bytes(), weights.iter().sum::<usize>() + plan.table_bytes);
    // The widest moment is the 3x3 convolution: 4x4x7 in, 4x4x6 out which begins 24 bytes before it, and its columns.
    assert_eq!((plan.arena_bytes, plan.arena_lower_bound), (712, 24 + 112 + 576));
}

#[test]
fn general_forms_have_their_own_scratch_and_sizes() {
    let (mut b, x) = Builder::new(&[1, 8, 8, 5]);
    let pointwise = b.conv(x, 1, 2, 7, true);
    let full = b.conv(pointwise, 3, 1, 6, true);
    let depthwise = b.depthwise(full, 3, 1, true);
    let dense = b.dense(depthwise, 10);
    let network = wrapping(b.finish(&[dense]));
    let plan = Plan::new(&network).expect("a plan");
    assert!(plan.steps.iter().all(|s| s.kernel.packed().is_none()), "accumulators that wrap are for the general forms");
    let scratch: Vec<_> = plan.steps.iter().map(|s| s.scratch_bytes).collect();
    assert_eq!(scratch, [2 * 2 * 8, 2 * 2 * 64 + 64, 0, 2 * 96]);
    let weights: Vec<_> = plan.steps.iter().map(|s| s.weights_bytes).collect();
    assert_eq!(weights, [5 * 7 + 4 * 7, 9 * 7 * 6 + 4 * 6, 9 * 6 + 4 * 6, 96 * 10 + 4 * 10]);
    assert_eq!(plan.table_bytes, 8 * (7 + 6 + 6 + 10));
}

#[test]
fn a_padded_or_grouped_pixel_filter_is_not_a_matrix_product() {
    let (mut b, x) = Builder::new(&[1, 4, 4, 4]);
    let y = b.conv(x, 1, 1, 4, true);
    let mut grouped = b.finish(&[y]);
    let TensorId(filter) = grouped.ops[0].inputs[1];
    grouped.tensors[filter].shape = vec![4, 1, 1, 2];
    grouped.tensors[filter].data = Some(noise(1, 8).into());
    let plan = Plan::new(&grouped).expect("a plan");
    assert!(matches!(&plan.steps[0].kernel, Kernel::Conv(conv) if conv.groups == 2 && conv.depth == 2));
    assert_eq!(plan.steps[0].scratch_bytes, 2 * 2 * 4 + 4);

    let (mut b, x) = Builder::new(&[1, 4, 4, 4]);
    let padded = b.pad(x, [(0, 0), (1, 0), (0, 0), (0, 0)]);
    let y = b.conv(padded, 1, 1, 4, true);
    let folded = passes::fold_pads(&b.finish(&[y]));
    assert!(matches!(Plan::new(&folded).expect("a plan").steps[0].kernel, Kernel::Conv(_)));
}

#[test]
fn requantisation_is_per_channel_from_the_three_scales() {
    let (mut b, x) = Builder::new(&[1, 2, 2, 3]);
    let y = b.conv(x, 1, 1, 4, true);
    let plan = Plan::new(&b.finish(&[y])).expect("a plan");
    let scale = |c: usize| f64::from(0.01f32 + 0.001f32 * c as f32);
    let expected: Vec<_> = (0..4).map(|c| Requant::new(f64::from(0.05f32) * scale(c) / f64::from(0.05f32))).collect();
    assert_eq!(plan.steps[0].kernel.channel_requants(), expected);
}

/// TFLM multiplies the two scales of a per-tensor fully connected layer in double precision, as of any other layer.
#[test]
fn a_fully_connected_layer_is_requantised_from_a_double_precision_product() {
    let (mut b, x) = Builder::new(&[1, 1, 1, 3]);
    let y = b.dense(x, 2);
    let plan = Plan::new(&b.finish(&[y])).expect("a plan");
    let double = Requant::new(f64::from(0.05f32) * f64::from(0.013f32) / f64::from(0.05f32));
    let single = Requant::new(f64::from(0.05f32 * 0.013f32) / f64::from(0.05f32));
    assert_ne!(single, double, "these scales tell the two apart");
    assert_eq!(plan.steps[0].kernel.channel_requants(), [double; 2]);
}

#[test]
fn a_reshape_shares_the_bytes_of_its_input() {
    let (mut b, x) = Builder::new(&[1, 4, 4, 2]);
    let y = b.conv(x, 3, 1, 2, true);
    let flat = b.reshape(y, &[1, 32]);
    let z = b.dense(flat, 3);
    let plan = Plan::new(&b.finish(&[z])).expect("a plan");
    assert_eq!(plan.steps[1].kernel, Kernel::Alias);
    assert_eq!(plan.steps[1].inputs, [plan.steps[0].output]);
    assert_eq!(plan.steps[1].output, plan.steps[0].output);
    assert_eq!(plan.steps[2].inputs, [plan.steps[0].output], "filter and bias are not activations");
}

#[test]
fn shared_and_constant_operands_are_counted_once() {
    let (mut b, x) = Builder::new(&[1, 2, 2, 3]);
    let y = b.conv(x, 1, 1, 3, true);
    let z = b.conv(y, 1, 1, 3, true);
    let (w, sum) = (b.activation(&[1, 2, 2, 3]), b.add(z, z));
    let out = b.add(sum, w);
    let mut network = b.finish(&[out]);
    network.tensors[w.0].data = Some(noise(3, 12).into());
    let mut network = wrapping(network);
    let own = Plan::new(&network).expect("a plan");
    assert_eq!(own.weights_bytes, 2 * (9 + 12) + 12);
    assert_eq!(own.steps[3].inputs[1], Place::Constant(w));
    let first = network.ops[0].inputs.clone();
    network.ops[1].inputs[1..].clone_from_slice(&first[1..]);
    let shared = Plan::new(&network).expect("a plan");
    assert_eq!(shared.weights_bytes, 9 + 12 + 12);
    check_run(&network);
}

#[test]
fn the_mean_is_requantised_as_the_interpreter_does() {
    let (mut b, x) = Builder::new(&[1, 5, 5, 2]);
    let mean = hil::network::OpKind::Mean { axes: vec![1, 2], keep_dims: false };
    let y = b.op(mean, &[x], &[1, 2]);
    let mut network = b.finish(&[y]);
    network.tensors[y.0].quant = network.tensors[x.0].quant.clone().map(|mut q| {
        (q.scale[0], q.zero_point[0]) = (0.013, -7);
        q
    });
    let plan = Plan::new(&network).expect("a plan");
    let Kernel::Mean(mean) = &plan.steps[0].kernel else { panic!("not a mean") };
    let inputs = input_of(&network, 9);
    let byte = |c: usize| {
        let sum: i32 = inputs[0].iter().skip(c).step_by(2).map(|b| i32::from(*b as i8)).sum();
        let centred = sum - mean.zero.input * mean.count as i32;
        let scaled = mean.requant.apply(centred) + mean.zero.output;
        scaled.clamp(-128, 127) as i8 as u8
    };
    assert_eq!(reference::run(&network, &inputs).expect("a run")[0], [byte(0), byte(1)]);
}

#[test]
fn errors_name_operator_and_tensor() {
    let (mut b, x) = Builder::new(&[1, 4, 4, 2]);
    let y = b.conv(x, 3, 1, 2, true);
    let network = b.finish(&[y]);
    let message = |change: &dyn Fn(&mut Network)| {
        let mut changed = network.clone();
        change(&mut changed);
        Plan::new(&changed).unwrap_err().to_string()
    };
    let bias = message(&|n| n.ops[0].inputs.truncate(2));
    assert_eq!(bias, "operator 0 (conv2d), tensor `t3`: operand 2 is missing");
    let rank = message(&|n| n.tensors[1].shape = vec![2, 18]);
    assert_eq!(rank, "operator 0 (conv2d), tensor `t1`: the filter has 2 dimensions, not 4");
    let channels = message(&|n| n.tensors[3].shape = vec![1, 4, 4, 3]);
    assert_eq!(channels, "operator 0 (conv2d), tensor `t3`: shape [1, 4, 4, 3] does not fit the filter's 2 channels");
    let short = message(&|n| n.tensors[2].shape = vec![1]);
    assert_eq!(short, "operator 0 (conv2d), tensor `t2`: the bias has 1 elements for 2 channels");
    let scales = message(&|n| n.tensors[0].quant = Some(Default::default()));
    assert_eq!(scales, "operator 0 (conv2d), tensor `t0`: its scales and zero points do not match");
}

/// A chain of inverted residuals: (expansion, kernel, stride, channels) per block.
fn residuals(size: usize, blocks: &[(usize, usize, usize, usize)]) -> Network {
    let (mut b, image) = Builder::new(&[1, size, size, 3]);
    let mut x = b.conv(image, 3, 2, 8, true);
    for &(factor, k, stride, channels) in blocks {
        x = b.inverted_residual(x, factor, k, stride, channels);
    }
    b.finish(&[x])
}

/// Any operators on any tensors so far: (which operator, first operand, second operand).
fn tangle(choices: &[(usize, usize, usize)]) -> Network {
    let (mut b, input) = Builder::new(&[1, 4, 4, 2]);
    let mut live = vec![input];
    for &(kind, first, second) in choices {
        let x = live[first % live.len()];
        let shape = b.shape(x);
        let alike: Vec<_> = live.iter().copied().filter(|t| b.shape(*t) == shape).collect();
        live.push(match kind {
            0 | 1 => b.add(x, alike[second % alike.len()]),
            2 => b.reshape(x, &[1, shape[2], shape[1], shape[3]]),
            3 => b.pad(x, [(0, 0), (second % 2, 0), (0, 1), (0, second % 3)]),
            4 => b.depthwise(x, 3, 1, true),
            _ => b.conv(x, [1, 3][second % 2], 1, 1 + second % 4, true),
        });
    }
    let outputs = [live[live.len() - 1], live[live.len() / 2]];
    b.finish(&outputs)
}

/// The bound does not know that outputs which write over inputs are tied to their offsets, so that small chains may miss
/// it: few may, and by little. The chains are the same on every run, since this is no property that always holds.
#[test]
fn chains_of_inverted_residuals_come_near_the_lower_bound() {
    const CHAINS: usize = 200;
    let mut runner = TestRunner::deterministic();
    let kernel = prop::sample::select(vec![3usize, 5, 7]);
    let chains = (8usize..49, prop::collection::vec((1usize..7, kernel, 1usize..3, 1usize..6), 1..18));
    let mut far = 0;
    for _ in 0..CHAINS {
        let (size, blocks) = chains.new_tree(&mut runner).expect("a chain").current();
        let blocks: Vec<_> = blocks.into_iter().map(|(factor, k, stride, c)| (factor, k, stride, 8 * c)).collect();
        let plan = Plan::new(&residuals(size, &blocks)).expect("a plan");
        let (bytes, bound) = (plan.arena_bytes, plan.arena_lower_bound);
        assert!(bytes * 5 <= bound * 6, "{bytes} of {bound} for {size}, {blocks:?}");
        far += usize::from(bytes * 20 > bound * 21);
    }
    assert!(far * 50 <= CHAINS, "{far} of {CHAINS} are more than 5 % above the bound");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn running_by_the_plan_clobbers_nothing(
        choices in prop::collection::vec((0usize..7, 0usize..64, 0usize..64), 1..20)
    ) {
        check_run(&tangle(&choices));
    }
}

#[test]
fn published_networks_run_by_the_plan_at_the_lower_bound() {
    let folders = fs::read_dir("../shared/models").into_iter().flatten().flatten();
    let mut files: Vec<_> = folders.flat_map(|f| fs::read_dir(f.path()).into_iter().flatten().flatten()).collect();
    files.retain(|f| f.file_name().to_string_lossy().ends_with(".tflite"));
    if files.is_empty() {
        println!("skipped: ../shared/models is not there");
    }
    files.sort_by_key(|f| f.path());
    for file in files {
        let name = file.file_name().to_string_lossy().into_owned();
        let Ok(imported) = tflite::import(&name, &fs::read(file.path()).expect("a model")) else {
            println!("{name}: not supported");
            continue;
        };
        let network = passes::fold_pads(&imported);
        let plan = Plan::new(&network).unwrap_or_else(|e| panic!("{name}: {e}"));
        println!("{name}: arena {} of {}, flash {}", plan.arena_bytes, plan.arena_lower_bound, plan.flash_bytes());
        assert_eq!(plan.arena_bytes, plan.arena_lower_bound, "{name}");
        check_run(&network);
    }
}
