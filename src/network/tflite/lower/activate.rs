//! Activations that stand alone.

use super::{Lowering, Problem, ensure};
use crate::network::derive::Activation;
use crate::network::{Clamp, Hw, OpKind, Pads, Tensor, Window};

impl Lowering<'_> {
    /// A rectifier is a requantisation, where the scales differ, and a clamp. The graph has no clamp of its own: a
    /// maximum over one pixel does the same.
    pub(super) fn rectify(&mut self, activation: Activation) -> Result<(), Problem> {
        self.int8()?;
        let (x, out) = (self.x(), self.out());
        ensure(x.elements() == out.elements(), "input and output must have as many elements")?;
        let alike = x.quant == out.quant;
        // The reference's RELU6 does not scale.
        ensure(alike || activation == Activation::Relu, "input and output must have the same scale")?;
        let clamp = activation.clamp(out);
        let (elements, output) = (out.elements(), self.operator.outputs[0]);
        let Some(input) = self.id(0) else { return Err(Problem::Text("it has no input".into())) };
        let clamps = clamp != Clamp { min: -128, max: 127 };
        match (alike, clamps) {
            (false, false) => self.push_op(OpKind::Quantize, vec![input], output),
            (true, false) => self.push_op(OpKind::Reshape, vec![input], output),
            (_, true) => {
                let out = self.out().clone();
                let flat = |name: &str| Tensor {
                    name: format!("{}_{name}", out.name),
                    shape: vec![1, 1, 1, elements],
                    ..out.clone()
                };
                let (scaled, clamped) = (self.new_tensor(flat("scaled")), self.new_tensor(flat("clamped")));
                self.push_op(if alike { OpKind::Reshape } else { OpKind::Quantize }, vec![input], scaled);
                let one = Hw { h: 1, w: 1 };
                let window = Window { stride: one, dilation: one, pads: Pads::default() };
                self.push_op(OpKind::MaxPool2d { filter: one, window, clamp }, vec![scaled], clamped);
                self.push_op(OpKind::Reshape, vec![clamped], output);
            }
        }
        Ok(())
    }
}
