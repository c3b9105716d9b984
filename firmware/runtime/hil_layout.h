/* Addresses that the linker script defines; each symbol's address is its value. */
#ifndef HIL_LAYOUT_H
#define HIL_LAYOUT_H

#include <stdint.h>

extern uint32_t hil_stack_bottom[], hil_stack_top[];
extern uint32_t hil_data_start[], hil_data_end[];
extern const uint32_t hil_data_load[];
extern uint32_t hil_bss_start[], hil_bss_end[];
extern uint32_t hil_itcm_start[], hil_itcm_end[];
extern const uint32_t hil_itcm_load[];
extern uint32_t hil_arena_start[], hil_arena_end[];
extern uint8_t hil_harness_start[], hil_harness_end[];
extern const uint8_t hil_build_id_note[], hil_build_id_note_end[];

#endif
