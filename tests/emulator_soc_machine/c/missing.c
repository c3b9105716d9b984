/* Touches a peripheral that is not modelled. */
#include "board.h"

int touch_adc(void);

int __attribute__((noinline)) touch_adc(void)
{
#ifdef STM32L4PLUS
    return (int)REG(0x50040008u);
#else
    return (int)REG(0x40012008u);
#endif
}

int main(void)
{
    return touch_adc();
}
