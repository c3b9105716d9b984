/* Arm MPS2+ with a Cortex-M33 in its FPGA, as QEMU models it: application note AN505. */
#ifndef HIL_REGISTERS_H
#define HIL_REGISTERS_H

#define HIL_UART0_BASE 0x40200000u
#define HIL_UART0_IRQ 32
/* These have no meaning here: */
#define HIL_UART0_APB 1u
#define HIL_UART0_FRACTION 1u
#define HIL_UART0_ENABLE 0
#define HIL_UART0_ENABLE_BIT 0

/* FPGA system control: a free-running counter with a prescaler. */
#define HIL_FPGAIO_COUNTER HIL_REG(0x40302018u)
#define HIL_FPGAIO_PRESCALE HIL_REG(0x4030201Cu)

#endif
