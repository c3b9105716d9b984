//! What is trained: numbers that belong to the operators of a float network.

use crate::network::float::{FloatKind, FloatNetwork, FloatOp};
use crate::network::random::Random;

/// Numbers of one operator; all empty where it has none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layer {
    /// As in [`crate::network::float::FloatWeights`]: the output channel runs fastest.
    pub filter: Vec<f32>,
    /// Factor of the batch normalisation behind a convolution; empty for a dense layer, which has none.
    pub scale: Vec<f32>,
    /// Shift of the batch normalisation, or the bias of a dense layer.
    pub shift: Vec<f32>,
}

impl Layer {
    /// A layer of this one's sizes that holds zeros.
    pub fn zeros(&self) -> Self {
        let zeros = |of: &[f32]| vec![0.0; of.len()];
        Self { filter: zeros(&self.filter), scale: zeros(&self.scale), shift: zeros(&self.shift) }
    }

    /// Its three parts.
    pub fn parts(&self) -> [&[f32]; 3] {
        [&self.filter, &self.scale, &self.shift]
    }

    /// Its three parts.
    pub fn parts_mut(&mut self) -> [&mut [f32]; 3] {
        [&mut self.filter, &mut self.scale, &mut self.shift]
    }
}

/// Mean and variance of each channel before a batch normalisation; empty where there is none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Moments {
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
}

/// Whether batch normalisation follows `op`.
pub fn normalised(op: &FloatOp) -> bool {
    matches!(op.kind, FloatKind::Conv2d { .. } | FloatKind::DepthwiseConv2d { .. })
}

/// Elements of an operator's filter; 0 where it has none.
pub fn filter_elements(network: &FloatNetwork, op: &FloatOp) -> usize {
    network.fan_in(op) * network.value(op.output).channels()
}

/// Seeded first values of every operator's numbers (He et al., arXiv 1502.01852, for rectifiers).
///
/// The last normalisation before a shortcut's sum starts at 0, so that a block starts as its shortcut
/// (Goyal et al., arXiv 1706.02677, 5.1).
pub fn initial(network: &FloatNetwork, random: &mut Random) -> Vec<Layer> {
    let mut layers: Vec<Layer> = network.ops.iter().map(|op| first(network, op, random)).collect();
    for add in &network.ops {
        let FloatKind::Add { .. } = add.kind else { continue };
        let Some(at) = add.inputs.iter().filter_map(|id| network.ops.iter().position(|op| op.output == *id)).max()
        else {
            continue;
        };
        layers[at].scale.fill(0.0);
    }
    layers
}

fn first(network: &FloatNetwork, op: &FloatOp, random: &mut Random) -> Layer {
    let count = filter_elements(network, op);
    if count == 0 {
        return Layer::default();
    }
    let channels = network.value(op.output).channels();
    let gain = if matches!(op.kind, FloatKind::Dense { .. }) { 1.0 } else { 2.0 };
    let deviation = (gain / network.fan_in(op) as f32).sqrt();
    Layer {
        filter: (0..count).map(|_| deviation * random.normal()).collect(),
        scale: if normalised(op) { vec![1.0; channels] } else { Vec::new() },
        shift: vec![0.0; channels],
    }
}
