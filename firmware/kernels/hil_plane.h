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

/* Pairs of doubled weights in a row of the filter: (0, 1), (2, 3) … for outputs at even columns, then as many (1, 2),
 * (3, 4) … for odd ones. Rows end in zeros. */
HIL_SPECIALISED int32_t hil_plane_pairs(const hil_window *w)
{
    return 2 * hil_plane_filter_words(w);
}

HIL_SPECIALISED void hil_plane_row_weights(const uint32_t *filter, int32_t words, uint32_t *even, uint32_t *odd)
{
    uint32_t next = 0;
    for (int32_t i = words - 1; i >= 0; i--) {
        const uint32_t outer = hil_double(hil_even(filter[i]));
        const uint32_t inner = hil_double(hil_odd(filter[i]));
        even[2 * i] = hil_pack_low(outer, inner);
        even[(2 * i) + 1] = hil_pack_high(outer, inner);
        odd[2 * i] = hil_pack_apart(inner, outer);
        odd[(2 * i) + 1] = (inner >> 16) | (next << 16);
        next = outer;
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
HIL_SPECIALISED void hil_plane_pair(const hil_half *p, const uint32_t *even, const uint32_t *odd, int32_t taps,
                                    int32_t *a, int32_t *b)
{
    uint32_t x = hil_plane_word(p);
    *a = hil_mla_both(even[0], x, *a);
    *b = hil_mla_low_high(even[0], x, *b);
    for (int32_t i = 1; i <= (taps / 2); i++) {
        x = hil_plane_word(&p[2 * i]);
        if (((2 * i) + 1) < taps) {
            *a = hil_mla_both(even[i], x, *a);
        } else if ((2 * i) < taps) {
            *a = hil_mla_low_low(even[i], x, *a);
        }
        if ((2 * i) < taps) {
            *b = hil_mla_both(odd[i - 1], x, *b);
        } else {
            *b = hil_mla_low_low(odd[i - 1], x, *b);
        }
    }
}

/* One output at an even column. */
HIL_SPECIALISED int32_t hil_plane_single(const hil_half *p, const uint32_t *even, int32_t taps, int32_t acc)
{
    int32_t a = acc;
    for (int32_t i = 0; i < ((taps + 1) / 2); i++) {
        const uint32_t x = hil_plane_word(&p[2 * i]);
        a = (((2 * i) + 1) < taps) ? hil_mla_both(even[i], x, a) : hil_mla_low_low(even[i], x, a);
    }
    return a;
}

/* Four outputs side by side, one row of the filter: each pair of weights serves two at stride 1 and all at stride 2. */
HIL_SPECIALISED void hil_plane_quad(const hil_half *p, const uint32_t *even, const uint32_t *odd, int32_t taps,
                                    int32_t stride, int32_t *acc)
{
#pragma GCC unroll 8
    for (int32_t i = 0; i < ((taps + 1) / 2); i++) {
        const uint32_t f = even[i];
        const int32_t step = (stride == 1) ? 2 : 1;
#pragma GCC unroll 4
        for (int32_t j = 0; j < 4; j += step) {
            const uint32_t x = hil_plane_word(&p[2 * (i + (j / step))]);
            acc[j] = (((2 * i) + 1) < taps) ? hil_mla_both(f, x, acc[j]) : hil_mla_low_low(f, x, acc[j]);
            if ((stride == 1) && (i == 0)) {
                acc[j + 1] = hil_mla_low_high(f, x, acc[j + 1]);
            }
        }
    }
    if (stride == 1) {
#pragma GCC unroll 8
        for (int32_t i = 1; i <= (taps / 2); i++) {
            const uint32_t f = odd[i - 1];
#pragma GCC unroll 2
            for (int32_t j = 1; j < 4; j += 2) {
                const uint32_t x = hil_plane_word(&p[2 * (i + (j / 2))]);
                acc[j] = ((2 * i) < taps) ? hil_mla_both(f, x, acc[j]) : hil_mla_low_low(f, x, acc[j]);
            }
        }
    }
}

/* One channel of any filter; `f` has room for two times the pairs of every row. */
HIL_SPECIALISED void hil_plane_channel(const hil_window *w, hil_range range, const hil_half *plane,
                                       const uint32_t *filter, const hil_channel *channel, uint32_t *f, int8_t *output)
{
    const int32_t pitch = hil_plane_pitch(w);
    const int32_t words = hil_plane_filter_words(w);
    const int32_t pairs = hil_plane_pairs(w);
    const int32_t n = w->out_c;
    for (int32_t ky = 0; ky < w->filter_h; ky++) {
        uint32_t *const row = &f[2 * ky * pairs];
        hil_plane_row_weights(&filter[ky * words], words, row, &row[pairs]);
    }
    const int32_t bias2 = channel->bias2;
    const int32_t multiplier = channel->multiplier;
    const int32_t shift = channel->shift;
    const int32_t addend = hil_addend(range, shift);
    int8_t *out = output;
    for (int32_t y = 0; y < w->out_h; y++) {
        const hil_half *p = &plane[y * w->stride_h * pitch];
        int32_t x = 0;
        for (; (x + 4) <= w->out_w; x += 4) {
            int32_t acc[4] = {bias2, bias2, bias2, bias2};
            for (int32_t ky = 0; ky < w->filter_h; ky++) {
                const uint32_t *const row = &f[2 * ky * pairs];
                hil_plane_quad(&p[ky * pitch], row, &row[pairs], w->filter_w, w->stride_w, acc);
            }
            out[0] = hil_output(range, acc[0], multiplier, addend, shift);
            out[n] = hil_output(range, acc[1], multiplier, addend, shift);
            out[2 * n] = hil_output(range, acc[2], multiplier, addend, shift);
            out[3 * n] = hil_output(range, acc[3], multiplier, addend, shift);
            out = &out[4 * n];
            p = &p[4 * w->stride_w];
        }
        for (; (w->stride_w == 1) && (x < (w->out_w & ~1)); x += 2) {
            int32_t a = bias2;
            int32_t b = bias2;
            for (int32_t ky = 0; ky < w->filter_h; ky++) {
                const uint32_t *const row = &f[2 * ky * pairs];
                hil_plane_pair(&p[ky * pitch], row, &row[pairs], w->filter_w, &a, &b);
            }
            out[0] = hil_output(range, a, multiplier, addend, shift);
            out[n] = hil_output(range, b, multiplier, addend, shift);
            out = &out[2 * n];
            p = &p[2];
        }
        for (; x < w->out_w; x++) {
            int32_t a = bias2;
            for (int32_t ky = 0; ky < w->filter_h; ky++) {
                a = hil_plane_single(&p[ky * pitch], &f[2 * ky * pairs], w->filter_w, a);
            }
            out[0] = hil_output(range, a, multiplier, addend, shift);
            out = &out[n];
            p = &p[w->stride_w];
        }
    }
}

#if HIL_ASM
/* One row of a 3x3 filter, the input of two outputs at stride 1 and at stride 2. At the first row `a` holds the bias of
 * both. */
#if HIL_DUAL_ISSUE
/* Single loads share cycles with multiplications, double ones do not; each row loads what the next one reads. */
#define HIL_PLANE_LEAD "ldr %[x0], [%[p], %[row1]]\n ldr %[x1], [%[p], %[right1]]\n ldr %[a], %[bias]\n"
#define HIL_PLANE_1(row, first, x0, x1, after1, after2, after3, after4) \
    "smlabt %[b], %[e" row "], %[" x0 "], %[" first "]\n" after1 "smlad %[a], %[e" row "], %[" x0 "], %[a]\n" after2 \
    "smlad %[b], %[o" row "], %[" x1 "], %[b]\n" after3 "smlabt %[a], %[" x1 "], %[o" row "], %[a]\n" after4
#define HIL_PLANE_2(row, first, after1, after2, after3, after4) \
    "smlad %[b], %[e" row "], %[x1], %[" first "]\n" after1 "smlad %[a], %[e" row "], %[x0], %[a]\n" after2 \
    "smlabt %[a], %[x1], %[o" row "], %[a]\n" after3 "smlabt %[b], %[x2], %[o" row "], %[b]\n" after4
#define HIL_PLANE_ROWS_1 \
    HIL_PLANE_LEAD \
    HIL_PLANE_1("1", "a", "x0", "x1", "ldr %[x2], [%[p], %[row2]]\n", "ldr %[x0], [%[p], %[right2]]\n", "", \
                "ldr %[x1], [%[p]]\n") \
    HIL_PLANE_1("2", "b", "x2", "x0", "", "ldr %[x2], [%[p], #4]\n", "add %[p], #4\n", "ldr %[x0], %[multiplier]\n") \
    HIL_PLANE_1("0", "b", "x1", "x2", "", "ldr %[x1], %[addend]\n", "", "ldr %[x2], %[shift]\n")
#define HIL_PLANE_ROWS_2 \
    HIL_PLANE_LEAD \
    HIL_PLANE_2("1", "a", "ldr %[x2], [%[p], %[next1]]\n", "ldr %[x0], [%[p], %[row2]]\n", \
                "ldr %[x1], [%[p], %[right2]]\n", "ldr %[x2], [%[p], %[next2]]\n") \
    HIL_PLANE_2("2", "b", "", "ldr %[x0], [%[p]]\n", "ldr %[x1], [%[p], #4]\n", "ldr %[x2], [%[p], #8]\n") \
    HIL_PLANE_2("0", "b", "add %[p], #8\n", "ldr %[x0], %[multiplier]\n", "ldr %[x1], %[addend]\n", \
                "ldr %[x2], %[shift]\n")
#define HIL_PLANE_SCALE "smmlar %[b], %[b], %[x0], %[x1]\n smmlar %[a], %[a], %[x0], %[x1]\n"
#define HIL_PLANE_SCALE_SIGNED \
    "add %[x2], %[x1], %[b], asr #31\n add %[x1], %[x1], %[a], asr #31\n smmlar %[b], %[b], %[x0], %[x2]\n" \
    "ldr %[x2], %[shift]\n smmlar %[a], %[a], %[x0], %[x1]\n"
#define HIL_PLANE_SHIFT "ldr %[x0], %[end]\n asr %[b], %[b], %[x2]\n asr %[a], %[a], %[x2]\n cmp %[p], %[x0]\n"
#define HIL_PLANE_END ""
#else
#define HIL_PLANE_1(row, first, at) \
    "ldrd %[x0], %[x1], " at "\n smlabt %[b], %[e" row "], %[x0], %[" first "]\n" \
    "smlad %[a], %[e" row "], %[x0], %[a]\n smlad %[b], %[o" row "], %[x1], %[b]\n" \
    "smlabt %[a], %[x1], %[o" row "], %[a]\n"
#define HIL_PLANE_2(row, first, at, next) \
    "ldrd %[x0], %[x1], " at "\n smlad %[b], %[e" row "], %[x1], %[" first "]\n" \
    "smlad %[a], %[e" row "], %[x0], %[a]\n ldr %[x0], " next "\n" \
    "smlabt %[a], %[x1], %[o" row "], %[a]\n smlabt %[b], %[x0], %[o" row "], %[b]\n"
#define HIL_PLANE_ROWS_1 \
    "ldr %[a], %[bias]\n" HIL_PLANE_1("1", "a", "[%[p], %[row1]]") HIL_PLANE_1("2", "b", "[%[p], %[row2]]") \
    HIL_PLANE_1("0", "b", "[%[p]], #4")
#define HIL_PLANE_ROWS_2 \
    "ldr %[a], %[bias]\n" HIL_PLANE_2("1", "a", "[%[p], %[row1]]", "[%[p], %[next1]]") \
    HIL_PLANE_2("2", "b", "[%[p], %[row2]]", "[%[p], %[next2]]") HIL_PLANE_2("0", "b", "[%[p]], #8", "[%[p]]")
#define HIL_PLANE_SCALE \
    "ldrd %[x0], %[x1], %[addend]\n smmlar %[a], %[a], %[x1], %[x0]\n smmlar %[b], %[b], %[x1], %[x0]\n"
#define HIL_PLANE_SCALE_SIGNED \
    "ldrd %[x0], %[x1], %[addend]\n add %[x0], %[x0], %[a], asr #31\n smmlar %[a], %[a], %[x1], %[x0]\n" \
    "ldr %[x0], %[addend]\n add %[x0], %[x0], %[b], asr #31\n smmlar %[b], %[b], %[x1], %[x0]\n"
#define HIL_PLANE_SHIFT "ldr %[x0], %[shift]\n asr %[a], %[a], %[x0]\n asr %[b], %[b], %[x0]\n"
#define HIL_PLANE_END "ldr %[x0], %[end]\n cmp %[p], %[x0]\n"
#endif
#define HIL_PLANE_STORE_NEAR "strb %[a], [%[out]], %[n]\n strb %[b], [%[out]], %[n]\n"
#define HIL_PLANE_STORE_FAR "strb %[b], [%[out], %[n]]\n strb %[a], [%[out]], #1\n addw %[out], %[out], %[skip]\n"
#define HIL_PLANE_LOOP(rows, scale, store) \
    __asm__ volatile("1:\n" rows scale HIL_PLANE_SHIFT \
            "ssat %[a], #8, %[a], asr #1\n ssat %[b], #8, %[b], asr #1\n" store HIL_PLANE_END "bne 1b\n" \
            : [p] "+r"(p), [out] "+r"(out), [a] "=&r"(a), [b] "=&r"(b), [x0] "=&r"(x0), [x1] "=&r"(x1) \
              HIL_PLANE_MORE \
            : [e0] "r"(f[0]), [o0] "r"(f[1]), [e1] "r"(f[2]), [o1] "r"(f[3]), [e2] "r"(f[4]), [o2] "r"(f[5]), \
              [shift] "m"(state.shift), [bias] "m"(state.bias2), [addend] "m"(state.addend), \
              [multiplier] "m"(state.multiplier), [end] "m"(state.end), \
              [row1] "i"(2 * pitch), [row2] "i"(4 * pitch), [right1] "i"((2 * pitch) + 4), \
              [right2] "i"((4 * pitch) + 4), [next1] "i"((2 * pitch) + 8), \
              [next2] "i"((4 * pitch) + 8), [n] "i"(n), [skip] "i"((2 * n) - 1) \
            : "memory", "cc")
#if HIL_DUAL_ISSUE
#define HIL_PLANE_MORE , [x2] "=&r"(x2)
#else
#define HIL_PLANE_MORE
#endif
#define HIL_PLANE_LOOPS(rows) \
    if (plain && (n <= 255)) { \
        HIL_PLANE_LOOP(rows, HIL_PLANE_SCALE, HIL_PLANE_STORE_NEAR); \
    } else if (plain) { \
        HIL_PLANE_LOOP(rows, HIL_PLANE_SCALE, HIL_PLANE_STORE_FAR); \
    } else if (n <= 255) { \
        HIL_PLANE_LOOP(rows, HIL_PLANE_SCALE_SIGNED, HIL_PLANE_STORE_NEAR); \
    } else { \
        HIL_PLANE_LOOP(rows, HIL_PLANE_SCALE_SIGNED, HIL_PLANE_STORE_FAR); \
    }

/* What a loop reads from the stack, for want of registers. */
typedef struct {
    int32_t addend; /* these two as one pair */
    int32_t multiplier;
    int32_t bias2;
    int32_t shift;
    const hil_half *end;
} hil_plane_state;

/* Whether the loops below can be taken: 3x3, the limits of their instructions, and clamps that SSAT makes. */
HIL_SPECIALISED int hil_plane_is_3x3(const hil_window *w, hil_range range)
{
    return (w->filter_h == 3) && (w->filter_w == 3) && (w->out_w > 1) && ((4 * hil_plane_pitch(w)) <= 1020) &&
           (w->out_c <= 2047) && !range.general && (range.clamp_min == INT8_MIN) && (range.clamp_max == INT8_MAX);
}

/* One channel of a 3x3 filter. */
HIL_SPECIALISED void hil_plane_channel_3x3(const hil_window *w, hil_range range, const hil_half *plane,
                                           const uint32_t *filter, const hil_channel *channel, int8_t *output)
{
    const int32_t pitch = hil_plane_pitch(w);
    const int32_t n = w->out_c;
    const int plain = range.clamp_min >= range.zero;
    uint32_t f[6];
    for (int32_t ky = 0; ky < 3; ky++) {
        const uint32_t outer = hil_double(hil_even(filter[ky]));
        const uint32_t inner = hil_double(hil_odd(filter[ky]));
        f[2 * ky] = hil_pack_low(outer, inner);
        f[(2 * ky) + 1] = hil_pack_apart(inner, outer);
    }
    const int32_t bias2 = channel->bias2;
    const int32_t multiplier = channel->multiplier;
    const int32_t shift = channel->shift;
    const int32_t addend = hil_addend(range, shift);
    hil_plane_state state = {addend, multiplier, bias2, shift, plane};
    int8_t *out = output;
    for (int32_t y = 0; y < w->out_h; y++) {
        const hil_half *p = &plane[y * w->stride_h * pitch];
        state.end = &p[(w->out_w & ~1) * w->stride_w];
        /* Holds it there: where its values came from would take another register to address. */
        __asm__ volatile("" : "+m"(state));
        int32_t a, b;
        uint32_t x0, x1;
#if HIL_DUAL_ISSUE
        uint32_t x2;
#endif
        if (w->stride_w == 1) {
            HIL_PLANE_LOOPS(HIL_PLANE_ROWS_1)
        } else {
            HIL_PLANE_LOOPS(HIL_PLANE_ROWS_2)
        }
        if ((w->out_w & 1) != 0) {
            a = bias2;
            for (int32_t ky = 0; ky < 3; ky++) {
                a = hil_mla_both(f[2 * ky], hil_plane_word(&p[ky * pitch]), a);
                a = hil_mla_low_high(hil_plane_word(&p[(ky * pitch) + 2]), f[(2 * ky) + 1], a);
            }
            out[0] = hil_output(range, a, multiplier, addend, shift);
            out = &out[n];
        }
    }
}
#endif

/* Strides 1 and 2, no dilation, filters up to 16 by 16 pixels. `filter` holds the rows of one output channel after
 * another, each padded to whole words. */
HIL_SPECIALISED void hil_plane_depthwise(const hil_window *w, int32_t general, const int8_t *input,
                                         const uint32_t *filter, const hil_channel *channels, int8_t *output,
                                         void *scratch)
{
    const hil_range range = {w->output_offset, w->clamp_min, w->clamp_max, general};
    const int32_t words = w->filter_h * hil_plane_filter_words(w);
    const int32_t pixels = hil_plane_pitch(w) * hil_plane_rows(w);
    hil_half *const plane = (hil_half *)scratch;
    for (int32_t i = 0; i < pixels; i++) {
        plane[i] = (hil_half)-w->input_offset;
    }
    const int32_t copies = w->out_c / w->in_c;
    for (int32_t c = 0; c < w->out_c; c++) {
        if ((c % copies) == 0) {
            hil_plane_spread(w, &input[c / copies], plane);
        }
#if HIL_ASM
        if (hil_plane_is_3x3(w, range)) {
            hil_plane_channel_3x3(w, range, plane, &filter[c * words], &channels[c], &output[c]);
            continue;
        }
#endif
        /* Only the room that the filter needs is taken from the stack. */
        if (words <= 10) {
            uint32_t f[40];
            hil_plane_channel(w, range, plane, &filter[c * words], &channels[c], f, &output[c]);
        } else if (words <= 14) {
            uint32_t f[56];
            hil_plane_channel(w, range, plane, &filter[c * words], &channels[c], f, &output[c]);
        } else {
            uint32_t f[256];
            hil_plane_channel(w, range, plane, &filter[c * words], &channels[c], f, &output[c]);
        }
    }
}

#endif
