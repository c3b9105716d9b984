//! Operators that move values or give them another shape.

use std::sync::Arc;

use super::{Lowering, PADV2, Problem, constant, ensure};
use crate::network::{DType, OpKind, Tensor};

impl Lowering<'_> {
    pub(super) fn pad(&mut self) -> Result<(), Problem> {
        self.int8()?;
        if self.operator.code == PADV2 {
            let zero = self.out().zero_point();
            let value = self.id(2).map(|id| self.network.tensor(id));
            let value = value.filter(|tensor| tensor.dtype == DType::I8 && tensor.elements() == 1);
            let value = value.and_then(|tensor| tensor.data.as_deref()).and_then(|data| data.first());
            ensure(
                value.is_some_and(|value| i32::from(*value as i8) == zero),
                "its value must be a constant that stands for 0",
            )?;
        }
        let (x, out) = (self.x(), self.out());
        let flat = constant(self.second()?)?;
        ensure(
            flat.len() == 2 * x.shape.len() && flat.iter().all(|p| (0..=4096).contains(p)),
            "the paddings are out of range",
        )?;
        let pads: Vec<_> = flat.chunks(2).map(|p| (p[0] as usize, p[1] as usize)).collect();
        let fits = out.shape.len() == x.shape.len()
            && (0..pads.len()).all(|i| out.shape[i] == x.shape[i] + pads[i].0 + pads[i].1);
        ensure(fits && x.quant == out.quant, "the output must be the padded input with the same scale")?;
        self.push(OpKind::Pad { pads }, 1)
    }

    /// RESHAPE, SQUEEZE and EXPAND_DIMS: the output's shape says it all.
    pub(super) fn reshape(&mut self) -> Result<(), Problem> {
        let (x, out) = (self.x(), self.out());
        ensure(x.elements() == out.elements() && x.dtype == out.dtype, "input and output must have as many elements")?;
        if let Some(data) = x.data.clone() {
            return self.fold(data);
        }
        self.push(OpKind::Reshape, 1)
    }

    pub(super) fn transpose(&mut self) -> Result<(), Problem> {
        let (x, out) = (self.x(), self.out());
        let axes: Vec<usize> = constant(self.second()?)?.iter().map(|axis| *axis as u32 as usize).collect();
        let mut sorted = axes.clone();
        sorted.sort_unstable();
        ensure(sorted.iter().copied().eq(0..x.shape.len()), "its second operand is no permutation")?;
        let moved: Vec<usize> = axes.iter().map(|axis| x.shape[*axis]).collect();
        ensure(moved == out.shape && x.dtype == out.dtype, "the output shape does not fit the permutation")?;
        if let Some(data) = x.data.clone() {
            self.spend(data.len())?;
            return self.fold(transposed(self.x(), &data, &axes).into());
        }
        if axes.iter().filter(|axis| x.shape[**axis] > 1).is_sorted() {
            return self.push(OpKind::Reshape, 1);
        }
        self.transposed(axes)
    }

    /// The output is a constant: nothing is left to compute.
    fn fold(&mut self, data: Arc<[u8]>) -> Result<(), Problem> {
        let output = self.operator.outputs[0];
        ensure(!self.network.outputs.contains(&output), "an output of the network is constant")?;
        self.network.tensors[output.0].data = Some(data);
        Ok(())
    }
}

fn transposed(x: &Tensor, data: &[u8], axes: &[usize]) -> Vec<u8> {
    let size = x.dtype.bytes();
    let mut strides = vec![1; x.shape.len()];
    for axis in (1..x.shape.len()).rev() {
        strides[axis - 1] = strides[axis] * x.shape[axis];
    }
    let mut moved = Vec::with_capacity(data.len());
    for index in 0..x.elements() {
        let (mut rest, mut from) = (index, 0);
        for axis in axes.iter().rev() {
            from += rest % x.shape[*axis] * strides[*axis];
            rest /= x.shape[*axis];
        }
        moved.extend_from_slice(&data[from * size..(from + 1) * size]);
    }
    moved
}
