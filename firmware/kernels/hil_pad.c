#include "hil_internal.h"

void hil_pad(const hil_pad_params *p, const int8_t *input, int8_t *output)
{
    int32_t size[4];
    size_t total = 1;
    for (int32_t axis = 0; axis < 4; axis++) {
        size[axis] = p->before[axis] + p->shape[axis] + p->after[axis];
        total *= (size_t)size[axis];
    }
    (void)memset(output, p->value, total);
    const int8_t *from = input;
    for (int32_t n = 0; n < p->shape[0]; n++) {
        for (int32_t y = 0; y < p->shape[1]; y++) {
            for (int32_t x = 0; x < p->shape[2]; x++) {
                const int32_t row = ((n + p->before[0]) * size[1]) + y + p->before[1];
                const int32_t to = (((row * size[2]) + x + p->before[2]) * size[3]) + p->before[3];
                (void)memcpy(&output[to], from, (size_t)p->shape[3]);
                from = &from[p->shape[3]];
            }
        }
    }
}
