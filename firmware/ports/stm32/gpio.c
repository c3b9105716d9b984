/* RM0432 and RM0385, "GPIO registers": the same in both families. */
#include "board_config.h"
#include "hil_core.h"
#include "hil_stm32.h"

#define PORT(index, offset) HIL_REG(HIL_GPIO_BASE + (0x400u * (index)) + (offset))
#define MODER 0x00u
#define OSPEEDR 0x08u
#define PUPDR 0x0Cu
#define AFRL 0x20u

#define MODE_ALTERNATE 2u
#define SPEED_HIGH 2u
#define PULL_UP 1u

static void set_field(volatile uint32_t *reg, uint32_t position, uint32_t width, uint32_t value)
{
    const uint32_t mask = ((1u << width) - 1u) << position;
    *reg = (*reg & ~mask) | (value << position);
}

/* Pulled up, so that an open line reads as idle. */
void hil_pin_alternate(hil_pin pin)
{
    set_field(&PORT(pin.port, AFRL + (4u * (pin.number / 8u))), 4u * (pin.number % 8u), 4, pin.alternate);
    set_field(&PORT(pin.port, OSPEEDR), 2u * pin.number, 2, SPEED_HIGH);
    set_field(&PORT(pin.port, PUPDR), 2u * pin.number, 2, PULL_UP);
    set_field(&PORT(pin.port, MODER), 2u * pin.number, 2, MODE_ALTERNATE);
}
