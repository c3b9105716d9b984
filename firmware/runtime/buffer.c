/* `db`: loads the input. Texts as in mlperf.c. */
#include "hil_image.h"
#include "hil_runtime.h"

#define PER_LINE 8u

static void load(void)
{
    const char *word = hil_next_word(0);
    uint32_t bytes = 0;
    if (word == 0) {
        hil_error("Command 'db load' requires the # of bytes");
    } else if (!hil_parse_count(word, &bytes) || (bytes == 0u)) {
        hil_error("Command 'db load' must be >0 bytes");
    } else if (bytes > hil_image.input_bytes) {
        hil_put("e-[Supplied buffer size ");
        hil_put_unsigned(bytes);
        hil_put(" exceeds maximum of ");
        hil_put_unsigned(hil_image.input_bytes);
        hil_put("]\r\n");
    } else {
        hil_load_begin(bytes);
        hil_put("m-[Expecting ");
        hil_put_unsigned(bytes);
        hil_put(" bytes]\r\n");
    }
}

static void print(void)
{
    const uint32_t count = hil_loaded_bytes();
    for (uint32_t i = 0; i < count; i++) {
        hil_put(((i % PER_LINE) == 0u) ? "m-buffer-" : "-");
        hil_put_hex(hil_loaded_byte(i), 2);
        if ((((i + 1u) % PER_LINE) == 0u) || ((i + 1u) == count)) {
            hil_put("\r\n");
        }
    }
    /* The original ends a line that does not fill twice. */
    if ((count % PER_LINE) != 0u) {
        hil_put("\r\n");
    }
}

/* Checks all digits first, so that a damaged command loads nothing. */
static int is_hex(const char *digits)
{
    uint32_t count = 0;
    for (const char *digit = digits; *digit != '\0'; digit++) {
        if (hil_hex_digit(*digit) < 0) {
            hil_error("Invalid hex digit");
            return 0;
        }
        count++;
    }
    if ((count % 2u) != 0u) {
        hil_error("Insufficent number of hex digits");
        return 0;
    }
    return 1;
}

static void bytes(const char *digits)
{
    if (!is_hex(digits)) {
        return;
    }
    if (!hil_load_has_room()) {
        hil_error("Buffer is full, or 'db load' is missing");
        return;
    }
    for (; *digits != '\0'; digits += 2) {
        if (hil_load_byte((uint8_t)((hil_hex_digit(digits[0]) * 16) + hil_hex_digit(digits[1])))) {
            hil_put("m-load-done\r\n");
            return;
        }
    }
}

int hil_buffer_command(const char *name)
{
    if (!hil_same(name, "db")) {
        return 0;
    }
    const char *word = hil_next_word(0);
    if (word == 0) {
        hil_error("Command 'db' requires a subcommand");
    } else if (hil_same(word, "load")) {
        load();
    } else if (hil_same(word, "print")) {
        print();
    } else {
        bytes(word);
    }
    return 1;
}
