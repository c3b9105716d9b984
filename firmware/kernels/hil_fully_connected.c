#include "hil_internal.h"

static int8_t finish(const hil_dense *d, int32_t acc, const hil_requant *requant)
{
    return hil_finish(hil_requantize(acc, requant), d->output_offset, d->clamp_min, d->clamp_max);
}

#if HIL_DSP

size_t hil_fully_connected_scratch_bytes(const hil_dense *d)
{
    return sizeof(int16_t) * (size_t)hil_widened(d->in_c);
}

static int32_t sum(const int16_t *x, int32_t n)
{
    int32_t total = 0;
    for (int32_t i = 0; i < n; i++) {
        total += x[i];
    }
    return total;
}

/* Four outputs at once, so that each input word is read once for four weights. */
static HIL_INNER void dot4(const int16_t *a, const int8_t *filter, int32_t k, int32_t *acc)
{
    const int8_t *w0 = filter;
    const int8_t *w1 = &filter[k];
    const int8_t *w2 = &filter[2 * k];
    const int8_t *w3 = &filter[3 * k];
    const int16_t *p = a;
    const int16_t *const stop = &a[k & ~3];
    int32_t s0 = acc[0];
    int32_t s1 = acc[1];
    int32_t s2 = acc[2];
    int32_t s3 = acc[3];
    while (p != stop) {
        const int16x2_t even = hil_read2(p);
        const int16x2_t odd = hil_read2(&p[2]);
        int8x4_t v = hil_read4(w0);
        s0 = __smlad(__sxtb16(v), even, s0);
        s0 = __smlad(hil_sxtb16_ror8(v), odd, s0);
        v = hil_read4(w1);
        s1 = __smlad(__sxtb16(v), even, s1);
        s1 = __smlad(hil_sxtb16_ror8(v), odd, s1);
        v = hil_read4(w2);
        s2 = __smlad(__sxtb16(v), even, s2);
        s2 = __smlad(hil_sxtb16_ror8(v), odd, s2);
        v = hil_read4(w3);
        s3 = __smlad(__sxtb16(v), even, s3);
        s3 = __smlad(hil_sxtb16_ror8(v), odd, s3);
        p += 4;
        w0 += 4;
        w1 += 4;
        w2 += 4;
        w3 += 4;
    }
    for (int32_t i = 0; i < (k & 3); i++) {
        s0 = hil_add_wrapping(s0, p[i] * w0[i]);
        s1 = hil_add_wrapping(s1, p[i] * w1[i]);
        s2 = hil_add_wrapping(s2, p[i] * w2[i]);
        s3 = hil_add_wrapping(s3, p[i] * w3[i]);
    }
    acc[0] = s0;
    acc[1] = s1;
    acc[2] = s2;
    acc[3] = s3;
}

static HIL_INNER int32_t dot1(const int16_t *a, const int8_t *filter, int32_t k, int32_t bias)
{
    int32_t acc = bias;
    int32_t i = 0;
    for (; (i + 4) <= k; i += 4) {
        const int8x4_t v = hil_read4(&filter[i]);
        acc = __smlad(__sxtb16(v), hil_read2(&a[i]), acc);
        acc = __smlad(hil_sxtb16_ror8(v), hil_read2(&a[i + 2]), acc);
    }
    for (; i < k; i++) {
        acc = hil_add_wrapping(acc, a[i] * filter[i]);
    }
    return acc;
}

void hil_fully_connected(const hil_dense *d, const int8_t *input, const int8_t *filter, const int32_t *bias,
                         const hil_requant *requant, int8_t *output, void *scratch)
{
    int16_t *a = (int16_t *)scratch;
    const int32_t k = d->in_c;
    for (int32_t row = 0; row < d->rows; row++) {
        hil_widen(&input[row * k], k, d->input_offset, a);
        /* The filter's offset is a constant per row: it costs one sum, not a wider filter. */
        const int32_t shift = (d->filter_offset == 0) ? 0 : (d->filter_offset * sum(a, k));
        int8_t *out = &output[row * d->out_c];
        int32_t o = 0;
        for (; (o + 4) <= d->out_c; o += 4) {
            int32_t acc[4];
            for (int32_t i = 0; i < 4; i++) {
                acc[i] = hil_add_wrapping(bias[o + i], shift);
            }
            dot4(a, &filter[o * k], k, acc);
            for (int32_t i = 0; i < 4; i++) {
                out[o + i] = finish(d, acc[i], &requant[o + i]);
            }
        }
        for (; o < d->out_c; o++) {
            out[o] = finish(d, dot1(a, &filter[o * k], k, hil_add_wrapping(bias[o], shift)), &requant[o]);
        }
    }
}

#else

size_t hil_fully_connected_scratch_bytes(const hil_dense *d)
{
    (void)d;
    return 0;
}

void hil_fully_connected(const hil_dense *d, const int8_t *input, const int8_t *filter, const int32_t *bias,
                         const hil_requant *requant, int8_t *output, void *scratch)
{
    (void)scratch;
    for (int32_t row = 0; row < d->rows; row++) {
        for (int32_t o = 0; o < d->out_c; o++) {
            int32_t acc = bias[o];
            for (int32_t i = 0; i < d->in_c; i++) {
                const int32_t value = input[(row * d->in_c) + i] + d->input_offset;
                acc = hil_add_wrapping(acc, value * (filter[(o * d->in_c) + i] + d->filter_offset));
            }
            output[(row * d->out_c) + o] = finish(d, acc, &requant[o]);
        }
    }
}

#endif
