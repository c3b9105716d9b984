/* TIM2 counts microseconds in 32 bits, also while the core sleeps: RM0432 and RM0385, "General-purpose timers". */
#include "hil_core.h"
#include "hil_port.h"
#include "hil_stm32.h"

#define TIM2(offset) HIL_REG(0x40000000u + (offset))
#define CR1 TIM2(0x00u)
#define EGR TIM2(0x14u)
#define CNT TIM2(0x24u)
#define PSC TIM2(0x28u)
#define ARR TIM2(0x2Cu)

#define CR1_CEN 0x1u
#define EGR_UG 0x1u

void hil_port_timer_on(void)
{
    hil_family_timer_clock_on();
    PSC = (hil_family_timer_hz() / 1000000u) - 1u;
    ARR = 0xFFFFFFFFu;
    /* The prescaler is taken over by an update only. */
    EGR = EGR_UG;
    CR1 = CR1_CEN;
}

uint32_t hil_port_microseconds(void)
{
    return CNT;
}
