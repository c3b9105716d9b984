//! Scratch memory of the library's functions.

use super::super::kernel::{self, Kernel};

const INT16: usize = 2;
const INT32: usize = 4;

/// Bytes of scratch memory that a kernel needs whose input has `channels` channels.
///
/// It is what the `*_get_buffer_size` functions of CMSIS-NN 4.0.0 return on cores with the DSP extension and without
/// MVE; `tests/baseline_cmsis_nn.rs` compares both.
pub fn scratch_bytes(kernel: &Kernel, channels: usize) -> usize {
    match kernel {
        Kernel::Conv1x1(conv) | Kernel::Conv(conv) if is_matrix_product(conv) => 0,
        // Two columns, widened.
        Kernel::Conv1x1(conv) | Kernel::Conv(conv) => 2 * channels * conv.filter.w * conv.filter.h * INT16,
        // `arm_depthwise_conv_wrapper_s8` asks for a column even where the kernel that it chooses needs none.
        Kernel::Depthwise(depthwise) if depthwise.multiplier == 1 && is_dense(&depthwise.window) => {
            channels * depthwise.filter.w * depthwise.filter.h * INT16
        }
        // One sum per channel.
        Kernel::AveragePool(_) => channels * INT32,
        _ => 0,
    }
}

/// The condition of `arm_convolve_wrapper_s8` for its 1x1 kernels, which looks at the top and left padding alone.
pub(super) fn is_matrix_product(conv: &kernel::Conv) -> bool {
    let pads = conv.window.pads;
    pads.left == 0 && pads.top == 0 && conv.filter.w == 1 && conv.filter.h == 1 && is_dense(&conv.window)
}

pub(super) fn is_dense(window: &crate::network::Window) -> bool {
    window.dilation.w == 1 && window.dilation.h == 1
}
