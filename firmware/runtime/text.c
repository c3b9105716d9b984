/* Text to the console, without printf: its buffers and its flash would be measured too. */
#include "hil_port.h"
#include "hil_runtime.h"

static void put_char(char c)
{
    hil_port_send((uint8_t)c);
}

void hil_put(const char *text)
{
    while (*text != '\0') {
        put_char(*text++);
    }
}

void hil_put_unsigned(uint32_t value)
{
    char digits[10];
    uint32_t count = 0;
    do {
        digits[count++] = (char)('0' + (char)(value % 10u));
        value /= 10u;
    } while (value != 0u);
    while (count > 0u) {
        put_char(digits[--count]);
    }
}

void hil_put_hex(uint32_t value, uint32_t digits)
{
    while (digits > 0u) {
        digits--;
        put_char("0123456789abcdef"[(value >> (4u * digits)) & 0xFu]);
    }
}

void hil_put_hex_bytes(const uint8_t *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hil_put_hex(bytes[i], 2);
    }
}

static void begin_fact(const char *key)
{
    hil_put("m-hil-");
    hil_put(key);
    hil_put("-[");
}

void hil_fact(const char *key, const char *value)
{
    begin_fact(key);
    hil_put(value);
    hil_put("]\r\n");
}

void hil_fact_unsigned(const char *key, uint32_t value)
{
    begin_fact(key);
    hil_put_unsigned(value);
    hil_put("]\r\n");
}

void hil_fact_hex(const char *key, uint32_t value)
{
    begin_fact(key);
    hil_put_hex(value, 8);
    hil_put("]\r\n");
}

void hil_error(const char *text)
{
    hil_put("e-[");
    hil_put(text);
    hil_put("]\r\n");
}
