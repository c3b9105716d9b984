#ifndef HIL_VOLTAGE_H
#define HIL_VOLTAGE_H

/* Says how the board supplies the core and raises it to VOS0, while the core runs from HSI. Null, or what is wrong. */
const char *hil_voltage_on(void);

#endif
