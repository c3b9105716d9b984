/*
 * Addition, specialised by constant parameters. The planner takes this form only where both operands are scaled down
 * (which they are, by TFLite's choice of scales) and the output as hil_requant.h can.
 */
#ifndef HIL_SUM_H
#define HIL_SUM_H

#include "hil_kernels.h"
#include "hil_requant.h"

/* Halved by constants that are known: x + offset, times 2^left_shift, requantised by q; rounded twice as the reference
 * does. */
HIL_SPECIALISED int32_t hil_sum_operand(int32_t x, int32_t offset, int32_t left_shift, hil_requant q)
{
    if ((q.multiplier == (1 << 30)) && (q.shift == 0)) {
        return (int32_t)((uint32_t)offset << (left_shift - 1)) + (int32_t)((uint32_t)x << (left_shift - 1));
    }
    const int32_t twice =
        (int32_t)((uint32_t)offset << (left_shift + 1)) + (int32_t)((uint32_t)x << (left_shift + 1));
    if (q.shift == 0) {
        return hil_mul_high_add(twice, q.multiplier, 0);
    }
    return hil_mul_high_add(twice, q.multiplier, (1 << (-q.shift - 1)) + (twice >> 31)) >> -q.shift;
}

/* `output` may be either operand. */
HIL_SPECIALISED void hil_sum(const hil_add_params *p, const int8_t *lhs, const int8_t *rhs, int8_t *output)
{
    const hil_range range = {p->output_offset, p->clamp_min, p->clamp_max, 0};
    const int32_t shift = -p->output.shift - 1;
    const int32_t addend = hil_addend(range, shift);
#pragma GCC unroll 4
    for (int32_t i = 0; i < p->count; i++) {
        const int32_t a = hil_sum_operand(lhs[i], p->lhs_offset, p->left_shift, p->lhs);
        const int32_t b = hil_sum_operand(rhs[i], p->rhs_offset, p->left_shift, p->rhs);
        output[i] = hil_output(range, 2 * (a + b), p->output.multiplier, addend, shift);
    }
}

#endif
