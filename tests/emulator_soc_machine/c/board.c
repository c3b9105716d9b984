/* Start-up, clock tree and console, as firmware for silicon has them. */
#include "board.h"

extern uint32_t data_start, data_end, data_load, bss_start, bss_end, stack_top;

static void reset(void)
{
    uint32_t *from = &data_load;
    for (uint32_t *to = &data_start; to < &data_end;) {
        *to++ = *from++;
    }
    for (uint32_t *to = &bss_start; to < &bss_end;) {
        *to++ = 0;
    }
    main();
    for (;;) {
        __asm volatile("wfi");
    }
}

static void stuck(void)
{
    for (;;) {
    }
}

__attribute__((weak)) void console_interrupt(void)
{
    stuck();
}

__attribute__((section(".vectors"), used)) static void *const vectors[16 + 98] = {
    &stack_top, (void *)reset, (void *)stuck, (void *)stuck, (void *)stuck, (void *)stuck, (void *)stuck,
    [16 + UART_IRQ] = (void *)console_interrupt,
};

#ifdef STM32L4PLUS
void clock_on(void)
{
    REG(0x40021058u) |= 1u << 28;
    REG(0x40007080u) &= ~(1u << 8);
    REG(FLASH) = (REG(FLASH) & ~15u) | 5u;
    REG(0x4002100Cu) = 1u | (60u << 8) | (1u << 24);
    REG(0x40021000u) |= 1u << 24;
    while ((REG(0x40021000u) & (1u << 25)) == 0u) {
    }
    REG(0x40021008u) |= 3u;
    while ((REG(0x40021008u) & 12u) != 12u) {
    }
    REG(0x40021058u) |= 1u;
    TIM2(0x28u) = 119u;
}

void console_on(void)
{
    REG(0x4002104Cu) |= 1u << 6;
    REG(0x4002105Cu) |= 1u;
    REG(UART + 0x0Cu) = 266667u;
    REG(UART) = 13u;
}
#else
void clock_on(void)
{
    REG(0x40023840u) |= (1u << 28) | 1u;
    REG(0x40023800u) |= 1u << 16;
    while ((REG(0x40023800u) & (1u << 17)) == 0u) {
    }
    REG(0x40023804u) = 25u | (432u << 6) | (1u << 22) | (9u << 24);
    REG(0x40023800u) |= 1u << 24;
    REG(0x40007000u) |= 1u << 16;
    while ((REG(0x40007004u) & (1u << 16)) == 0u) {
    }
    REG(0x40007000u) |= 1u << 17;
    while ((REG(0x40007004u) & (1u << 17)) == 0u) {
    }
    REG(FLASH) = 7u;
    REG(0x40023808u) = (5u << 10) | (4u << 13);
    while ((REG(0x40023800u) & (1u << 25)) == 0u) {
    }
    REG(0x40023808u) |= 2u;
    while ((REG(0x40023808u) & 12u) != 8u) {
    }
    TIM2(0x28u) = 107u;
}

void console_on(void)
{
    REG(0x40023830u) |= 3u;
    REG(0x40023844u) |= 1u << 4;
    REG(UART + 0x0Cu) = 938u;
    REG(UART) = 13u;
}
#endif

void say(const char *text)
{
    for (; *text != '\0'; text++) {
        while ((ISR & 0x80u) == 0u) {
        }
        TDR = (uint32_t)*text;
    }
}

void say_number(uint32_t number)
{
    char digits[11] = {0};
    int at = 10;
    do {
        digits[--at] = (char)('0' + (number % 10u));
        number /= 10u;
    } while (number != 0u);
    say(&digits[at]);
}
