//! Fixed-point parameters that follow from the scales of an operator's tensors.
//!
//! The order of operations and the precision of each product are TFLM's, since the last bit of a multiplier shows
//! in the output (tensorflow/lite/kernels/kernel_util.cc).

use super::{Requant, Tensor};

/// One requantisation per output channel of a convolution: products in double precision.
pub fn channel_requants(input: &Tensor, filter: &Tensor, output: &Tensor) -> Vec<Requant> {
    let channels = output.shape.last().copied().unwrap_or(1);
    (0..channels)
        .map(|c| {
            let filter_scale = channel_scale(filter, c);
            Requant::new(f64::from(input.scale()) * filter_scale / f64::from(output.scale()))
        })
        .collect()
}

/// One requantisation per output of a fully connected layer: a per-tensor product is single precision.
pub fn dense_requants(input: &Tensor, filter: &Tensor, output: &Tensor) -> Vec<Requant> {
    let per_channel = filter.quant.as_ref().is_some_and(|q| q.scale.len() > 1);
    if per_channel {
        return channel_requants(input, filter, output);
    }
    let product = f64::from(input.scale() * filter.scale());
    vec![Requant::new(product / f64::from(output.scale())); filter.shape[0]]
}

fn channel_scale(filter: &Tensor, channel: usize) -> f64 {
    let scales = filter.quant.as_ref().map_or(&[][..], |q| q.scale.as_slice());
    f64::from(scales.get(channel).or(scales.first()).copied().unwrap_or(1.0))
}

/// Parameters of an int8 addition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddParams {
    pub lhs: Requant,
    pub rhs: Requant,
    pub output: Requant,
}

impl AddParams {
    /// Headroom that both inputs are shifted into before they are scaled.
    pub const LEFT_SHIFT: u32 = 20;

    pub fn new(lhs: f32, rhs: f32, output: f32) -> Self {
        let twice_max = 2.0 * f64::from(lhs.max(rhs));
        let headroom = f64::from(1u32 << Self::LEFT_SHIFT);
        Self {
            lhs: Requant::new(f64::from(lhs) / twice_max),
            rhs: Requant::new(f64::from(rhs) / twice_max),
            output: Requant::new(twice_max / (headroom * f64::from(output))),
        }
    }
}
