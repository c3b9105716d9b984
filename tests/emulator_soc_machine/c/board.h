/* What the programs of these tests share: registers of both families, and the console. */
#ifndef BOARD_H
#define BOARD_H
#include <stdint.h>

#define REG(address) (*(volatile uint32_t *)(address))

#ifdef STM32L4PLUS
#define UART 0x40008000u
#define UART_IRQ 70
#define FLASH 0x40022000u
#define FLASH_SR REG(FLASH + 0x10u)
#define FLASH_CR REG(FLASH + 0x14u)
#define FLASH_KEYR REG(FLASH + 0x08u)
#else
#define UART 0x40011000u
#define UART_IRQ 37
#define FLASH 0x40023C00u
#define FLASH_SR REG(FLASH + 0x0Cu)
#define FLASH_CR REG(FLASH + 0x10u)
#define FLASH_KEYR REG(FLASH + 0x04u)
#endif

#define ISR REG(UART + 0x1Cu)
#define RDR REG(UART + 0x24u)
#define TDR REG(UART + 0x28u)
#define TIM2(offset) REG(0x40000000u + (offset))

void clock_on(void);
void console_on(void);
void say(const char *text);
void say_number(uint32_t number);
int main(void);
void console_interrupt(void);

#endif
