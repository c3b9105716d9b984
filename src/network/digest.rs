//! A digest of everything that decides a network's outputs.

use sha2::{Digest, Sha256};

use super::{Clamp, DType, Network, OpKind, Rearrangement, Tensor, Unary, Window};

/// SHA-256 over a canonical encoding of `network`: tensors (shape, type, quantisation, constants), operators in order,
/// inputs and outputs. Names and operator origins are left out: they change no output.
pub fn digest(network: &Network) -> [u8; 32] {
    let mut hash = Encoder(Sha256::new());
    hash.text("hil network 1");
    hash.number(network.tensors.len());
    network.tensors.iter().for_each(|tensor| hash.tensor(tensor));
    hash.number(network.ops.len());
    for op in &network.ops {
        hash.kind(&op.kind);
        hash.numbers(op.inputs.iter().map(|id| id.0));
        hash.number(op.output.0);
    }
    hash.numbers(network.inputs.iter().map(|id| id.0));
    hash.numbers(network.outputs.iter().map(|id| id.0));
    hash.0.finalize().into()
}

/// [`digest`] as 64 lower-case hexadecimal digits.
pub fn digest_hex(network: &Network) -> String {
    digest(network).iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Encoder(Sha256);

impl Encoder {
    fn number(&mut self, value: usize) {
        self.0.update((value as u64).to_le_bytes());
    }

    /// The count comes first, so that neighbouring lists cannot run into each other.
    fn numbers(&mut self, values: impl ExactSizeIterator<Item = usize>) {
        self.number(values.len());
        values.for_each(|value| self.number(value));
    }

    fn signed(&mut self, value: i32) {
        self.0.update(value.to_le_bytes());
    }

    fn text(&mut self, value: &str) {
        self.number(value.len());
        self.0.update(value.as_bytes());
    }

    fn tensor(&mut self, tensor: &Tensor) {
        self.numbers(tensor.shape.iter().copied());
        self.text(match tensor.dtype {
            DType::I8 => "i8",
            DType::U8 => "u8",
            DType::I32 => "i32",
            DType::F32 => "f32",
        });
        self.number(tensor.quant.is_some().into());
        if let Some(quant) = &tensor.quant {
            self.number(quant.axis);
            self.numbers(quant.scale.iter().map(|scale| scale.to_bits() as usize));
            self.number(quant.zero_point.len());
            quant.zero_point.iter().for_each(|zero| self.signed(*zero));
        }
        self.number(tensor.data.is_some().into());
        if let Some(data) = &tensor.data {
            self.number(data.len());
            self.0.update(data);
        }
    }

    fn clamp(&mut self, clamp: Clamp) {
        self.signed(clamp.min);
        self.signed(clamp.max);
    }

    fn window(&mut self, window: &Window) {
        let Window { stride, dilation, pads } = window;
        let all = [stride.h, stride.w, dilation.h, dilation.w, pads.top, pads.bottom, pads.left, pads.right];
        self.numbers(all.into_iter());
    }

    fn kind(&mut self, kind: &OpKind) {
        self.text(kind.name());
        match kind {
            OpKind::Conv2d { window, clamp } => {
                self.window(window);
                self.clamp(*clamp);
            }
            OpKind::DepthwiseConv2d { window, multiplier, clamp } => {
                self.window(window);
                self.number(*multiplier);
                self.clamp(*clamp);
            }
            OpKind::FullyConnected { clamp } | OpKind::Add { clamp } | OpKind::Binary { clamp, .. } => {
                self.clamp(*clamp)
            }
            OpKind::AveragePool2d { filter, window, clamp } | OpKind::MaxPool2d { filter, window, clamp } => {
                self.numbers([filter.h, filter.w].into_iter());
                self.window(window);
                self.clamp(*clamp);
            }
            OpKind::Unary { function: Unary::LeakyRelu { alpha } } => self.number(alpha.to_bits() as usize),
            OpKind::Mean { axes, keep_dims } | OpKind::Reduce { axes, keep_dims, .. } => {
                self.numbers(axes.iter().copied());
                self.number((*keep_dims).into());
            }
            OpKind::Pad { pads } => self.numbers(pads.iter().flat_map(|p| [p.0, p.1]).collect::<Vec<_>>().into_iter()),
            OpKind::Concat { axis } => self.number(*axis),
            OpKind::Rearrange(Rearrangement::Slice { begin, size, stride }) => {
                self.numbers(begin.iter().copied());
                self.numbers(size.iter().copied());
                self.numbers(stride.iter().map(|stride| *stride as usize));
            }
            OpKind::Rearrange(
                Rearrangement::Transpose { axes: values }
                | Rearrangement::Tile { counts: values }
                | Rearrangement::Gather { positions: values },
            ) => {
                self.numbers(values.iter().copied());
            }
            OpKind::Rearrange(Rearrangement::DepthToSpace { block } | Rearrangement::SpaceToDepth { block }) => {
                self.number(*block);
            }
            OpKind::Rearrange(Rearrangement::ResizeNearest { align_corners, half_pixel_centers })
            | OpKind::ResizeBilinear { align_corners, half_pixel_centers } => {
                self.number((*align_corners).into());
                self.number((*half_pixel_centers).into());
            }
            OpKind::Softmax { beta } => self.number(beta.to_bits() as usize),
            OpKind::Unary { .. } | OpKind::Reshape | OpKind::Quantize | OpKind::Dequantize => {}
        }
    }
}
