//! Windows of one image: as rows of a matrix, and pooled.

use super::plane::Plane;

/// The taps of each output pixel as one row, zeros where a tap lies outside.
pub(super) fn unfold(plane: &Plane, x: &[f32]) -> Vec<f32> {
    let (depth, taps) = (plane.depth, plane.filter.h * plane.filter.w);
    let mut rows = vec![0.0; plane.out.h * plane.out.w * taps * depth];
    each_tap(plane, |out, tap, pixel| {
        let at = (out * taps + tap) * depth;
        rows[at..at + depth].copy_from_slice(&x[pixel * depth..(pixel + 1) * depth]);
    });
    rows
}

/// Adds the rows of [`unfold`] back to the pixels that they came from.
pub(super) fn fold(plane: &Plane, rows: &[f32], x: &mut [f32]) {
    let (depth, taps) = (plane.depth, plane.filter.h * plane.filter.w);
    each_tap(plane, |out, tap, pixel| {
        let from = &rows[(out * taps + tap) * depth..][..depth];
        x[pixel * depth..(pixel + 1) * depth].iter_mut().zip(from).for_each(|(x, row)| *x += row);
    });
}

/// Mean over the taps inside.
pub(super) fn average(plane: &Plane, x: &[f32], to: &mut [f32]) {
    let depth = plane.depth;
    each_tap(plane, |out, _, pixel| {
        let from = &x[pixel * depth..(pixel + 1) * depth];
        to[out * depth..(out + 1) * depth].iter_mut().zip(from).for_each(|(to, x)| *to += x);
    });
    for (out, pixel) in to.chunks_exact_mut(depth).enumerate() {
        let share = share(plane, out);
        pixel.iter_mut().for_each(|v| *v *= share);
    }
}

/// Gradient of [`average`].
pub(super) fn spread_average(plane: &Plane, dy: &[f32], dx: &mut [f32]) {
    let depth = plane.depth;
    each_tap(plane, |out, _, pixel| {
        let share = share(plane, out);
        let from = &dy[out * depth..(out + 1) * depth];
        dx[pixel * depth..(pixel + 1) * depth].iter_mut().zip(from).for_each(|(dx, dy)| *dx += dy * share);
    });
}

/// Largest of the taps inside.
pub(super) fn largest(plane: &Plane, x: &[f32], to: &mut [f32]) {
    let depth = plane.depth;
    to.fill(f32::NEG_INFINITY);
    each_tap(plane, |out, _, pixel| {
        let from = &x[pixel * depth..(pixel + 1) * depth];
        to[out * depth..(out + 1) * depth].iter_mut().zip(from).for_each(|(to, x)| *to = to.max(*x));
    });
}

/// Gradient of [`largest`]: the first of equal taps takes it all.
pub(super) fn spread_largest(plane: &Plane, x: &[f32], dy: &[f32], dx: &mut [f32]) {
    let depth = plane.depth;
    let mut best = vec![usize::MAX; dy.len()];
    each_tap(plane, |out, _, pixel| {
        for c in 0..depth {
            let (at, best) = (pixel * depth + c, &mut best[out * depth + c]);
            if *best == usize::MAX || x[at] > x[*best] {
                *best = at;
            }
        }
    });
    for (at, dy) in best.iter().zip(dy) {
        if let Some(dx) = dx.get_mut(*at) {
            *dx += dy;
        }
    }
}

fn share(plane: &Plane, out: usize) -> f32 {
    let (y, x) = (out / plane.out.w, out % plane.out.w);
    1.0 / (plane.rows(y).len() * plane.columns(x).len()).max(1) as f32
}

/// Calls `one(output pixel, tap, input pixel)` for each tap inside.
fn each_tap(plane: &Plane, mut one: impl FnMut(usize, usize, usize)) {
    for y in 0..plane.out.h {
        for column in 0..plane.out.w {
            for ky in plane.rows(y) {
                for kx in plane.columns(column) {
                    let pixel = plane.pixel(y, ky, column, kx);
                    one(y * plane.out.w + column, ky * plane.filter.w + kx, pixel);
                }
            }
        }
    }
}
