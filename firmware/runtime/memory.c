/* Which memory is in use: paint that is gone. */
#include "hil_layout.h"
#include "hil_runtime.h"

#define PAINT 0xA5C3A5C3u
/* Bytes below the stack pointer that painting spares, for its own frame. */
#define OWN_FRAME 64u

static uint32_t bytes_between(const void *from, const void *to)
{
    return (uint32_t)((uintptr_t)to - (uintptr_t)from);
}

void hil_paint_stack(void)
{
    uint32_t here;
    __asm volatile("mov %0, sp" : "=r"(here));
    volatile uint32_t *word = hil_stack_bottom;
    while ((uintptr_t)word < (uintptr_t)(here - OWN_FRAME)) {
        *word++ = PAINT;
    }
}

uint32_t hil_stack_used(void)
{
    const volatile uint32_t *word = hil_stack_bottom;
    while ((word < hil_stack_top) && (*word == PAINT)) {
        word++;
    }
    return bytes_between((const void *)word, hil_stack_top);
}

uint32_t hil_stack_size(void)
{
    return bytes_between(hil_stack_bottom, hil_stack_top);
}

void hil_paint_arena(void)
{
    for (uint32_t *word = hil_arena_start; word < hil_arena_end; word++) {
        *word = PAINT;
    }
}

uint32_t hil_arena_touched(void)
{
    const uint32_t *end = hil_arena_end;
    while ((end > hil_arena_start) && (end[-1] == PAINT)) {
        end--;
    }
    return bytes_between(hil_arena_start, end);
}

uint32_t hil_data_bytes(void)
{
    return bytes_between(hil_data_start, hil_data_end);
}

uint32_t hil_bss_bytes(void)
{
    return bytes_between(hil_bss_start, hil_bss_end);
}

uint32_t hil_harness_bytes(void)
{
    return bytes_between(hil_harness_start, hil_harness_end);
}
