#include "hil_internal.h"

void hil_add(const hil_add_params *p, const int8_t *lhs, const int8_t *rhs, int8_t *output)
{
    for (int32_t i = 0; i < p->count; i++) {
        const int32_t a = hil_requantize(hil_shl(lhs[i] + p->lhs_offset, p->left_shift), &p->lhs);
        const int32_t b = hil_requantize(hil_shl(rhs[i] + p->rhs_offset, p->left_shift), &p->rhs);
        /* Wraps, as the reference does. */
        const int32_t sum = (int32_t)((uint32_t)a + (uint32_t)b);
        output[i] = hil_finish(hil_requantize(sum, &p->output), p->output_offset, p->clamp_min, p->clamp_max);
    }
}
