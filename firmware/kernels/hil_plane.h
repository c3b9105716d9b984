/*
 * Depthwise convolution channel by channel, specialised by constant parameters: each channel is spread into a padded
 * plane of 16-bit pixels, so that SMLAD takes two neighbours at once and no tap is tested for being inside.
 */
#ifndef HIL_PLANE_H
#define HIL_PLANE_H

#include "hil_kernels.h"
#include "hil_requant.h"

/* Pixels of a row of the plane: even, and enough for outputs two at a time. */
HIL_SPECIALISED int32_t hil_plane_pitch(const hil_window *w)
{
    const int32_t outputs = (w->stride_w == 1) ? ((w->out_w + 1) & ~1) : w->out_w;
    const int32_t needed = ((outputs - 1) * w->stride_w) + w->filter_w;
    return (needed + 1) & ~1;
}

HIL_SPECIALISED int32_t hil_plane_rows(const hil_window *w)
{
    return ((w->out_h - 1) * w->stride_h) + w->filter_h;
}

HIL_SPECIALISED size_t hil_plane_scratch_bytes(const hil_window *w)
{
    return sizeof(int16_t) * (size_t)(hil_plane_pitch(w) * hil_plane_rows(w));
}

/* Words of a row of weights. */
HIL_SPECIALISED int32_t hil_plane_filter_words(const hil_window *w)
{
    return (w->filter_w + 3) / 4;
}

/* A row of weights, doubled, as pairs: (0, 1), (2, 3) … for even outputs and (1, 2), (3, 4) … for odd ones. The row
 * ends in zeros. */
typedef struct {
    uint32_t even[8];
    uint32_t odd[8];
} hil_plane_weights;

HIL_SPECIALISED void hil_plane_row_weights(const uint32_t *filter, int32_t words, hil_plane_weights *to)
{
    uint32_t carry = 0;
    for (int32_t i = words - 1; i >= 0; i--) {
        const uint32_t even = hil_double(hil_even(filter[i]));
        const uint32_t odd = hil_double(hil_odd(filter[i]));
        to->even[2 * i] = hil_pack_low(even, odd);
        to->even[(2 * i) + 1] = hil_pack_high(even, odd);
        to->odd[2 * i] = (odd & 0xffffu) | (even & 0xffff0000u);
        to->odd[(2 * i) + 1] = (odd >> 16) | (carry << 16);
        carry = even;
    }
}

/* The input of one channel, as far as outputs read it, between the padding. */
HIL_SPECIALISED void hil_plane_spread(const hil_window *w, const int8_t *input, hil_half *plane)
{
    const int32_t pitch = hil_plane_pitch(w);
    const int32_t rows = hil_plane_rows(w) - w->pad_top;
    const int32_t columns = ((w->out_w - 1) * w->stride_w) + w->filter_w - w->pad_left;
    const int32_t in_h = (rows < w->in_h) ? rows : w->in_h;
    const int32_t in_w = (columns < w->in_w) ? columns : w->in_w;
    for (int32_t y = 0; y < in_h; y++) {
        const int8_t *from = &input[y * w->in_w * w->in_c];
        hil_half *const to = &plane[((w->pad_top + y) * pitch) + w->pad_left];
#pragma GCC unroll 8
        for (int32_t x = 0; x < in_w; x++) {
            to[x] = *from;
            from = &from[w->in_c];
        }
    }
}

HIL_SPECIALISED uint32_t hil_plane_word(const hil_half *p)
{
    uint32_t x;
    (void)memcpy(&x, __builtin_assume_aligned(p, 4), sizeof x);
    return x;
}

/* Two outputs side by side at stride 1, one row of the filter. */
HIL_SPECIALISED void hil_plane_pair(const hil_half *p, const hil_plane_weights *f, int32_t taps, int32_t *a, int32_t *b)
{
    uint32_t x = hil_plane_word(p);
    *a = hil_mla_both(f->even[0], x, *a);
    *b = hil_mla_low_high(f->even[0], x, *b);
    for (int32_t i = 1; i <= (taps / 2); i++) {
        x = hil_plane_word(&p[2 * i]);
        if (((2 * i) + 1) < taps) {
            *a = hil_mla_both(f->even[i], x, *a);
        } else if ((2 * i) < taps) {
            *a = hil_mla_low_low(f->even[i], x, *a);
        }
        if ((2 * i) < taps) {
            *b = hil_mla_both(f->odd[i - 1], x, *b);
        } else {
            *b = hil_mla_low_low(f->odd[i - 1], x, *b);
        }
    }
}

/* One output at an even column. */
HIL_SPECIALISED int32_t hil_plane_single(const hil_half *p, const hil_plane_weights *f, int32_t taps, int32_t acc)
{
    int32_t a = acc;
    for (int32_t i = 0; i < ((taps + 1) / 2); i++) {
        const uint32_t x = hil_plane_word(&p[2 * i]);
        a = (((2 * i) + 1) < taps) ? hil_mla_both(f->even[i], x, a) : hil_mla_low_low(f->even[i], x, a);
    }
    return a;
}

/* The rows of a filter of 3x3 pixels. */
typedef struct {
    uint32_t even0, odd0, even1, odd1, even2, odd2;
} hil_plane_weights3;

HIL_SPECIALISED void hil_plane_row_weights3(uint32_t row, uint32_t *even, uint32_t *odd)
{
    const uint32_t outer = hil_double(hil_even(row));
    const uint32_t middle = hil_double(hil_odd(row));
    *even = hil_pack_low(outer, middle);
    *odd = (middle & 0xffffu) | (outer & 0xffff0000u);
}

/* Two outputs side by side at stride 1, the whole filter; `pitch` is constant. */
HIL_SPECIALISED void hil_plane_pair3(const hil_half *p, int32_t pitch, const hil_plane_weights3 *f, int32_t bias2,
                                     int32_t *a, int32_t *b)
{
#if HIL_ASM
    uint32_t x0, x1;
    int32_t left, right;
    __asm__("ldrd %[x0], %[x1], [%[p]]\n"
            "smlad %[a], %[e0], %[x0], %[bias]\n smlabt %[b], %[e0], %[x0], %[bias]\n"
            "smlabt %[a], %[x1], %[o0], %[a]\n smlad %[b], %[o0], %[x1], %[b]\n"
            "ldrd %[x0], %[x1], [%[p], %[row1]]\n"
            "smlad %[a], %[e1], %[x0], %[a]\n smlabt %[b], %[e1], %[x0], %[b]\n"
            "smlabt %[a], %[x1], %[o1], %[a]\n smlad %[b], %[o1], %[x1], %[b]\n"
            "ldrd %[x0], %[x1], [%[p], %[row2]]\n"
            "smlad %[a], %[e2], %[x0], %[a]\n smlabt %[b], %[e2], %[x0], %[b]\n"
            "smlabt %[a], %[x1], %[o2], %[a]\n smlad %[b], %[o2], %[x1], %[b]\n"
            : [a] "=&r"(left), [b] "=&r"(right), [x0] "=&r"(x0), [x1] "=&r"(x1)
            : [p] "r"(p), [e0] "r"(f->even0), [o0] "r"(f->odd0), [e1] "r"(f->even1), [o1] "r"(f->odd1),
              [e2] "r"(f->even2), [o2] "r"(f->odd2), [bias] "r"(bias2), [row1] "i"(2 * pitch), [row2] "i"(4 * pitch)
            : "memory");
    *a = left;
    *b = right;
#else
    const uint32_t even[3] = {f->even0, f->even1, f->even2};
    const uint32_t odd[3] = {f->odd0, f->odd1, f->odd2};
    *a = bias2;
    *b = bias2;
    for (int32_t ky = 0; ky < 3; ky++) {
        const uint32_t x0 = hil_plane_word(&p[ky * pitch]);
        const uint32_t x1 = hil_plane_word(&p[(ky * pitch) + 2]);
        *a = hil_mla_low_high(x1, odd[ky], hil_mla_both(even[ky], x0, *a));
        *b = hil_mla_both(odd[ky], x1, hil_mla_low_high(even[ky], x0, *b));
    }
#endif
}

/* One channel of a 3x3 filter at stride 1. */
HIL_SPECIALISED void hil_plane_channel3(const hil_window *w, hil_range range, const hil_half *plane,
                                        const uint32_t *filter, const hil_channel *channel, int8_t *output)
{
    const int32_t pitch = hil_plane_pitch(w);
    const int32_t n = w->out_c;
    hil_plane_weights3 f;
    hil_plane_row_weights3(filter[0], &f.even0, &f.odd0);
    hil_plane_row_weights3(filter[1], &f.even1, &f.odd1);
    hil_plane_row_weights3(filter[2], &f.even2, &f.odd2);
    const int32_t bias2 = channel->bias2;
    const int32_t multiplier = channel->multiplier;
    const int32_t shift = channel->shift;
    const int32_t addend = hil_addend(range, shift);
    int8_t *out = output;
    for (int32_t y = 0; y < w->out_h; y++) {
        const hil_half *p = &plane[y * w->stride_h * pitch];
        int32_t a;
        int32_t b;
        for (int32_t x = w->out_w / 2; x > 0; x--) {
            hil_plane_pair3(p, pitch, &f, bias2, &a, &b);
            out[0] = hil_output(range, a, multiplier, addend, shift);
            out[n] = hil_output(range, b, multiplier, addend, shift);
            out = &out[2 * n];
            p = &p[2];
        }
        if ((w->out_w & 1) != 0) {
            hil_plane_pair3(p, pitch, &f, bias2, &a, &b);
            out[0] = hil_output(range, a, multiplier, addend, shift);
            out = &out[n];
        }
    }
}

/* Strides 1 and 2, no dilation, filters up to 16 by 16 pixels, as many channels out as in. `filter` holds the rows of one
 * channel after another, each padded to whole words. */
HIL_SPECIALISED void hil_plane_depthwise(const hil_window *w, int32_t general, const int8_t *input, const uint32_t *filter,
                                         const hil_channel *channels, int8_t *output, void *scratch)
{
    const hil_range range = {w->output_offset, w->clamp_min, w->clamp_max, general};
    const int32_t pitch = hil_plane_pitch(w);
    const int32_t words = hil_plane_filter_words(w);
    const int32_t n = w->out_c;
    hil_half *const plane = (hil_half *)scratch;
    for (int32_t i = 0; i < (pitch * hil_plane_rows(w)); i++) {
        plane[i] = (int16_t)-w->input_offset;
    }
    for (int32_t c = 0; c < n; c++) {
        hil_plane_spread(w, &input[c], plane);
        /* Rows must be in reach of one address. */
        if ((w->filter_h == 3) && (w->filter_w == 3) && (w->stride_w == 1) && ((4 * pitch) <= 1020)) {
            hil_plane_channel3(w, range, plane, &filter[3 * c], &channels[c], &output[c]);
            continue;
        }
        hil_plane_weights f[16];
        for (int32_t ky = 0; ky < w->filter_h; ky++) {
            hil_plane_row_weights(&filter[((c * w->filter_h) + ky) * words], words, &f[ky]);
        }
        const int32_t bias2 = channels[c].bias2;
        const int32_t multiplier = channels[c].multiplier;
        const int32_t shift = channels[c].shift;
        const int32_t addend = hil_addend(range, shift);
        int8_t *out = &output[c];
        for (int32_t y = 0; y < w->out_h; y++) {
            const hil_half *p = &plane[y * w->stride_h * pitch];
            int32_t x = 0;
            for (; (w->stride_w == 1) && (x < (w->out_w & ~1)); x += 2) {
                int32_t a = bias2;
                int32_t b = bias2;
                for (int32_t ky = 0; ky < w->filter_h; ky++) {
                    hil_plane_pair(&p[ky * pitch], &f[ky], w->filter_w, &a, &b);
                }
                out[0] = hil_output(range, a, multiplier, addend, shift);
                out[n] = hil_output(range, b, multiplier, addend, shift);
                out = &out[2 * n];
                p = &p[2];
            }
            for (; x < w->out_w; x++) {
                int32_t a = bias2;
                for (int32_t ky = 0; ky < w->filter_h; ky++) {
                    a = hil_plane_single(&p[ky * pitch], &f[ky], w->filter_w, a);
                }
                out[0] = hil_output(range, a, multiplier, addend, shift);
                out = &out[n];
                p = &p[w->stride_w];
            }
        }
    }
}

#endif
