/* From reset to the command loop. */
#include "board_config.h"
#include "hil_core.h"
#include "hil_fault.h"
#include "hil_layout.h"
#include "hil_port.h"
#include "hil_runtime.h"

void hil_reset(void);

typedef struct {
    uint32_t *stack;
    void (*core[15])(void);
    void (*irq[HIL_CONSOLE_IRQ + 1])(void);
} vectors;

/* Entries that stay null belong to interrupts that are never enabled. */
__attribute__((section(".vectors"), used)) const vectors hil_vectors = {
    .stack = hil_stack_top,
    .core = {
        hil_reset,
        hil_fault_entry, /* NMI */
        hil_fault_entry, /* HardFault */
        hil_fault_entry, /* MemManage */
        hil_fault_entry, /* BusFault */
        hil_fault_entry, /* UsageFault */
        0, 0, 0, 0,
        hil_fault_entry, /* SVCall */
        hil_fault_entry, /* DebugMonitor */
        0,
        hil_fault_entry, /* PendSV */
        hil_fault_entry, /* SysTick */
    },
    .irq[HIL_CONSOLE_IRQ] = hil_port_console_interrupt,
};

static void copy_words(uint32_t *to, const uint32_t *end, const uint32_t *from)
{
    while (to < end) {
        *to++ = *from++;
    }
}

static void run(void)
{
    hil_cycles_on();
    const char *problem = hil_port_clock_on();
    hil_port_timer_on();
    hil_paint_arena();
    hil_port_console_on();
    if (problem != 0) {
        hil_error(problem);
    }
    hil_put("m-timestamp-mode-performance\r\n");
    hil_put_timestamp();
    hil_put("m-init-done\r\n");
    hil_serve();
}

void hil_reset(void)
{
    hil_mask_interrupts();
    HIL_VTOR = (uint32_t)&hil_vectors;
    hil_fpu_on();
    hil_paint_stack();
    if (HIL_BOARD_L1_CACHES) {
        hil_caches_on();
    }
    copy_words(hil_data_start, hil_data_end, hil_data_load);
    copy_words(hil_itcm_start, hil_itcm_end, hil_itcm_load);
    for (uint32_t *word = hil_bss_start; word < hil_bss_end; word++) {
        *word = 0;
    }
    hil_barrier();
    run();
}
