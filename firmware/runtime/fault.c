/* A fault is reported on the console in the form of an error, then the core sleeps until it is reset. */
#include "hil_fault.h"

#include "hil_core.h"
#include "hil_layout.h"
#include "hil_port.h"
#include "hil_runtime.h"

/* Bytes of stack that the report takes, at most. */
#define REPORT_STACK 256

/* R4 to R11 as they were. */
uint32_t hil_fault_registers[8];

/* With less than REPORT_STACK bytes left, the report takes the stack from its top: what is overwritten is of no use
 * any more, and the frame of the fault lies at the bottom. */
__attribute__((naked)) void hil_fault_entry(void)
{
    __asm volatile("ldr r2, =hil_fault_registers\n\t"
                   "stmia r2, {r4-r11}\n\t"
                   "mov r0, sp\n\t"
                   "mov r1, lr\n\t"
                   "ldr r2, =hil_stack_bottom + %c0\n\t"
                   "cmp r0, r2\n\t"
                   "bhs 1f\n\t"
                   "ldr r2, =hil_stack_top\n\t"
                   "mov sp, r2\n\t"
                   "1: b hil_fault_report\n\t"
                   ".ltorg" ::"i"(REPORT_STACK));
}

static void put_register(const char *name, uint32_t value)
{
    hil_put(" ");
    hil_put(name);
    hil_put("=");
    hil_put_hex(value, 8);
}

static void put_frame(const uint32_t *frame)
{
    static const char *const names[8] = {"r0", "r1", "r2", "r3", "r12", "lr", "pc", "xpsr"};
    for (uint32_t i = 0; i < 8u; i++) {
        put_register(names[i], frame[i]);
    }
}

void hil_fault_report(const uint32_t *frame, uint32_t exc_return)
{
    static const char *const names[8] = {"r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11"};
    uint32_t ipsr;
    __asm volatile("mrs %0, ipsr" : "=r"(ipsr));
    hil_mask_interrupts();
    hil_put("e-[fault");
    put_register("exception", ipsr);
    put_register("cfsr", HIL_CFSR);
    put_register("hfsr", HIL_HFSR);
    put_register("mmfar", HIL_MMFAR);
    put_register("bfar", HIL_BFAR);
    put_register("exc_return", exc_return);
    put_register("sp", (uint32_t)frame);
    /* A stack that overflowed has no frame. */
    if ((frame >= hil_stack_bottom) && ((frame + 8) <= hil_stack_top)) {
        put_frame(frame);
    }
    for (uint32_t i = 0; i < 8u; i++) {
        put_register(names[i], hil_fault_registers[i]);
    }
    hil_put("]\r\n");
    hil_port_flush();
    for (;;) {
        hil_wait_for_interrupt();
    }
}
