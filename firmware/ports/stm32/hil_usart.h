/* Registers of a USART or LPUART of F7, H7 and L4+: RM0385, RM0433 and RM0432, "USART registers". The bits that the
 * console uses of CR1 and of the status are those of F4, but for UE. */
#ifndef HIL_USART_H
#define HIL_USART_H

#include "board_config.h"
#include "hil_core.h"

#define HIL_USART(offset) HIL_REG(HIL_CONSOLE_BASE + (offset))
#define HIL_USART_CR1 HIL_USART(0x00u)
#define HIL_USART_CR1_UE 0x1u
#define HIL_USART_BRR HIL_USART(0x0Cu)
#define HIL_USART_STATUS HIL_USART(0x1Cu)
#define HIL_USART_ICR HIL_USART(0x20u)
#define HIL_USART_RX HIL_USART(0x24u)
#define HIL_USART_TX HIL_USART(0x28u)

/* Errors are cleared by the bits of ICR that stand where they do in the status. */
static inline void hil_usart_clear_errors(uint32_t status)
{
    HIL_USART_ICR = status & 0xFu;
}

#endif
