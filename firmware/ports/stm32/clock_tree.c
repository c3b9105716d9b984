/* What the clock trees of the families share: RM0432 and RM0385, "RCC clock configuration register". */
#include "hil_stm32.h"

/* Reads of a flag before it is given up: more than any oscillator takes to start. */
#define PATIENCE 1000000u

int hil_reaches(volatile const uint32_t *reg, uint32_t mask, uint32_t value)
{
    for (uint32_t i = 0; i < PATIENCE; i++) {
        if ((*reg & mask) == value) {
            return 1;
        }
    }
    return 0;
}

/* 0 means 1, 4 means 2, 7 means 16. */
uint32_t hil_apb_code(uint32_t divider)
{
    uint32_t code = 0;
    for (; divider > 1u; divider /= 2u) {
        code = (code == 0u) ? 4u : (code + 1u);
    }
    return code;
}

uint32_t hil_apb_shift(uint32_t code)
{
    return (code < 4u) ? 0u : (code - 3u);
}

/* 0 means 1, 8 means 2, 11 means 16. */
uint32_t hil_ahb_code(uint32_t divider)
{
    return (divider > 1u) ? (hil_apb_code(divider) + 4u) : 0u;
}

/* 8 means 2, 11 means 16; 12 means 64, since 32 is left out. */
uint32_t hil_ahb_shift(uint32_t hpre)
{
    if (hpre < 8u) {
        return 0;
    }
    return (hpre < 12u) ? (hpre - 7u) : (hpre - 6u);
}
