//! Functions of two operands, mean, softmax, and the borders between element types.

use super::{Lowering, Problem, constant, ensure, per_tensor};
use crate::network::binary::broadcast;
use crate::network::derive::Activation;
use crate::network::{Binary, DType, OpKind, Reduction, Tensor};

impl Lowering<'_> {
    /// ADD: of equal shapes an operator of its own.
    pub(super) fn add(&mut self) -> Result<(), Problem> {
        let alike = |tensor: &Tensor| tensor.shape == self.out().shape;
        if alike(self.x()) && alike(self.second()?) {
            self.int8_operands()?;
            let clamp = self.activation(0)?;
            return self.push(OpKind::Add { clamp }, 2);
        }
        self.binary(Binary::Add)
    }

    /// A function of two operands whose options begin with its activation, if it may have one.
    pub(super) fn binary(&mut self, function: Binary) -> Result<(), Problem> {
        self.int8_operands()?;
        let (x, second, out) = (self.x(), self.second()?, self.out());
        ensure(broadcast(&x.shape, &second.shape, &out.shape).is_some(), "its operands' shapes do not fit its output")?;
        let clamp = match function {
            Binary::Add | Binary::Subtract | Binary::Multiply => self.activation(0)?,
            Binary::Maximum | Binary::Minimum => {
                let alike = x.scale() == out.scale() && x.zero_point() == out.zero_point();
                let alike = alike && second.scale() == out.scale() && second.zero_point() == out.zero_point();
                ensure(alike, "its operands and its output must have the same scale")?;
                Activation::None.clamp(out)
            }
            Binary::SquaredDifference => Activation::None.clamp(out),
            Binary::Prelu => {
                ensure(x.shape == out.shape, "input and output must have the same shape")?;
                Activation::None.clamp(out)
            }
        };
        self.push(OpKind::Binary { function, clamp }, 2)
    }

    fn int8_operands(&self) -> Result<(), Problem> {
        self.int8()?;
        let rhs = self.second()?;
        ensure(rhs.dtype == DType::I8 && per_tensor(rhs), "both inputs must be int8 with one scale")
    }

    pub(super) fn mean(&mut self) -> Result<(), Problem> {
        let (axes, keep_dims) = self.reduced()?;
        self.push(OpKind::Mean { axes, keep_dims }, 1)
    }

    pub(super) fn reduce(&mut self, function: Reduction) -> Result<(), Problem> {
        let (axes, keep_dims) = self.reduced()?;
        ensure(function == Reduction::Sum || self.same_scale(), "input and output must have the same scale")?;
        self.push(OpKind::Reduce { function, axes, keep_dims }, 1)
    }

    /// Axes, sorted, and whether they are kept with one element.
    fn reduced(&self) -> Result<(Vec<usize>, bool), Problem> {
        self.int8()?;
        let (x, out) = (self.x(), self.out());
        let rank = x.shape.len() as i32;
        let resolve = |&axis: &i32| (if axis < 0 { axis.saturating_add(rank) } else { axis }) as u32 as usize;
        let mut axes: Vec<usize> = constant(self.second()?)?.iter().map(resolve).collect();
        axes.sort_unstable();
        axes.dedup();
        ensure(!axes.is_empty() && axes.iter().all(|a| *a < x.shape.len()), "an axis is out of range")?;
        let kept: usize = (0..x.shape.len()).filter(|a| !axes.contains(a)).map(|a| x.shape[a]).product();
        ensure(out.elements() == kept, "the output shape does not fit the axes")?;
        Ok((axes, self.byte(0)? != 0))
    }

    pub(super) fn softmax(&mut self) -> Result<(), Problem> {
        self.int8()?;
        let (x, out) = (self.x(), self.out());
        ensure(
            out.scale() == 1.0 / 256.0 && out.zero_point() == -128,
            "its output must have scale 1/256 and zero point -128",
        )?;
        // The reference sums 12-bit exponentials in 32 bits: a longer row could overflow.
        ensure(x.shape.last().is_some_and(|&depth| depth < 4096), "its last dimension must be below 4096")?;
        let beta = self.operator.options.map_or(Ok(1.0), |options| options.f32(0))?;
        ensure(x.shape == out.shape && beta > 0.0 && beta.is_finite(), "shapes must be equal and beta positive")?;
        self.push(OpKind::Softmax { beta }, 1)
    }

    pub(super) fn quantize(&mut self) -> Result<(), Problem> {
        let (x, out) = (self.x(), self.out());
        let from = x.dtype == DType::F32 || (matches!(x.dtype, DType::I8 | DType::U8) && per_tensor(x));
        let to = matches!(out.dtype, DType::I8 | DType::U8) && per_tensor(out);
        ensure(from && to && x.elements() == out.elements(), "it must turn float32, uint8 or int8 into uint8 or int8")?;
        self.push(OpKind::Quantize, 1)
    }

    pub(super) fn dequantize(&mut self) -> Result<(), Problem> {
        let (x, out) = (self.x(), self.out());
        let from = matches!(x.dtype, DType::I8 | DType::U8) && per_tensor(x);
        ensure(
            from && out.dtype == DType::F32 && x.elements() == out.elements(),
            "it must turn uint8 or int8 into float32",
        )?;
        self.push(OpKind::Dequantize, 1)
    }
}
