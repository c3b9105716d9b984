//! Additions that convolutions make: where a convolution's output is only read by an addition to something that is there
//! already, it adds block by block and writes the sum, so that its own output never exists as a whole.
//!
//! Each block lies where its pixels lay until it is added to the other operand, so that nothing more is held than without:
//! for that the convolution must be the last to read its input, take single pixels, and make them no larger.

use super::kernel::{Kernel, Sum};
use super::lifetime::Lifetimes;
use super::pack::Form;
use crate::network::{DType, Network, Op, OpKind, TensorId};

/// A convolution and the addition that it makes, as indices of operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fused {
    pub conv: usize,
    pub add: usize,
    /// What is added.
    other: TensorId,
}

/// Every addition that a convolution of `network` can make.
pub(super) fn additions(network: &Network, kernels: &[Kernel], lifetimes: &Lifetimes) -> Vec<Fused> {
    let of = |add: usize| {
        let &[a, b] = network.ops[add].inputs.as_slice() else { return None };
        // What is computed last is there to be added to.
        [(a, b), (b, a)].into_iter().find_map(|(product, other)| {
            let conv = network.ops.iter().position(|op| op.output == product)?;
            let fused = Fused { conv, add, other };
            (is_exact(network, kernels, fused) && is_free(network, &kernels[conv], lifetimes, fused)).then_some(fused)
        })
    };
    (0..kernels.len())
        .filter(|add| matches!(&kernels[*add], Kernel::Add(add) if add.specialised()))
        .filter_map(of)
        .collect()
}

/// Whether the addition is of each element that the convolution makes, and of nothing else of it.
fn is_exact(network: &Network, kernels: &[Kernel], fused: Fused) -> bool {
    let Fused { conv, add, other } = fused;
    let (product, sum) = (network.ops[conv].output, network.ops[add].output);
    let [product_tensor, other_tensor, sum_tensor] = [product, other, sum].map(|id| network.tensor(id));
    let alike = |tensor: &&crate::network::Tensor| tensor.shape == sum_tensor.shape && tensor.dtype == DType::I8;
    let readers = network.ops.iter().flat_map(|op| &op.inputs).filter(|id| **id == product).count();
    let made = network.ops.iter().position(|op| op.output == other);
    conv < add
        && kernels[conv].sum().is_none()
        && [product_tensor, other_tensor, sum_tensor].iter().all(alike)
        && other_tensor.data.is_none()
        && readers == 1
        && !network.outputs.contains(&product)
        && made.is_none_or(|made| made < conv)
}

/// Whether the input of the convolution may be written over, and has room for its output.
fn is_free(network: &Network, kernel: &Kernel, lifetimes: &Lifetimes, fused: Fused) -> bool {
    let Kernel::Conv1x1(conv) = kernel else { return false };
    let plain = conv.packed.as_ref().is_some_and(|packed| packed.form == Form::Matrix && packed.small.is_none());
    let owner = network.ops[fused.conv].inputs.first().map(|x| lifetimes.owner(*x));
    let last = lifetimes.spans.iter().find(|span| Some(span.tensor) == owner).map(|span| span.last);
    let is_kept = network.outputs.iter().any(|id| Some(lifetimes.owner(*id)) == owner);
    plain
        && conv.by_pixels()
        && !conv.grows()
        && last == Some(fused.conv)
        && !is_kept
        && Some(lifetimes.owner(fused.other)) != owner
}

/// `network` where convolutions write what those additions would: the operands that they add come behind their own.
pub fn merged(network: &Network, all: &[Fused]) -> Network {
    let mut merged = network.clone();
    for fused in all {
        let output = network.ops[fused.add].output;
        let conv = &mut merged.ops[fused.conv];
        conv.inputs.push(fused.other);
        conv.output = output;
    }
    let kept = |(index, op): (usize, Op)| all.iter().all(|fused| fused.add != index).then_some(op);
    merged.ops = std::mem::take(&mut merged.ops).into_iter().enumerate().filter_map(kept).collect();
    merged
}

/// The kernels of the merged network.
pub(super) fn merged_kernels(network: &Network, mut kernels: Vec<Kernel>, all: &[Fused]) -> Vec<Kernel> {
    for fused in all {
        let (product, other) = (network.ops[fused.conv].output, fused.other);
        let Kernel::Add(add) = kernels[fused.add].clone() else { continue };
        let leads = network.ops[fused.add].inputs.first() == Some(&product);
        if let Kernel::Conv1x1(conv) = &mut kernels[fused.conv] {
            conv.sum = Some(Sum { product, other, leads, add });
        }
    }
    let kept = |(index, kernel): (usize, Kernel)| all.iter().all(|fused| fused.add != index).then_some(kernel);
    kernels.into_iter().enumerate().filter_map(kept).collect()
}

impl Sum {
    /// The operators that a convolution which adds stands for, as the network had them.
    pub fn unfused(&self, op: &Op) -> [Op; 2] {
        let mut inputs = [self.product, self.other];
        if !self.leads {
            inputs.reverse();
        }
        let operands = op.inputs.iter().copied().filter(|id| *id != self.other).collect();
        let conv = Op { inputs: operands, output: self.product, ..op.clone() };
        let add = Op { kind: OpKind::Add { clamp: self.add.clamp }, inputs: inputs.to_vec(), ..op.clone() };
        [conv, add]
    }
}
