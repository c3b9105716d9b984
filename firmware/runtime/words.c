/* Words and numbers of a command. */
#include "hil_runtime.h"

char *hil_next_word(char *command)
{
    static char *rest;
    char *word = (command != 0) ? command : rest;
    while (*word == ' ') {
        word++;
    }
    char *end = word;
    while ((*end != '\0') && (*end != ' ')) {
        end++;
    }
    rest = end;
    if (*end != '\0') {
        *end = '\0';
        rest = end + 1;
    }
    return (*word != '\0') ? word : 0;
}

int hil_same(const char *a, const char *b)
{
    while ((*a != '\0') && (*a == *b)) {
        a++;
        b++;
    }
    return *a == *b;
}

int hil_parse_count(const char *text, uint32_t *value)
{
    uint32_t sum = 0;
    if (*text == '\0') {
        return 0;
    }
    for (; *text != '\0'; text++) {
        const uint32_t digit = (uint32_t)*text - (uint32_t)'0';
        if ((digit > 9u) || (sum > ((0x7FFFFFFFu - digit) / 10u))) {
            return 0;
        }
        sum = (sum * 10u) + digit;
    }
    *value = sum;
    return 1;
}

int hil_hex_digit(char digit)
{
    if ((digit >= '0') && (digit <= '9')) {
        return digit - '0';
    }
    if ((digit >= 'a') && (digit <= 'f')) {
        return (digit - 'a') + 10;
    }
    if ((digit >= 'A') && (digit <= 'F')) {
        return (digit - 'A') + 10;
    }
    return -1;
}
