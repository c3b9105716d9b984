/* Arm MPS2+ with a Cortex-M design for its FPGA, as QEMU models it: application notes AN386 and AN500. */
#ifndef HIL_REGISTERS_H
#define HIL_REGISTERS_H

#define HIL_UART0_BASE 0x40004000u
#define HIL_UART0_IRQ 0
/* These have no meaning here: */
#define HIL_UART0_APB 1u
#define HIL_UART0_FRACTION 1u
#define HIL_UART0_ENABLE 0
#define HIL_UART0_ENABLE_BIT 0

/* FPGA system control: a free-running counter with a prescaler. */
#define HIL_FPGAIO_COUNTER HIL_REG(0x40028018u)
#define HIL_FPGAIO_PRESCALE HIL_REG(0x4002801Cu)

#endif
