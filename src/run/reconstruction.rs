//! What an image says of a network that reconstructs its input, as the reference of MLPerf Tiny's `ad01` computes it
//! (`submitter_implemented.cpp`): it quantises real numbers, and gives the mean squared error of the output.

use crate::network::{DType, Tensor};

/// Scales of input and output.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reconstruction {
    input: (f32, i32),
    output: (f32, i32),
}

impl Reconstruction {
    /// None where the output is none of the input.
    pub(super) fn of(input: &Tensor, output: &Tensor) -> Option<Self> {
        let scale = |tensor: &Tensor| {
            let quant = tensor.quant.as_ref()?;
            Some((*quant.scale.first()?, *quant.zero_point.first()?))
        };
        let alike = (input.dtype, output.dtype) == (DType::I8, DType::I8) && input.elements() == output.elements();
        alike.then_some(Self { input: scale(input)?, output: scale(output)? })
    }

    /// To the nearest, halves away from zero.
    pub(super) fn quantised(self, sent: &[f32]) -> Vec<u8> {
        let (scale, zero) = self.input;
        let level = |x: &f32| ((x / scale).clamp(-4096.0, 4096.0).round() as i32 + zero).clamp(-128, 127) as i8 as u8;
        sent.iter().map(level).collect()
    }

    pub(super) fn error(self, sent: &[f32], output: &[u8]) -> f64 {
        let (scale, zero) = self.output;
        let square = |(x, level): (&f32, &u8)| {
            let difference = (i32::from(*level as i8) - zero) as f32 * scale - x;
            f64::from(difference) * f64::from(difference)
        };
        sent.iter().zip(output).map(square).sum::<f64>() / sent.len().max(1) as f64
    }

    /// Three decimals, and what an image may be off by that quantises by a product, not by a quotient: some of its inputs are
    /// a step away.
    pub(super) fn tolerance(error: f64) -> f64 {
        0.000_5 + 0.02 * error
    }
}

/// Little-endian numbers in single precision.
pub(super) fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Quantization;

    fn tensor(scale: f32, zero: i32, elements: usize) -> Tensor {
        let quant = Some(Quantization { scale: vec![scale], zero_point: vec![zero], axis: 0 });
        Tensor { name: "t".into(), shape: vec![1, elements], dtype: DType::I8, quant, data: None }
    }

    #[test]
    fn numbers_are_quantised_and_held_against_the_output() {
        let both = Reconstruction::of(&tensor(0.5, 3, 5), &tensor(0.25, -1, 5)).expect("a reconstruction");
        let sent = [0.25f32, -0.25, 0.24, 1e9, f32::NAN];
        let bytes: Vec<u8> = sent.iter().flat_map(|x| x.to_le_bytes()).collect();
        assert_eq!(floats(&bytes)[..4], sent[..4]);
        assert_eq!(both.quantised(&sent), [4, 2, 3, 127, 3]);
        // 0.25 - 0.25, then 0.75 + 0.25.
        assert_eq!(both.error(&sent[..2], &[0, 2]), 0.5);
        assert!(Reconstruction::of(&tensor(0.5, 3, 5), &tensor(0.25, -1, 4)).is_none());
    }
}
