//! Networks of what is neither a convolution nor a pool: functions of one and two operands, joins, slices, resizes.

use hil::network::binary::broadcast;
use hil::network::derive::Activation;
use hil::network::{Binary, Clamp, DType, Network, OpKind, Quantization, Rearrangement, Reduction, Tensor, TensorId};
use hil::network::{Hw, Unary};

use super::super::engine_common::Builder;
use super::{Draw, Rng};

/// So many pieces after one another, then a dense layer.
pub fn pieces(seed: u64, count: usize) -> Network {
    let mut rng = Rng(seed);
    let size = [rng.pick(2, 9), rng.pick(2, 9), rng.of(&[1, 2, 3, 4, 5, 8])];
    let (b, x) = Builder::new(&[1, size[0], size[1], size[2]]);
    let mut draw = Draw { b, rng, at: x };
    draw.quantise(x);
    for _ in 0..count {
        let x = draw.at;
        draw.at = match draw.rng.pick(0, 11) {
            0 | 1 => draw.unary(x),
            2 => draw.gate(x),
            3 | 4 => draw.binary(x),
            5 => draw.concat(x),
            6 => draw.slice(x),
            7 => draw.turn(x),
            8 => draw.blocks(x),
            9 => draw.resize(x),
            10 => draw.reduce(x),
            _ => draw.conv(x),
        };
    }
    let y = draw.at;
    draw.b.finish(&[y])
}

/// Inverted residual blocks with a function of each output, on a map of some height.
pub fn swishing_blocks(seed: u64, count: usize) -> Network {
    let mut rng = Rng(seed);
    let size = [rng.pick(5, 23), rng.pick(1, 13), rng.of(&[1, 3, 4, 6])];
    let (b, x) = Builder::new(&[1, size[0], size[1], size[2]]);
    let mut draw = Draw { b, rng, at: x };
    draw.quantise(x);
    for _ in 0..count {
        let y = draw.inverted_residual(draw.at);
        draw.at = draw.unary(y);
    }
    let y = draw.at;
    draw.b.finish(&[y])
}

impl Draw {
    /// An activation of that shape with the scale of `like`.
    fn alike(&mut self, kind: OpKind, inputs: &[TensorId], like: TensorId, shape: &[usize]) -> TensorId {
        let y = self.b.op(kind, inputs, shape);
        self.b.0.tensors[y.0].quant = self.b.0.tensors[like.0].quant.clone();
        y
    }

    fn constant(&mut self, shape: &[usize], scale: f32) -> TensorId {
        let data: Vec<u8> = (0..shape.iter().product()).map(|_| self.rng.pick(0, 255) as u8).collect();
        let quant = Some(Quantization { scale: vec![scale], zero_point: vec![self.zero()], axis: 0 });
        let tensor =
            Tensor { name: "constant".into(), shape: shape.to_vec(), dtype: DType::I8, quant, data: Some(data.into()) };
        self.b.0.tensors.push(tensor);
        TensorId(self.b.0.tensors.len() - 1)
    }

    fn unary(&mut self, x: TensorId) -> TensorId {
        let function = self.rng.of(&[
            Unary::Logistic,
            Unary::Tanh,
            Unary::HardSwish,
            Unary::LeakyRelu { alpha: 0.3 },
            Unary::Rectifier(Activation::Relu6),
            Unary::Abs,
        ]);
        let shape = self.shape(x);
        let y = self.b.activation(&shape);
        self.quantise(y);
        let fixed = match function {
            Unary::Logistic => Some((1.0 / 256.0, -128)),
            Unary::Tanh => Some((1.0 / 128.0, 0)),
            // Scales that the function takes.
            _ => Some((0.08, 3)),
        };
        if let Some((scale, zero)) = fixed {
            self.b.0.tensors[y.0].quant = Some(Quantization { scale: vec![scale], zero_point: vec![zero], axis: 0 });
        }
        let table = function.table(self.b.0.tensor(x), self.b.0.tensor(y)).expect("a table");
        let constant = self.constant(&[256], 1.0);
        self.b.0.tensors[constant.0].data = Some(table.as_slice().into());
        let origin = self.b.0.ops.len();
        let kind = OpKind::Unary { function };
        self.b.0.ops.push(hil::network::Op { kind, inputs: vec![x, constant], output: y, origin });
        y
    }

    /// Squeeze and excite.
    fn gate(&mut self, x: TensorId) -> TensorId {
        let shape = self.shape(x);
        let kind = OpKind::Mean { axes: vec![1, 2], keep_dims: true };
        let mean = self.alike(kind, &[x], x, &[1, 1, 1, shape[3]]);
        let excited = self.b.conv(mean, 1, 1, shape[3], false);
        self.finish(excited);
        let gate = self.unary(excited);
        let operands = if self.rng.once_in(2) { [x, gate] } else { [gate, x] };
        self.two(Binary::Multiply, operands, &shape)
    }

    fn two(&mut self, function: Binary, operands: [TensorId; 2], shape: &[usize]) -> TensorId {
        let [lhs, rhs] = operands.map(|id| self.shape(id));
        assert!(broadcast(&lhs, &rhs, shape).is_some(), "{lhs:?} and {rhs:?} to {shape:?}");
        let full = Clamp { min: -128, max: 127 };
        let y = self.b.op(OpKind::Binary { function, clamp: full }, &operands, shape);
        match function {
            Binary::Maximum | Binary::Minimum => {
                for id in operands {
                    let quant = self.b.0.tensors[operands[0].0].quant.clone();
                    self.b.0.tensors[id.0].quant = quant;
                }
                self.b.0.tensors[y.0].quant = self.b.0.tensors[operands[0].0].quant.clone();
            }
            Binary::Prelu => self.quantise(y),
            _ => {
                self.quantise(y);
                let limits = self.clamp(y);
                if let OpKind::Binary { clamp, .. } = &mut self.b.0.ops.last_mut().expect("a layer").kind {
                    *clamp = limits;
                }
            }
        }
        y
    }

    fn binary(&mut self, x: TensorId) -> TensorId {
        let shape = self.shape(x);
        let function = self.rng.of(&[
            Binary::Add,
            Binary::Subtract,
            Binary::Multiply,
            Binary::Multiply,
            Binary::Maximum,
            Binary::Minimum,
            Binary::Prelu,
        ]);
        let from = self.rng.pick(0, 4);
        let part: Vec<usize> = shape[from..].iter().map(|size| if self.rng.once_in(2) { 1 } else { *size }).collect();
        let scale = self.rng.of(&[0.01, 0.05, 0.3]);
        let other = self.constant(&part, scale);
        let swapped = function != Binary::Prelu && self.rng.once_in(3);
        self.two(function, if swapped { [other, x] } else { [x, other] }, &shape)
    }

    fn concat(&mut self, x: TensorId) -> TensorId {
        let mut shape = self.shape(x);
        let axis = self.rng.pick(1, 3);
        let mut part = shape.clone();
        part[axis] = self.rng.pick(1, 3);
        let mut operands = vec![x];
        for _ in 0..self.rng.pick(1, 2) {
            let other = if self.rng.once_in(2) { self.constant(&part, 1.0) } else { self.cut(x, axis, 1) };
            self.b.0.tensors[other.0].quant = self.b.0.tensors[x.0].quant.clone();
            let at = self.rng.pick(0, operands.len());
            operands.insert(at, other);
        }
        shape[axis] = operands.iter().map(|id| self.shape(*id)[axis]).sum();
        self.alike(OpKind::Concat { axis }, &operands, x, &shape)
    }

    /// The first positions along an axis.
    fn cut(&mut self, x: TensorId, axis: usize, count: usize) -> TensorId {
        let mut size = self.shape(x);
        size[axis] = count;
        let of = Rearrangement::Slice { begin: vec![0; 4], size: size.clone(), stride: vec![1; 4] };
        self.alike(OpKind::Rearrange(of), &[x], x, &size)
    }

    fn slice(&mut self, x: TensorId) -> TensorId {
        let shape = self.shape(x);
        let (mut begin, mut size, mut stride) = (vec![0], vec![1], vec![1]);
        for length in &shape[1..] {
            let step: isize = self.rng.of(&[1, 1, 1, 2, -1]);
            let at = self.rng.pick(0, length / 2);
            let at = if step > 0 { at } else { length - 1 - at };
            let left = if step > 0 { length - 1 - at } else { at };
            begin.push(at);
            size.push(1 + left / step.unsigned_abs());
            stride.push(step);
        }
        let out = size.clone();
        self.alike(OpKind::Rearrange(Rearrangement::Slice { begin, size, stride }), &[x], x, &out)
    }

    fn turn(&mut self, x: TensorId) -> TensorId {
        let shape = self.shape(x);
        let axes = self.rng.of(&[[0, 2, 1, 3], [0, 3, 1, 2], [0, 2, 3, 1], [0, 1, 3, 2], [0, 3, 2, 1]]);
        let out = axes.map(|axis| shape[axis]);
        self.alike(OpKind::Rearrange(Rearrangement::Transpose { axes: axes.to_vec() }), &[x], x, &out)
    }

    fn blocks(&mut self, x: TensorId) -> TensorId {
        let s = self.shape(x);
        if s[1].is_multiple_of(2) && s[2].is_multiple_of(2) {
            let of = OpKind::Rearrange(Rearrangement::SpaceToDepth { block: 2 });
            return self.alike(of, &[x], x, &[1, s[1] / 2, s[2] / 2, 4 * s[3]]);
        }
        let channels = 4 * self.rng.pick(1, 3);
        let wide = self.b.conv(x, 1, 1, channels, false);
        self.finish(wide);
        let of = OpKind::Rearrange(Rearrangement::DepthToSpace { block: 2 });
        self.alike(of, &[wide], wide, &[1, 2 * s[1], 2 * s[2], channels / 4])
    }

    fn resize(&mut self, x: TensorId) -> TensorId {
        let s = self.shape(x);
        let to = match self.rng.pick(0, 2) {
            0 => Hw { h: 2 * s[1], w: 2 * s[2] },
            1 => Hw { h: self.rng.pick(1, 9), w: self.rng.pick(1, 9) },
            _ => Hw { h: s[1].div_ceil(2), w: s[2] },
        };
        let (align_corners, half_pixel_centers) = self.rng.of(&[(false, false), (true, false), (false, true)]);
        let kind = if self.rng.once_in(2) {
            OpKind::ResizeBilinear { align_corners, half_pixel_centers }
        } else {
            OpKind::Rearrange(Rearrangement::ResizeNearest { align_corners, half_pixel_centers })
        };
        self.alike(kind, &[x], x, &[1, to.h, to.w, s[3]])
    }

    /// Any axes, which may leave others between them.
    fn reduce(&mut self, x: TensorId) -> TensorId {
        let mut out = self.shape(x);
        let axes = self.rng.of(&[&[1][..], &[2], &[3], &[1, 3], &[1, 2]]).to_vec();
        axes.iter().for_each(|axis| out[*axis] = 1);
        let keep_dims = true;
        let function = self.rng.of(&[None, Some(Reduction::Sum), Some(Reduction::Maximum), Some(Reduction::Minimum)]);
        let kind = match function {
            Some(function) => OpKind::Reduce { function, axes, keep_dims },
            None => OpKind::Mean { axes, keep_dims },
        };
        let y = self.alike(kind, &[x], x, &out);
        if matches!(function, None | Some(Reduction::Sum)) {
            self.quantise(y);
        }
        // What is left is put back into a map.
        let shape = self.shape(x);
        let other = self.constant(&shape, 0.05);
        self.two(Binary::Add, [y, other], &shape)
    }
}
