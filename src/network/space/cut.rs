//! Which part of the largest network's weights a layer of a subnet is.
//!
//! Before weights are cut, channels of the largest network are sorted by the L1 norm of their filters, so that the first
//! ones are the most important; smaller kernels are the middle of larger ones (arXiv 1908.09791, 3.3; arXiv 2007.10319,
//! appendix D).

use std::collections::BTreeMap;

use super::schema::{Space, SpaceError};
use super::subnet::Subnet;
use crate::network::float::{FloatKind, FloatNetwork, FloatOp, FloatWeights};
use crate::network::{Hw, TensorId};

/// Size of a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    pub kernel: Hw,
    /// Channels that one output channel reads: 1 where the layer is depthwise.
    pub inputs: usize,
    pub outputs: usize,
}

impl Extent {
    fn of(network: &FloatNetwork, op: &FloatOp) -> Option<Self> {
        let channels = |id: TensorId| network.value(id).channels();
        let (inputs, outputs) = (channels(*op.inputs.first()?), channels(op.output));
        match op.kind {
            FloatKind::Conv2d { filter, .. } => Some(Self { kernel: filter, inputs, outputs }),
            FloatKind::DepthwiseConv2d { filter, .. } => Some(Self { kernel: filter, inputs: 1, outputs }),
            FloatKind::Dense { .. } => Some(Self { kernel: Hw { h: 1, w: 1 }, inputs, outputs }),
            _ => None,
        }
    }

    fn len(&self) -> usize {
        self.kernel.h * self.kernel.w * self.inputs * self.outputs
    }
}

/// Where the weights of one layer come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cut {
    /// Index of the operator in the subnet's [`FloatNetwork::ops`].
    pub op: usize,
    /// Index of the operator in the largest network's.
    pub of: usize,
    /// Name of the value that both compute.
    pub layer: String,
    /// Size in the largest network.
    pub full: Extent,
    /// Size in the subnet: first channels, middle of the kernel.
    pub part: Extent,
}

impl Cut {
    /// First row and column of the kernel that are taken.
    pub fn offset(&self) -> Hw {
        let middle = |full: usize, part: usize| full.saturating_sub(part) / 2;
        let (full, part) = (self.full.kernel, self.part.kernel);
        Hw { h: middle(full.h, part.h), w: middle(full.w, part.w) }
    }

    /// The part of `weights`, whose channels are sorted; none where those are not of the full size.
    pub fn apply(&self, weights: &FloatWeights) -> Option<FloatWeights> {
        let (full, part, offset) = (&self.full, &self.part, self.offset());
        if weights.filter.len() != full.len() || weights.bias.len() != full.outputs {
            return None;
        }
        let mut filter = Vec::with_capacity(part.len());
        for y in 0..part.kernel.h {
            for x in 0..part.kernel.w {
                for input in 0..part.inputs {
                    let tap = (y + offset.h) * full.kernel.w + x + offset.w;
                    let row = (tap * full.inputs + input) * full.outputs;
                    filter.extend_from_slice(weights.filter.get(row..row + part.outputs)?);
                }
            }
        }
        Some(FloatWeights { filter, bias: weights.bias.get(..part.outputs)?.to_vec() })
    }
}

impl Space {
    /// One cut per layer of `subnet` that has weights, in the order of its operators.
    pub fn cuts(&self, subnet: &Subnet) -> Result<Vec<Cut>, SpaceError> {
        let (small, large) = (self.float(subnet)?, self.float(&self.largest(subnet.configuration))?);
        let layers: BTreeMap<&str, (usize, Extent)> = large
            .ops
            .iter()
            .enumerate()
            .filter_map(|(of, op)| Some((large.value(op.output).name.as_str(), (of, Extent::of(&large, op)?))))
            .collect();
        let cut = |(op, part, name): (usize, Extent, &str)| {
            let problem = || format!("its largest network has no layer `{name}`");
            let (of, full) = *layers
                .get(name)
                .ok_or_else(|| SpaceError::Foreign { space: self.name.clone(), problem: problem() })?;
            Ok(Cut { op, of, layer: name.into(), full, part })
        };
        let weighted = small
            .ops
            .iter()
            .enumerate()
            .filter_map(|(index, op)| Some((index, Extent::of(&small, op)?, small.value(op.output).name.as_str())));
        weighted.map(cut).collect()
    }
}
