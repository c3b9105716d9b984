#include "hil_internal.h"

/* Four elements at a time: words are read and written as a whole, so that half of the accesses are for the table. */
void hil_lookup(int32_t count, const int8_t *table, const int8_t *input, int8_t *output)
{
    int32_t i = 0;
    for (; (i + 4) <= count; i += 4) {
        uint32_t x;
        (void)memcpy(&x, &input[i], sizeof x);
        const uint32_t y = (uint32_t)(uint8_t)table[x & 0xffu] | ((uint32_t)(uint8_t)table[(x >> 8) & 0xffu] << 8) |
                           ((uint32_t)(uint8_t)table[(x >> 16) & 0xffu] << 16) |
                           ((uint32_t)(uint8_t)table[x >> 24] << 24);
        (void)memcpy(&output[i], &y, sizeof y);
    }
    for (; i < count; i++) {
        output[i] = table[(uint8_t)input[i]];
    }
}
