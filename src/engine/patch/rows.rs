//! Rows of a map, and which rows of its operands an operator needs.

use super::super::kernel::{self, Kernel};
use crate::network::{DType, Hw, Network, TensorId, Window};

/// Rows from `first` to `end`, exclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rows {
    pub first: usize,
    pub end: usize,
}

impl Rows {
    pub fn count(self) -> usize {
        self.end - self.first
    }

    /// The fewest adjoining rows that hold both.
    pub(super) fn with(self, other: Self) -> Self {
        Self { first: self.first.min(other.first), end: self.end.max(other.end) }
    }
}

/// How far an operator reaches along the rows of its operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    /// Rows from the first tap to the last, both inclusive.
    pub taps: usize,
    pub stride: usize,
    /// Rows of padding above.
    pub top: usize,
    /// Rows of the operands.
    pub height: usize,
}

impl Reach {
    /// Element by element.
    const POINTWISE: Self = Self { taps: 1, stride: 1, top: 0, height: usize::MAX };

    fn of(filter: Hw, window: &Window, height: usize) -> Self {
        let taps = (filter.h.max(1) - 1) * window.dilation.h + 1;
        Self { taps, stride: window.stride.h, top: window.pads.top, height }
    }

    /// Whether each row is read for the very row of the output.
    pub fn is_pointwise(&self) -> bool {
        (self.taps, self.stride, self.top) == (1, 1, 0)
    }

    /// Rows that are read for the rows `out`; none where they would all be padding.
    pub fn reads(&self, out: Rows) -> Option<Rows> {
        let first = (out.first * self.stride).saturating_sub(self.top);
        let end = ((out.end - 1) * self.stride + self.taps).saturating_sub(self.top).min(self.height);
        (first < end).then_some(Rows { first, end })
    }

    /// Rows of padding above what [`Self::reads`] gives.
    pub fn padding(&self, out: Rows) -> usize {
        self.top.saturating_sub(out.first * self.stride)
    }
}

/// An operand of an operator.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read {
    pub tensor: TensorId,
    /// Bytes of a row.
    pub row_bytes: usize,
    pub reach: Reach,
}

/// An operator that can be computed row by row.
#[derive(Debug, Clone)]
pub(super) struct RowOp {
    /// What it reads, the map that its window slides over first: two where it adds, else one.
    pub reads: Vec<Read>,
    pub output: TensorId,
    /// Bytes of a row of the output.
    pub row_bytes: usize,
    /// Rows of the output.
    pub height: usize,
    /// Pixels of a row of the output.
    pub width: usize,
    /// Whether it writes over the first of what it reads, each row as it is read.
    pub spoils: bool,
    /// Multiply-accumulates of a row of the output.
    pub macs: u64,
}

impl RowOp {
    /// Operator `index` of `network`, unless its kernel takes only whole maps.
    pub fn of(network: &Network, index: usize, kernel: &Kernel) -> Option<Self> {
        let op = network.ops.get(index)?;
        let x = network.tensor(*op.inputs.first()?);
        let out = network.tensor(op.output);
        let ([1, in_h, in_w, in_c], [1, height, width, channels]) = (x.shape.as_slice(), out.shape.as_slice()) else {
            return None;
        };
        let bytes = |dtype: DType| if dtype == DType::F32 || dtype == DType::I32 { None } else { Some(1) };
        let windowed = |filter: Hw, window: &Window| {
            let flat = kernel::is_column(filter, window, (*in_w, *width));
            (!flat).then(|| Reach::of(filter, window, *in_h))
        };
        let mut others = Vec::new();
        let reach = match kernel {
            Kernel::Conv(conv) | Kernel::Conv1x1(conv) => windowed(conv.filter, &conv.window)?,
            Kernel::Depthwise(depthwise) => windowed(depthwise.filter, &depthwise.window)?,
            Kernel::AveragePool(pool) | Kernel::MaxPool(pool) => windowed(pool.filter, &pool.window)?,
            Kernel::Add(_) => {
                others.push(*op.inputs.get(1)?);
                if network.tensor(others[0]).shape != x.shape {
                    return None;
                }
                Reach::POINTWISE
            }
            Kernel::Lookup(_) => Reach::POINTWISE,
            Kernel::Quantize(quantize) if quantize.requant.is_some() => Reach::POINTWISE,
            _ => return None,
        };
        others.extend(kernel.sum().map(|sum| sum.other));
        let constant = |id: &TensorId| network.tensor(*id).data.is_some();
        if *height == 0 || *width == 0 || *in_h == 0 || constant(&op.inputs[0]) || others.iter().any(constant) {
            return None;
        }
        let row_bytes = width * channels * bytes(out.dtype)?;
        let first = Read { tensor: op.inputs[0], row_bytes: in_w * in_c * bytes(x.dtype)?, reach };
        // They are added element by element to what is written.
        let others = others.into_iter().map(|tensor| Read { tensor, row_bytes, reach: Reach::POINTWISE });
        Some(Self {
            reads: std::iter::once(first).chain(others).collect(),
            output: op.output,
            row_bytes,
            height: *height,
            width: *width,
            spoils: kernel.sum().is_some(),
            macs: network.op_macs(op) / *height as u64,
        })
    }
}

impl RowOp {
    /// Of its window.
    pub fn reach(&self) -> Reach {
        self.reads[0].reach
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn borders_have_padding_and_inner_rows_have_none() {
        let reach = Reach { taps: 5, stride: 2, top: 2, height: 16 };
        assert_eq!(reach.reads(Rows { first: 0, end: 2 }), Some(Rows { first: 0, end: 5 }));
        assert_eq!(reach.padding(Rows { first: 0, end: 2 }), 2);
        assert_eq!(reach.reads(Rows { first: 3, end: 4 }), Some(Rows { first: 4, end: 9 }));
        assert_eq!(reach.padding(Rows { first: 3, end: 4 }), 0);
        assert_eq!(reach.reads(Rows { first: 7, end: 8 }), Some(Rows { first: 12, end: 16 }));
        assert_eq!(reach.reads(Rows { first: 9, end: 10 }), None);
    }
}
