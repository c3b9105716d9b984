//! Operators that move elements, and those that interpolate between them.

use super::super::derive::Bilinear;
use super::super::{Rearrangement, Tensor};
use super::Operand;
use super::window::{map_outputs, pixel};

/// Operands one after another along `axis`.
pub(super) fn concat(operands: &[Operand], out: &Tensor, axis: usize) -> Vec<u8> {
    let outer: usize = out.shape[..axis].iter().product();
    let block = |operand: &Operand, index: usize| {
        let bytes = operand.bytes.len() / outer.max(1);
        operand.bytes[index * bytes..(index + 1) * bytes].to_vec()
    };
    (0..outer).flat_map(|index| operands.iter().flat_map(move |operand| block(operand, index))).collect()
}

/// Elements at other places. Import has checked that the shapes fit.
pub(super) fn rearrange(x: Operand, out: &Tensor, rearrangement: &Rearrangement) -> Vec<u8> {
    let size = x.tensor.dtype.bytes();
    let element = |at: usize| x.bytes[at * size..(at + 1) * size].to_vec();
    if let Some([rows, columns]) = rearrangement.nearest(&x.tensor.shape, &out.shape) {
        let channels = 0..out.shape[3];
        let at = |(n, y, col, c)| pixel(x.tensor, n, rows[y], columns[col]) + c;
        let all = (0..out.shape[0]).flat_map(|n| (0..rows.len()).map(move |y| (n, y)));
        let all = all.flat_map(|(n, y)| (0..columns.len()).map(move |col| (n, y, col)));
        let all = all.flat_map(|(n, y, col)| channels.clone().map(move |c| (n, y, col, c)));
        return all.map(at).flat_map(element).collect();
    }
    let walk = rearrangement.walk(&x.tensor.shape, &out.shape).unwrap_or_default();
    walk.positions().into_iter().flat_map(element).collect()
}

/// In 10 bits of fraction, halves away from zero.
pub(super) fn bilinear(x: Operand, out: &Tensor, align_corners: bool, half_pixel_centers: bool) -> Vec<u8> {
    let side = |axis: usize| Bilinear::new(x.tensor.shape[axis], out.shape[axis], align_corners, half_pixel_centers);
    let (rows, columns) = (side(1), side(2));
    map_outputs(out, |n, y, col, c| {
        let ((y0, y1, fy), (x0, x1, fx)) = (rows.at(y), columns.at(col));
        let value = |iy, ix| i64::from(x.i8(pixel(x.tensor, n, iy, ix) + c));
        let (up, left) = (i64::from(Bilinear::ONE - fy), i64::from(Bilinear::ONE - fx));
        let (down, right) = (i64::from(fy), i64::from(fx));
        let sum = value(y0, x0) * up * left
            + value(y1, x0) * down * left
            + value(y0, x1) * up * right
            + value(y1, x1) * down * right;
        let half = if sum > 0 { 1 << 19 } else { -(1 << 19) };
        ((sum + half) / (1 << 20)) as i8 as u8
    })
}
