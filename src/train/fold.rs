//! From trained layers to a float network without batch normalisation.

use super::cpu::affine;
use super::layer::{Layer, Moments, normalised};
use crate::network::float::{FloatNetwork, FloatWeights};

/// `network` with the weights of `layers`, batch normalisation by `moments` folded into filters and biases.
pub fn fold(network: &FloatNetwork, layers: &[Layer], moments: &[Moments]) -> FloatNetwork {
    let mut folded = network.clone();
    for ((op, layer), moments) in folded.ops.iter_mut().zip(layers).zip(moments) {
        if layer.filter.is_empty() {
            continue;
        }
        op.weights = Some(if normalised(op) {
            let (scale, shift) = affine(layer, moments);
            // The output channel runs fastest in every filter.
            let scaled =
                layer.filter.chunks_exact(scale.len()).flat_map(|row| row.iter().zip(&scale).map(|(w, s)| w * s));
            FloatWeights { filter: scaled.collect(), bias: shift }
        } else {
            FloatWeights { filter: layer.filter.clone(), bias: layer.shift.clone() }
        });
    }
    folded
}
