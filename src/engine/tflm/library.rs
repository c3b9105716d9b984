//! The library's files.

use super::super::fetch::{Archive, Client, Store};
use super::super::interface::{EngineError, Source};

/// TensorFlow at commit 33689c48 (July 2020, on the way to 2.3; Apache-2.0) with what it builds upon, as a crate carries
/// it.
pub(super) const CRATE: Archive = Archive {
    title: "TFLM 2.3 (2020-07), reference kernels",
    client: Client::Cargo,
    package: "tfmicro",
    version: "0.1.0",
    file: "tfmicro-0.1.0.crate",
    sha256: "b2da8beabd85d11badfc2d603a31c9fb468702cda5fc034ac872fbaf43544e94",
};

/// Where includes are looked for; the first is the root of most of them.
const ROOTS: [&str; 4] = [
    "tfmicro-0.1.0/submodules/tensorflow/",
    "tfmicro-0.1.0/submodules/tensorflow/tensorflow/lite/micro/tools/make/downloads/flatbuffers/include/",
    "tfmicro-0.1.0/submodules/tensorflow/tensorflow/lite/micro/tools/make/downloads/gemmlowp/",
    "tfmicro-0.1.0/submodules/tensorflow/tensorflow/lite/micro/tools/make/downloads/ruy/",
];

/// Files below a root. Kernels that a network does not use are compiled once and left out by the linker.
#[rustfmt::skip]
const FILES: &[(&str, &[&str])] = &[
    (ROOTS[0], &[
        "tensorflow/lite/c/builtin_op_data.h",
        "tensorflow/lite/c/common.c",
        "tensorflow/lite/c/common.h",
        "tensorflow/lite/core/api/error_reporter.cc",
        "tensorflow/lite/core/api/error_reporter.h",
        "tensorflow/lite/core/api/flatbuffer_conversions.cc",
        "tensorflow/lite/core/api/flatbuffer_conversions.h",
        "tensorflow/lite/core/api/op_resolver.cc",
        "tensorflow/lite/core/api/op_resolver.h",
        "tensorflow/lite/core/api/tensor_utils.cc",
        "tensorflow/lite/core/api/tensor_utils.h",
        "tensorflow/lite/kernels/internal/common.h",
        "tensorflow/lite/kernels/internal/compatibility.h",
        "tensorflow/lite/kernels/internal/cppmath.h",
        "tensorflow/lite/kernels/internal/optimized/neon_check.h",
        "tensorflow/lite/kernels/internal/quantization_util.cc",
        "tensorflow/lite/kernels/internal/quantization_util.h",
        "tensorflow/lite/kernels/internal/reference/add.h",
        "tensorflow/lite/kernels/internal/reference/concatenation.h",
        "tensorflow/lite/kernels/internal/reference/conv.h",
        "tensorflow/lite/kernels/internal/reference/depthwiseconv_float.h",
        "tensorflow/lite/kernels/internal/reference/depthwiseconv_uint8.h",
        "tensorflow/lite/kernels/internal/reference/dequantize.h",
        "tensorflow/lite/kernels/internal/reference/fully_connected.h",
        "tensorflow/lite/kernels/internal/reference/integer_ops/add.h",
        "tensorflow/lite/kernels/internal/reference/integer_ops/conv.h",
        "tensorflow/lite/kernels/internal/reference/integer_ops/depthwise_conv.h",
        "tensorflow/lite/kernels/internal/reference/integer_ops/fully_connected.h",
        "tensorflow/lite/kernels/internal/reference/integer_ops/logistic.h",
        "tensorflow/lite/kernels/internal/reference/integer_ops/mul.h",
        "tensorflow/lite/kernels/internal/reference/integer_ops/pooling.h",
        "tensorflow/lite/kernels/internal/reference/integer_ops/tanh.h",
        "tensorflow/lite/kernels/internal/reference/logistic.h",
        "tensorflow/lite/kernels/internal/reference/maximum_minimum.h",
        "tensorflow/lite/kernels/internal/reference/mul.h",
        "tensorflow/lite/kernels/internal/reference/pad.h",
        "tensorflow/lite/kernels/internal/reference/pooling.h",
        "tensorflow/lite/kernels/internal/reference/prelu.h",
        "tensorflow/lite/kernels/internal/reference/process_broadcast_shapes.h",
        "tensorflow/lite/kernels/internal/reference/quantize.h",
        "tensorflow/lite/kernels/internal/reference/requantize.h",
        "tensorflow/lite/kernels/internal/reference/resize_nearest_neighbor.h",
        "tensorflow/lite/kernels/internal/reference/softmax.h",
        "tensorflow/lite/kernels/internal/reference/strided_slice.h",
        "tensorflow/lite/kernels/internal/reference/sub.h",
        "tensorflow/lite/kernels/internal/reference/tanh.h",
        "tensorflow/lite/kernels/internal/strided_slice_logic.h",
        "tensorflow/lite/kernels/internal/tensor.h",
        "tensorflow/lite/kernels/internal/tensor_ctypes.h",
        "tensorflow/lite/kernels/internal/types.h",
        "tensorflow/lite/kernels/kernel_util.cc",
        "tensorflow/lite/kernels/kernel_util.h",
        "tensorflow/lite/kernels/op_macros.h",
        "tensorflow/lite/kernels/padding.h",
        "tensorflow/lite/micro/compatibility.h",
        "tensorflow/lite/micro/debug_log.h",
        "tensorflow/lite/micro/kernels/activations.cc",
        "tensorflow/lite/micro/kernels/add.cc",
        "tensorflow/lite/micro/kernels/concatenation.cc",
        "tensorflow/lite/micro/kernels/conv.cc",
        "tensorflow/lite/micro/kernels/depthwise_conv.cc",
        "tensorflow/lite/micro/kernels/dequantize.cc",
        "tensorflow/lite/micro/kernels/fully_connected.cc",
        "tensorflow/lite/micro/kernels/logistic.cc",
        "tensorflow/lite/micro/kernels/maximum_minimum.cc",
        "tensorflow/lite/micro/kernels/micro_ops.h",
        "tensorflow/lite/micro/kernels/mul.cc",
        "tensorflow/lite/micro/kernels/pad.cc",
        "tensorflow/lite/micro/kernels/pooling.cc",
        "tensorflow/lite/micro/kernels/prelu.cc",
        "tensorflow/lite/micro/kernels/quantize.cc",
        "tensorflow/lite/micro/kernels/reshape.cc",
        "tensorflow/lite/micro/kernels/resize_nearest_neighbor.cc",
        "tensorflow/lite/micro/kernels/softmax.cc",
        "tensorflow/lite/micro/kernels/strided_slice.cc",
        "tensorflow/lite/micro/kernels/sub.cc",
        "tensorflow/lite/micro/kernels/tanh.cc",
        "tensorflow/lite/micro/memory_helpers.cc",
        "tensorflow/lite/micro/memory_helpers.h",
        "tensorflow/lite/micro/memory_planner/greedy_memory_planner.cc",
        "tensorflow/lite/micro/memory_planner/greedy_memory_planner.h",
        "tensorflow/lite/micro/memory_planner/memory_planner.h",
        "tensorflow/lite/micro/micro_allocator.cc",
        "tensorflow/lite/micro/micro_allocator.h",
        "tensorflow/lite/micro/micro_error_reporter.h",
        "tensorflow/lite/micro/micro_interpreter.cc",
        "tensorflow/lite/micro/micro_interpreter.h",
        "tensorflow/lite/micro/micro_mutable_op_resolver.h",
        "tensorflow/lite/micro/micro_op_resolver.h",
        "tensorflow/lite/micro/micro_utils.cc",
        "tensorflow/lite/micro/micro_utils.h",
        "tensorflow/lite/micro/simple_memory_allocator.cc",
        "tensorflow/lite/micro/simple_memory_allocator.h",
        "tensorflow/lite/schema/schema_generated.h",
        "tensorflow/lite/string_type.h",
        "tensorflow/lite/string_util.h",
        "tensorflow/lite/type_to_tflitetype.h",
    ]),
    (ROOTS[1], &["flatbuffers/base.h", "flatbuffers/flatbuffers.h", "flatbuffers/stl_emulation.h"]),
    (ROOTS[2], &["fixedpoint/fixedpoint.h", "internal/detect_platform.h"]),
    (ROOTS[3], &["ruy/profiler/instrumentation.h"]),
];

const GLUE: [(&str, &str); 2] = [
    ("hil_tflm.h", include_str!("../../../firmware/tflm/hil_tflm.h")),
    ("hil_tflm.cc", include_str!("../../../firmware/tflm/hil_tflm.cc")),
];

const USER_GLUE: (&str, &str) = ("hil_tflm_user.cc", include_str!("../../../firmware/tflm/hil_tflm_user.cc"));

/// What a library of the user's is linked with.
pub(super) fn user_glue() -> Source {
    let (path, text) = USER_GLUE;
    Source { path: path.into(), text: text.into(), shared: true }
}

/// The library and our glue. Roots are laid over one another, so that one include folder suffices.
pub(super) fn sources(store: &Store) -> Result<Vec<Source>, EngineError> {
    let of_root = |(root, files): &(&str, &[&str])| files.iter().map(|f| format!("{root}{f}")).collect::<Vec<_>>();
    let wanted: Vec<String> = FILES.iter().flat_map(of_root).collect();
    let paths = FILES.iter().flat_map(|(_, files)| files.iter());
    let members = store.get(&CRATE)?.members(&wanted)?;
    let library = paths.zip(members).map(|(path, m)| Source { path: (*path).into(), text: m.text, shared: true });
    let glue = GLUE.map(|(path, text)| Source { path: path.into(), text: text.into(), shared: true });
    Ok(glue.into_iter().chain(library).collect())
}
