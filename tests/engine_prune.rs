//! Removal of constant channels, and other rewrites, leave every output as it is.

mod engine_common;
mod engine_random;

use std::fs;

use engine_common::{Builder, noise};
use hil::engine::passes::{fold_pads, widen_single_channels};
use hil::engine::prune::drop_constant_channels;
use hil::network::{Network, OpKind, Quantization, TensorId, reference, tflite};

fn outputs(network: &Network) -> Vec<Vec<u8>> {
    let bytes = network.tensor(network.inputs[0]).bytes();
    let inputs = [noise(3, bytes), vec![0x80; bytes], vec![0x7f; bytes]];
    inputs.iter().flat_map(|x| reference::run(network, &[x.clone()]).expect("a run")).collect()
}

/// Weights of output channels `dead` of operator `index` become zero; their biases stay.
fn kill(network: &mut Network, index: usize, dead: &[usize]) {
    let filter = network.ops[index].inputs[1];
    let shape = network.tensor(filter).shape.clone();
    let inner: usize = shape[1..].iter().product();
    let mut data = network.tensor(filter).data.as_deref().expect("weights").to_vec();
    dead.iter().for_each(|c| data[c * inner..(c + 1) * inner].fill(0));
    network.tensors[filter.0].data = Some(data.into());
}

fn set_bias(network: &mut Network, index: usize, value: i32) {
    let bias = network.ops[index].inputs[2];
    let count = network.tensor(bias).elements();
    network.tensors[bias.0].data = Some((0..count).flat_map(|_| value.to_le_bytes()).collect());
}

fn channels(network: &Network, id: TensorId) -> usize {
    *network.tensor(id).shape.last().expect("channels")
}

/// Two pointwise layers around a depthwise one; channels 1, 4 and 6 to 9 of the first are constant.
fn chain(padded: bool) -> (Network, [TensorId; 2]) {
    let (mut b, x) = Builder::new(&[1, 6, 6, 3]);
    let wide = b.conv(x, 1, 1, 12, false);
    let filtered = b.depthwise(wide, 3, 1, padded);
    let y = b.conv(filtered, 1, 1, 5, false);
    let mut network = b.finish(&[y]);
    kill(&mut network, 0, &[1, 4, 6, 7, 8, 9]);
    (network, [wide, filtered])
}

#[test]
fn constant_channels_go_through_a_depthwise_layer() {
    // Biases of zero make them the zero point, so that padding does not matter.
    for padded in [false, true] {
        let (network, held) = chain(padded);
        let pruned = drop_constant_channels(&network);
        // Six of twelve live, and two constants are kept for whole groups.
        assert_eq!(held.map(|id| channels(&pruned, id)), [8, 8]);
        assert_eq!(outputs(&pruned), outputs(&network));
    }
}

#[test]
fn constants_other_than_the_zero_point_go_to_biases_where_nothing_pads() {
    let (mut network, held) = chain(false);
    set_bias(&mut network, 0, 700);
    let pruned = drop_constant_channels(&network);
    assert_eq!(held.map(|id| channels(&pruned, id)), [8, 8]);
    assert_eq!(outputs(&pruned), outputs(&network));
}

#[test]
fn constants_that_padding_makes_uneven_stay() {
    let (mut network, held) = chain(true);
    set_bias(&mut network, 0, 700);
    let pruned = drop_constant_channels(&network);
    assert_eq!(held.map(|id| channels(&pruned, id)), [12, 12]);
    assert_eq!(outputs(&pruned), outputs(&network));
}

#[test]
fn channels_that_something_else_reads_stay() {
    let (mut b, x) = Builder::new(&[1, 6, 6, 3]);
    let wide = b.conv(x, 1, 1, 12, false);
    let other = b.conv(x, 1, 1, 12, false);
    let sum = b.add(wide, other);
    let mut network = b.finish(&[sum]);
    kill(&mut network, 0, &[0, 1, 2, 3, 4, 5]);
    let pruned = drop_constant_channels(&network);
    assert_eq!(channels(&pruned, wide), 12);
    assert_eq!(outputs(&pruned), outputs(&network));
}

#[test]
fn flattened_constants_leave_the_fully_connected_layer() {
    let (mut b, x) = Builder::new(&[1, 4, 4, 3]);
    let y = b.conv(x, 3, 1, 8, false);
    let flat = b.reshape(y, &[1, 2 * 2 * 8]);
    let dense = b.dense(flat, 3);
    let mut network = b.finish(&[dense]);
    kill(&mut network, 0, &[0, 2, 5, 7]);
    set_bias(&mut network, 0, -900);
    let pruned = drop_constant_channels(&network);
    assert_eq!([y, flat].map(|id| channels(&pruned, id)), [4, 16]);
    assert_eq!(outputs(&pruned), outputs(&network));
}

#[test]
fn random_networks_keep_their_outputs() {
    let mut dropped = 0;
    for seed in 0..150 {
        let network = engine_random::network(1000 + seed, 7);
        let pruned = drop_constant_channels(&widen_single_channels(&fold_pads(&network)));
        assert_eq!(outputs(&pruned), outputs(&network), "seed {seed}");
        dropped += usize::from(pruned.macs() < network.macs());
    }
    assert!(dropped > 20, "{dropped} of 150 networks have something to drop");
}

#[test]
fn a_depthwise_layer_of_one_channel_is_a_convolution() {
    let (mut b, x) = Builder::new(&[1, 5, 5, 1]);
    let [filter, bias] = b.weights(&[1, 3, 3, 4], 4);
    let quant = Quantization { scale: vec![0.02, 0.03, 0.01, 0.04], zero_point: vec![0; 4], axis: 3 };
    b.0.tensors[filter.0].quant = Some(quant);
    let conv = b.conv(x, 3, 2, 1, true);
    let OpKind::Conv2d { window, clamp } = b.0.ops[0].kind else { panic!("not a convolution") };
    let shape = [&b.shape(conv)[..3], &[4]].concat();
    let y = b.op(OpKind::DepthwiseConv2d { window, multiplier: 4, clamp }, &[x, filter, bias], &shape);
    let network = b.finish(&[y]);
    let widened = widen_single_channels(&network);
    assert!(matches!(widened.ops[1].kind, OpKind::Conv2d { .. }));
    assert_eq!(outputs(&widened), outputs(&network));
}

/// Half of the network's channels have no weights (counted from the file).
#[test]
fn the_visual_wake_words_network_is_half_dead() {
    let Ok(bytes) = fs::read("../shared/models/mlperf_tiny/vww_96_int8.tflite") else {
        println!("skipped: the model is not there");
        return;
    };
    let network = tflite::import("vww", &bytes).expect("a network");
    let pruned = drop_constant_channels(&network);
    assert_eq!(network.macs(), 7_489_664);
    let live = pruned.macs();
    // 3,742,091 live ones, and those that whole groups of channels keep.
    assert!((3_742_091..3_742_091 * 106 / 100).contains(&live), "{live}");
    assert_eq!(outputs(&pruned), outputs(&network));
}
