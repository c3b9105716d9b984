//! Numbers of TFLite's schema (version 3).

/// Builtin operators.
pub const ADD: i32 = 0;
pub const AVERAGE_POOL_2D: i32 = 1;
pub const CONCATENATION: i32 = 2;
pub const CONV_2D: i32 = 3;
pub const DEPTHWISE_CONV_2D: i32 = 4;
pub const DEPTH_TO_SPACE: i32 = 5;
pub const DEQUANTIZE: i32 = 6;
pub const FULLY_CONNECTED: i32 = 9;
pub const LOGISTIC: i32 = 14;
pub const MAX_POOL_2D: i32 = 17;
pub const MUL: i32 = 18;
pub const RELU: i32 = 19;
pub const RELU_N1_TO_1: i32 = 20;
pub const RELU6: i32 = 21;
pub const RESHAPE: i32 = 22;
pub const RESIZE_BILINEAR: i32 = 23;
pub const SOFTMAX: i32 = 25;
pub const SPACE_TO_DEPTH: i32 = 26;
pub const TANH: i32 = 28;
pub const CUSTOM: i32 = 32;
pub const PAD: i32 = 34;
pub const GATHER: i32 = 36;
pub const TRANSPOSE: i32 = 39;
pub const MEAN: i32 = 40;
pub const SUB: i32 = 41;
pub const SQUEEZE: i32 = 43;
pub const STRIDED_SLICE: i32 = 45;
pub const SPLIT: i32 = 49;
pub const PRELU: i32 = 54;
pub const MAXIMUM: i32 = 55;
pub const MINIMUM: i32 = 57;
pub const PADV2: i32 = 60;
pub const SLICE: i32 = 65;
pub const TRANSPOSE_CONV: i32 = 67;
pub const TILE: i32 = 69;
pub const EXPAND_DIMS: i32 = 70;
pub const SUM: i32 = 74;
pub const RSQRT: i32 = 76;
pub const SHAPE: i32 = 77;
pub const REDUCE_MAX: i32 = 82;
pub const PACK: i32 = 83;
pub const UNPACK: i32 = 88;
pub const REDUCE_MIN: i32 = 89;
pub const RESIZE_NEAREST_NEIGHBOR: i32 = 97;
pub const LEAKY_RELU: i32 = 98;
pub const SQUARED_DIFFERENCE: i32 = 99;
pub const MIRROR_PAD: i32 = 100;
pub const ABS: i32 = 101;
pub const SPLIT_V: i32 = 102;
pub const ELU: i32 = 111;
pub const QUANTIZE: i32 = 114;
pub const HARD_SWISH: i32 = 117;

/// Those that import reads.
pub const SUPPORTED: &[i32] = &[
    ADD,
    AVERAGE_POOL_2D,
    CONCATENATION,
    CONV_2D,
    DEPTHWISE_CONV_2D,
    DEPTH_TO_SPACE,
    DEQUANTIZE,
    FULLY_CONNECTED,
    LOGISTIC,
    MAX_POOL_2D,
    MUL,
    RELU,
    RELU_N1_TO_1,
    RELU6,
    RESHAPE,
    RESIZE_BILINEAR,
    SOFTMAX,
    SPACE_TO_DEPTH,
    TANH,
    PAD,
    GATHER,
    TRANSPOSE,
    MEAN,
    SUB,
    SQUEEZE,
    STRIDED_SLICE,
    SPLIT,
    PRELU,
    MAXIMUM,
    MINIMUM,
    PADV2,
    SLICE,
    TRANSPOSE_CONV,
    TILE,
    EXPAND_DIMS,
    SUM,
    RSQRT,
    REDUCE_MAX,
    PACK,
    UNPACK,
    REDUCE_MIN,
    RESIZE_NEAREST_NEIGHBOR,
    LEAKY_RELU,
    SQUARED_DIFFERENCE,
    MIRROR_PAD,
    ABS,
    SPLIT_V,
    ELU,
    QUANTIZE,
    HARD_SWISH,
];

/// What import says of an operator that it does not read.
pub fn unsupported() -> String {
    let names: Vec<String> = SUPPORTED.iter().map(|code| name(*code)).collect();
    format!("this operator is not supported; those that are: {}", names.join(", "))
}

/// Tables of the union of options.
pub const NO_OPTIONS: u8 = 0;
pub const CONV_2D_OPTIONS: u8 = 1;
pub const DEPTHWISE_CONV_2D_OPTIONS: u8 = 2;
pub const POOL_2D_OPTIONS: u8 = 5;
pub const FULLY_CONNECTED_OPTIONS: u8 = 8;
pub const SOFTMAX_OPTIONS: u8 = 9;
pub const CONCATENATION_OPTIONS: u8 = 10;
pub const ADD_OPTIONS: u8 = 11;
pub const RESIZE_BILINEAR_OPTIONS: u8 = 15;
pub const PAD_OPTIONS: u8 = 22;
pub const GATHER_OPTIONS: u8 = 23;
pub const RESHAPE_OPTIONS: u8 = 17;
pub const SPACE_TO_DEPTH_OPTIONS: u8 = 19;
pub const MUL_OPTIONS: u8 = 21;
pub const TRANSPOSE_OPTIONS: u8 = 26;
pub const REDUCER_OPTIONS: u8 = 27;
pub const SUB_OPTIONS: u8 = 28;
pub const STRIDED_SLICE_OPTIONS: u8 = 32;
pub const MAXIMUM_MINIMUM_OPTIONS: u8 = 39;
pub const TILE_OPTIONS: u8 = 51;
pub const RESIZE_NEAREST_OPTIONS: u8 = 74;
pub const LEAKY_RELU_OPTIONS: u8 = 75;
pub const DEPTH_TO_SPACE_OPTIONS: u8 = 94;

/// Padding.
pub const SAME: u8 = 0;
pub const VALID: u8 = 1;

/// Operators by their number, as the schema names them (as of schema 3c, 2023).
const NAMES: &[(i32, &str)] = &[
    (ADD, "ADD"),
    (AVERAGE_POOL_2D, "AVERAGE_POOL_2D"),
    (CONCATENATION, "CONCATENATION"),
    (CONV_2D, "CONV_2D"),
    (DEPTHWISE_CONV_2D, "DEPTHWISE_CONV_2D"),
    (DEPTH_TO_SPACE, "DEPTH_TO_SPACE"),
    (DEQUANTIZE, "DEQUANTIZE"),
    (7, "EMBEDDING_LOOKUP"),
    (8, "FLOOR"),
    (FULLY_CONNECTED, "FULLY_CONNECTED"),
    (11, "L2_NORMALIZATION"),
    (12, "L2_POOL_2D"),
    (13, "LOCAL_RESPONSE_NORMALIZATION"),
    (LOGISTIC, "LOGISTIC"),
    (15, "LSH_PROJECTION"),
    (16, "LSTM"),
    (MAX_POOL_2D, "MAX_POOL_2D"),
    (MUL, "MUL"),
    (RELU, "RELU"),
    (RELU_N1_TO_1, "RELU_N1_TO_1"),
    (RELU6, "RELU6"),
    (RESHAPE, "RESHAPE"),
    (RESIZE_BILINEAR, "RESIZE_BILINEAR"),
    (24, "RNN"),
    (SOFTMAX, "SOFTMAX"),
    (SPACE_TO_DEPTH, "SPACE_TO_DEPTH"),
    (27, "SVDF"),
    (TANH, "TANH"),
    (CUSTOM, "CUSTOM"),
    (PAD, "PAD"),
    (35, "UNIDIRECTIONAL_SEQUENCE_RNN"),
    (GATHER, "GATHER"),
    (37, "BATCH_TO_SPACE_ND"),
    (38, "SPACE_TO_BATCH_ND"),
    (TRANSPOSE, "TRANSPOSE"),
    (MEAN, "MEAN"),
    (SUB, "SUB"),
    (42, "DIV"),
    (SQUEEZE, "SQUEEZE"),
    (44, "UNIDIRECTIONAL_SEQUENCE_LSTM"),
    (STRIDED_SLICE, "STRIDED_SLICE"),
    (47, "EXP"),
    (SPLIT, "SPLIT"),
    (50, "LOG_SOFTMAX"),
    (53, "CAST"),
    (PRELU, "PRELU"),
    (MAXIMUM, "MAXIMUM"),
    (56, "ARG_MAX"),
    (MINIMUM, "MINIMUM"),
    (59, "NEG"),
    (PADV2, "PADV2"),
    (SLICE, "SLICE"),
    (TRANSPOSE_CONV, "TRANSPOSE_CONV"),
    (TILE, "TILE"),
    (EXPAND_DIMS, "EXPAND_DIMS"),
    (SUM, "SUM"),
    (75, "SQRT"),
    (RSQRT, "RSQRT"),
    (SHAPE, "SHAPE"),
    (78, "POW"),
    (79, "ARG_MIN"),
    (REDUCE_MAX, "REDUCE_MAX"),
    (PACK, "PACK"),
    (UNPACK, "UNPACK"),
    (REDUCE_MIN, "REDUCE_MIN"),
    (RESIZE_NEAREST_NEIGHBOR, "RESIZE_NEAREST_NEIGHBOR"),
    (LEAKY_RELU, "LEAKY_RELU"),
    (SQUARED_DIFFERENCE, "SQUARED_DIFFERENCE"),
    (MIRROR_PAD, "MIRROR_PAD"),
    (ABS, "ABS"),
    (SPLIT_V, "SPLIT_V"),
    (92, "SQUARE"),
    (ELU, "ELU"),
    (QUANTIZE, "QUANTIZE"),
    (HARD_SWISH, "HARD_SWISH"),
    (130, "BROADCAST_TO"),
    (150, "GELU"),
];

/// The name of a builtin operator.
pub fn name(code: i32) -> String {
    let known = NAMES.iter().find(|(number, _)| *number == code);
    known.map_or_else(|| format!("builtin operator {code}"), |(_, name)| (*name).into())
}
