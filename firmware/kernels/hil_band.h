/*
 * Bands of rows: parts of maps that a kernel takes as smaller maps of its own. What one band leaves for the next is moved.
 */
#ifndef HIL_BAND_H
#define HIL_BAND_H

#include <stdint.h>
#include <string.h>

/* Moves bytes down: `out` is below `first`, and they may overlap. By words: the library's is made for size. */
static inline void hil_move_down(const void *first, const void *end, void *out)
{
    const uint8_t *const from = (const uint8_t *)first;
    uint8_t *const to = (uint8_t *)out;
    const int32_t bytes = (int32_t)((const uint8_t *)end - from);
    int32_t i = 0;
    for (; (i + 16) <= bytes; i += 16) {
        uint32_t a, b, c, d;
        (void)memcpy(&a, &from[i], sizeof a);
        (void)memcpy(&b, &from[i + 4], sizeof b);
        (void)memcpy(&c, &from[i + 8], sizeof c);
        (void)memcpy(&d, &from[i + 12], sizeof d);
        (void)memcpy(&to[i], &a, sizeof a);
        (void)memcpy(&to[i + 4], &b, sizeof b);
        (void)memcpy(&to[i + 8], &c, sizeof c);
        (void)memcpy(&to[i + 12], &d, sizeof d);
    }
    for (; i < bytes; i++) {
        to[i] = from[i];
    }
}

#endif
