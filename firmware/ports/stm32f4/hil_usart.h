/* Registers of a USART of F4: RM0402, "USART registers". */
#ifndef HIL_USART_H
#define HIL_USART_H

#include "board_config.h"
#include "hil_core.h"

#define HIL_USART(offset) HIL_REG(HIL_CONSOLE_BASE + (offset))
#define HIL_USART_STATUS HIL_USART(0x00u)
#define HIL_USART_STATUS_RXNE 0x20u
#define HIL_USART_RX HIL_USART(0x04u)
#define HIL_USART_TX HIL_USART(0x04u)
#define HIL_USART_BRR HIL_USART(0x08u)
#define HIL_USART_CR1 HIL_USART(0x0Cu)
#define HIL_USART_CR1_UE 0x2000u

/* Errors are cleared by a read of the status, which the caller has made, and then one of the data: that which takes a
 * byte where one is there. */
static inline void hil_usart_clear_errors(uint32_t status)
{
    if ((status & HIL_USART_STATUS_RXNE) == 0u) {
        (void)HIL_USART_RX;
    }
}

#endif
