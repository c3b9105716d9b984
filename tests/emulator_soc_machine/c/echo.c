/* Says how long a byte takes in microseconds, then answers each byte by interrupt; `!` resets. */
#include "board.h"

static volatile uint32_t seen;
static const char greeting[] = "hello from flash\n";

void console_interrupt(void)
{
    const uint32_t byte = RDR;
    seen++;
    if (byte == '!') {
        REG(0xE000ED0Cu) = 0x05FA0004u;
    }
    TDR = byte + 1u;
}

int main(void)
{
    clock_on();
    console_on();
    TIM2(0x14u) = 1u;
    TIM2(0x00u) = 1u;
    const uint32_t start = TIM2(0x24u);
    for (int i = 0; i < 8; i++) {
        TDR = 'U';
        while ((ISR & 0x40u) == 0u) {
        }
    }
    const uint32_t took = TIM2(0x24u) - start;
    say(" ");
    say_number(took);
    say(" us ");
    say(greeting);
    while ((ISR & 0x40u) == 0u) {
    }
    REG(UART) |= 1u << 5;
    REG(0xE000E100u + (4u * (UART_IRQ / 32u))) = 1u << (UART_IRQ % 32u);
    for (;;) {
        __asm volatile("wfi");
    }
}
