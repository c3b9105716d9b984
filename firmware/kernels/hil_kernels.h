/*
 * int8 neural network kernels for Cortex-M4/M7.
 *
 * Arithmetic: bit-exact with the reference kernels of TensorFlow Lite Micro
 * (tensorflow/lite/kernels/internal/reference/integer_ops), requantised with two roundings
 * (SaturatingRoundingDoublingHighMul, then RoundingDivideByPOT).
 *
 * Layouts: activations are one NHWC image with N = 1, filters are OHWI, depthwise filters are 1HWC.
 * Sizes, strides, dilations and pads count elements. An offset of an operand that is read is minus its zero point,
 * one that is written is its zero point. Biases and accumulators are int32; they wrap.
 * No kernel works in place unless it says so.
 */
#ifndef HIL_KERNELS_H
#define HIL_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* The real factor multiplier * 2^(shift - 31); multiplier in (-2^31, 2^31), shift in [-31, 30]. Negative ones
 * come from filters with a negative scale, which folding a batch normalisation can give. */
typedef struct {
    int32_t multiplier;
    int32_t shift;
} hil_requant;

/* One output channel of a specialised kernel. */
typedef struct {
    int32_t bias2;      /* twice the bias, with the input's zero point folded in */
    int32_t multiplier; /* in [2^30, 2^31), or as in hil_requant where the kernel is told so */
    int32_t shift;      /* to the right, less one; or as in hil_requant, plus 64 */
} hil_channel;

/* Convolution, depthwise convolution, pooling. Pads at the bottom and right follow from the output size. */
typedef struct {
    int32_t in_h, in_w, in_c;
    int32_t out_h, out_w, out_c;
    int32_t filter_h, filter_w;
    int32_t stride_h, stride_w;
    int32_t dilation_h, dilation_w;
    int32_t pad_top, pad_left;
    int32_t input_offset;  /* in [-127, 128] */
    int32_t output_offset; /* in [-128, 127] */
    int32_t clamp_min, clamp_max;
} hil_window;

/* `scratch` is aligned to 4 bytes and holds what the function of the same name with _scratch_bytes returns.
 * `requant` and `bias` have out_c entries. */

/* Any window; in_c / filter_c groups, where filter_c is the innermost dimension of the filter. */
void hil_conv(const hil_window *w, int32_t filter_c, const int8_t *input, const int8_t *filter, const int32_t *bias,
              const hil_requant *requant, int8_t *output, void *scratch);
size_t hil_conv_scratch_bytes(const hil_window *w, int32_t filter_c);

/* A 1x1 filter, one group, no pads; any stride. */
void hil_conv_1x1(const hil_window *w, const int8_t *input, const int8_t *filter, const int32_t *bias,
                  const hil_requant *requant, int8_t *output, void *scratch);
size_t hil_conv_1x1_scratch_bytes(const hil_window *w);

/* out_c is a multiple of in_c; output channel c reads input channel c / (out_c / in_c). */
void hil_depthwise(const hil_window *w, const int8_t *input, const int8_t *filter, const int32_t *bias,
                   const hil_requant *requant, int8_t *output, void *scratch);
size_t hil_depthwise_scratch_bytes(const hil_window *w);

typedef struct {
    int32_t rows; /* of the input */
    int32_t in_c, out_c;
    int32_t input_offset, filter_offset; /* in [-127, 128] */
    int32_t output_offset;
    int32_t clamp_min, clamp_max;
} hil_dense;

/* input rows x in_c, filter out_c x in_c, output rows x out_c. */
void hil_fully_connected(const hil_dense *d, const int8_t *input, const int8_t *filter, const int32_t *bias,
                         const hil_requant *requant, int8_t *output, void *scratch);
size_t hil_fully_connected_scratch_bytes(const hil_dense *d);

typedef struct {
    int32_t count;      /* elements */
    int32_t left_shift; /* of both operands before they are scaled; 20 in TFLite */
    int32_t lhs_offset, rhs_offset, output_offset;
    hil_requant lhs, rhs, output;
    int32_t clamp_min, clamp_max;
} hil_add_params;

/* Both operands have the shape of the output; `output` may be either of them. */
void hil_add(const hil_add_params *p, const int8_t *lhs, const int8_t *rhs, int8_t *output);

/* How operands are repeated to the shape of the output, outermost dimension first: elements from one position to the next,
 * 0 where the operand is repeated. Of the last dimension they are 0 or 1. */
typedef struct {
    int32_t size[4];
    int32_t lhs_step[4], rhs_step[4];
} hil_grid;

/* Of two operands. `output` may be an operand that is not repeated. `count` is not read. */
void hil_broadcast_add(const hil_grid *g, const hil_add_params *p, const int8_t *lhs, const int8_t *rhs, int8_t *output);
void hil_subtract(const hil_grid *g, const hil_add_params *p, const int8_t *lhs, const int8_t *rhs, int8_t *output);
void hil_squared_difference(const hil_grid *g, const hil_add_params *p, const int8_t *lhs, const int8_t *rhs,
                            int8_t *output);

typedef struct {
    int32_t lhs_offset, rhs_offset, output_offset;
    hil_requant requant;
    int32_t clamp_min, clamp_max;
} hil_multiply_params;

void hil_multiply(const hil_grid *g, const hil_multiply_params *p, const int8_t *lhs, const int8_t *rhs, int8_t *output);

typedef struct {
    int32_t lhs_offset, rhs_offset, output_offset;
    hil_requant positive; /* of the input */
    hil_requant negative; /* of the product with its slope */
} hil_prelu_params;

/* `rhs` are the slopes of negative values. */
void hil_prelu(const hil_grid *g, const hil_prelu_params *p, const int8_t *lhs, const int8_t *rhs, int8_t *output);

/* All three have the same scale and zero point. */
void hil_maximum(const hil_grid *g, const int8_t *lhs, const int8_t *rhs, int8_t *output);
void hil_minimum(const hil_grid *g, const int8_t *lhs, const int8_t *rhs, int8_t *output);

/* Each value v becomes table[v & 0xff], of 256; `output` may be `input`. */
void hil_lookup(int32_t count, const int8_t *table, const int8_t *input, int8_t *output);

/* Over the taps inside the input; out_c = in_c. The offsets of the window are not read, since input and output share
 * their scale and zero point. */
void hil_average_pool(const hil_window *w, const int8_t *input, int8_t *output);
void hil_max_pool(const hil_window *w, const int8_t *input, int8_t *output);

typedef struct {
    int32_t outer, reduced, inner; /* input outer x reduced x inner, output outer x inner */
    int32_t input_offset, output_offset;
    hil_requant requant;           /* includes the division by `reduced` */
} hil_mean_params;

void hil_mean(const hil_mean_params *p, const int8_t *input, int8_t *output);

/* The largest and the smallest: input outer x reduced x inner, output outer x inner. */
void hil_reduce_max(int32_t outer, int32_t reduced, int32_t inner, const int8_t *input, int8_t *output);
void hil_reduce_min(int32_t outer, int32_t reduced, int32_t inner, const int8_t *input, int8_t *output);

/* `count` blocks of `bytes` that adjoin in `input` to every `pitch` bytes of `output`. */
void hil_copy_blocks(int32_t count, int32_t bytes, int32_t pitch, const void *input, int8_t *output);

/* Nested loops over the input in the order of the output, outermost first: so many steps of so many bytes. */
typedef struct {
    int32_t size[6];
    int32_t step[6];
} hil_gather_params;

void hil_gather(const hil_gather_params *p, const int8_t *input, int8_t *output);

/* Of each row and column of the output the one of the input. */
typedef struct {
    const uint16_t *rows, *columns;
    int32_t out_h, out_w;
    int32_t in_w;  /* pixels */
    int32_t pixel; /* bytes */
} hil_nearest_params;

void hil_nearest(const hil_nearest_params *p, const int8_t *input, int8_t *output);

/* Places of output pixels in the input, in units of 1/1024 of a pixel. */
typedef struct {
    int32_t in_h, in_w, channels;
    int32_t out_h, out_w;
    int32_t row_first, row_step;
    int32_t column_first, column_step;
} hil_bilinear_params;

void hil_bilinear(const hil_bilinear_params *p, const int8_t *input, int8_t *output);

typedef struct {
    int32_t rows, depth;
    hil_requant scaling; /* difference of inputs to a raw value with 26 fractional bits */
    int32_t diff_min;    /* differences below have probability 0 */
} hil_softmax_params;

/* Output scale 1/256, zero point -128. */
void hil_softmax(const hil_softmax_params *p, const int8_t *input, int8_t *output);

typedef struct {
    int32_t shape[4]; /* of the input, outermost first */
    int32_t before[4], after[4];
    int32_t value;    /* zero point */
} hil_pad_params;

void hil_pad(const hil_pad_params *p, const int8_t *input, int8_t *output);

/* `zero` below is the zero point of the output, `offset` minus that of the input. */
void hil_quantize_f32(int32_t count, float scale, int32_t zero, const float *input, int8_t *output);
void hil_quantize_f32_u8(int32_t count, float scale, int32_t zero, const float *input, uint8_t *output);
void hil_dequantize(int32_t count, float scale, int32_t offset, const int8_t *input, float *output);
void hil_dequantize_u8(int32_t count, float scale, int32_t offset, const uint8_t *input, float *output);
void hil_requantize_i8(int32_t count, hil_requant requant, int32_t offset, int32_t zero, const int8_t *input,
                       int8_t *output);
void hil_requantize_u8(int32_t count, hil_requant requant, int32_t offset, int32_t zero, const uint8_t *input,
                       int8_t *output);
void hil_requantize_i8_u8(int32_t count, hil_requant requant, int32_t offset, int32_t zero, const int8_t *input,
                          uint8_t *output);
void hil_requantize_u8_u8(int32_t count, hil_requant requant, int32_t offset, int32_t zero, const uint8_t *input,
                          uint8_t *output);

#endif
