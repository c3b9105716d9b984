/*
 * The specialised kernels for least flash: all layers share their code, parameters are a table, weights have no padding,
 * and seven bytes hold what an output channel needs. Slower than what is specialised for each layer, with the same sums.
 */
#ifndef HIL_SMALL_H
#define HIL_SMALL_H

#include "hil_kernels.h"

/* One output channel. The multiplier is in [2^30, 2^31), the bias, with the input's zero point folded in, in [-2^21, 2^21):
 * of four and three bytes, least first, each leaves two bits for the shift, which is counted from the layer's least one. */
typedef struct {
    /* Four times the multiplier, less its leading bit, plus the lower two bits of the shift; then four times the bias plus
     * the upper two. */
    uint8_t bytes[7];
} hil_small_channel;

/* A layer. */
typedef struct {
    const void *input, *filter;
    const hil_small_channel *channels;
    void *output, *scratch;
    uint16_t in_h, in_w, in_c, out_h, out_w, out_c;
    int16_t input_offset; /* as in hil_window, as are those below */
    int8_t output_offset, clamp_min, clamp_max;
    uint8_t shift;        /* the least of the channels */
    uint8_t filter_h, filter_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
    uint8_t backwards;    /* of hil_matrix_pixels */
} hil_small;

/* Bytes of `scratch`. Of a fully connected layer in_c and out_c count, and out_h is the number of rows. */
size_t hil_small_conv_scratch_bytes(const hil_small *s);
size_t hil_small_dense_scratch_bytes(const hil_small *s);
size_t hil_small_plane_scratch_bytes(const hil_small *s);

void hil_small_conv(const hil_small *s);
/* A 1x1 filter at stride 1 without pads, as hil_matrix_pixels. */
void hil_small_pixels(const hil_small *s);
void hil_small_dense(const hil_small *s);
/* Depthwise, strides 1 and 2, no dilation, filters up to 16 by 16 pixels. `filter` holds the bytes of one output channel
 * after another. */
void hil_small_plane(const hil_small *s);
/* The same for the filters that most networks have: 3x3 and others up to 7x7, at strides 1 and 2. */
void hil_small_plane_3_1(const hil_small *s);
void hil_small_plane_3_2(const hil_small *s);
void hil_small_plane_5_1(const hil_small *s);
void hil_small_plane_5_2(const hil_small *s);
void hil_small_plane_7_1(const hil_small *s);
void hil_small_plane_7_2(const hil_small *s);

/* Addition where hil_sum.h allows it, shifted left by 20. `output` may be either operand. */
void hil_small_sum(const hil_add_params *p, const int8_t *lhs, const int8_t *rhs, int8_t *output);

#endif
