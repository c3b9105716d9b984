/* Received bytes, from the console's interrupt to the command loop. */
#include "hil_core.h"
#include "hil_runtime.h"

/* A power of two, and more than the longest command: a host that waits for its reply never fills it, however fast it
 * sends. */
#define RING_BYTES 512u
_Static_assert(RING_BYTES > HIL_LINE_BYTES, "a command fits");

static volatile uint8_t ring[RING_BYTES] HIL_HARNESS;
/* Counts of bytes; only the interrupt writes `received`, only the loop writes `taken`. */
static volatile uint32_t received;
static volatile uint32_t taken;
static volatile uint32_t lost;

void hil_receive(uint8_t byte)
{
    if ((received - taken) == RING_BYTES) {
        lost = 1;
        return;
    }
    ring[received % RING_BYTES] = byte;
    received++;
}

void hil_receive_lost(void)
{
    lost = 1;
}

uint8_t hil_next_byte(void)
{
    /* With interrupts masked, one that comes between the comparison and the sleep still ends the sleep. */
    hil_mask_interrupts();
    while (received == taken) {
        hil_wait_for_interrupt();
        hil_unmask_interrupts();
        hil_mask_interrupts();
    }
    const uint8_t byte = ring[taken % RING_BYTES];
    taken++;
    hil_unmask_interrupts();
    return byte;
}

int hil_take_lost(void)
{
    const int was = (lost != 0u);
    lost = 0;
    return was;
}
