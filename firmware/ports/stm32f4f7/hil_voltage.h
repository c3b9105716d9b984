#ifndef HIL_VOLTAGE_H
#define HIL_VOLTAGE_H

/* What the voltage needs beyond scale 1, with the PLL on and the core still on HSI. Null, or what is wrong. */
const char *hil_voltage_on(void);

#endif
