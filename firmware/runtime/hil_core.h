/*
 * The Cortex-M core: registers and instructions that the runtime needs.
 * Addresses and bits: Armv7-M Architecture Reference Manual (DDI 0403E), "The System Control Space" and "The Data
 * Watchpoint and Trace unit".
 */
#ifndef HIL_CORE_H
#define HIL_CORE_H

#include <stdint.h>

#define HIL_REG(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define HIL_CPUID HIL_REG(0xE000ED00u)
#define HIL_VTOR HIL_REG(0xE000ED08u)
#define HIL_CCR HIL_REG(0xE000ED14u)
#define HIL_CCR_DC 0x00010000u
#define HIL_CCR_IC 0x00020000u
#define HIL_CFSR HIL_REG(0xE000ED28u)
#define HIL_HFSR HIL_REG(0xE000ED2Cu)
#define HIL_MMFAR HIL_REG(0xE000ED34u)
#define HIL_BFAR HIL_REG(0xE000ED38u)
#define HIL_CCSIDR HIL_REG(0xE000ED80u)
#define HIL_CSSELR HIL_REG(0xE000ED84u)
#define HIL_CPACR HIL_REG(0xE000ED88u)
#define HIL_ICIALLU HIL_REG(0xE000EF50u)
#define HIL_DCISW HIL_REG(0xE000EF60u)

#define HIL_NVIC_ISER(irq) HIL_REG(0xE000E100u + (4u * ((uint32_t)(irq) / 32u)))

#define HIL_DEMCR HIL_REG(0xE000EDFCu)
#define HIL_DEMCR_TRCENA 0x01000000u
#define HIL_DWT_CTRL HIL_REG(0xE0001000u)
#define HIL_DWT_CTRL_CYCCNTENA 0x1u
#define HIL_DWT_CYCCNT HIL_REG(0xE0001004u)
#define HIL_DWT_LAR HIL_REG(0xE0001FB0u)

static inline void hil_barrier(void)
{
    __asm volatile("dsb\n\tisb" ::: "memory");
}

static inline void hil_wait_for_interrupt(void)
{
    __asm volatile("dsb\n\twfi" ::: "memory");
}

/* Masks all interrupts but NMI and HardFault. */
static inline void hil_mask_interrupts(void)
{
    __asm volatile("cpsid i" ::: "memory");
}

static inline void hil_unmask_interrupts(void)
{
    __asm volatile("cpsie i\n\tisb" ::: "memory");
}

/* Whether this is an exception's handler: there, nothing of lower priority ends a sleep. */
static inline int hil_in_handler(void)
{
    uint32_t ipsr;
    __asm volatile("mrs %0, ipsr" : "=r"(ipsr));
    return ipsr != 0u;
}

/* Cycles of the core clock; wraps. The barriers keep what is timed from leaking out on a core with two issue slots. */
static inline uint32_t hil_cycles(void)
{
    hil_barrier();
    const uint32_t now = HIL_DWT_CYCCNT;
    hil_barrier();
    return now;
}

/* Grants access to the FPU. */
void hil_fpu_on(void);

/* Invalidates, then enables both level-1 caches. */
void hil_caches_on(void);

/* Starts the cycle counter of the DWT. */
void hil_cycles_on(void);

#endif
