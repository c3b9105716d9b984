#ifndef HIL_FAULT_H
#define HIL_FAULT_H

#include <stdint.h>

/* Handler of every exception that should not happen. */
void hil_fault_entry(void);

/* Sends a report as an error and stops. */
void hil_fault_report(const uint32_t *frame, uint32_t exc_return);

#endif
