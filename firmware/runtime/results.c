/* The output as real numbers with three decimals, as the MLPerf Tiny runner reads it. */
#include <string.h>

#include "board_config.h"
#include "hil_image.h"
#include "hil_runtime.h"
#ifdef HIL_FLOAT_INPUT
#include "hil_float_input.h"
#endif

/* Above, thousandths would not fit 31 bits. */
#define LARGEST 2000000.0f

static uint32_t count(void)
{
#ifdef HIL_FLOAT_INPUT
    return 1;
#else
    return (hil_image.output_type == HIL_OUTPUT_F32) ? (hil_image.output_bytes / 4u) : hil_image.output_bytes;
#endif
}

static float value(uint32_t i)
{
#ifdef HIL_FLOAT_INPUT
    (void)i;
    return hil_reconstruction_error();
#else
    switch (hil_image.output_type) {
    case HIL_OUTPUT_U8:
        return hil_image.output_scale * (float)(((const uint8_t *)hil_image.output())[i] - hil_image.output_zero);
    case HIL_OUTPUT_F32:
        return ((const float *)hil_image.output())[i];
    case HIL_OUTPUT_I8:
    default:
        return hil_image.output_scale * (float)(((const int8_t *)hil_image.output())[i] - hil_image.output_zero);
    }
#endif
}

/* Thousandths of a number from 0 to LARGEST, as printf rounds them: from the exact value, ties to even. A product with
 * 1000 in single precision would round once before. */
static uint32_t thousandths(float x)
{
    uint32_t bits;
    (void)memcpy(&bits, &x, sizeof bits);
    const uint32_t exponent = bits >> 23;
    const uint32_t mantissa = (bits & 0x007FFFFFu) | ((exponent != 0u) ? 0x00800000u : 0u);
    /* x is mantissa / 2^shift; the product has 34 bits. */
    const uint32_t shift = 150u - ((exponent != 0u) ? exponent : 1u);
    if (shift > 34u) {
        return 0;
    }
    const uint64_t product = (uint64_t)mantissa * 1000u;
    const uint32_t whole = (uint32_t)(product >> shift);
    const uint64_t rest = product - ((uint64_t)whole << shift);
    const uint64_t half = (uint64_t)1 << (shift - 1u);
    return whole + (((rest > half) || ((rest == half) && ((whole & 1u) != 0u))) ? 1u : 0u);
}

static void put_value(float x)
{
    if (!(x == x)) {
        hil_put("nan");
        return;
    }
    if (x < 0.0f) {
        hil_put("-");
        x = -x;
    }
    const uint32_t t = thousandths((x > LARGEST) ? LARGEST : x);
    hil_put_unsigned(t / 1000u);
    hil_put(".");
    hil_put_unsigned((t / 100u) % 10u);
    hil_put_unsigned((t / 10u) % 10u);
    hil_put_unsigned(t % 10u);
}

void hil_put_results(void)
{
    hil_put("m-results-[");
    for (uint32_t i = 0; i < count(); i++) {
        if (i > 0u) {
            hil_put(",");
        }
        put_value(value(i));
    }
    hil_put("]\r\n");
}
