//! Batch normalisation and the activation after it, over rows of channels.

use super::vector::vectorised;
use crate::network::derive::Activation;

/// Added to a variance before its root is taken: PyTorch's and burn's default.
pub(in crate::train) const EPSILON: f32 = 1e-5;

vectorised! {
    /// Adds the sum and the sum of squares of each channel.
    pub(super) fn sums(rows: &[f32], sum: &mut [f32], squares: &mut [f32]) {
        for row in rows.chunks_exact(sum.len()) {
            for ((value, sum), square) in row.iter().zip(sum.iter_mut()).zip(squares.iter_mut()) {
                *sum += value;
                *square += value * value;
            }
        }
    }
}

vectorised! {
    /// `to = clamp(rows * scale + shift)`.
    pub(super) fn apply(rows: &[f32], scale: &[f32], shift: &[f32], bounds: (f32, f32), to: &mut [f32]) {
        for (row, to) in rows.chunks_exact(scale.len()).zip(to.chunks_exact_mut(scale.len())) {
            for (((value, to), scale), shift) in row.iter().zip(to).zip(scale).zip(shift) {
                let value = value * scale + shift;
                let value = if value > bounds.0 { value } else { bounds.0 };
                *to = if value < bounds.1 { value } else { bounds.1 };
            }
        }
    }
}

vectorised! {
    /// Sets `dy` to 0 where the activation cut its output `y` off.
    pub(super) fn mask(dy: &mut [f32], y: &[f32], bounds: (f32, f32)) {
        for (dy, y) in dy.iter_mut().zip(y) {
            let passes = *y > bounds.0 && *y < bounds.1;
            *dy = if passes { *dy } else { 0.0 };
        }
    }
}

vectorised! {
    /// Adds the sum of `dy` and of `dy * x` of each channel.
    pub(super) fn product_sums(dy: &[f32], x: &[f32], sum: &mut [f32], product: &mut [f32]) {
        let channels = sum.len();
        for (dy, x) in dy.chunks_exact(channels).zip(x.chunks_exact(channels)) {
            for (((dy, x), sum), product) in dy.iter().zip(x).zip(sum.iter_mut()).zip(product.iter_mut()) {
                *sum += dy;
                *product += dy * x;
            }
        }
    }
}

vectorised! {
    /// `dy = dy * a + x * b + c`, a channel each.
    pub(super) fn combine(dy: &mut [f32], x: &[f32], a: &[f32], b: &[f32], c: &[f32]) {
        let channels = a.len();
        for (dy, x) in dy.chunks_exact_mut(channels).zip(x.chunks_exact(channels)) {
            for ((((dy, x), a), b), c) in dy.iter_mut().zip(x).zip(a).zip(b).zip(c) {
                *dy = *dy * a + x * b + c;
            }
        }
    }
}

/// Bounds of an activation; infinite where there are none.
pub(super) fn bounds(activation: Activation) -> (f32, f32) {
    activation.bounds().unwrap_or((f32::NEG_INFINITY, f32::INFINITY))
}
