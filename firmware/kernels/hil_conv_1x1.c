#include "hil_internal.h"

#if HIL_DSP

/* Four elements of two channels and two pixels: every word that is read is used twice. */
#define STEP(at) \
    do { \
        const int8x4_t c4 = hil_read4(&wc[(at)]); \
        const int8x4_t d4 = hil_read4(&wd[(at)]); \
        int16x2_t x0 = hil_read2(&p0[(at)]); \
        int16x2_t x1 = hil_read2(&p1[(at)]); \
        int16x2_t f = __sxtb16(c4); \
        c0 = __smlad(f, x0, c0); \
        c1 = __smlad(f, x1, c1); \
        f = __sxtb16(d4); \
        d0 = __smlad(f, x0, d0); \
        d1 = __smlad(f, x1, d1); \
        x0 = hil_read2(&p0[(at) + 2]); \
        x1 = hil_read2(&p1[(at) + 2]); \
        f = hil_sxtb16_ror8(c4); \
        c0 = __smlad(f, x0, c0); \
        c1 = __smlad(f, x1, c1); \
        f = hil_sxtb16_ror8(d4); \
        d0 = __smlad(f, x0, d0); \
        d1 = __smlad(f, x1, d1); \
    } while (0)

/* Channels `wc` and `wd` times pixels `p0` and `p1`, added to acc = {wc p0, wc p1, wd p0, wd p1}. */
static HIL_INNER void dot_2x2(const int8_t *wc, const int8_t *wd, const int16_t *p0, const int16_t *p1, int32_t k,
                              int32_t *acc)
{
    int32_t c0 = acc[0];
    int32_t c1 = acc[1];
    int32_t d0 = acc[2];
    int32_t d1 = acc[3];
    const int8_t *stop = &wc[k & ~7];
    while (wc != stop) {
        STEP(0);
        STEP(4);
        wc += 8;
        wd += 8;
        p0 += 8;
        p1 += 8;
    }
    if ((k & 4) != 0) {
        STEP(0);
        wc += 4;
        wd += 4;
        p0 += 4;
        p1 += 4;
    }
    for (int32_t i = 0; i < (k & 3); i++) {
        c0 = hil_add_wrapping(c0, wc[i] * p0[i]);
        c1 = hil_add_wrapping(c1, wc[i] * p1[i]);
        d0 = hil_add_wrapping(d0, wd[i] * p0[i]);
        d1 = hil_add_wrapping(d1, wd[i] * p1[i]);
    }
    acc[0] = c0;
    acc[1] = c1;
    acc[2] = d0;
    acc[3] = d1;
}

/* Widened pixels stay in the scratch while the weights stream past, so that each weight word is split once for two
 * pixels. */
void hil_dot_pixels(const hil_window *w, int32_t k, const int16_t *a0, const int16_t *a1, const int8_t *filter,
                    const int32_t *bias, const hil_requant *requant, int32_t from, int32_t end, int8_t *out0,
                    int8_t *out1)
{
    const int32_t zero = w->output_offset;
    const int32_t low = w->clamp_min;
    const int32_t high = w->clamp_max;
    for (int32_t c = from; c < end; c += 2) {
        /* The last of an odd number of channels is its own partner. */
        const int32_t d = ((c + 1) < end) ? (c + 1) : c;
        int32_t acc[4] = {bias[c], bias[c], bias[d], bias[d]};
        dot_2x2(&filter[c * k], &filter[d * k], a0, a1, k, acc);
        out0[c] = hil_finish(hil_requantize(acc[0], &requant[c]), zero, low, high);
        out1[c] = hil_finish(hil_requantize(acc[1], &requant[c]), zero, low, high);
        out0[d] = hil_finish(hil_requantize(acc[2], &requant[d]), zero, low, high);
        out1[d] = hil_finish(hil_requantize(acc[3], &requant[d]), zero, low, high);
    }
}

size_t hil_conv_1x1_scratch_bytes(const hil_window *w)
{
    return 2u * sizeof(int16_t) * (size_t)hil_widened(w->in_c);
}

void hil_conv_1x1(const hil_window *w, const int8_t *input, const int8_t *filter, const int32_t *bias,
                  const hil_requant *requant, int8_t *output, void *scratch)
{
    int16_t *columns[2];
    columns[0] = (int16_t *)scratch;
    columns[1] = &columns[0][hil_widened(w->in_c)];
    int32_t held = 0;
    int8_t *out = output;
    for (int32_t y = 0; y < w->out_h; y++) {
        for (int32_t x = 0; x < w->out_w; x++) {
            const int32_t at = (((y * w->stride_h) * w->in_w) + (x * w->stride_w)) * w->in_c;
            hil_widen(&input[at], w->in_c, w->input_offset, columns[held]);
            held++;
            if (held == 2) {
                hil_dot_pixels(w, w->in_c, columns[0], columns[1], filter, bias, requant, 0, w->out_c, out,
                               &out[w->out_c]);
                out = &out[2 * w->out_c];
                held = 0;
            }
        }
    }
    if (held == 1) {
        hil_dot_pixels(w, w->in_c, columns[0], columns[0], filter, bias, requant, 0, w->out_c, out, out);
    }
}

#else

size_t hil_conv_1x1_scratch_bytes(const hil_window *w)
{
    (void)w;
    return 0;
}

void hil_conv_1x1(const hil_window *w, const int8_t *input, const int8_t *filter, const int32_t *bias,
                  const hil_requant *requant, int8_t *output, void *scratch)
{
    hil_conv(w, w->in_c, input, filter, bias, requant, output, scratch);
}

#endif
