#include "hil_core.h"
#include "hil_stm32.h"
#include "hil_voltage.h"
#include "registers.h"

/* RM0402, "Voltage regulator": the scale that was chosen takes effect once the PLL is on. */
const char *hil_voltage_on(void)
{
    if (!hil_reaches(&HIL_PWR_CSR, HIL_PWR_CSR_VOSRDY, HIL_PWR_CSR_VOSRDY)) {
        return "clock: the regulator does not reach scale 1";
    }
    return 0;
}
