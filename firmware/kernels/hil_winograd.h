/*
 * 3x3 convolution at stride 1 by minimal filtering, F(2x2, 3x3) (Lavin and Gray, Fast Algorithms for Convolutional Neural
 * Networks, CVPR 2016, arXiv 1509.09308, section 4.1), specialised by constant parameters: 16 products give what takes 36.
 *
 * The filter is transformed ahead with its halves doubled, so that all is in integers: what comes out is four times the
 * sum. Every step is a sum or a product modulo 2^32, and four times the sum stays in int32 by the planner's bounds, so
 * that it is exact whatever the sums on the way.
 *
 * Four tiles of 2x2 outputs by two channels at a time, one of the 16 elements of the transform after another. Pairs of
 * input channels are elements 4 g, 4 g + 2 and 4 g + 1, 4 g + 3 of a group, as in hil_matrix.h. Of element e word
 * 4 i + j of the transformed input is pair i of tile j, words 2 i and 2 i + 1 of the filter are pair i of channels A and B.
 */
#ifndef HIL_WINOGRAD_H
#define HIL_WINOGRAD_H

#include "hil_kernels.h"
#include "hil_requant.h"

#define HIL_WINOGRAD_ELEMENTS 16
#define HIL_WINOGRAD_TILES 4
/* Sums of an element: of two channels and four tiles. */
#define HIL_WINOGRAD_SUMS 8

/* The transformed input of four tiles, then the sums of two channels. */
HIL_SPECIALISED size_t hil_winograd_scratch_bytes(const hil_window *w)
{
    const size_t input = sizeof(int16_t) * (size_t)(HIL_WINOGRAD_ELEMENTS * HIL_WINOGRAD_TILES * w->in_c);
    return input + (sizeof(int32_t) * HIL_WINOGRAD_ELEMENTS * HIL_WINOGRAD_SUMS);
}

/* 16 words of four channels: the pixels that a tile reads. */
HIL_SPECIALISED void hil_winograd_read(const hil_window *w, const int8_t *input, int32_t top, int32_t left, uint32_t *d)
{
    const int inside = (top >= 0) && (left >= 0) && ((top + 4) <= w->in_h) && ((left + 4) <= w->in_w);
    if (inside) {
        const int8_t *const from = &input[((top * w->in_w) + left) * w->in_c];
#pragma GCC unroll 16
        for (int32_t i = 0; i < 16; i++) {
            d[i] = hil_load4(&from[(((i / 4) * w->in_w) + (i % 4)) * w->in_c]);
        }
        return;
    }
    for (int32_t i = 0; i < 16; i++) {
        const int32_t y = top + (i / 4);
        const int32_t x = left + (i % 4);
        const int outside = (y < 0) || (y >= w->in_h) || (x < 0) || (x >= w->in_w);
        d[i] = outside ? (0x01010101u * ((uint32_t)-w->input_offset & 0xffu))
                       : hil_load4(&input[((y * w->in_w) + x) * w->in_c]);
    }
}

/* Both halves of a word of pixels, one after the other; `to` has `step` words from element to element. */
HIL_SPECIALISED void hil_winograd_spread(const uint32_t *d, int odd, int32_t step, hil_word *to)
{
    uint32_t t[16];
#pragma GCC unroll 4
    for (int32_t x = 0; x < 4; x++) {
        const uint32_t d0 = odd ? hil_odd(d[x]) : hil_even(d[x]);
        const uint32_t d1 = odd ? hil_odd(d[x + 4]) : hil_even(d[x + 4]);
        const uint32_t d2 = odd ? hil_odd(d[x + 8]) : hil_even(d[x + 8]);
        const uint32_t d3 = odd ? hil_odd(d[x + 12]) : hil_even(d[x + 12]);
        t[x] = hil_minus_both(d0, d2);
        t[x + 4] = hil_plus_both(d1, d2);
        t[x + 8] = hil_minus_both(d2, d1);
        t[x + 12] = hil_minus_both(d1, d3);
    }
#pragma GCC unroll 4
    for (int32_t y = 0; y < 4; y++) {
        hil_word *const row = &to[4 * y * step];
        row[0] = hil_minus_both(t[4 * y], t[(4 * y) + 2]);
        row[step] = hil_plus_both(t[(4 * y) + 1], t[(4 * y) + 2]);
        row[2 * step] = hil_minus_both(t[(4 * y) + 2], t[(4 * y) + 1]);
        row[3 * step] = hil_minus_both(t[(4 * y) + 1], t[(4 * y) + 3]);
    }
}

/* Sums of every element for two channels, those of element e at 8 e: of channel A and tiles 0 to 3, then of B. `words`
 * are those of a pixel, an even number. */
void hil_winograd_sums(const hil_word *input, const uint32_t *filter, int32_t words, int32_t *sums);

/* Twice the sums of the four outputs of a tile, from its sums per element; `m` has HIL_WINOGRAD_SUMS from one to the
 * next. */
HIL_SPECIALISED void hil_winograd_gather(const int32_t *m, int32_t bias2, int32_t *out)
{
    int32_t upper[4];
    int32_t lower[4];
#pragma GCC unroll 4
    for (int32_t x = 0; x < 4; x++) {
        const int32_t m0 = m[x * HIL_WINOGRAD_SUMS];
        const int32_t m1 = m[(x + 4) * HIL_WINOGRAD_SUMS];
        const int32_t m2 = m[(x + 8) * HIL_WINOGRAD_SUMS];
        const int32_t m3 = m[(x + 12) * HIL_WINOGRAD_SUMS];
        upper[x] = hil_plus(m0, hil_plus(m1, m2));
        lower[x] = hil_less(hil_less(m1, m2), m3);
    }
    out[0] = hil_plus(bias2, hil_plus(upper[0], hil_plus(upper[1], upper[2])) >> 1);
    out[1] = hil_plus(bias2, hil_less(hil_less(upper[1], upper[2]), upper[3]) >> 1);
    out[2] = hil_plus(bias2, hil_plus(lower[0], hil_plus(lower[1], lower[2])) >> 1);
    out[3] = hil_plus(bias2, hil_less(hil_less(lower[1], lower[2]), lower[3]) >> 1);
}

/* One channel of four tiles from tile `first` on. */
HIL_SPECIALISED void hil_winograd_finish(const hil_window *w, hil_range range, const int32_t *m,
                                         const hil_channel *channel, int32_t first, int8_t *output)
{
    const int32_t across = (w->out_w + 1) / 2;
    const int32_t tiles = across * ((w->out_h + 1) / 2);
    const int32_t bias2 = channel->bias2;
    const int32_t multiplier = channel->multiplier;
    const int32_t shift = channel->shift;
    const int32_t addend = hil_addend(range, shift);
    int32_t y = 2 * (first / across);
    int32_t x = 2 * (first % across);
    for (int32_t j = 0; (j < HIL_WINOGRAD_TILES) && ((first + j) < tiles); j++) {
        int32_t acc2[4];
        hil_winograd_gather(&m[j], bias2, acc2);
        int8_t *const out = &output[((y * w->out_w) + x) * w->out_c];
        const int right = ((w->out_w % 2) == 0) || ((x + 1) < w->out_w);
        out[0] = hil_output(range, acc2[0], multiplier, addend, shift);
        if (right) {
            out[w->out_c] = hil_output(range, acc2[1], multiplier, addend, shift);
        }
        if (((w->out_h % 2) == 0) || ((y + 1) < w->out_h)) {
            int8_t *const below = &out[w->out_w * w->out_c];
            below[0] = hil_output(range, acc2[2], multiplier, addend, shift);
            if (right) {
                below[w->out_c] = hil_output(range, acc2[3], multiplier, addend, shift);
            }
        }
        x += 2;
        if (x >= w->out_w) {
            x = 0;
            y += 2;
        }
    }
}

/* Input channels in whole groups of 4. `filter` and `channels` are padded to an even number of channels. Tiles are read
 * by fours before they are written. */
HIL_SPECIALISED void hil_winograd_conv(const hil_window *w, int32_t general, const int8_t *input, const uint32_t *filter,
                                       const hil_channel *channels, int8_t *output, void *scratch)
{
    const hil_range range = {w->output_offset, w->clamp_min, w->clamp_max, general};
    const int32_t words = w->in_c / 2;
    const int32_t step = HIL_WINOGRAD_TILES * words;
    const int32_t across = (w->out_w + 1) / 2;
    const int32_t tiles = across * ((w->out_h + 1) / 2);
    hil_word *const spread = (hil_word *)scratch;
    int32_t *const sums = (int32_t *)&spread[HIL_WINOGRAD_ELEMENTS * step];
    for (int32_t first = 0; first < tiles; first += HIL_WINOGRAD_TILES) {
        for (int32_t j = 0; j < HIL_WINOGRAD_TILES; j++) {
            /* What is beyond the last is computed of that, and not stored. */
            const int32_t tile = ((first + j) < tiles) ? (first + j) : (tiles - 1);
            const int32_t top = (2 * (tile / across)) - w->pad_top;
            const int32_t left = (2 * (tile % across)) - w->pad_left;
            for (int32_t c = 0; c < w->in_c; c += 4) {
                uint32_t d[16];
                hil_winograd_read(w, &input[c], top, left, d);
                hil_winograd_spread(d, 0, step, &spread[(2 * c) + j]);
                hil_winograd_spread(d, 1, step, &spread[(2 * c) + 4 + j]);
            }
        }
        const uint32_t *weights = filter;
        for (int32_t c = 0; c < w->out_c; c += 2) {
            hil_winograd_sums(spread, weights, words, sums);
            weights = &weights[2 * HIL_WINOGRAD_ELEMENTS * words];
            hil_winograd_finish(w, range, sums, &channels[c], first, &output[c]);
            if ((c + 1) < w->out_c) {
                hil_winograd_finish(w, range, &sums[4], &channels[c + 1], first, &output[c + 1]);
            }
        }
    }
}

#endif
