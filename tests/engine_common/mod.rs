//! Networks for the engine's tests, built operator by operator.

#![allow(dead_code)] // Each test crate uses a part of it.

use hil::network::{Clamp, DType, Hw, Network, Op, OpKind, Pads, Quantization, Tensor, TensorId, Window};

pub const CLAMP: Clamp = Clamp { min: -128, max: 127 };

/// Numbers that differ from byte to byte, the same on every run.
pub fn noise(seed: usize, count: usize) -> Vec<u8> {
    (0..count).map(|i| ((seed * 31 + i + 1).wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

pub struct Builder(pub Network);

impl Builder {
    /// A network with one input.
    pub fn new(shape: &[usize]) -> (Self, TensorId) {
        let mut builder =
            Self(Network { name: "built".into(), tensors: vec![], ops: vec![], inputs: vec![], outputs: vec![] });
        let input = builder.activation(shape);
        builder.0.inputs.push(input);
        (builder, input)
    }

    pub fn finish(mut self, outputs: &[TensorId]) -> Network {
        self.0.outputs = outputs.to_vec();
        self.0
    }

    pub fn shape(&self, id: TensorId) -> Vec<usize> {
        self.0.tensor(id).shape.clone()
    }

    fn push(&mut self, shape: &[usize], dtype: DType, scales: Vec<f32>, zero: i32, data: Option<Vec<u8>>) -> TensorId {
        let id = TensorId(self.0.tensors.len());
        let quant = Some(Quantization { zero_point: vec![zero; scales.len()], scale: scales, axis: 0 });
        let (name, data) = (format!("t{}", id.0), data.map(Into::into));
        self.0.tensors.push(Tensor { name, shape: shape.to_vec(), dtype, quant, data });
        id
    }

    pub fn activation(&mut self, shape: &[usize]) -> TensorId {
        self.push(shape, DType::I8, vec![0.05], 3, None)
    }

    pub fn op(&mut self, kind: OpKind, inputs: &[TensorId], shape: &[usize]) -> TensorId {
        let output = self.activation(shape);
        let origin = self.0.ops.len();
        self.0.ops.push(Op { kind, inputs: inputs.to_vec(), output, origin });
        output
    }

    pub fn weights(&mut self, shape: &[usize], channels: usize) -> [TensorId; 2] {
        let seed = self.0.tensors.len();
        let scales = (0..channels).map(|c| 0.01 + 0.001 * c as f32).collect();
        let filter = self.push(shape, DType::I8, scales, 0, Some(noise(seed, shape.iter().product())));
        [filter, self.push(&[channels], DType::I32, vec![1.0], 0, Some(vec![0; 4 * channels]))]
    }

    /// A convolution with a square filter of `k` pixels, padded to keep its size at stride 1 if `same`.
    pub fn conv(&mut self, x: TensorId, k: usize, stride: usize, channels: usize, same: bool) -> TensorId {
        let (window, shape) = self.window(x, k, stride, channels, same);
        let [filter, bias] = self.weights(&[channels, k, k, self.shape(x)[3]], channels);
        self.op(OpKind::Conv2d { window, clamp: CLAMP }, &[x, filter, bias], &shape)
    }

    pub fn depthwise(&mut self, x: TensorId, k: usize, stride: usize, same: bool) -> TensorId {
        let channels = self.shape(x)[3];
        let (window, shape) = self.window(x, k, stride, channels, same);
        let [filter, bias] = self.weights(&[1, k, k, channels], channels);
        self.op(OpKind::DepthwiseConv2d { window, multiplier: 1, clamp: CLAMP }, &[x, filter, bias], &shape)
    }

    fn window(&self, x: TensorId, k: usize, stride: usize, c: usize, same: bool) -> (Window, Vec<usize>) {
        let (p, s) = (if same { k / 2 } else { 0 }, self.shape(x));
        let out = |size: usize| (size + 2 * p - k) / stride + 1;
        let pads = Pads { top: p, bottom: p, left: p, right: p };
        let window = Window { stride: Hw { h: stride, w: stride }, dilation: Hw { h: 1, w: 1 }, pads };
        (window, vec![1, out(s[1]), out(s[2]), c])
    }

    pub fn dense(&mut self, x: TensorId, outputs: usize) -> TensorId {
        let depth = self.0.tensor(x).elements();
        let [filter, bias] = self.weights(&[outputs, depth], outputs);
        // Per-tensor, as most fully connected layers are.
        self.0.tensors[filter.0].quant = Some(Quantization { scale: vec![0.013], zero_point: vec![0], axis: 0 });
        self.op(OpKind::FullyConnected { clamp: CLAMP }, &[x, filter, bias], &[1, outputs])
    }

    pub fn add(&mut self, a: TensorId, b: TensorId) -> TensorId {
        self.op(OpKind::Add { clamp: CLAMP }, &[a, b], &self.shape(a))
    }

    pub fn reshape(&mut self, x: TensorId, shape: &[usize]) -> TensorId {
        self.op(OpKind::Reshape, &[x], shape)
    }

    pub fn pad(&mut self, x: TensorId, pads: [(usize, usize); 4]) -> TensorId {
        let shape: Vec<_> = self.shape(x).iter().zip(pads).map(|(size, (a, b))| size + a + b).collect();
        self.op(OpKind::Pad { pads: pads.to_vec() }, &[x], &shape)
    }

    /// Expansion, depthwise convolution, projection, and the sum with the input where shapes allow it.
    pub fn inverted_residual(&mut self, x: TensorId, factor: usize, k: usize, stride: usize, c: usize) -> TensorId {
        let channels = self.shape(x)[3];
        let wide = if factor > 1 { self.conv(x, 1, 1, channels * factor, true) } else { x };
        let filtered = self.depthwise(wide, k, stride, true);
        let narrow = self.conv(filtered, 1, 1, c, true);
        if self.shape(narrow) == self.shape(x) { self.add(x, narrow) } else { narrow }
    }
}
