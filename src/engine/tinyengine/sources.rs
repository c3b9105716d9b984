//! The kernels that generated networks call, as text: they are part of what is compiled.

use super::Source;

macro_rules! kernel {
    ($name:literal) => {
        ($name, include_str!(concat!("../../../firmware/kernels/", $name)))
    };
}

const KERNELS: [(&str, &str); 28] = [
    kernel!("hil_kernels.h"),
    kernel!("hil_internal.h"),
    kernel!("hil_band.h"),
    kernel!("hil_dsp.h"),
    kernel!("hil_requant.h"),
    kernel!("hil_matrix.c"),
    kernel!("hil_matrix.h"),
    kernel!("hil_plane.h"),
    kernel!("hil_row.c"),
    kernel!("hil_row.h"),
    kernel!("hil_small.c"),
    kernel!("hil_small.h"),
    kernel!("hil_sum.h"),
    kernel!("hil_winograd.c"),
    kernel!("hil_winograd.h"),
    kernel!("hil_add.c"),
    kernel!("hil_binary.c"),
    kernel!("hil_conv.c"),
    kernel!("hil_conv_1x1.c"),
    kernel!("hil_depthwise.c"),
    kernel!("hil_fully_connected.c"),
    kernel!("hil_lookup.c"),
    kernel!("hil_mean.c"),
    kernel!("hil_pad.c"),
    kernel!("hil_pool.c"),
    kernel!("hil_quantize.c"),
    kernel!("hil_rearrange.c"),
    kernel!("hil_softmax.c"),
];

/// Kernels and their headers.
pub(in crate::engine) fn kernels() -> impl Iterator<Item = Source> {
    KERNELS.iter().map(|(path, text)| Source { path: (*path).into(), text: (*text).into(), shared: true })
}
