/* The output as real numbers with three decimals, as the MLPerf Tiny runner reads it. */
#include "hil_image.h"
#include "hil_runtime.h"

/* Above, thousandths would not fit 31 bits. */
#define LARGEST 2000000.0f

static uint32_t count(void)
{
    return (hil_image.output_type == HIL_OUTPUT_F32) ? (hil_image.output_bytes / 4u) : hil_image.output_bytes;
}

static float value(uint32_t i)
{
    switch (hil_image.output_type) {
    case HIL_OUTPUT_U8:
        return hil_image.output_scale * (float)(((const uint8_t *)hil_image.output())[i] - hil_image.output_zero);
    case HIL_OUTPUT_F32:
        return ((const float *)hil_image.output())[i];
    case HIL_OUTPUT_I8:
    default:
        return hil_image.output_scale * (float)(((const int8_t *)hil_image.output())[i] - hil_image.output_zero);
    }
}

/* Thousandths, ties to even, as printf rounds. */
static uint32_t thousandths(float x)
{
    const float scaled = x * 1000.0f;
    const uint32_t whole = (uint32_t)scaled;
    const float rest = scaled - (float)whole;
    return whole + (((rest > 0.5f) || ((rest == 0.5f) && ((whole & 1u) != 0u))) ? 1u : 0u);
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
