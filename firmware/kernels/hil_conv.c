#include "hil_internal.h"

#if HIL_DSP

static int32_t column_size(const hil_window *w, int32_t filter_c)
{
    return w->filter_h * w->filter_w * filter_c;
}

/* Two widened columns, and one column of int8 where taps do not start at a multiple of 4 elements. */
size_t hil_conv_scratch_bytes(const hil_window *w, int32_t filter_c)
{
    const size_t k = (size_t)hil_widened(column_size(w, filter_c));
    return (2u * sizeof(int16_t) * k) + (((filter_c % 4) == 0) ? 0u : k);
}

/* A column straight to its widened form: each tap is a multiple of 4 elements. Padding is 0 once widened. */
static void gather_widened(const hil_window *w, int32_t depth, const int8_t *input, int32_t top, int32_t left,
                           int16_t *to)
{
    const int32_t first = hil_min(hil_first_tap(left, w->dilation_w), w->filter_w);
    const int32_t end = hil_max(first, hil_end_tap(left, w->dilation_w, w->in_w, w->filter_w));
    for (int32_t ky = 0; ky < w->filter_h; ky++) {
        const int32_t y = top + (ky * w->dilation_h);
        int16_t *row = &to[ky * w->filter_w * depth];
        if ((y < 0) || (y >= w->in_h) || (end == first)) {
            (void)memset(row, 0, sizeof(int16_t) * (size_t)(w->filter_w * depth));
            continue;
        }
        (void)memset(row, 0, sizeof(int16_t) * (size_t)(first * depth));
        (void)memset(&row[end * depth], 0, sizeof(int16_t) * (size_t)((w->filter_w - end) * depth));
        const int8_t *from = &input[((y * w->in_w) + left + (first * w->dilation_w)) * w->in_c];
        if ((w->dilation_w == 1) && (w->in_c == depth)) {
            hil_widen(from, (end - first) * depth, w->input_offset, &row[first * depth]);
        } else {
            for (int32_t kx = first; kx < end; kx++) {
                hil_widen(&from[(kx - first) * w->dilation_w * w->in_c], depth, w->input_offset, &row[kx * depth]);
            }
        }
    }
}

/* A column as int8, padded with the zero point. */
static void gather(const hil_window *w, int32_t depth, const int8_t *input, int32_t top, int32_t left, int8_t *to)
{
    int8_t *out = to;
    for (int32_t ky = 0; ky < w->filter_h; ky++) {
        const int32_t y = top + (ky * w->dilation_h);
        for (int32_t kx = 0; kx < w->filter_w; kx++) {
            const int32_t x = left + (kx * w->dilation_w);
            if ((y < 0) || (y >= w->in_h) || (x < 0) || (x >= w->in_w)) {
                (void)memset(out, -w->input_offset, (size_t)depth);
            } else {
                (void)memcpy(out, &input[((y * w->in_w) + x) * w->in_c], (size_t)depth);
            }
            out = &out[depth];
        }
    }
}

void hil_conv(const hil_window *w, int32_t filter_c, const int8_t *input, const int8_t *filter, const int32_t *bias,
              const hil_requant *requant, int8_t *output, void *scratch)
{
    const int32_t k = column_size(w, filter_c);
    int16_t *columns[2];
    columns[0] = (int16_t *)scratch;
    columns[1] = &columns[0][hil_widened(k)];
    int8_t *const narrow = (int8_t *)&columns[1][hil_widened(k)];
    const int32_t groups = w->in_c / filter_c;
    const int32_t per_group = w->out_c / groups;
    for (int32_t g = 0; g < groups; g++) {
        const int8_t *from = &input[g * filter_c];
        const int32_t begin = g * per_group;
        int32_t held = 0;
        int8_t *out = output;
        for (int32_t y = 0; y < w->out_h; y++) {
            const int32_t top = (y * w->stride_h) - w->pad_top;
            for (int32_t x = 0; x < w->out_w; x++) {
                const int32_t left = (x * w->stride_w) - w->pad_left;
                if ((filter_c % 4) == 0) {
                    gather_widened(w, filter_c, from, top, left, columns[held]);
                } else {
                    gather(w, filter_c, from, top, left, narrow);
                    hil_widen(narrow, k, w->input_offset, columns[held]);
                }
                held++;
                if (held == 2) {
                    hil_dot_pixels(w, k, columns[0], columns[1], filter, bias, requant, begin, begin + per_group, out,
                                   &out[w->out_c]);
                    out = &out[2 * w->out_c];
                    held = 0;
                }
            }
        }
        if (held == 1) {
            hil_dot_pixels(w, k, columns[0], columns[0], filter, bias, requant, begin, begin + per_group, out, out);
        }
    }
}

#else

size_t hil_conv_scratch_bytes(const hil_window *w, int32_t filter_c)
{
    (void)w;
    (void)filter_c;
    return 0;
}

void hil_conv(const hil_window *w, int32_t filter_c, const int8_t *input, const int8_t *filter, const int32_t *bias,
              const hil_requant *requant, int8_t *output, void *scratch)
{
    (void)scratch;
    const int32_t per_group = w->out_c / (w->in_c / filter_c);
    int8_t *out = output;
    for (int32_t oy = 0; oy < w->out_h; oy++) {
        const int32_t top = (oy * w->stride_h) - w->pad_top;
        for (int32_t ox = 0; ox < w->out_w; ox++) {
            const int32_t left = (ox * w->stride_w) - w->pad_left;
            for (int32_t c = 0; c < w->out_c; c++) {
                int32_t acc = bias[c];
                for (int32_t ky = 0; ky < w->filter_h; ky++) {
                    const int32_t y = top + (ky * w->dilation_h);
                    for (int32_t kx = 0; kx < w->filter_w; kx++) {
                        const int32_t x = left + (kx * w->dilation_w);
                        if ((y < 0) || (y >= w->in_h) || (x < 0) || (x >= w->in_w)) {
                            continue;
                        }
                        const int8_t *in = &input[(((y * w->in_w) + x) * w->in_c) + ((c / per_group) * filter_c)];
                        const int8_t *f = &filter[((((c * w->filter_h) + ky) * w->filter_w) + kx) * filter_c];
                        for (int32_t i = 0; i < filter_c; i++) {
                            acc = hil_add_wrapping(acc, (in[i] + w->input_offset) * f[i]);
                        }
                    }
                }
                *out = hil_finish(hil_requantize(acc, &requant[c]), w->output_offset, w->clamp_min, w->clamp_max);
                out++;
            }
        }
    }
}

#endif
