#include "hil_core.h"

/* Full access to coprocessors 10 and 11. */
#define CPACR_FPU (0xFu << 20)
/* What opens the lock access register of any CoreSight component. */
#define LAR_KEY 0xC5ACCE55u

void hil_fpu_on(void)
{
    HIL_CPACR |= CPACR_FPU;
    hil_barrier();
}

/* Position of a way in DCISW: as many bits from the top as number the ways. */
static uint32_t way_shift(uint32_t ways)
{
    uint32_t bits = 0;
    while ((1u << bits) < ways) {
        bits++;
    }
    return 32u - bits;
}

/* Each line of each way by its number: what they hold is unknown after reset. */
static void invalidate_data_cache(void)
{
    HIL_CSSELR = 0;
    hil_barrier();
    const uint32_t ccsidr = HIL_CCSIDR;
    const uint32_t sets = ((ccsidr >> 13) & 0x7FFFu) + 1u;
    const uint32_t ways = ((ccsidr >> 3) & 0x3FFu) + 1u;
    const uint32_t line_shift = (ccsidr & 0x7u) + 4u;
    for (uint32_t way = 0; way < ways; way++) {
        for (uint32_t set = 0; set < sets; set++) {
            HIL_DCISW = ((ways > 1u) ? (way << way_shift(ways)) : 0u) | (set << line_shift);
        }
    }
    hil_barrier();
}

void hil_caches_on(void)
{
    hil_barrier();
    HIL_ICIALLU = 0;
    hil_barrier();
    HIL_CCR |= HIL_CCR_IC;
    hil_barrier();
    invalidate_data_cache();
    HIL_CCR |= HIL_CCR_DC;
    hil_barrier();
}

void hil_cycles_on(void)
{
    HIL_DEMCR |= HIL_DEMCR_TRCENA;
    hil_barrier();
    /* Cortex-M7 powers up with the DWT locked for software; Cortex-M4 has no lock and ignores the write. */
    HIL_DWT_LAR = LAR_KEY;
    HIL_DWT_CYCCNT = 0;
    HIL_DWT_CTRL |= HIL_DWT_CTRL_CYCCNTENA;
    hil_barrier();
}
