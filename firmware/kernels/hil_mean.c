#include "hil_internal.h"

void hil_mean(const hil_mean_params *p, const int8_t *input, int8_t *output)
{
    for (int32_t outer = 0; outer < p->outer; outer++) {
        const int8_t *block = &input[outer * p->reduced * p->inner];
        for (int32_t i = 0; i < p->inner; i++) {
            int32_t sum = 0;
            for (int32_t r = 0; r < p->reduced; r++) {
                sum += block[(r * p->inner) + i];
            }
            int8_t *to = &output[(outer * p->inner) + i];
            const int32_t centred = sum + (p->input_offset * p->reduced);
            *to = hil_finish(hil_requantize(centred, &p->requant), p->output_offset, INT8_MIN, INT8_MAX);
        }
    }
}
