/*
 * Requantisation in six instructions, bit-exact with the two roundings of the reference.
 *
 * With a multiplier in [2^30, 2^31) and a right shift s in [1, 23), the reference gives
 *     t = floor(acc * multiplier / 2^31 + 1/2),  out = zero + floor((t + 2^(s-1) - [t < 0]) / 2^s).
 * SMMLAR on the doubled accumulator is t plus an addend; the addend holds zero * 2^s + 2^(s-1) = (2 * zero + 1) *
 * 2^(s-1). acc < 0 stands for t < 0: they differ only where t = 0, and there the quotient is 0 either way. A clamp
 * at the zero point or above hides the correction, since what is negative is clamped away with or without it.
 * The planner takes this form only where |acc| < 2^29 whatever the input; where a multiplier or shift is outside its
 * limits, `general` keeps the sums but requantises them as the reference does.
 */
#ifndef HIL_REQUANT_H
#define HIL_REQUANT_H

#include "hil_dsp.h"
#include "hil_internal.h"

/* Of a layer. */
typedef struct {
    int32_t zero; /* of the output */
    int32_t clamp_min, clamp_max;
    int32_t general; /* 1: some channel is outside these limits, and requantised as the reference does it */
} hil_range;

/* The shift of a channel outside the limits is that of hil_requant plus this. */
#define HIL_GENERAL_SHIFT 64

HIL_SPECIALISED int hil_is_general(hil_range range, int32_t shift)
{
    return range.general && (shift >= 32);
}

/* The addend of one channel. */
HIL_SPECIALISED int32_t hil_addend(hil_range range, int32_t shift)
{
    return hil_is_general(range, shift) ? 0 : (int32_t)((uint32_t)((2 * range.zero) + 1) << (uint32_t)shift);
}

HIL_SPECIALISED int8_t hil_output(hil_range range, int32_t acc2, int32_t multiplier, int32_t addend, int32_t shift)
{
    if (hil_is_general(range, shift)) {
        const hil_requant requant = {multiplier, shift - HIL_GENERAL_SHIFT};
        return hil_finish(hil_requantize(acc2 >> 1, &requant), range.zero, range.clamp_min, range.clamp_max);
    }
    const int32_t correction = (range.clamp_min >= range.zero) ? 0 : (acc2 >> 31);
    int32_t out = hil_half_saturated(hil_mul_high_add(acc2, multiplier, hil_plus(addend, correction)) >> shift);
    if (range.clamp_min > INT8_MIN) {
        out = (out < range.clamp_min) ? range.clamp_min : out;
    }
    if (range.clamp_max < INT8_MAX) {
        out = (out > range.clamp_max) ? range.clamp_max : out;
    }
    return (int8_t)out;
}

#endif
