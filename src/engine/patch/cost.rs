//! Cycles of a kernel on some rows, as a weight for choosing between schedules: what a stage costs beyond whole maps.
//! They stand for a Cortex-M7 with its caches warm; only ratios count.

use super::super::kernel::Kernel;
use super::rows::RowOp;

/// Per multiply-accumulate of a matrix product, and of one whose pixels are no block of four.
const MATRIX_MAC: f64 = 0.55;
const SINGLE_MAC: f64 = 1.4;
/// Of minimal filtering per pair of output channels and block of four tiles: per input channel, and beside that.
const TILED_CHANNEL: f64 = 80.0;
const TILED_BLOCK: f64 = 220.0;
/// Per tile and input channel, and per tile and output channel: its transforms.
const TILED_INPUT: f64 = 20.0;
const TILED_OUTPUT: f64 = 34.0;
/// Per element that is gathered into a column.
const GATHER: f64 = 0.6;
/// Per multiply-accumulate and output of a depthwise convolution, and per element that is spread into a plane.
const PLANE_MAC: f64 = 0.7;
const PLANE_OUTPUT: f64 = 7.0;
const PLANE_SPREAD: f64 = 2.0;
/// Per channel of one call.
const PLANE_CHANNEL: f64 = 70.0;
/// Per element of an addition or a requantisation, and per tap of a pooling window.
const ELEMENT: f64 = 12.0;
/// Per element that is looked up.
const LOOKUP: f64 = 3.0;
/// Per byte that is moved.
const MOVE: f64 = 0.4;
/// Per call.
const CALL: f64 = 120.0;

/// Cycles of one call on `rows` of the output.
pub(super) fn call(op: &RowOp, kernel: &Kernel, rows: usize) -> f64 {
    let (rows, width) = (rows as f64, op.width as f64);
    let (outputs, macs) = (rows * op.row_bytes as f64, rows * op.macs as f64);
    CALL + match kernel {
        Kernel::Conv(conv) if conv.by_tiles() => {
            // Tiles are two rows high: a band of an odd number computes one that nobody reads.
            let tiles = (rows / 2.0).ceil() * (width / 2.0).ceil();
            let (depth, channels) = (conv.depth as f64, conv.requants.len() as f64);
            let pairs = (channels / 2.0).ceil();
            (tiles / 4.0).ceil() * pairs * (depth * TILED_CHANNEL + TILED_BLOCK)
                + tiles * (depth * TILED_INPUT + channels * TILED_OUTPUT)
        }
        Kernel::Conv(conv) | Kernel::Conv1x1(conv) => {
            let pixels = rows * width;
            let single = (pixels as usize % 4) as f64 / pixels.max(1.0);
            let column = (conv.filter.h * conv.filter.w * conv.depth) as f64;
            let added = if conv.sum.is_some() { outputs * ELEMENT } else { 0.0 };
            pixels * column * GATHER + macs * ((1.0 - single) * MATRIX_MAC + single * SINGLE_MAC) + added
        }
        Kernel::Depthwise(depthwise) => {
            let (reach, row) = (op.reach(), op.reads[0].row_bytes as f64);
            let read = ((rows - 1.0) * reach.stride as f64 + reach.taps as f64) * row;
            macs * PLANE_MAC
                + outputs * PLANE_OUTPUT
                + read * PLANE_SPREAD
                + depthwise.requants.len() as f64 * PLANE_CHANNEL
        }
        Kernel::AveragePool(pool) | Kernel::MaxPool(pool) => outputs * (pool.filter.h * pool.filter.w) as f64 * ELEMENT,
        Kernel::Lookup(_) => outputs * LOOKUP,
        _ => outputs * ELEMENT,
    }
}

/// Cycles of moving rows.
pub(super) fn keep(bytes: usize) -> f64 {
    CALL / 2.0 + bytes as f64 * MOVE
}
