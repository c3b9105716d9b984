/* What a port gives to the runtime: clocks, the console, a timer. One folder per family under firmware/ports. */
#ifndef HIL_PORT_H
#define HIL_PORT_H

#include <stdint.h>

/* Raises the core to the board's clock. Null, or what is wrong; then the clock of reset goes on. */
const char *hil_port_clock_on(void);

/* Core clock in Hz, computed from the clock registers as they read now. */
uint32_t hil_port_core_hz(void);

/* Flash wait states as the register reads now; 0 where there is none. */
uint32_t hil_port_wait_states(void);

/* The flash access control register as it reads now; 0 where there is none. */
uint32_t hil_port_flash_control(void);

/* Opens the console: received bytes go to hil_receive() from the interrupt HIL_CONSOLE_IRQ. */
void hil_port_console_on(void);

/* Sends one byte, asleep until there is room. */
void hil_port_send(uint8_t byte);

/* Sleeps until the last byte has left. */
void hil_port_flush(void);

/* The console's interrupt. */
void hil_port_console_interrupt(void);

/* Starts the timer. */
void hil_port_timer_on(void);

/* Microseconds since hil_port_timer_on(); goes on while the core sleeps, wraps at 2^32. */
uint32_t hil_port_microseconds(void);

/* Places code behind everything else in flash, where its size moves nothing that is timed. */
#define HIL_APART __attribute__((section(".apart"), noinline))

/* Marks this moment by an edge of the board's marker, where it has one; takes some microseconds then. */
void hil_port_mark(void);

#endif
