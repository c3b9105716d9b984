/* Counts its starts in flash, from 0x08040000 on, a double word each. */
#include "board.h"

#define LOG 0x08040000u

int main(void)
{
    clock_on();
    console_on();
    uint32_t starts = 0;
    while (REG(LOG + (8u * starts)) != 0xFFFFFFFFu) {
        starts++;
    }
    FLASH_KEYR = 0x45670123u;
    FLASH_KEYR = 0xCDEF89ABu;
#ifdef STM32L4PLUS
    FLASH_CR = 1u;
#else
    FLASH_CR = 1u | (2u << 8);
#endif
    REG(LOG + (8u * starts)) = starts;
#ifndef STM32L4PLUS
    while ((FLASH_SR & (1u << 16)) != 0u) {
    }
#endif
    REG(LOG + (8u * starts) + 4u) = ~starts;
    while ((FLASH_SR & (1u << 16)) != 0u) {
    }
    FLASH_CR = 1u << 31;
    say_number(REG(LOG + (8u * starts)));
    say(FLASH_SR == 0u ? " ok\n" : " failed\n");
    while ((ISR & 0x40u) == 0u) {
    }
    return 0;
}
