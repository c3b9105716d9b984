/*
 * Fully connected layer, specialised by constant parameters: four outputs at a time, whose weights share words by
 * twos as in hil_matrix.h. Of four outputs A B C D, the words of group g of four inputs are AB 0 2, AB 1 3, CD 0 2,
 * CD 1 3; a last pair of outputs has the first two alone.
 */
#ifndef HIL_ROW_H
#define HIL_ROW_H

#include "hil_kernels.h"
#include "hil_requant.h"

HIL_SPECIALISED int32_t hil_row_depth(const hil_dense *d)
{
    return (d->in_c + 3) & ~3;
}

/* One row of the input, widened. */
HIL_SPECIALISED size_t hil_row_scratch_bytes(const hil_dense *d)
{
    return sizeof(int16_t) * (size_t)hil_row_depth(d);
}

HIL_SPECIALISED void hil_row_widen(const int8_t *x, int32_t n, hil_word *to)
{
#pragma GCC unroll 4
    for (int32_t i = 0; i < (n & ~3); i += 4) {
        const uint32_t word = hil_load4(&x[i]);
        to[i / 2] = hil_even(word);
        to[(i / 2) + 1] = hil_odd(word);
    }
    if ((n & 3) != 0) {
        const int8_t *const rest = &x[n & ~3];
        const int32_t second = ((n & 3) > 1) ? rest[1] : 0;
        const int32_t third = ((n & 3) > 2) ? rest[2] : 0;
        to[(n & ~3) / 2] = hil_halves(rest[0], third);
        to[((n & ~3) / 2) + 1] = hil_halves(second, 0);
    }
}

/* Of two pairs of outputs: sums of their first and of their mixture, as in hil_matrix.h. */
typedef struct {
    int32_t a0, s0, a1, s1;
} hil_row_sums;

/* As many outputs as are whole quads and requantised fast; returns how many. */
int32_t hil_row_quads(const hil_dense *d, hil_range range, const hil_word *columns, const uint32_t *filter,
                      const hil_channel *channels, int8_t *output);

void hil_row_dot4(const hil_word *columns, const uint32_t *weights, int32_t depth, hil_row_sums *r);

/* Of one pair alone, the first of the sums. */
void hil_row_dot2(const hil_word *columns, const uint32_t *weights, int32_t depth, hil_row_sums *r);

/* Outputs of one pair; the second where there is one. */
HIL_SPECIALISED void hil_row_pair(hil_range range, const hil_channel *channels, int32_t a, int32_t s, int second,
                                  int8_t *output)
{
    const int32_t twice_a = (int32_t)((uint32_t)a << 1);
    const int32_t twice_b = (int32_t)((uint32_t)s - (uint32_t)a) >> 7;
    output[0] = hil_output(range, hil_plus(channels[0].bias2, twice_a), channels[0].multiplier,
                           hil_addend(range, channels[0].shift), channels[0].shift);
    if (second) {
        output[1] = hil_output(range, hil_plus(channels[1].bias2, twice_b), channels[1].multiplier,
                               hil_addend(range, channels[1].shift), channels[1].shift);
    }
}

/* Filters without a zero point. `filter` and `channels` are padded to an even number of outputs. */
HIL_SPECIALISED void hil_row_dense(const hil_dense *d, int32_t general, const int8_t *input, const uint32_t *filter,
                                   const hil_channel *channels, int8_t *output, void *scratch)
{
    const hil_range range = {d->output_offset, d->clamp_min, d->clamp_max, general};
    const int32_t depth = hil_row_depth(d);
    hil_word *const columns = (hil_word *)scratch;
    for (int32_t row = 0; row < d->rows; row++) {
        hil_row_widen(&input[row * d->in_c], d->in_c, columns);
        int8_t *const out = &output[row * d->out_c];
        int32_t o = hil_row_quads(d, range, columns, filter, channels, out);
        const uint32_t *weights = &filter[(o / 4) * depth];
        for (; (o + 2) < d->out_c; o += 4) {
            hil_row_sums r;
            hil_row_dot4(columns, weights, depth, &r);
            weights = &weights[depth];
            hil_row_pair(range, &channels[o], r.a0, r.s0, 1, &out[o]);
            hil_row_pair(range, &channels[o + 2], r.a1, r.s1, (o + 3) < d->out_c, &out[o + 2]);
        }
        if (o < d->out_c) {
            hil_row_sums r;
            hil_row_dot2(columns, weights, depth, &r);
            hil_row_pair(range, &channels[o], r.a0, r.s0, (o + 1) < d->out_c, &out[o]);
        }
    }
}

#endif
