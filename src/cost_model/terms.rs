//! What the cycles of a step may be a sum of: trip counts of loops and bytes that pass through the memories.
//!
//! The terms are the same for all kernels; which of them count for a kernel is learned. None is negative.

use super::facts::Facts;
use crate::engine::Work;

pub const COUNT: usize = 20;

/// Share of `bytes` that a cache of `size` bytes does not hold when they are read again and again.
fn missing(bytes: f64, size: f64) -> f64 {
    if size <= 0.0 { 1.0 } else { ((bytes - size) / size).clamp(0.0, 1.0) }
}

/// The terms of `work` on the board of these facts.
pub fn terms(work: &Work, facts: &Facts) -> [f64; COUNT] {
    let g = &work.geometry;
    // Each band is a call of its own, and rows that are computed again count again.
    let (calls, rows, moved) = work.bands.map_or((1.0, g.output[0] as f64, 0.0), |bands| {
        (bands.calls as f64, bands.rows as f64, bands.moved_bytes as f64)
    });
    let again = rows / (g.output[0] as f64).max(1.0);
    let [in_h, in_w, in_c] = g.input.map(|n| n as f64);
    let [_, out_w, out_c] = g.output.map(|n| n as f64);
    let [filter_h, filter_w] = g.filter.map(|n| n as f64);
    let (pixels, outputs, inputs) = (rows * out_w, rows * out_w * out_c, in_h * in_w * in_c * again);
    let taps = filter_h * filter_w;
    let depth = taps * g.depth.max(1) as f64;
    let macs = outputs * taps * g.depth as f64;
    let ragged = calls * ((rows / calls.max(1.0) * out_w) % 4.0).floor();
    // What streams from flash: once, or again for every block of pixels where no cache holds it.
    let constants = work.constant_bytes as f64 * calls;
    let passes = (pixels / calls.max(1.0) / 4.0).ceil();
    let repeated =
        constants * passes.max(1.0) * missing((work.constant_bytes + work.scratch_bytes) as f64, facts.data_cache);
    let wait = facts.flash_wait / facts.flash_line.max(1.0);
    // Channel by channel, neighbours are lines apart.
    let strided = inputs * missing((inputs + outputs) / calls.max(1.0), facts.ram_cache) * facts.ram_fill;
    [
        calls,
        pixels,
        out_c * calls,
        outputs,
        macs,
        pixels * depth,
        inputs,
        out_c * rows,
        outputs * filter_h,
        outputs * filter_h * (filter_w / 2.0).ceil(),
        outputs * taps,
        out_c * depth * calls,
        ragged * out_c * depth,
        (g.output[2] % 2) as f64 * pixels * depth,
        constants * wait,
        repeated * wait,
        strided,
        (inputs + outputs) * facts.ram_fill,
        moved,
        if work.adds() { outputs } else { 0.0 },
    ]
}
