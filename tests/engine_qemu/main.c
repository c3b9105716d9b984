/* Runs a network on an emulated core: the input is read from the file `input`, the output goes to `output`, both by
 * semihosting. */
#include <stdint.h>
#include <string.h>

#include "network.h"

extern uint32_t stack_top, bss_start, bss_end;
void reset(void);
static void fault(void);

__attribute__((section(".vectors"), used)) static void *const vectors[16] = {
    &stack_top, (void *)reset, (void *)fault, (void *)fault, (void *)fault, (void *)fault, (void *)fault,
};

static int semihosting(int operation, const void *argument)
{
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void quit(uint32_t code)
{
    const uint32_t reason[2] = {0x20026u, code};
    (void)semihosting(0x20, reason);
}

static void fault(void)
{
    quit(3);
}

static uint32_t open_file(const char *name, uint32_t mode)
{
    const uint32_t argument[3] = {(uint32_t)name, mode, (uint32_t)strlen(name)};
    return (uint32_t)semihosting(0x01, argument);
}

void reset(void)
{
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20; /* CPACR: the FPU */
    __asm__ volatile("dsb\n isb");
    (void)memset(&bss_start, 0, (uint32_t)&bss_end - (uint32_t)&bss_start);
    const uint32_t from = open_file("input", 1);
    const uint32_t to = open_file("output", 5);
    for (;;) {
        (void)memset(hil_network_arena, 0xA5, sizeof hil_network_arena);
        const uint32_t in[3] = {from, (uint32_t)hil_network_input(), HIL_NETWORK_INPUT_BYTES};
        if (semihosting(0x06, in) != 0) {
            break;
        }
        hil_network_run();
        const uint32_t out[3] = {to, (uint32_t)hil_network_output(), HIL_NETWORK_OUTPUT_BYTES};
        (void)semihosting(0x05, out);
    }
    const uint32_t close[1] = {to};
    (void)semihosting(0x02, close);
    quit(0);
}
