//! Folding of PAD into convolutions.

#[path = "engine_common/mod.rs"]
mod common;

use common::{Builder, noise};
use hil::engine::{Plan, passes::fold_pads};
use hil::network::{Network, OpKind, Pads, TensorId, reference};
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

proptest! {
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
