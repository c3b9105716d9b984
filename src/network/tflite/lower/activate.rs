//! Functions of one value that stand alone.

use super::{Lowering, Problem, ensure};
use crate::network::derive::Activation;
use crate::network::{Clamp, DType, OpKind, Quantization, Tensor, Unary};

impl Lowering<'_> {
    /// A rectifier is a requantisation, where the scales differ, and a clamp. TFLM's RELU6 does not scale; this one does,
    /// as TFLite's.
    pub(super) fn rectify(&mut self, activation: Activation) -> Result<(), Problem> {
        self.int8()?;
        let (x, out) = (self.x(), self.out());
        let clamps = activation.clamp(out) != Clamp { min: -128, max: 127 };
        if x.quant == out.quant && !clamps {
            return self.reshape();
        }
        self.unary(Unary::Rectifier(activation))
    }

    pub(super) fn leaky_relu(&mut self) -> Result<(), Problem> {
        let alpha = self.operator.options.map_or(Ok(0.0), |options| options.f32(0))?;
        ensure(alpha.is_finite(), "its slope must be finite")?;
        self.unary(Unary::LeakyRelu { alpha })
    }

    /// The function as a table.
    pub(super) fn unary(&mut self, function: Unary) -> Result<(), Problem> {
        self.int8()?;
        let (x, out) = (self.x(), self.out());
        ensure(x.elements() == out.elements(), "input and output must have as many elements")?;
        let table = function.table(x, out).map_err(|problem| Problem::Text(problem.into()))?;
        let Some(input) = self.id(0) else { return Err(Problem::Text("it has no input".into())) };
        self.spend(table.len())?;
        let table = Tensor {
            name: format!("{}/table", self.out().name),
            shape: vec![table.len()],
            dtype: DType::I8,
            quant: self.out().quant.clone().map(|quant| Quantization { axis: 0, ..quant }),
            data: Some(table.as_slice().into()),
        };
        let table = self.new_tensor(table);
        self.push_op(OpKind::Unary { function }, vec![input, table], self.operator.outputs[0]);
        Ok(())
    }
}
