/* The console on a USART or LPUART, whose registers are the same: RM0432 and RM0385, "USART registers". */
#include "board_config.h"
#include "hil_core.h"
#include "hil_port.h"
#include "hil_runtime.h"
#include "hil_stm32.h"

#define USART(offset) HIL_REG(HIL_CONSOLE_BASE + (offset))
#define CR1 USART(0x00u)
#define BRR USART(0x0Cu)
#define ISR USART(0x1Cu)
#define ICR USART(0x20u)
#define RDR USART(0x24u)
#define TDR USART(0x28u)

#define CR1_UE 0x01u
#define CR1_RE 0x04u
#define CR1_TE 0x08u
#define CR1_RXNEIE 0x20u
#define CR1_TCIE 0x40u
#define CR1_TXEIE 0x80u

#define ISR_ERRORS 0x0Fu /* parity, framing, noise, overrun: cleared by the same bits of ICR */
#define ISR_RXNE 0x20u
#define ISR_TC 0x40u
#define ISR_TXE 0x80u

static const hil_pin tx = {HIL_CONSOLE_TX_PORT, HIL_CONSOLE_TX_NUMBER, HIL_CONSOLE_TX_ALTERNATE};
static const hil_pin rx = {HIL_CONSOLE_RX_PORT, HIL_CONSOLE_RX_NUMBER, HIL_CONSOLE_RX_ALTERNATE};

/* Clock / baud in steps of 1 / HIL_CONSOLE_FRACTION, rounded; in two parts, to stay inside 32 bits. */
static uint32_t divider(uint32_t hz)
{
    const uint32_t whole = hz / HIL_CONSOLE_BAUD;
    const uint32_t rest = hz % HIL_CONSOLE_BAUD;
    return (whole * HIL_CONSOLE_FRACTION) +
           (((rest * HIL_CONSOLE_FRACTION) + (HIL_CONSOLE_BAUD / 2u)) / HIL_CONSOLE_BAUD);
}

void hil_port_console_on(void)
{
    hil_family_console_clock_on();
    hil_pin_alternate(tx);
    hil_pin_alternate(rx);
    BRR = divider(hil_family_console_hz());
    CR1 = CR1_TE | CR1_RE | CR1_RXNEIE;
    CR1 |= CR1_UE;
    ICR = ISR_ERRORS;
    HIL_NVIC_ISER(HIL_CONSOLE_IRQ) = 1u << (HIL_CONSOLE_IRQ % 32u);
    hil_unmask_interrupts();
}

/* Sleeps until `flag` is set, which raises an interrupt if `enable` is. A report of a fault has to poll. */
static void wait_for(uint32_t flag, uint32_t enable)
{
    if (hil_in_handler()) {
        while ((ISR & flag) == 0u) {
        }
        return;
    }
    hil_mask_interrupts();
    while ((ISR & flag) == 0u) {
        CR1 |= enable;
        hil_wait_for_interrupt();
        hil_unmask_interrupts();
        hil_mask_interrupts();
    }
    hil_unmask_interrupts();
}

void hil_port_send(uint8_t byte)
{
    wait_for(ISR_TXE, CR1_TXEIE);
    TDR = byte;
}

void hil_port_flush(void)
{
    wait_for(ISR_TC, CR1_TCIE);
}

void hil_port_console_interrupt(void)
{
    const uint32_t status = ISR;
    const uint32_t control = CR1;
    if ((control & (CR1_TXEIE | CR1_TCIE)) != 0u) {
        /* They have ended the sleep; whoever slept looks at the flag itself. */
        CR1 = control & ~(CR1_TXEIE | CR1_TCIE);
    }
    if ((status & ISR_ERRORS) != 0u) {
        ICR = status & ISR_ERRORS;
        hil_receive_lost();
    }
    if ((status & ISR_RXNE) != 0u) {
        hil_receive((uint8_t)RDR);
    }
}
