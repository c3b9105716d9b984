//! Fixed-point parameters that follow from the scales of an operator's tensors.
//!
//! The order of operations and the precision of each product are TFLM's, since the last bit of a multiplier shows
//! in the output (tensorflow/lite/kernels/kernel_util.cc).

use super::{Clamp, Requant, Tensor};

/// One requantisation per output channel of a convolution: products in double precision.
pub fn channel_requants(input: &Tensor, filter: &Tensor, output: &Tensor) -> Vec<Requant> {
    requants(input, filter, output, output.shape.last().copied().unwrap_or(1))
}

/// One requantisation per output of a fully connected layer, alike per tensor and per channel. (TFLite's own kernels
/// take a per-tensor product in single precision; TFLM's do not.)
pub fn dense_requants(input: &Tensor, filter: &Tensor, output: &Tensor) -> Vec<Requant> {
    requants(input, filter, output, filter.shape[0])
}

fn requants(input: &Tensor, filter: &Tensor, output: &Tensor, channels: usize) -> Vec<Requant> {
    let one = |c| f64::from(input.scale()) * channel_scale(filter, c) / f64::from(output.scale());
    (0..channels).map(|c| Requant::new(one(c))).collect()
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
    /// The same where the difference is squared, which must stay in 32 bits.
    pub const SQUARE_SHIFT: u32 = 7;

    pub fn new(lhs: f32, rhs: f32, output: f32) -> Self {
        let twice_max = 2.0 * f64::from(lhs.max(rhs));
        let headroom = f64::from(1u32 << Self::LEFT_SHIFT);
        Self {
            lhs: Requant::new(f64::from(lhs) / twice_max),
            rhs: Requant::new(f64::from(rhs) / twice_max),
            output: Requant::new(twice_max / (headroom * f64::from(output))),
        }
    }

    /// The same for the square of a difference.
    pub fn of_square(lhs: f32, rhs: f32, output: f32) -> Self {
        let twice_max = 2.0 * f64::from(lhs.max(rhs));
        let headroom = (1u32 << (2 * Self::SQUARE_SHIFT)) as f32;
        Self {
            lhs: Requant::new(f64::from(lhs) / twice_max),
            rhs: Requant::new(f64::from(rhs) / twice_max),
            output: Requant::new(twice_max * twice_max / f64::from(headroom * output)),
        }
    }

    /// The same for a difference, whose quotients are in single precision.
    pub fn of_difference(lhs: f32, rhs: f32, output: f32) -> Self {
        let twice_max = 2.0 * lhs.max(rhs);
        let headroom = (1u32 << Self::LEFT_SHIFT) as f32;
        Self {
            lhs: Requant::new(f64::from(lhs / twice_max)),
            rhs: Requant::new(f64::from(rhs / twice_max)),
            output: Requant::new(f64::from(twice_max / (headroom * output))),
        }
    }
}

/// The division by `count` folded into the multiplier of a mean, as `QuantizedMeanOrSum` does.
pub fn mean_requant(scale_in: f32, scale_out: f32, count: usize) -> Requant {
    let base = Requant::new(f64::from(scale_in) / f64::from(scale_out));
    let count = count.max(1);
    let shift = (count as u64).ilog2().min(32).min((31 + base.shift).max(0) as u32);
    let multiplier = ((i64::from(base.multiplier) << shift) / count as i64) as i32;
    Requant { multiplier, shift: base.shift - shift as i32 }
}

/// A sum's multiplier, as `QuantizedMeanOrSum` has it.
pub fn sum_requant(scale_in: f32, scale_out: f32) -> Requant {
    Requant::new(f64::from(scale_in) / f64::from(scale_out))
}

/// Interpolation along one side of an image, as `ResizeBilinearInteger` does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bilinear {
    /// Input pixels from one output pixel to the next, in units of [`Self::ONE`].
    pub step: i32,
    /// Where the first output pixel is, likewise.
    pub first: i32,
    /// Pixels of the input.
    pub size: i32,
}

impl Bilinear {
    /// A pixel.
    pub const ONE: i32 = 1 << 10;

    /// From `size` pixels to `out`; both are at most 65535.
    pub fn new(size: usize, out: usize, align_corners: bool, half_pixel_centers: bool) -> Self {
        let (from, to) = if align_corners && out > 1 { (size - 1, out - 1) } else { (size, out) };
        let step = (((from << 10) + to / 2) / to) as i32;
        let first = if half_pixel_centers { step / 2 - Self::ONE / 2 } else { 0 };
        Self { step, first, size: size as i32 }
    }

    /// Both pixels that an output pixel is between, and how far it is from the first.
    pub fn at(&self, out: usize) -> (usize, usize, i32) {
        let place = out as i32 * self.step + self.first;
        let lower = (place / Self::ONE).max(0);
        let upper = ((place + Self::ONE - 1) / Self::ONE).min(self.size - 1);
        (lower.min(self.size - 1) as usize, upper as usize, place - Self::ONE * lower)
    }
}

/// Parameters of a fixed-point softmax (tensorflow/lite/micro/kernels/softmax_common.cc).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoftmaxParams {
    /// Turns a difference of quantised values into a number with [`Self::DIFF_BITS`] integer bits.
    pub scaling: Requant,
    /// Differences to the maximum below this one have probability 0.
    pub diff_min: i32,
}

impl SoftmaxParams {
    /// Integer bits of the scaled difference to the maximum.
    pub const DIFF_BITS: i32 = 5;

    pub fn new(beta: f32, input_scale: f32) -> Self {
        let fraction = f64::from(1 << (31 - Self::DIFF_BITS));
        let real = f64::from(beta) * f64::from(input_scale) * fraction;
        let scaling = Requant::new(real.min(f64::from(i32::MAX)));
        let radius = f64::from((1 << Self::DIFF_BITS) - 1) * fraction / 2f64.powi(scaling.shift);
        Self { scaling, diff_min: -(radius.floor() as i32) }
    }
}

/// An activation that TFLite fuses into the operator before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Activation {
    #[default]
    None,
    Relu,
    /// To -1..=1.
    ReluN1To1,
    Relu6,
}

impl Activation {
    /// Those that there are.
    pub const ALL: [Self; 4] = [Self::None, Self::Relu, Self::ReluN1To1, Self::Relu6];

    /// The smallest and the largest value that pass.
    pub fn bounds(self) -> Option<(f32, f32)> {
        match self {
            Self::None => None,
            Self::Relu => Some((0.0, f32::INFINITY)),
            Self::ReluN1To1 => Some((-1.0, 1.0)),
            Self::Relu6 => Some((0.0, 6.0)),
        }
    }

    /// The clamp on an int8 tensor, as `CalculateActivationRangeQuantized` does it.
    pub fn clamp(self, output: &Tensor) -> Clamp {
        let Some((low, high)) = self.bounds() else { return Clamp { min: -128, max: 127 } };
        // Infinity becomes the largest integer.
        let quantise = |real: f32| ((real / output.scale()).round() as i32).saturating_add(output.zero_point());
        Clamp { min: quantise(low).max(-128), max: quantise(high).min(127) }
    }
}
