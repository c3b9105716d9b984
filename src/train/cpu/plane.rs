//! Geometry of a windowed operator on one image.

use std::ops::Range;

use crate::network::float::Value;
use crate::network::{Hw, Window};

/// Sizes of one windowed operator; images are HWC.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plane {
    pub x: Hw,
    pub out: Hw,
    pub filter: Hw,
    pub window: Window,
    /// Channels of the input.
    pub depth: usize,
}

impl Plane {
    pub fn new(x: &Value, out: &Value, filter: Hw, window: Window) -> Self {
        let hw = |value: &Value| Hw { h: value.shape[1], w: value.shape[2] };
        Self { x: hw(x), out: hw(out), filter, window, depth: x.channels() }
    }

    /// A 1x1 filter that visits each pixel once.
    pub fn pointwise(&self) -> bool {
        let one = Hw { h: 1, w: 1 };
        self.filter == one && self.window.stride == one && self.x == self.out
    }

    /// Elements of one input image.
    pub fn elements(&self) -> usize {
        self.x.h * self.x.w * self.depth
    }

    /// Rows of the filter that lie inside the image for an output row.
    #[inline(always)]
    pub fn rows(&self, y: usize) -> Range<usize> {
        let window = &self.window;
        taps(y * window.stride.h, window.pads.top, window.dilation.h, self.filter.h, self.x.h)
    }

    /// Columns of the filter that lie inside the image for an output column.
    #[inline(always)]
    pub fn columns(&self, x: usize) -> Range<usize> {
        let window = &self.window;
        taps(x * window.stride.w, window.pads.left, window.dilation.w, self.filter.w, self.x.w)
    }

    /// The input pixel under a tap that lies inside the image.
    #[inline(always)]
    pub fn pixel(&self, y: usize, ky: usize, x: usize, kx: usize) -> usize {
        let window = &self.window;
        let row = y * window.stride.h + ky * window.dilation.h - window.pads.top;
        let column = x * window.stride.w + kx * window.dilation.w - window.pads.left;
        row * self.x.w + column
    }
}

/// Taps `k` with `0 <= start + k * dilation - pad < size`.
#[inline(always)]
fn taps(start: usize, pad: usize, dilation: usize, filter: usize, size: usize) -> Range<usize> {
    let first = pad.saturating_sub(start).div_ceil(dilation);
    let end = (size + pad).saturating_sub(start).div_ceil(dilation).min(filter);
    first.min(end)..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taps_are_those_inside() {
        for (start, pad, dilation, filter, size) in
            [(0, 1, 1, 3, 5), (4, 1, 1, 3, 5), (0, 4, 2, 5, 6), (3, 3, 1, 7, 4), (9, 0, 1, 3, 4)]
        {
            let inside = |k: &usize| (pad..size + pad).contains(&(start + k * dilation));
            let expected: Vec<usize> = (0..filter).filter(inside).collect();
            assert_eq!(taps(start, pad, dilation, filter, size).collect::<Vec<_>>(), expected);
        }
    }
}
