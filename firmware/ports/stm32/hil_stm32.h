/* Peripherals that the STM32 families have in common. */
#ifndef HIL_STM32_H
#define HIL_STM32_H

#include <stdint.h>

typedef struct {
    uint32_t port; /* 0 is port A */
    uint32_t number;
    uint32_t alternate;
} hil_pin;

/* Hands a pin of a port whose clock runs to a peripheral. */
void hil_pin_alternate(hil_pin pin);

/* Waits, but not for ever, until the bits of the register under `mask` are `value`. */
int hil_reaches(volatile const uint32_t *reg, uint32_t mask, uint32_t value);

/* What RCC_CFGR holds for a divider of an APB, which is a power of two up to 16; and the exponent of such a code. */
uint32_t hil_apb_code(uint32_t divider);
uint32_t hil_apb_shift(uint32_t code);
/* What HPRE holds for a divider that is a power of two up to 16; and the exponent of the divider that HPRE means. */
uint32_t hil_ahb_code(uint32_t divider);
uint32_t hil_ahb_shift(uint32_t hpre);

/* What a family gives: */

/* Clocks of the ports and of the peripheral behind the console, and what else its pins need. */
void hil_family_console_clock_on(void);
/* Clock of the console's peripheral in Hz. */
uint32_t hil_family_console_hz(void);
/* Clock of TIM2, switched on. */
void hil_family_timer_clock_on(void);
/* Clock that TIM2 counts in Hz. */
uint32_t hil_family_timer_hz(void);

#endif
