//! Numbers of TFLite's schema (version 3).

/// Builtin operators.
pub const ADD: i32 = 0;
pub const AVERAGE_POOL_2D: i32 = 1;
pub const CONV_2D: i32 = 3;
pub const DEPTHWISE_CONV_2D: i32 = 4;
pub const DEQUANTIZE: i32 = 6;
pub const FULLY_CONNECTED: i32 = 9;
pub const MAX_POOL_2D: i32 = 17;
pub const RELU: i32 = 19;
pub const RELU6: i32 = 21;
pub const RESHAPE: i32 = 22;
pub const SOFTMAX: i32 = 25;
pub const CUSTOM: i32 = 32;
pub const PAD: i32 = 34;
pub const TRANSPOSE: i32 = 39;
pub const MEAN: i32 = 40;
pub const SQUEEZE: i32 = 43;
pub const PADV2: i32 = 60;
pub const EXPAND_DIMS: i32 = 70;
pub const SHAPE: i32 = 77;
pub const QUANTIZE: i32 = 114;

/// Those that import reads.
pub const SUPPORTED: &[i32] = &[
    ADD,
    AVERAGE_POOL_2D,
    CONV_2D,
    DEPTHWISE_CONV_2D,
    DEQUANTIZE,
    FULLY_CONNECTED,
    MAX_POOL_2D,
    RELU,
    RELU6,
    RESHAPE,
    SOFTMAX,
    PAD,
    TRANSPOSE,
    MEAN,
    SQUEEZE,
    PADV2,
    EXPAND_DIMS,
    QUANTIZE,
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
pub const ADD_OPTIONS: u8 = 11;
pub const PAD_OPTIONS: u8 = 22;
pub const RESHAPE_OPTIONS: u8 = 17;
pub const REDUCER_OPTIONS: u8 = 27;

/// Padding.
pub const SAME: u8 = 0;
pub const VALID: u8 = 1;

/// Operators by their number, as the schema names them (as of schema 3c, 2023).
const NAMES: &[(i32, &str)] = &[
    (ADD, "ADD"),
    (AVERAGE_POOL_2D, "AVERAGE_POOL_2D"),
    (2, "CONCATENATION"),
    (CONV_2D, "CONV_2D"),
    (DEPTHWISE_CONV_2D, "DEPTHWISE_CONV_2D"),
    (5, "DEPTH_TO_SPACE"),
    (DEQUANTIZE, "DEQUANTIZE"),
    (7, "EMBEDDING_LOOKUP"),
    (8, "FLOOR"),
    (FULLY_CONNECTED, "FULLY_CONNECTED"),
    (11, "L2_NORMALIZATION"),
    (12, "L2_POOL_2D"),
    (13, "LOCAL_RESPONSE_NORMALIZATION"),
    (14, "LOGISTIC"),
    (15, "LSH_PROJECTION"),
    (16, "LSTM"),
    (MAX_POOL_2D, "MAX_POOL_2D"),
    (18, "MUL"),
    (RELU, "RELU"),
    (20, "RELU_N1_TO_1"),
    (RELU6, "RELU6"),
    (RESHAPE, "RESHAPE"),
    (23, "RESIZE_BILINEAR"),
    (24, "RNN"),
    (SOFTMAX, "SOFTMAX"),
    (26, "SPACE_TO_DEPTH"),
    (27, "SVDF"),
    (28, "TANH"),
    (CUSTOM, "CUSTOM"),
    (PAD, "PAD"),
    (35, "UNIDIRECTIONAL_SEQUENCE_RNN"),
    (36, "GATHER"),
    (37, "BATCH_TO_SPACE_ND"),
    (38, "SPACE_TO_BATCH_ND"),
    (TRANSPOSE, "TRANSPOSE"),
    (MEAN, "MEAN"),
    (41, "SUB"),
    (42, "DIV"),
    (SQUEEZE, "SQUEEZE"),
    (44, "UNIDIRECTIONAL_SEQUENCE_LSTM"),
    (45, "STRIDED_SLICE"),
    (47, "EXP"),
    (49, "SPLIT"),
    (50, "LOG_SOFTMAX"),
    (53, "CAST"),
    (54, "PRELU"),
    (55, "MAXIMUM"),
    (56, "ARG_MAX"),
    (57, "MINIMUM"),
    (59, "NEG"),
    (PADV2, "PADV2"),
    (65, "SLICE"),
    (67, "TRANSPOSE_CONV"),
    (EXPAND_DIMS, "EXPAND_DIMS"),
    (74, "SUM"),
    (75, "SQRT"),
    (76, "RSQRT"),
    (SHAPE, "SHAPE"),
    (78, "POW"),
    (79, "ARG_MIN"),
    (82, "REDUCE_MAX"),
    (83, "PACK"),
    (88, "UNPACK"),
    (97, "RESIZE_NEAREST_NEIGHBOR"),
    (98, "LEAKY_RELU"),
    (99, "SQUARED_DIFFERENCE"),
    (100, "MIRROR_PAD"),
    (101, "ABS"),
    (102, "SPLIT_V"),
    (QUANTIZE, "QUANTIZE"),
    (117, "HARD_SWISH"),
    (130, "BROADCAST_TO"),
    (150, "GELU"),
];

/// The name of a builtin operator.
pub fn name(code: i32) -> String {
    let known = NAMES.iter().find(|(number, _)| *number == code);
    known.map_or_else(|| format!("builtin operator {code}"), |(_, name)| (*name).into())
}
