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

/* Elements that lie side by side are taken together, so that memory is read in its order. */
void hil_reduce_max(int32_t outer, int32_t reduced, int32_t inner, const int8_t *input, int8_t *output)
{
    for (int32_t o = 0; o < outer; o++) {
        (void)memset(output, INT8_MIN, (size_t)inner);
        for (int32_t r = 0; r < reduced; r++) {
            for (int32_t i = 0; i < inner; i++) {
                output[i] = (int8_t)hil_max(output[i], input[i]);
            }
            input = &input[inner];
        }
        output = &output[inner];
    }
}

void hil_reduce_min(int32_t outer, int32_t reduced, int32_t inner, const int8_t *input, int8_t *output)
{
    for (int32_t o = 0; o < outer; o++) {
        (void)memset(output, INT8_MAX, (size_t)inner);
        for (int32_t r = 0; r < reduced; r++) {
            for (int32_t i = 0; i < inner; i++) {
                output[i] = (int8_t)hil_min(output[i], input[i]);
            }
            input = &input[inner];
        }
        output = &output[inner];
    }
}
