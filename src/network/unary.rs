//! Functions of one int8 value, as tables of what each value becomes.
//!
//! The arithmetic is that of TFLite's reference kernels (tensorflow/lite/kernels/internal/reference) with the parameters
//! that TFLM prepares (tensorflow/lite/micro/kernels), so that tables hold their very bytes.

use super::derive::Activation;
use super::fixed;
use super::requant::{Requant, rounding_divide_by_pot};
use super::{Clamp, Tensor};

/// A function of one value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Unary {
    /// `1 / (1 + exp(-x))`, to scale 1/256 and zero point -128.
    Logistic,
    /// To scale 1/128 and zero point 0.
    Tanh,
    /// `x * clamp(x + 3, 0, 6) / 6`.
    HardSwish,
    /// `x`, or `alpha * x` where that is negative.
    LeakyRelu {
        alpha: f32,
    },
    /// A rectifier that stands alone.
    Rectifier(Activation),
    Abs,
    /// `x`, or `exp(x) - 1` where that is negative.
    Elu,
    /// `1 / sqrt(x)`.
    Rsqrt,
    /// Nothing but its table.
    Table,
}

impl Unary {
    /// The name used in tables, JSON and digests.
    pub fn name(self) -> &'static str {
        match self {
            Unary::Logistic => "logistic",
            Unary::Tanh => "tanh",
            Unary::HardSwish => "hard_swish",
            Unary::LeakyRelu { .. } => "leaky_relu",
            Unary::Rectifier(Activation::Relu6) => "relu6",
            Unary::Rectifier(Activation::ReluN1To1) => "relu_n1_to_1",
            Unary::Rectifier(_) => "relu",
            Unary::Abs => "abs",
            Unary::Elu => "elu",
            Unary::Rsqrt => "rsqrt",
            Unary::Table => "table",
        }
    }

    /// What each value of `x` becomes as one of `out`: at `v & 0xff` the byte for `v`. The error says why TFLite does not
    /// compute it.
    pub fn table(self, x: &Tensor, out: &Tensor) -> Result<[u8; 256], &'static str> {
        let (zero, output_zero) = (x.zero_point(), out.zero_point());
        let function: Box<dyn Fn(i32) -> i32> = match self {
            Unary::Logistic => {
                if out.scale() != 1.0 / 256.0 || output_zero != -128 {
                    return Err("its output must have scale 1/256 and zero point -128");
                }
                let sigmoid = Sigmoid::new(x);
                Box::new(move |q| sigmoid.apply(q, |a| rounding_divide_by_pot(fixed::logistic(a), 23) - 128))
            }
            Unary::Tanh => {
                if out.scale() != 1.0 / 128.0 || output_zero != 0 {
                    return Err("its output must have scale 1/128 and zero point 0");
                }
                let sigmoid = Sigmoid::new(x);
                Box::new(move |q| sigmoid.apply(q, |a| rounding_divide_by_pot(fixed::tanh(a), 24)))
            }
            Unary::HardSwish => {
                let swish = HardSwish::new(x, out)?;
                Box::new(move |q| swish.apply(q) + output_zero)
            }
            Unary::LeakyRelu { alpha } => {
                let identity = Requant::new(f64::from(x.scale() / out.scale()));
                let scaled = Requant::new(f64::from(x.scale() * alpha / out.scale()));
                let positive = Requant { multiplier: scaled.multiplier.saturating_abs(), ..scaled };
                let sign = if scaled.multiplier < 0 { -1 } else { 1 };
                Box::new(move |q| {
                    let value = if q >= 0 { identity.apply(q) } else { sign * positive.apply(q) };
                    value.saturating_add(output_zero)
                })
            }
            Unary::Rectifier(activation) => {
                let Clamp { min, max } = activation.clamp(out);
                let alike = x.quant == out.quant;
                let requant = Requant::new(f64::from(x.scale() / out.scale()));
                Box::new(move |q| {
                    let value = if alike { q } else { requant.apply(q) };
                    value.saturating_add(output_zero).max(min).min(max)
                })
            }
            Unary::Table => return Err("it is nothing but its table"),
            Unary::Elu => {
                let (scale, inverse) = (x.scale(), 1.0 / out.scale());
                Box::new(move |q| {
                    let real = scale * q as f32;
                    // In double precision the same on every host.
                    let value = if real < 0.0 { f64::from(real).exp() as f32 - 1.0 } else { real };
                    ((value * inverse).round() + output_zero as f32) as i32
                })
            }
            Unary::Rsqrt => {
                if zero != -128 {
                    return Err("its input could be negative: its zero point must be -128");
                }
                let requant = Requant::new(1.0 / (f64::from(x.scale()).sqrt() * f64::from(out.scale())));
                Box::new(move |q| {
                    if q == 0 {
                        return 127;
                    }
                    let root = fixed::inverse_root(q);
                    let root = Requant { shift: root.shift + RSQRT_SHIFT, ..root };
                    let requant = Requant { shift: requant.shift - RSQRT_SHIFT, ..requant };
                    requant.apply(root.apply(1)).saturating_add(output_zero)
                })
            }
            Unary::Abs => {
                let same = x.scale() == out.scale();
                let requant = Requant::new(f64::from(x.scale() / out.scale()));
                Box::new(move |q| {
                    let value = if same { q.abs() } else { requant.apply(q.abs()) };
                    value.saturating_add(output_zero)
                })
            }
        };
        let of = |byte: usize| function(i32::from(byte as u8 as i8) - zero).clamp(-128, 127) as u8;
        Ok(std::array::from_fn(of))
    }
}

/// Fractional bits of a reciprocal root between its two multiplications.
const RSQRT_SHIFT: i32 = 20;

/// An S-shaped function that is constant beyond a radius.
struct Sigmoid {
    /// To `F<4>`.
    scaling: Requant,
    radius: i32,
}

impl Sigmoid {
    /// Integer bits of what is scaled.
    const BITS: i32 = 4;

    fn new(x: &Tensor) -> Self {
        let fraction = f64::from(1 << (31 - Self::BITS));
        let scaling = Requant::new(f64::from(x.scale()) * fraction);
        let radius = f64::from((1 << Self::BITS) - 1) * fraction / 2f64.powi(scaling.shift);
        Self { scaling, radius: radius.floor() as i32 }
    }

    fn apply(&self, centred: i32, function: impl Fn(i32) -> i32) -> i32 {
        match centred {
            low if low <= -self.radius => -128,
            high if high >= self.radius => 127,
            _ => function(self.scaling.apply(centred)),
        }
    }
}

/// In 16 bits, as TFLite's reference kernel does it (`HardSwish`).
struct HardSwish {
    output: i16,
    output_exponent: i32,
    reluish: i16,
    reluish_exponent: i32,
}

impl HardSwish {
    fn new(x: &Tensor, out: &Tensor) -> Result<Self, &'static str> {
        let fine = (1.0 / 128.0) * x.scale();
        let output = Requant::new(f64::from(fine / out.scale()));
        let reluish = Requant::new(f64::from(fine / (3.0 / 32768.0)));
        if output.shift > 0 {
            return Err("the step of its output is below a 128th of its input's");
        }
        let halved = |multiplier: i32| (multiplier.saturating_add(1 << 15) >> 16) as i16;
        Ok(Self {
            output: halved(output.multiplier),
            output_exponent: output.shift,
            reluish: halved(reluish.multiplier),
            reluish_exponent: reluish.shift,
        })
    }

    fn apply(&self, centred: i32) -> i32 {
        let fine = (centred * (1 << 7)) as i16;
        let unshifted = high_mul(fine, self.output);
        let mut reluish = fine;
        if self.reluish_exponent > 0 {
            reluish = shift_left(reluish, self.reluish_exponent - 1);
        }
        reluish = high_mul(reluish, self.reluish);
        if self.reluish_exponent > 0 {
            reluish = shift_left(reluish, 1);
        }
        if self.reluish_exponent < 0 {
            reluish = rounding_shift_right(reluish, -self.reluish_exponent);
        }
        // From [-1, 1] to [0, 1].
        let gate = (i32::from(reluish) + (1 << 15)) >> 1;
        let product = gate * i32::from(unshifted) / (1 << 15);
        i32::from(rounding_shift_right(product as i16, -self.output_exponent))
    }
}

/// High 16 bits of `2ab`, rounded half away from zero; `a` and `b` are not both the least value.
fn high_mul(a: i16, b: i16) -> i16 {
    let ab = i32::from(a) * i32::from(b);
    let nudge = if ab >= 0 { 1 << 14 } else { 1 - (1 << 14) };
    ((ab + nudge) / (1 << 15)) as i16
}

/// `x / 2^bits` with halves away from zero, for up to 15 bits. With more the reference's mask does not fit 16 bits, and what
/// is not negative becomes 1.
fn rounding_shift_right(x: i16, bits: i32) -> i16 {
    let mask = ((1i64 << bits) - 1) as i16;
    let threshold = (mask >> 1) + i16::from(x < 0);
    (i32::from(x) >> bits) as i16 + i16::from(x & mask > threshold)
}

fn shift_left(x: i16, bits: i32) -> i16 {
    (i64::from(x) << bits.min(16)).clamp(i64::from(i16::MIN), i64::from(i16::MAX)) as i16
}
