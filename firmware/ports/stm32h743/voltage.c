#include "board_config.h"
#include "hil_core.h"
#include "hil_stm32.h"
#include "hil_voltage.h"

/* RM0433, "Voltage scaling": CR3 is written once, then VOS1, and over-drive makes VOS0 of it. */
const char *hil_voltage_on(void)
{
    HIL_PWR_CR3 = (HIL_PWR_CR3 & ~HIL_PWR_CR3_SUPPLY_MASK) | HIL_PWR_CR3_SUPPLY_LDO;
    if (!hil_reaches(&HIL_PWR_CSR1, HIL_PWR_CSR1_ACTVOSRDY, HIL_PWR_CSR1_ACTVOSRDY)) {
        return "clock: the supply of the core is not ready";
    }
    HIL_PWR_VOS |= HIL_PWR_VOS_HIGHEST;
    if (!hil_reaches(&HIL_PWR_VOS, HIL_PWR_VOS_VOSRDY, HIL_PWR_VOS_VOSRDY)) {
        return "clock: the regulator does not reach VOS1";
    }
    HIL_RCC_APB4ENR |= HIL_RCC_APB4ENR_SYSCFGEN;
    (void)HIL_RCC_APB4ENR;
    HIL_SYSCFG_PWRCR |= HIL_SYSCFG_PWRCR_ODEN;
    if (!hil_reaches(&HIL_PWR_VOS, HIL_PWR_VOS_VOSRDY, HIL_PWR_VOS_VOSRDY)) {
        return "clock: the regulator does not reach VOS0";
    }
    return 0;
}
