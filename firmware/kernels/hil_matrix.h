/*
 * Convolution as a matrix product, specialised by constant parameters: four pixels by two channels at a time.
 *
 * Pixels are widened to 16 bits, as they are (the input's zero point is folded into the bias), into columns that are
 * interleaved: word 4 i + j is pair i of pixel j. Pairs are elements 4 g, 4 g + 2 and 4 g + 1, 4 g + 3 of group g,
 * since that is how SXTB16 and its rotated form split a word.
 *
 * Weights of channels A and B = A + 1 share words: each half is 256 b + a, as int16. SMLAD with the word as it stands
 * gives 256 sum(b x) + sum(a x), and SXTB16 of it with the same pixels gives sum(a x): one widening serves both. The
 * planner takes this form only where sum(b x) fits in 24 bits whatever the input, so that it is the upper part of
 * their difference.
 */
#ifndef HIL_MATRIX_H
#define HIL_MATRIX_H

#include "hil_kernels.h"
#include "hil_requant.h"

/* Elements of a column, whole groups of 4. */
HIL_SPECIALISED int32_t hil_matrix_depth(const hil_window *w)
{
    return ((w->filter_h * w->filter_w * w->in_c) + 3) & ~3;
}

/* Columns, and one column of bytes where pixels are no whole groups. */
HIL_SPECIALISED size_t hil_matrix_scratch_bytes(const hil_window *w)
{
    const size_t depth = (size_t)hil_matrix_depth(w);
    return (4u * sizeof(int16_t) * depth) + (((w->in_c % 4) == 0) ? 0u : depth);
}

/* n elements, a multiple of 4, to one of the interleaved columns. */
HIL_SPECIALISED void hil_matrix_widen(const int8_t *x, int32_t n, hil_word *column)
{
#pragma GCC unroll 4
    for (int32_t i = 0; i < n; i += 4) {
        const uint32_t word = hil_load4(&x[i]);
        column[2 * i] = hil_even(word);
        column[(2 * i) + 4] = hil_odd(word);
    }
}

HIL_SPECIALISED void hil_matrix_fill(int32_t value, int32_t n, hil_word *column)
{
    const uint32_t pair = hil_halves(value, value);
    for (int32_t i = 0; i < (2 * n); i += 4) {
        column[i] = pair;
    }
}

/* Pixels are whole groups: each tap goes straight to its column. */
HIL_SPECIALISED void hil_matrix_gather_words(const hil_window *w, const int8_t *input, int32_t top, int32_t left,
                                             hil_word *column)
{
    const int32_t row = w->filter_w * w->in_c;
    const int32_t right = left + ((w->filter_w - 1) * w->dilation_w);
    for (int32_t ky = 0; ky < w->filter_h; ky++) {
        const int32_t y = top + (ky * w->dilation_h);
        hil_word *const to = &column[2 * ky * row];
        if ((y < 0) || (y >= w->in_h)) {
            hil_matrix_fill(-w->input_offset, row, to);
        } else if ((w->dilation_w == 1) && (left >= 0) && (right < w->in_w)) {
            hil_matrix_widen(&input[((y * w->in_w) + left) * w->in_c], row, to);
        } else {
            for (int32_t kx = 0; kx < w->filter_w; kx++) {
                const int32_t x = left + (kx * w->dilation_w);
                if ((x < 0) || (x >= w->in_w)) {
                    hil_matrix_fill(-w->input_offset, w->in_c, &to[2 * kx * w->in_c]);
                } else {
                    hil_matrix_widen(&input[((y * w->in_w) + x) * w->in_c], w->in_c, &to[2 * kx * w->in_c]);
                }
            }
        }
    }
}

/* Pixels are odd: the column is put together from bytes first. */
HIL_SPECIALISED void hil_matrix_gather_bytes(const hil_window *w, const int8_t *input, int32_t top, int32_t left,
                                             int8_t *bytes, hil_word *column)
{
    const int32_t row = w->filter_w * w->in_c;
    const int32_t right = left + ((w->filter_w - 1) * w->dilation_w);
    const int32_t bottom = top + ((w->filter_h - 1) * w->dilation_h);
    const int inside = (left >= 0) && (right < w->in_w) && (top >= 0) && (bottom < w->in_h);
    if (inside && (w->dilation_w == 1)) {
        const int8_t *from = &input[((top * w->in_w) + left) * w->in_c];
        for (int32_t ky = 0; ky < w->filter_h; ky++) {
            if ((row % 4) == 0) {
                hil_matrix_widen(from, row, &column[2 * ky * row]);
            } else {
                (void)memcpy(&bytes[ky * row], from, (size_t)row);
            }
            from = &from[w->dilation_h * w->in_w * w->in_c];
        }
        if ((row % 4) == 0) {
            return;
        }
    } else {
        for (int32_t ky = 0; ky < w->filter_h; ky++) {
            const int32_t y = top + (ky * w->dilation_h);
            for (int32_t kx = 0; kx < w->filter_w; kx++) {
                const int32_t x = left + (kx * w->dilation_w);
                int8_t *const to = &bytes[(ky * row) + (kx * w->in_c)];
                if ((y < 0) || (y >= w->in_h) || (x < 0) || (x >= w->in_w)) {
                    (void)memset(to, -w->input_offset, (size_t)w->in_c);
                } else {
                    (void)memcpy(to, &input[((y * w->in_w) + x) * w->in_c], (size_t)w->in_c);
                }
            }
        }
    }
    hil_matrix_widen(bytes, hil_matrix_depth(w), column);
}

/* All channels of four pixels side by side, whose columns are interleaved. */
void hil_matrix_block(const hil_window *w, hil_range range, const hil_word *columns, const uint32_t *filter,
                      const hil_channel *channels, int8_t *output);

/* All channels of one pixel, of those that are left over. */
void hil_matrix_pixel(const hil_window *w, hil_range range, const hil_word *column, const uint32_t *filter,
                      const hil_channel *channels, int8_t *output);

/* Any window, one group. `filter` and `channels` are padded to an even number of channels. */
HIL_SPECIALISED void hil_matrix_conv(const hil_window *w, int32_t general, const int8_t *input, const uint32_t *filter,
                                     const hil_channel *channels, int8_t *output, void *scratch)
{
    /* The caller's goes to functions that are not part of this one: what is theirs too is not constant any more. */
    const hil_window own = *w;
    const hil_range range = {own.output_offset, own.clamp_min, own.clamp_max, general};
    const int32_t depth = hil_matrix_depth(&own);
    hil_word *const columns = (hil_word *)scratch;
    int8_t *const bytes = (int8_t *)&columns[2 * depth];
    if ((own.in_c % 4) != 0) {
        (void)memset(&bytes[depth - 4], 0, 4);
    }
    int32_t held = 0;
    int8_t *out = output;
    for (int32_t y = 0; y < own.out_h; y++) {
        const int32_t top = (y * own.stride_h) - own.pad_top;
        for (int32_t x = 0; x < own.out_w; x++) {
            const int32_t left = (x * own.stride_w) - own.pad_left;
            if ((own.in_c % 4) == 0) {
                hil_matrix_gather_words(&own, input, top, left, &columns[held]);
            } else {
                hil_matrix_gather_bytes(&own, input, top, left, bytes, &columns[held]);
            }
            held++;
            if (held == 4) {
                hil_matrix_block(w, range, columns, filter, channels, out);
                out = &out[4 * own.out_c];
                held = 0;
            }
        }
    }
    for (int32_t j = 0; j < held; j++) {
        hil_matrix_pixel(w, range, &columns[j], filter, channels, &out[j * own.out_c]);
    }
}

/* So many pixels of a 1x1 filter at stride 1 without pads. `output` may be `input`: from the first pixel on where pixels do
 * not grow, from the last one on (`backwards`) where they do. */
HIL_SPECIALISED void hil_matrix_some(const hil_window *w, int32_t count, int32_t general, int32_t backwards,
                                     const int8_t *input, const uint32_t *filter, const hil_channel *channels,
                                     int8_t *output, void *scratch)
{
    /* The caller's goes to functions that are not part of this one: what is theirs too is not constant any more. */
    const hil_window own = *w;
    const hil_range range = {own.output_offset, own.clamp_min, own.clamp_max, general};
    const int32_t depth = hil_matrix_depth(&own);
    hil_word *const columns = (hil_word *)scratch;
    int8_t *const bytes = (int8_t *)&columns[2 * depth];
    if ((own.in_c % 4) != 0) {
        (void)memset(&bytes[depth - 4], 0, 4);
    }
    for (int32_t done = 0; done < count; done += 4) {
        const int32_t held = ((count - done) < 4) ? (count - done) : 4;
        const int32_t first = backwards ? (count - done - held) : done;
        for (int32_t j = 0; j < held; j++) {
            const int8_t *const pixel = &input[(first + j) * own.in_c];
            if ((own.in_c % 4) == 0) {
                hil_matrix_widen(pixel, depth, &columns[j]);
            } else {
                (void)memcpy(bytes, pixel, (size_t)own.in_c);
                hil_matrix_widen(bytes, depth, &columns[j]);
            }
        }
        int8_t *const out = &output[first * own.out_c];
        if (held == 4) {
            hil_matrix_block(w, range, columns, filter, channels, out);
            continue;
        }
        for (int32_t j = 0; j < held; j++) {
            hil_matrix_pixel(w, range, &columns[j], filter, channels, &out[j * own.out_c]);
        }
    }
}

/* All of them. */
HIL_SPECIALISED void hil_matrix_pixels(const hil_window *w, int32_t general, int32_t backwards, const int8_t *input,
                                       const uint32_t *filter, const hil_channel *channels, int8_t *output,
                                       void *scratch)
{
    hil_matrix_some(w, w->out_h * w->out_w, general, backwards, input, filter, channels, output, scratch);
}

/* What is added to the outputs of a convolution before they are written. */
typedef struct {
    /* Specialised for the layer, as a function of its own: its loop takes all registers. */
    void (*add)(const int8_t *product, const int8_t *other, int8_t *output, int32_t count);
    const int8_t *other; /* as large as the output, which may be written over it */
} hil_matrix_sum;

/* Elements that are added at a time: enough that to begin costs little, and few enough to be in a cache still. */
#define HIL_MATRIX_ADDED 2048

/* The same where something is added and pixels do not grow. `input` is written over: what is made of some pixels lies where
 * they lay until it is added. */
HIL_SPECIALISED void hil_matrix_pixels_sum(const hil_window *w, int32_t general, int8_t *input, const uint32_t *filter,
                                           const hil_channel *channels, int8_t *output, void *scratch,
                                           const hil_matrix_sum *sum)
{
    const int32_t count = w->out_h * w->out_w;
    const int32_t fits = (HIL_MATRIX_ADDED / w->out_c) & ~3;
    const int32_t most = (fits > 4) ? fits : 4;
    for (int32_t done = 0; done < count; done += most) {
        const int32_t held = ((count - done) < most) ? (count - done) : most;
        int8_t *const product = &input[done * w->in_c];
        hil_matrix_some(w, held, general, 0, product, filter, channels, product, scratch);
        const int32_t at = done * w->out_c;
        sum->add(product, &sum->other[at], &output[at], held * w->out_c);
    }
}

#endif
