/* The port to MPS2+, so that the same protocol and network run on an independent emulator. It has no clock tree. */
#include "board_config.h"
#include "hil_core.h"
#include "hil_port.h"
#include "hil_runtime.h"

/* CMSDK APB UART: Cortex-M System Design Kit, Arm DDI 0479, "APB UART". */
#define UART(offset) HIL_REG(HIL_CONSOLE_BASE + (offset))
#define DATA UART(0x00u)
#define STATE UART(0x04u)
#define CTRL UART(0x08u)
#define INTSTATUS UART(0x0Cu)
#define BAUDDIV UART(0x10u)

#define STATE_TX_FULL 0x1u
#define STATE_RX_FULL 0x2u
#define STATE_RX_OVERRUN 0x8u
#define CTRL_TX 0x1u
#define CTRL_RX 0x2u
#define CTRL_RX_INTERRUPT 0x8u
#define INT_RX 0x2u

const char *hil_port_clock_on(void)
{
    return 0;
}

uint32_t hil_port_core_hz(void)
{
    return HIL_BOARD_CORE_HZ;
}

uint32_t hil_port_wait_states(void)
{
    return 0;
}

uint32_t hil_port_flash_control(void)
{
    return 0;
}

void hil_port_console_on(void)
{
    BAUDDIV = HIL_BOARD_CORE_HZ / HIL_CONSOLE_BAUD;
    CTRL = CTRL_TX | CTRL_RX | CTRL_RX_INTERRUPT;
    HIL_NVIC_ISER(HIL_CONSOLE_IRQ) = 1u << (HIL_CONSOLE_IRQ % 32u);
    hil_unmask_interrupts();
}

void hil_port_send(uint8_t byte)
{
    while ((STATE & STATE_TX_FULL) != 0u) {
    }
    DATA = byte;
}

void hil_port_flush(void)
{
    while ((STATE & STATE_TX_FULL) != 0u) {
    }
}

void hil_port_console_interrupt(void)
{
    INTSTATUS = INT_RX;
    if ((STATE & STATE_RX_OVERRUN) != 0u) {
        STATE = STATE_RX_OVERRUN;
        hil_receive_lost();
    }
    if ((STATE & STATE_RX_FULL) != 0u) {
        hil_receive((uint8_t)DATA);
    }
}

void hil_port_timer_on(void)
{
    HIL_FPGAIO_PRESCALE = (HIL_BOARD_CORE_HZ / 1000000u) - 1u;
    HIL_FPGAIO_COUNTER = 0;
}

uint32_t hil_port_microseconds(void)
{
    return HIL_FPGAIO_COUNTER;
}

HIL_APART void hil_port_mark(void)
{
}
