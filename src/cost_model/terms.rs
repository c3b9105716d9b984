//! What the cycles of a step may be a sum of: trip counts of loops and bytes that pass through the memories.
//!
//! The terms are the same for all kernels; which of them count for a kernel is learned. None is negative.

use super::facts::Facts;
use crate::engine::Work;

pub const COUNT: usize = 18;

/// Share of `bytes` that a cache of `size` bytes does not hold when they are read again and again.
fn missing(bytes: f64, size: f64) -> f64 {
    if size <= 0.0 { 1.0 } else { ((bytes - size) / size).clamp(0.0, 1.0) }
}

/// The terms of `work` on the board of these facts.
pub fn terms(work: &Work, facts: &Facts) -> [f64; COUNT] {
    let g = &work.geometry;
    let [in_h, in_w, in_c] = g.input.map(|n| n as f64);
    let [out_h, out_w, out_c] = g.output.map(|n| n as f64);
    let [filter_h, filter_w] = g.filter.map(|n| n as f64);
    let (pixels, outputs, inputs) = (out_h * out_w, out_h * out_w * out_c, in_h * in_w * in_c);
    let taps = filter_h * filter_w;
    let depth = taps * g.depth.max(1) as f64;
    let macs = outputs * taps * g.depth as f64;
    let ragged = (g.output[0] * g.output[1] % 4) as f64;
    // What streams from flash: once, or again for every block of pixels where no cache holds it.
    let constants = work.constant_bytes as f64;
    let passes = (pixels / 4.0).ceil();
    let again = constants * passes.max(1.0) * missing(constants + work.scratch_bytes as f64, facts.data_cache);
    let wait = facts.flash_wait / facts.flash_line.max(1.0);
    // Channel by channel, neighbours are lines apart.
    let strided = inputs * missing(inputs + outputs, facts.ram_cache) * facts.ram_fill;
    [
        1.0,
        pixels,
        out_c,
        outputs,
        macs,
        pixels * depth,
        inputs,
        out_c * out_h,
        outputs * filter_h,
        outputs * filter_h * (filter_w / 2.0).ceil(),
        outputs * taps,
        out_c * depth,
        ragged * out_c * depth,
        (g.output[2] % 2) as f64 * pixels * depth,
        constants * wait,
        again * wait,
        strided,
        (inputs + outputs) * facts.ram_fill,
    ]
}
