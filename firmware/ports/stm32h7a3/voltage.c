#include "board_config.h"
#include "hil_core.h"
#include "hil_stm32.h"
#include "hil_voltage.h"

/* RM0455, "Voltage scaling": CR3 is written once, as the board is wired. */
const char *hil_voltage_on(void)
{
    const uint32_t supply = HIL_SUPPLY_SMPS ? HIL_PWR_CR3_SUPPLY_SMPS : HIL_PWR_CR3_SUPPLY_LDO;
    HIL_PWR_CR3 = (HIL_PWR_CR3 & ~HIL_PWR_CR3_SUPPLY_MASK) | supply;
    if (!hil_reaches(&HIL_PWR_CSR1, HIL_PWR_CSR1_ACTVOSRDY, HIL_PWR_CSR1_ACTVOSRDY)) {
        return "clock: the supply of the core is not ready";
    }
    HIL_PWR_VOS |= HIL_PWR_VOS_HIGHEST;
    if (!hil_reaches(&HIL_PWR_VOS, HIL_PWR_VOS_VOSRDY, HIL_PWR_VOS_VOSRDY)) {
        return "clock: the regulator does not reach VOS0";
    }
    return 0;
}
