/* Fixed point as in gemmlowp (fixedpoint/fixedpoint.h): Fn is a raw int32 with n integer and 31 - n fractional bits. */
#include "hil_internal.h"

#define DIFF_BITS 5
#define SUM_BITS 12

static int32_t shl_saturating(int32_t x, int32_t bits)
{
    const int32_t limit = INT32_MAX >> bits;
    if (x > limit) {
        return INT32_MAX;
    }
    return (x < (-limit - 1)) ? INT32_MIN : hil_shl(x, bits);
}

/* exp(a) for -1/4 <= a < 0, F0: Taylor series around -1/8. */
static int32_t exp_near_zero(int32_t a)
{
    const int32_t exp_minus_eighth = 1895147668;
    const int32_t third = 715827883;
    const int32_t x = a + (1 << 28);
    const int32_t x2 = hil_mul_high(x, x);
    const int32_t x3 = hil_mul_high(x2, x);
    const int32_t x4_over_4 = hil_rounding_shr(hil_mul_high(x2, x2), 2);
    const int32_t tail = hil_rounding_shr(hil_mul_high(x4_over_4 + x3, third) + x2, 1);
    return exp_minus_eighth + hil_mul_high(exp_minus_eighth, x + tail);
}

/* exp(a) for a <= 0, F5 to F0. */
static int32_t exp_negative(int32_t a)
{
    /* exp(-2^k) in F0, for k from -2. */
    static const int32_t powers[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    const int32_t quarter = 1 << (31 - DIFF_BITS - 2);
    if (a == 0) {
        return INT32_MAX;
    }
    const int32_t a_mod_quarter = (a & (quarter - 1)) - quarter;
    const uint32_t remainder = (uint32_t)a_mod_quarter - (uint32_t)a;
    int32_t result = exp_near_zero(hil_shl(a_mod_quarter, DIFF_BITS));
    for (uint32_t k = 0; k < 7u; k++) {
        if ((remainder & ((uint32_t)quarter << k)) != 0u) {
            result = hil_mul_high(result, powers[k]);
        }
    }
    return result;
}

/* 1 / (1 + a) for 0 <= a < 1, F0: three Newton-Raphson steps. */
static int32_t one_over_one_plus(int32_t a)
{
    const int32_t half_denominator = (int32_t)(((int64_t)a + INT32_MAX + 1) / 2);
    int32_t x = 1515870810 + hil_mul_high(half_denominator, -1010580540);
    for (int32_t step = 0; step < 3; step++) {
        const int32_t error = (1 << 29) - hil_mul_high(half_denominator, x);
        x = (int32_t)((uint32_t)x + (uint32_t)shl_saturating(hil_mul_high(x, error), 2));
    }
    return shl_saturating(x, 1);
}

static int32_t leading_zeros(uint32_t x)
{
    int32_t n = 0;
    for (uint32_t bit = UINT32_C(1) << 31; (bit != 0u) && ((x & bit) == 0u); bit >>= 1) {
        n++;
    }
    return n;
}

static void softmax_row(const hil_softmax_params *p, const int8_t *x, int8_t *out)
{
    int32_t max = INT8_MIN;
    for (int32_t i = 0; i < p->depth; i++) {
        max = hil_max(max, x[i]);
    }
    int32_t sum = 0;
    for (int32_t i = 0; i < p->depth; i++) {
        const int32_t diff = x[i] - max;
        if (diff >= p->diff_min) {
            sum += hil_rounding_shr(exp_negative(hil_requantize(diff, &p->scaling)), SUM_BITS);
        }
    }
    const int32_t headroom = leading_zeros((uint32_t)sum);
    const int32_t exponent = (SUM_BITS - headroom) + 31 - 8;
    const uint32_t fraction = ((uint32_t)sum << (uint32_t)headroom) - (UINT32_C(1) << 31);
    const int32_t scale = one_over_one_plus((int32_t)fraction);
    for (int32_t i = 0; i < p->depth; i++) {
        const int32_t diff = x[i] - max;
        int32_t probability = 0;
        if (diff >= p->diff_min) {
            const int32_t e = exp_negative(hil_requantize(diff, &p->scaling));
            probability = hil_rounding_shr(hil_mul_high(scale, e), exponent);
        }
        out[i] = (int8_t)hil_clamp(probability - 128, INT8_MIN, INT8_MAX);
    }
}

void hil_softmax(const hil_softmax_params *p, const int8_t *input, int8_t *output)
{
    for (int32_t row = 0; row < p->rows; row++) {
        softmax_row(p, &input[row * p->depth], &output[row * p->depth]);
    }
}
