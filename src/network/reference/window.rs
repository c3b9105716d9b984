//! Convolution, depthwise convolution and fully connected.

use super::super::derive::{channel_requants, dense_requants};
use super::super::{Clamp, Tensor, Window};
use super::Operand;

/// NHWC input, OHWI filter, one i32 bias per output channel.
pub(super) fn conv(x: Operand, filter: Operand, bias: Operand, out: &Tensor, window: &Window, clamp: Clamp) -> Vec<u8> {
    let f = &filter.tensor.shape;
    let (fh, fw, depth) = (f[1], f[2], f[3]);
    let groups = x.tensor.shape[3] / depth;
    let per_group = f[0] / groups.max(1);
    let requants = channel_requants(x.tensor, filter.tensor, out);
    let zero = x.tensor.zero_point();
    map_outputs(out, |n, y, col, c| {
        let mut acc = bias.i32(c);
        taps(x.tensor, window, fh, fw, y, col, |ky, kx, iy, ix| {
            let from = pixel(x.tensor, n, iy, ix) + (c / per_group) * depth;
            let weights = ((c * fh + ky) * fw + kx) * depth;
            for k in 0..depth {
                acc = acc.wrapping_add((x.i8(from + k) - zero) * filter.i8(weights + k));
            }
        });
        finish(requants[c].apply(acc), out, clamp)
    })
}

/// NHWC input, 1HWC filter; output channel `c` reads input channel `c / multiplier`.
pub(super) fn depthwise(
    x: Operand,
    filter: Operand,
    bias: Operand,
    out: &Tensor,
    window: &Window,
    multiplier: usize,
    clamp: Clamp,
) -> Vec<u8> {
    let f = &filter.tensor.shape;
    let requants = channel_requants(x.tensor, filter.tensor, out);
    let zero = x.tensor.zero_point();
    map_outputs(out, |n, y, col, c| {
        let mut acc = bias.i32(c);
        taps(x.tensor, window, f[1], f[2], y, col, |ky, kx, iy, ix| {
            let value = x.i8(pixel(x.tensor, n, iy, ix) + c / multiplier) - zero;
            acc = acc.wrapping_add(value * filter.i8((ky * f[2] + kx) * f[3] + c));
        });
        finish(requants[c].apply(acc), out, clamp)
    })
}

/// Rows of `I` inputs, an `O`×`I` filter.
pub(super) fn fully_connected(x: Operand, filter: Operand, bias: Operand, out: &Tensor, clamp: Clamp) -> Vec<u8> {
    let (rows_out, depth) = (filter.tensor.shape[0], filter.tensor.shape[1]);
    let requants = dense_requants(x.tensor, filter.tensor, out);
    let (zero, filter_zero) = (x.tensor.zero_point(), filter.tensor.zero_point());
    (0..out.elements())
        .map(|index| {
            let (row, o) = (index / rows_out, index % rows_out);
            let mut acc = bias.i32(o);
            for k in 0..depth {
                let product = (x.i8(row * depth + k) - zero) * (filter.i8(o * depth + k) - filter_zero);
                acc = acc.wrapping_add(product);
            }
            finish(requants[o].apply(acc), out, clamp)
        })
        .collect()
}

fn finish(scaled: i32, out: &Tensor, clamp: Clamp) -> u8 {
    scaled.saturating_add(out.zero_point()).max(clamp.min).min(clamp.max) as i8 as u8
}

/// Calls `value(n, y, x, c)` for each element of an NHWC tensor, in order.
pub(super) fn map_outputs(out: &Tensor, mut value: impl FnMut(usize, usize, usize, usize) -> u8) -> Vec<u8> {
    let s = &out.shape;
    let mut bytes = Vec::with_capacity(out.elements());
    for n in 0..s[0] {
        for y in 0..s[1] {
            for x in 0..s[2] {
                for c in 0..s[3] {
                    bytes.push(value(n, y, x, c));
                }
            }
        }
    }
    bytes
}

/// Index of channel 0 of a pixel.
pub(super) fn pixel(x: &Tensor, n: usize, iy: usize, ix: usize) -> usize {
    ((n * x.shape[1] + iy) * x.shape[2] + ix) * x.shape[3]
}

/// Calls `tap(ky, kx, iy, ix)` for each filter tap of output pixel (y, col) that falls inside the input.
pub(super) fn taps(
    x: &Tensor,
    window: &Window,
    fh: usize,
    fw: usize,
    y: usize,
    col: usize,
    mut tap: impl FnMut(usize, usize, usize, usize),
) {
    for ky in 0..fh {
        let Some(iy) = (y * window.stride.h + ky * window.dilation.h).checked_sub(window.pads.top) else { continue };
        for kx in 0..fw {
            let ix = (col * window.stride.w + kx * window.dilation.w).checked_sub(window.pads.left);
            match ix {
                Some(ix) if iy < x.shape[1] && ix < x.shape[2] => tap(ky, kx, iy, ix),
                _ => {}
            }
        }
    }
}
