/*
 * The marker: a pin that falls where a window begins or ends, for an instrument that records edges. It rests high, as MLPerf
 * Tiny's timestamp pin does. None of this lies among the code that is timed, whose addresses it would move.
 */
#include "board_config.h"
#include "hil_core.h"
#include "hil_port.h"

#ifdef HIL_MARKER_PORT

#define PORT(offset) HIL_REG(HIL_GPIO_BASE + (0x400u * HIL_MARKER_PORT) + (offset))
#define MODER PORT(0x00u)
#define BSRR PORT(0x18u)

#define MODE_SHIFT (2u * HIL_MARKER_NUMBER)
#define MODE_OUTPUT 1u
#define HIGH (1u << HIL_MARKER_NUMBER)
#define LOW (HIGH << 16)

/* Microseconds of a level: two samples of an instrument at 100 kHz. */
#define LEVEL 20u

HIL_APART static void hold(void)
{
    const uint32_t start = hil_port_microseconds();
    while ((hil_port_microseconds() - start) <= LEVEL) {
    }
}

HIL_APART void hil_port_mark(void)
{
    HIL_GPIO_ENABLE |= 1u << HIL_MARKER_PORT;
    (void)HIL_GPIO_ENABLE;
    if (((MODER >> MODE_SHIFT) & 3u) != MODE_OUTPUT) {
        BSRR = HIGH;
        MODER = (MODER & ~(3u << MODE_SHIFT)) | (MODE_OUTPUT << MODE_SHIFT);
        hold();
    }
    BSRR = LOW;
    hold();
    BSRR = HIGH;
}

#else

HIL_APART void hil_port_mark(void)
{
}

#endif
