//! Folding of PAD into convolutions, dropping of weights that only meet padding and of QUANTIZE that changes nothing.

#[path = "engine_common/mod.rs"]
mod common;

use common::{Builder, noise};
use hil::engine::crop::crop_filters;
use hil::engine::passes::{drop_identities, fold_pads};
use hil::engine::{Engine, Plan, TinyEngine};
use hil::network::{DType, Network, OpKind, Pads, Quantization, TensorId, reference};
use proptest::prelude::*;

type Rows = [(usize, usize); 4];

/// PADs in a row, then a convolution, depthwise or not.
fn padded(pads: &[Rows], depthwise: bool, stride: usize) -> Network {
    let (mut b, mut x) = Builder::new(&[1, 5, 6, 3]);
    for &pad in pads {
        x = b.pad(x, pad);
    }
    let y = if depthwise { b.depthwise(x, 3, stride, false) } else { b.conv(x, 3, stride, 4, true) };
    b.finish(&[y])
}

fn outputs(network: &Network) -> Vec<Vec<u8>> {
    let inputs: Vec<_> = network.inputs.iter().map(|id| noise(2, network.tensor(*id).bytes())).collect();
    reference::run(network, &inputs).expect("a run")
}

/// Output height and width follow from input, filter, stride and padding.
fn shapes_are_consistent(network: &Network) {
    for op in &network.ops {
        if let OpKind::Conv2d { window, .. } | OpKind::DepthwiseConv2d { window, .. } = &op.kind {
            let shape = |id: TensorId| &network.tensor(id).shape;
            let (x, filter, y) = (shape(op.inputs[0]), shape(op.inputs[1]), shape(op.output));
            let Pads { top, bottom, left, right } = window.pads;
            assert_eq!(y[1], (x[1] + top + bottom - filter[1]) / window.stride.h + 1);
            assert_eq!(y[2], (x[2] + left + right - filter[2]) / window.stride.w + 1);
        }
    }
}

fn kinds(network: &Network) -> Vec<&'static str> {
    network.ops.iter().map(|op| op.kind.name()).collect()
}

fn unchanged(network: &Network) {
    let folded = fold_pads(network);
    assert_eq!(kinds(&folded), kinds(network));
    assert!(folded.ops.iter().zip(&network.ops).all(|(a, b)| a.kind == b.kind && a.inputs == b.inputs));
    assert_eq!(outputs(&folded), outputs(network));
}

const ASYMMETRIC: Rows = [(0, 0), (1, 2), (3, 4), (0, 0)];

#[test]
fn a_pad_becomes_the_padding_of_its_convolution() {
    let network = padded(&[ASYMMETRIC], false, 2);
    let folded = fold_pads(&network);
    let OpKind::Conv2d { window, .. } = &folded.ops[0].kind else { panic!("not a convolution") };
    // On top of the one pixel that the convolution has itself.
    assert_eq!(window.pads, Pads { top: 2, bottom: 3, left: 4, right: 5 });
    assert_eq!(folded.ops[0].inputs[0], network.inputs[0]);
    assert_eq!(folded.ops[0].origin, 1);
    let before = Plan::new(&network).expect("a plan").arena_bytes;
    assert!(Plan::new(&folded).expect("a plan").arena_bytes < before);
}

#[test]
fn pads_of_batch_or_channels_stay() {
    unchanged(&padded(&[[(0, 0), (1, 1), (1, 1), (0, 1)]], false, 1));
    unchanged(&padded(&[[(1, 0), (1, 1), (1, 1), (0, 0)]], true, 1));
}

#[test]
fn a_pad_with_another_consumer_stays() {
    let (mut b, x) = Builder::new(&[1, 4, 4, 2]);
    let pad = b.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)]);
    let y = b.conv(pad, 3, 1, 2, true);
    let sum = b.add(y, pad);
    unchanged(&b.finish(&[sum]));

    let (mut b, x) = Builder::new(&[1, 4, 4, 2]);
    let pad = b.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)]);
    let y = b.conv(pad, 3, 1, 2, true);
    unchanged(&b.finish(&[y, pad]));
}

#[test]
fn a_pad_before_another_operator_stays() {
    let (mut b, x) = Builder::new(&[1, 4, 4, 2]);
    let pad = b.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)]);
    let flat = b.reshape(pad, &[1, 72]);
    unchanged(&b.finish(&[flat]));
}

#[test]
fn a_pad_with_another_zero_point_stays() {
    let mut network = padded(&[ASYMMETRIC], false, 1);
    let pad = network.ops[0].output;
    if let Some(quant) = &mut network.tensors[pad.0].quant {
        quant.zero_point[0] += 1;
    }
    unchanged(&network);
}

fn windowed(size: (usize, usize), filter: usize, stride: usize, depthwise: bool) -> Network {
    let (mut b, x) = Builder::new(&[1, size.0, size.1, 3]);
    let y = if depthwise { b.depthwise(x, filter, stride, true) } else { b.conv(x, filter, stride, 4, true) };
    b.finish(&[y])
}

/// Height and width of the only filter.
fn filter_size(network: &Network) -> &[usize] {
    &network.tensor(network.ops[0].inputs[1]).shape[1..3]
}

#[test]
fn weights_that_only_meet_padding_are_dropped() {
    for (size, filter, left) in
        [((2, 2), 5, [3, 3]), ((2, 3), 7, [3, 5]), ((1, 9), 3, [1, 3]), ((3, 3), 5, [5, 5]), ((9, 9), 7, [7, 7])]
    {
        for depthwise in [false, true] {
            let network = windowed(size, filter, 1, depthwise);
            let cropped = crop_filters(&network);
            assert_eq!(filter_size(&cropped), left, "{size:?} {filter}");
            assert_eq!(outputs(&cropped), outputs(&network), "{size:?} {filter}");
            assert_eq!(TinyEngine.plan(&network).expect("a plan").steps.len(), 1);
        }
    }
}

/// QUANTIZE of `x` to the quantisation of tensor `like`; by way of floats or not.
fn requantised(b: &mut Builder, x: TensorId, like: TensorId, by_floats: bool) -> TensorId {
    let (shape, quant) = (b.shape(x), b.0.tensor(like).quant.clone());
    let mut from = x;
    if by_floats {
        from = b.op(OpKind::Dequantize, &[x], &shape);
        (b.0.tensors[from.0].dtype, b.0.tensors[from.0].quant) = (DType::F32, None);
    }
    let y = b.op(OpKind::Quantize, &[from], &shape);
    b.0.tensors[y.0].quant = quant;
    y
}

/// An input whose every value occurs, as its quantisation says.
fn every_value(scale: f32, zero: i32) -> (Builder, TensorId) {
    let (mut b, x) = Builder::new(&[1, 8, 8, 4]);
    b.0.tensors[x.0].quant = Some(Quantization { scale: vec![scale], zero_point: vec![zero], axis: 0 });
    (b, x)
}

#[test]
fn a_quantize_that_gives_back_what_it_was_given_is_dropped() {
    for (by_floats, scale, zero) in [(false, 0.3, 7), (true, 0.3, -128), (true, 1e-9, 127), (true, 7e30, 0)] {
        let (mut b, x) = every_value(scale, zero);
        let same = requantised(&mut b, x, x, by_floats);
        let y = b.conv(same, 1, 1, 4, true);
        b.0.tensors[y.0].quant = b.0.tensors[x.0].quant.clone();
        let again = requantised(&mut b, y, y, by_floats);
        let network = b.finish(&[again]);
        let dropped = drop_identities(&network);
        assert_eq!(kinds(&dropped), ["conv2d"], "{scale}");
        assert_eq!(outputs(&dropped), outputs(&network), "{scale}");
        assert_eq!(TinyEngine.plan(&network).expect("a plan").steps.len(), 1);
    }
}

#[test]
fn a_dequantize_with_another_reader_stays() {
    let (mut b, x) = every_value(0.3, 7);
    let same = requantised(&mut b, x, x, true);
    let float = b.0.ops[0].output;
    let y = b.conv(same, 1, 1, 4, true);
    let network = b.finish(&[y, float]);
    let dropped = drop_identities(&network);
    assert_eq!(kinds(&dropped), ["dequantize", "conv2d"]);
    assert_eq!(outputs(&dropped), outputs(&network));
}

#[test]
fn a_quantize_that_changes_something_stays() {
    for by_floats in [false, true] {
        for change in [|q: &mut Quantization| q.scale[0] *= 1.01, |q: &mut Quantization| q.zero_point[0] += 1] {
            let (mut b, x) = every_value(0.3, 7);
            let y = requantised(&mut b, x, x, by_floats);
            change(b.0.tensors[y.0].quant.as_mut().expect("a scale"));
            let y = b.conv(y, 1, 1, 4, true);
            let network = b.finish(&[y]);
            assert_eq!(kinds(&drop_identities(&network)), kinds(&network));
        }
    }
    let (mut b, x) = every_value(0.3, 7);
    let y = requantised(&mut b, x, x, false);
    let network = b.finish(&[y]);
    assert_eq!(kinds(&drop_identities(&network)), ["quantize"], "input and output are held apart");
    let (mut b, x) = every_value(f32::from_bits(1), 0);
    let y = requantised(&mut b, x, x, true);
    let y = b.conv(y, 1, 1, 4, true);
    let network = b.finish(&[y]);
    assert_eq!(kinds(&drop_identities(&network)).len(), 3, "floats have few bits for such a scale");
}

proptest! {
    #[test]
    fn cropping_keeps_outputs_and_shapes(
        height in 1usize..6,
        width in 1usize..6,
        filter in 1usize..9,
        stride in 1usize..4,
        depthwise: bool,
    ) {
        let network = windowed((height, width), filter, stride, depthwise);
        let cropped = crop_filters(&network);
        shapes_are_consistent(&cropped);
        prop_assert_eq!(outputs(&cropped), outputs(&network));
        let again = crop_filters(&cropped);
        prop_assert_eq!(filter_size(&again), filter_size(&cropped), "nothing is left to drop");
    }

    #[test]
    fn folding_keeps_outputs_and_shapes(
        sides in prop::collection::vec((0usize..4, 0usize..4, 0usize..4, 0usize..4), 1..4),
        depthwise: bool,
        stride in 1usize..4,
    ) {
        let pads: Vec<Rows> = sides.into_iter().map(|(a, b, c, d)| [(0, 0), (a, b), (c, d), (0, 0)]).collect();
        let network = padded(&pads, depthwise, stride);
        let folded = fold_pads(&network);
        prop_assert_eq!(folded.ops.len(), 1, "the whole chain folds");
        shapes_are_consistent(&folded);
        prop_assert_eq!(outputs(&folded), outputs(&network));
    }
}
