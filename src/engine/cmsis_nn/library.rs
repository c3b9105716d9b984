//! The library's files.

use super::super::fetch::{Archive, Client, Store};
use super::super::interface::{EngineError, Source};
use super::super::tinyengine::kernels;

/// Release 4.0.0 of CMSIS-NN (commit ca5dc343, Apache-2.0) as a Python package carries it. Three files have one include
/// less than upstream's, one has a GCC attribute conditional; `BAKENN_PROVENANCE.md` inside says so.
pub(super) const WHEEL: Archive = Archive {
    title: "CMSIS-NN 4.0.0 (2022-11)",
    client: Client::Pip,
    package: "bakenn",
    version: "1.0.0",
    file: "bakenn-1.0.0-py3-none-any.whl",
    sha256: "b8251e71a8fc39252df0d308fe9a5837bd86f7a31f1596a7dd4a319196f30e56",
};

const VENDOR: &str = "bakenn/backend/cmsis_nn/vendor";

const FILES: [&str; 25] = [
    "cmsis_core/Include/cmsis_compiler.h",
    "cmsis_core/Include/cmsis_gcc.h",
    "cmsis_nn/Include/arm_nn_math_types.h",
    "cmsis_nn/Include/arm_nn_types.h",
    "cmsis_nn/Include/arm_nnfunctions.h",
    "cmsis_nn/Include/arm_nnsupportfunctions.h",
    "cmsis_nn/Source/ConvolutionFunctions/arm_convolve_1_x_n_s8.c",
    "cmsis_nn/Source/ConvolutionFunctions/arm_convolve_1x1_s8.c",
    "cmsis_nn/Source/ConvolutionFunctions/arm_convolve_1x1_s8_fast.c",
    "cmsis_nn/Source/ConvolutionFunctions/arm_convolve_s8.c",
    "cmsis_nn/Source/ConvolutionFunctions/arm_convolve_wrapper_s8.c",
    "cmsis_nn/Source/ConvolutionFunctions/arm_depthwise_conv_3x3_s8.c",
    "cmsis_nn/Source/ConvolutionFunctions/arm_depthwise_conv_s8.c",
    "cmsis_nn/Source/ConvolutionFunctions/arm_depthwise_conv_s8_opt.c",
    "cmsis_nn/Source/ConvolutionFunctions/arm_depthwise_conv_wrapper_s8.c",
    "cmsis_nn/Source/ConvolutionFunctions/arm_nn_mat_mult_kernel_s8_s16.c",
    "cmsis_nn/Source/ConvolutionFunctions/arm_nn_mat_mult_s8.c",
    "cmsis_nn/Source/FullyConnectedFunctions/arm_fully_connected_s8.c",
    "cmsis_nn/Source/NNSupportFunctions/arm_nn_mat_mul_core_1x_s8.c",
    "cmsis_nn/Source/NNSupportFunctions/arm_nn_mat_mul_core_4x_s8.c",
    "cmsis_nn/Source/NNSupportFunctions/arm_nn_mat_mult_nt_t_s8.c",
    "cmsis_nn/Source/NNSupportFunctions/arm_nn_vec_mat_mult_t_s8.c",
    "cmsis_nn/Source/NNSupportFunctions/arm_q7_to_q15_with_offset.c",
    "cmsis_nn/Source/PoolingFunctions/arm_avgpool_s8.c",
    "cmsis_nn/Source/PoolingFunctions/arm_max_pool_s8.c",
];

/// Kernels of ours that stand in for what the library lacks.
const OURS: [&str; 8] = [
    "hil_add.c",
    "hil_binary.c",
    "hil_lookup.c",
    "hil_mean.c",
    "hil_pad.c",
    "hil_quantize.c",
    "hil_rearrange.c",
    "hil_softmax.c",
];

const GLUE: &str = include_str!("../../../firmware/cmsis_nn/hil_cmsis_nn.h");

/// Everything that generated networks call. The library lies in one folder, where its includes find each other.
pub(super) fn sources(store: &Store) -> Result<Vec<Source>, EngineError> {
    let wanted: Vec<String> = FILES.iter().map(|file| format!("{VENDOR}/{file}")).collect();
    let library = store.get(&WHEEL)?.members(&wanted)?.into_iter().map(|member| {
        let name = member.path.rsplit('/').next().unwrap_or(&member.path);
        Source { path: format!("cmsis_nn/{name}"), text: member.text, shared: true }
    });
    let ours = kernels().filter(|source| source.path.ends_with(".h") || OURS.contains(&source.path.as_str()));
    let glue = Source { path: "hil_cmsis_nn.h".into(), text: GLUE.into(), shared: true };
    Ok(ours.chain([glue]).chain(library).collect())
}
