#include "hil_internal.h"

/* The taps of one output pixel that fall inside the input. */
typedef struct {
    const int8_t *input;  /* first tap, channel 0 */
    const int8_t *filter; /* first tap, channel 0 */
    int32_t rows, columns;
    int32_t input_row, input_column; /* steps from tap to tap, elements */
    int32_t filter_row, filter_column;
} taps;

static int32_t dot(const taps *t, int32_t in_channel, int32_t channel, int32_t offset, int32_t bias)
{
    int32_t acc = bias;
    for (int32_t y = 0; y < t->rows; y++) {
        for (int32_t x = 0; x < t->columns; x++) {
            const int32_t value = t->input[(y * t->input_row) + (x * t->input_column) + in_channel] + offset;
            const int8_t weight = t->filter[(y * t->filter_row) + (x * t->filter_column) + channel];
            acc = hil_add_wrapping(acc, value * weight);
        }
    }
    return acc;
}

#if HIL_DSP
/* Four channels side by side; each tap is two words, and no lane is ever moved. */
static HIL_INNER void dot4(const taps *t, int32_t channel, int16x2_t offset, const int32_t *bias, int32_t *acc)
{
    int32_t a0 = bias[0];
    int32_t a1 = bias[1];
    int32_t a2 = bias[2];
    int32_t a3 = bias[3];
    const int32_t input_column = t->input_column;
    const int32_t filter_column = t->filter_column;
    for (int32_t y = 0; y < t->rows; y++) {
        const int8_t *in = &t->input[(y * t->input_row) + channel];
        const int8_t *f = &t->filter[(y * t->filter_row) + channel];
        for (int32_t left = t->columns; left > 0; left--) {
            const int8x4_t x4 = hil_read4(in);
            const int8x4_t f4 = hil_read4(f);
            int32_t x2 = (int32_t)__sxtab16(offset, x4);
            int32_t f2 = (int32_t)__sxtb16(f4);
            a0 = __smlabb(x2, f2, a0);
            a2 = __smlatt(x2, f2, a2);
            x2 = (int32_t)hil_sxtab16_ror8(offset, x4);
            f2 = (int32_t)hil_sxtb16_ror8(f4);
            a1 = __smlabb(x2, f2, a1);
            a3 = __smlatt(x2, f2, a3);
            in += input_column;
            f += filter_column;
        }
    }
    acc[0] = a0;
    acc[1] = a1;
    acc[2] = a2;
    acc[3] = a3;
}
#endif

size_t hil_depthwise_scratch_bytes(const hil_window *w)
{
    (void)w;
    return 0;
}

static void pixel(const hil_window *w, const taps *t, const int32_t *bias, const hil_requant *requant, int8_t *out)
{
    const int32_t multiplier = w->out_c / w->in_c;
    int32_t c = 0;
#if HIL_DSP
    const int16x2_t offset = hil_pair(w->input_offset);
    for (; (multiplier == 1) && ((c + 4) <= w->out_c); c += 4) {
        int32_t acc[4];
        dot4(t, c, offset, &bias[c], acc);
        for (int32_t i = 0; i < 4; i++) {
            out[c + i] =
                hil_finish(hil_requantize(acc[i], &requant[c + i]), w->output_offset, w->clamp_min, w->clamp_max);
        }
    }
#endif
    int32_t in_channel = c;
    int32_t copies = 0;
    for (; c < w->out_c; c++) {
        const int32_t acc = dot(t, in_channel, c, w->input_offset, bias[c]);
        out[c] = hil_finish(hil_requantize(acc, &requant[c]), w->output_offset, w->clamp_min, w->clamp_max);
        copies++;
        if (copies == multiplier) {
            copies = 0;
            in_channel++;
        }
    }
}

void hil_depthwise(const hil_window *w, const int8_t *input, const int8_t *filter, const int32_t *bias,
                   const hil_requant *requant, int8_t *output, void *scratch)
{
    (void)scratch;
    int8_t *out = output;
    taps t;
    t.input_row = w->dilation_h * w->in_w * w->in_c;
    t.input_column = w->dilation_w * w->in_c;
    t.filter_row = w->filter_w * w->out_c;
    t.filter_column = w->out_c;
    for (int32_t oy = 0; oy < w->out_h; oy++) {
        const int32_t top = (oy * w->stride_h) - w->pad_top;
        const int32_t y0 = hil_first_tap(top, w->dilation_h);
        for (int32_t ox = 0; ox < w->out_w; ox++) {
            const int32_t left = (ox * w->stride_w) - w->pad_left;
            const int32_t x0 = hil_first_tap(left, w->dilation_w);
            t.rows = hil_end_tap(top, w->dilation_h, w->in_h, w->filter_h) - y0;
            t.columns = hil_end_tap(left, w->dilation_w, w->in_w, w->filter_w) - x0;
            if ((t.rows > 0) && (t.columns > 0)) {
                const int32_t y = top + (y0 * w->dilation_h);
                const int32_t x = left + (x0 * w->dilation_w);
                t.input = &input[((y * w->in_w) + x) * w->in_c];
                t.filter = &filter[((y0 * w->filter_w) + x0) * w->out_c];
            } else {
                t.rows = 0;
                t.input = input;
                t.filter = filter;
            }
            pixel(w, &t, bias, requant, out);
            out = &out[w->out_c];
        }
    }
}
