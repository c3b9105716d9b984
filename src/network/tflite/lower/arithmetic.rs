//! Addition, mean, softmax, and the borders between element types.

use super::{Lowering, Problem, constant, ensure, per_tensor};
use crate::network::{DType, OpKind, Tensor, TensorId};

impl Lowering<'_> {
    pub(super) fn add(&mut self) -> Result<(), Problem> {
        self.int8()?;
        let rhs = self.second()?;
        ensure(rhs.dtype == DType::I8 && per_tensor(rhs), "both inputs must be int8 with one scale")?;
        let clamp = self.activation(0)?;
        let shape = self.out().shape.clone();
        let [Some(lhs), Some(rhs)] = [self.id(0), self.id(1)] else {
            return Err(Problem::Text("it lacks an operand".into()));
        };
        let mut operands = [lhs, rhs];
        for operand in &mut operands {
            if self.network.tensor(*operand).shape != shape {
                *operand = self.spread(*operand, &shape)?;
            }
        }
        self.push_op(OpKind::Add { clamp }, operands.to_vec(), self.operator.outputs[0]);
        Ok(())
    }

    /// A constant repeated to a larger shape, as broadcasting repeats it.
    fn spread(&mut self, id: TensorId, shape: &[usize]) -> Result<TensorId, Problem> {
        if self.network.tensor(id).data.is_some() {
            self.spend(shape.iter().product())?;
        }
        let tensor = self.network.tensor(id);
        let data = tensor.data.as_deref();
        let data = data.ok_or_else(|| Problem::Text("shapes must be equal: only constants are broadcast".into()))?;
        let lead = shape.len().checked_sub(tensor.shape.len());
        let lead = lead.ok_or_else(|| Problem::Text("its operands' shapes do not fit its output".into()))?;
        let own: Vec<usize> = vec![1; lead].into_iter().chain(tensor.shape.iter().copied()).collect();
        ensure(
            own.iter().zip(shape).all(|(own, size)| *own == 1 || own == size),
            "its operands' shapes do not fit its output",
        )?;
        let elements: usize = shape.iter().product();
        let source = |mut index: usize| {
            let (mut from, mut stride) = (0, 1);
            for (own, size) in own.iter().zip(shape).rev() {
                from += if *own == 1 { 0 } else { index % size * stride };
                stride *= own;
                index /= size;
            }
            data[from]
        };
        let repeated: Vec<u8> = (0..elements).map(source).collect();
        let name = format!("{}_broadcast", tensor.name);
        let repeated = Tensor { name, shape: shape.to_vec(), data: Some(repeated.into()), ..tensor.clone() };
        Ok(self.new_tensor(repeated))
    }

    pub(super) fn mean(&mut self) -> Result<(), Problem> {
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
        let keep_dims = self.byte(0)? != 0;
        self.push(OpKind::Mean { axes, keep_dims }, 1)
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
