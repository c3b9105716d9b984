#include "hil_core.h"
#include "hil_stm32.h"
#include "hil_voltage.h"
#include "registers.h"

/* RM0385, "Entering Over-drive mode": the PLL is on before over-drive is entered, the regulator is switched after
 * that, and the core runs from HSI all the while. */
const char *hil_voltage_on(void)
{
    HIL_PWR_CR1 |= HIL_PWR_CR1_ODEN;
    if (!hil_reaches(&HIL_PWR_CSR1, HIL_PWR_CSR1_ODRDY, HIL_PWR_CSR1_ODRDY)) {
        return "clock: over-drive does not start";
    }
    HIL_PWR_CR1 |= HIL_PWR_CR1_ODSWEN;
    if (!hil_reaches(&HIL_PWR_CSR1, HIL_PWR_CSR1_ODSWRDY, HIL_PWR_CSR1_ODSWRDY)) {
        return "clock: over-drive does not switch";
    }
    return 0;
}
