//! Functions of two int8 values, and shapes that are repeated to a larger one.

use super::Tensor;
use super::derive::AddParams;
use super::requant::Requant;

/// A function of two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Binary {
    Add,
    Subtract,
    Multiply,
    /// Of numbers as they are stored: all three tensors have one scale.
    Maximum,
    /// Likewise.
    Minimum,
    /// `x`, or `alpha * x` where that is negative.
    Prelu,
    /// `(x - y)^2`.
    SquaredDifference,
}

impl Binary {
    /// The name used in tables, JSON and digests.
    pub fn name(self) -> &'static str {
        match self {
            Binary::Add => "add",
            Binary::Subtract => "subtract",
            Binary::Multiply => "multiply",
            Binary::Maximum => "maximum",
            Binary::Minimum => "minimum",
            Binary::Prelu => "prelu",
            Binary::SquaredDifference => "squared_difference",
        }
    }

    /// The same in integers. Products of scales are those that TFLM prepares (tensorflow/lite/micro/kernels).
    pub fn arithmetic(self, lhs: &Tensor, rhs: &Tensor, out: &Tensor) -> Arithmetic {
        let (a, b, c) = (lhs.scale(), rhs.scale(), out.scale());
        let product = Requant::new(f64::from(a) * f64::from(b) / f64::from(c));
        match self {
            Binary::Add => Arithmetic::Sum(AddParams::new(a, b, c)),
            Binary::Subtract => Arithmetic::Difference(AddParams::of_difference(a, b, c)),
            Binary::Multiply => Arithmetic::Product(product),
            Binary::Maximum => Arithmetic::Maximum,
            Binary::Minimum => Arithmetic::Minimum,
            Binary::SquaredDifference => Arithmetic::Square(AddParams::of_square(a, b, c)),
            Binary::Prelu => {
                Arithmetic::Prelu { positive: Requant::new(f64::from(a) / f64::from(c)), negative: product }
            }
        }
    }
}

/// What is computed of two values from which the zero points are subtracted; that of the output is still to be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    Sum(AddParams),
    Difference(AddParams),
    /// Of the difference, with [`AddParams::SQUARE_SHIFT`].
    Square(AddParams),
    Product(Requant),
    /// Of the values as they are, zero points included.
    Maximum,
    /// Likewise.
    Minimum,
    Prelu {
        positive: Requant,
        /// Of the product.
        negative: Requant,
    },
}

/// A dimension along which one element follows another in the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Axis {
    pub size: usize,
    /// Elements from one position to the next; 0 where the operand is repeated.
    pub lhs: usize,
    pub rhs: usize,
}

/// How two operands are repeated to the shape of the output: the fewest dimensions that say it, outermost first. None where
/// they do not fit it. Dimensions that an operand lacks are outermost.
pub fn broadcast(lhs: &[usize], rhs: &[usize], out: &[usize]) -> Option<Vec<Axis>> {
    let padded = |shape: &[usize]| -> Option<Vec<usize>> {
        let lead = out.len().checked_sub(shape.len())?;
        Some(vec![1; lead].into_iter().chain(shape.iter().copied()).collect())
    };
    let (lhs, rhs) = (padded(lhs)?, padded(rhs)?);
    let mut axes: Vec<Axis> = Vec::new();
    let (mut lhs_stride, mut rhs_stride) = (1, 1);
    for ((&size, &a), &b) in out.iter().zip(&lhs).zip(&rhs).rev() {
        let fits = |own: usize| own == size || own == 1;
        if !fits(a) || !fits(b) || size != a.max(b) {
            return None;
        }
        if size == 1 {
            continue;
        }
        let repeats = |own: usize, stride: usize| if own == 1 { 0 } else { stride };
        let axis = Axis { size, lhs: repeats(a, lhs_stride), rhs: repeats(b, rhs_stride) };
        // The one inside it goes on where it ends.
        match axes.last_mut() {
            Some(inner) if axis.lhs == inner.lhs * inner.size && axis.rhs == inner.rhs * inner.size => {
                inner.size *= size;
            }
            _ => axes.push(axis),
        }
        (lhs_stride, rhs_stride) = (lhs_stride * a, rhs_stride * b);
    }
    axes.reverse();
    Some(axes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axes(lhs: &[usize], rhs: &[usize], out: &[usize]) -> Option<Vec<(usize, usize, usize)>> {
        broadcast(lhs, rhs, out).map(|axes| axes.iter().map(|axis| (axis.size, axis.lhs, axis.rhs)).collect())
    }

    #[test]
    fn dimensions_that_repeat_alike_are_one() {
        assert_eq!(axes(&[1, 4, 5, 6], &[1, 4, 5, 6], &[1, 4, 5, 6]), Some(vec![(120, 1, 1)]));
        assert_eq!(axes(&[1, 4, 5, 6], &[1, 1, 1, 6], &[1, 4, 5, 6]), Some(vec![(20, 6, 0), (6, 1, 1)]));
        assert_eq!(axes(&[1, 4, 5, 6], &[], &[1, 4, 5, 6]), Some(vec![(120, 1, 0)]));
        assert_eq!(axes(&[5, 1], &[2, 1, 6], &[2, 5, 6]), Some(vec![(2, 0, 6), (5, 1, 0), (6, 0, 1)]));
        assert_eq!(axes(&[1], &[1], &[1, 1]), Some(vec![]));
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        assert_eq!(axes(&[4], &[4], &[1, 5]), None);
        assert_eq!(axes(&[2, 4], &[4], &[4]), None);
        assert_eq!(axes(&[1], &[1], &[3]), None);
    }
}
