//! Depthwise convolution of one image, forwards and backwards.
//!
//! Channels run fastest, so that a vector holds neighbouring channels of one pixel; a block of them is summed in
//! registers over all taps.

use super::plane::Plane;
use super::vector::vectorised;

/// Runs `$body` for each block of channels with `W` as its width and `$c` as its first channel.
macro_rules! blocks {
    ($channels:expr, $c:ident, $W:ident, $body:block) => {{
        let mut $c = 0;
        while $c < $channels {
            match $channels - $c {
                32.. => {
                    const $W: usize = 32;
                    $body
                    $c += $W;
                }
                16.. => {
                    const $W: usize = 16;
                    $body
                    $c += $W;
                }
                8.. => {
                    const $W: usize = 8;
                    $body
                    $c += $W;
                }
                _ => {
                    const $W: usize = 1;
                    $body
                    $c += $W;
                }
            }
        }
    }};
}

vectorised! {
    /// `to = filter * x`; the filter is HWC.
    pub(super) fn forward(plane: &Plane, x: &[f32], filter: &[f32], to: &mut [f32]) {
        let channels = plane.depth;
        for y in 0..plane.out.h {
            for column in 0..plane.out.w {
                let pixel = &mut to[(y * plane.out.w + column) * channels..][..channels];
                let (rows, columns) = (plane.rows(y), plane.columns(column));
                blocks!(channels, c, W, {
                    let mut sums = [0f32; W];
                    for ky in rows.clone() {
                        for kx in columns.clone() {
                            let x = &x[plane.pixel(y, ky, column, kx) * channels + c..][..W];
                            let weights = &filter[(ky * plane.filter.w + kx) * channels + c..][..W];
                            multiply_add(&mut sums, x, weights);
                        }
                    }
                    pixel[c..c + W].copy_from_slice(&sums);
                });
            }
        }
    }
}

vectorised! {
    /// Adds to `dx` what `dy` says of the input.
    pub(super) fn backward_input(plane: &Plane, dy: &[f32], filter: &[f32], dx: &mut [f32]) {
        let channels = plane.depth;
        for y in 0..plane.out.h {
            let rows = plane.rows(y);
            for column in 0..plane.out.w {
                let dy = &dy[(y * plane.out.w + column) * channels..][..channels];
                for ky in rows.clone() {
                    for kx in plane.columns(column) {
                        let dx = &mut dx[plane.pixel(y, ky, column, kx) * channels..][..channels];
                        let weights = &filter[(ky * plane.filter.w + kx) * channels..][..channels];
                        for ((dx, dy), weight) in dx.iter_mut().zip(dy).zip(weights) {
                            *dx += dy * weight;
                        }
                    }
                }
            }
        }
    }
}

vectorised! {
    /// Adds to `dw` what `dy` says of the filter.
    pub(super) fn backward_filter(plane: &Plane, x: &[f32], dy: &[f32], dw: &mut [f32]) {
        let channels = plane.depth;
        for ky in 0..plane.filter.h {
            for kx in 0..plane.filter.w {
                let inside = |y: usize| plane.rows(y).contains(&ky);
                // Columns under which the tap lies inside are neighbours.
                let mut columns = (0..plane.out.w).filter(|column| plane.columns(*column).contains(&kx));
                let first = columns.next();
                let Some(first) = first else { continue };
                let end = columns.last().unwrap_or(first) + 1;
                let dw = &mut dw[(ky * plane.filter.w + kx) * channels..][..channels];
                blocks!(channels, c, W, {
                    let mut sums = [0f32; W];
                    for y in (0..plane.out.h).filter(|y| inside(*y)) {
                        let from = plane.pixel(y, ky, first, kx) * channels;
                        let x = x[from..].chunks(plane.window.stride.w * channels);
                        let dy = dy[(y * plane.out.w + first) * channels..(y * plane.out.w + end) * channels]
                            .chunks_exact(channels);
                        for (x, dy) in x.zip(dy) {
                            multiply_add(&mut sums, &x[c..c + W], &dy[c..c + W]);
                        }
                    }
                    for (dw, sum) in dw[c..c + W].iter_mut().zip(sums) {
                        *dw += sum;
                    }
                });
            }
        }
    }
}

#[inline(always)]
fn multiply_add<const W: usize>(sums: &mut [f32; W], a: &[f32], b: &[f32]) {
    for w in 0..W {
        sums[w] += a[w] * b[w];
    }
}
