/* Parts of the runtime, as they see each other. */
#ifndef HIL_RUNTIME_H
#define HIL_RUNTIME_H

#include <stddef.h>
#include <stdint.h>

/* Places a buffer that only measurement needs, apart from what a network needs; it does not start at zero. */
#define HIL_HARNESS __attribute__((section(".bss.harness")))

/* Version of the commands that begin with `hil`. */
#define HIL_PROTOCOL 1

/* Characters of the longest command, its `%` not counted. */
#define HIL_LINE_BYTES 260

/* ---- memory.c ---- */

/* Paints the unused part of the stack, before anything uses it. */
void hil_paint_stack(void);
/* Paints the arena, so that what it holds before the first inference is always the same. */
void hil_paint_arena(void);
/* Bytes of the stack that were ever in use. */
uint32_t hil_stack_used(void);
uint32_t hil_stack_size(void);
/* Bytes from the start of the arena to the last word that was ever written. */
uint32_t hil_arena_touched(void);
uint32_t hil_data_bytes(void);
uint32_t hil_bss_bytes(void);
/* Bytes of buffers that only measurement needs. */
uint32_t hil_harness_bytes(void);

/* ---- receive.c ---- */

/* Takes a byte from the console; for its interrupt. */
void hil_receive(uint8_t byte);
/* Says that bytes were lost; for the console's interrupt. */
void hil_receive_lost(void);
/* The next byte; sleeps until there is one. */
uint8_t hil_next_byte(void);
/* Whether bytes were lost since this was last asked. */
int hil_take_lost(void);

/* ---- text.c ---- */

void hil_put(const char *text);
void hil_put_unsigned(uint32_t value);
/* The last `digits` hex digits. */
void hil_put_hex(uint32_t value, uint32_t digits);
void hil_put_hex_bytes(const uint8_t *bytes, size_t count);
/* The line `m-hil-KEY-[VALUE]`. */
void hil_fact(const char *key, const char *value);
void hil_fact_unsigned(const char *key, uint32_t value);
void hil_fact_hex(const char *key, uint32_t value);
/* The line `e-[TEXT]`. */
void hil_error(const char *text);

/* ---- words.c ---- */

/* The next word of a command, or null; the first call takes the command, further ones null. Ends words in place. */
char *hil_next_word(char *command);
int hil_same(const char *a, const char *b);
/* Decimal digits alone, not above 2^31 - 1. False where it is none. */
int hil_parse_count(const char *text, uint32_t *value);
/* Value of a hex digit, or -1. */
int hil_hex_digit(char digit);

/* ---- inference.c ---- */

/* Makes ready for `bytes` of input. */
void hil_load_begin(uint32_t bytes);
/* Whether there is room for another byte of input. */
int hil_load_has_room(void);
/* Whether the byte was the last. */
int hil_load_byte(uint8_t byte);
/* Bytes that were loaded, and each of them as it was sent. */
uint32_t hil_loaded_bytes(void);
uint8_t hil_loaded_byte(uint32_t index);
/* Whether `count` inferences of the loaded input can be had; if not, the error has been sent. */
int hil_can_infer(uint32_t count);
/* One inference of the loaded input, from a copy where there is one; its cycles. */
uint32_t hil_infer_timed(void);
/* One inference, the cycles of each step to hil_image.step_cycles. */
void hil_infer_steps(void);
/* Whether the arena holds an output. */
int hil_has_output(void);

/* ---- results.c ---- */

/* The line `m-results-[…]`. */
void hil_put_results(void);

/* ---- commands ---- */

/* Each is whether the command was its own. */
int hil_mlperf_command(const char *name);
int hil_buffer_command(const char *name);
int hil_extension_command(const char *name);
void hil_put_timestamp(void);

/* ---- protocol.c ---- */

/* Answers commands for ever. */
void hil_serve(void);

#endif
