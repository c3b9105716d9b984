//! The float graph.

use crate::network::derive::Activation;
use crate::network::{Hw, TensorId, Window};

/// A network in single precision. Operators stand in execution order; batch normalisation is already folded.
#[derive(Debug, Clone)]
pub struct FloatNetwork {
    pub name: String,
    /// Every tensor but weights; a [`TensorId`] is an index here.
    pub values: Vec<Value>,
    pub ops: Vec<FloatOp>,
    pub input: TensorId,
    pub output: TensorId,
}

/// A tensor that is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    pub name: String,
    /// NHWC or NC, with a batch of 1.
    pub shape: Vec<usize>,
}

impl Value {
    /// Number of elements.
    pub fn elements(&self) -> usize {
        self.shape.iter().product()
    }

    /// Size of the last dimension.
    pub fn channels(&self) -> usize {
        self.shape.last().copied().unwrap_or(1)
    }
}

/// What a float operator computes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FloatKind {
    Conv2d {
        filter: Hw,
        window: Window,
        activation: Activation,
    },
    /// Output channel `c` reads input channel `c / multiplier`.
    DepthwiseConv2d {
        filter: Hw,
        window: Window,
        multiplier: usize,
        activation: Activation,
    },
    Dense {
        activation: Activation,
    },
    /// Shapes are equal.
    Add {
        activation: Activation,
    },
    /// Taps in the padding do not count.
    AveragePool2d {
        filter: Hw,
        window: Window,
    },
    MaxPool2d {
        filter: Hw,
        window: Window,
    },
    Reshape,
    /// Over the last dimension.
    Softmax,
}

/// Filter and bias. The output channel runs fastest: a convolution's filter is HWIO, a depthwise one's HWC, a dense
/// one's IO.
#[derive(Debug, Clone, PartialEq)]
pub struct FloatWeights {
    pub filter: Vec<f32>,
    pub bias: Vec<f32>,
}

/// One operator.
#[derive(Debug, Clone)]
pub struct FloatOp {
    pub kind: FloatKind,
    pub inputs: Vec<TensorId>,
    pub output: TensorId,
    /// Of convolutions and dense layers.
    pub weights: Option<FloatWeights>,
}

impl FloatNetwork {
    pub fn value(&self, id: TensorId) -> &Value {
        &self.values[id.0]
    }

    /// Inputs that one output element of `op` weighs up; 0 where it has no weights.
    pub fn fan_in(&self, op: &FloatOp) -> usize {
        let channels = self.value(op.inputs[0]).channels();
        match op.kind {
            FloatKind::Conv2d { filter, .. } => filter.h * filter.w * channels,
            FloatKind::DepthwiseConv2d { filter, .. } => filter.h * filter.w,
            FloatKind::Dense { .. } => channels,
            _ => 0,
        }
    }

    /// Multiply-accumulates of one inference.
    pub fn macs(&self) -> usize {
        self.ops.iter().map(|op| self.fan_in(op) * self.value(op.output).elements()).sum()
    }
}
