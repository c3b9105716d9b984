/*
 * For networks that reconstruct their input: the host sends real numbers, and asks how far the output is from them. As the
 * reference of MLPerf Tiny's `ad01` does it: https://github.com/mlcommons/tiny,
 * benchmark/reference_submissions/anomaly_detection/submitter_implemented.cpp.
 */
#include <string.h>

#include "hil_float_input.h"
#include "hil_image.h"

/* Far outside of what eight bits hold, and exact in single precision. */
#define FAR 4096.0f

static float sent(uint32_t i)
{
    float x;
    (void)memcpy(&x, &hil_image.input_buffer[i * sizeof x], sizeof x);
    return x;
}

/* To the nearest, halves away from zero, as round(); what is no number is zero. */
static int8_t quantised(float x)
{
    float q = x / hil_float.input_scale;
    if (!(q == q)) {
        q = 0.0f;
    }
    q = (q > FAR) ? FAR : ((q < -FAR) ? -FAR : q);
    int32_t n = (int32_t)q;
    const float rest = q - (float)n;
    n += (rest >= 0.5f) ? 1 : 0;
    n -= (rest <= -0.5f) ? 1 : 0;
    n += hil_float.input_zero;
    return (int8_t)((n < INT8_MIN) ? INT8_MIN : ((n > INT8_MAX) ? INT8_MAX : n));
}

void hil_quantise_input(void)
{
    int8_t *to = (int8_t *)hil_image.input();
    for (uint32_t i = 0; i < hil_image.output_bytes; i++) {
        to[i] = quantised(sent(i));
    }
}

float hil_reconstruction_error(void)
{
    const int8_t *output = (const int8_t *)hil_image.output();
    float sum = 0.0f;
    for (uint32_t i = 0; i < hil_image.output_bytes; i++) {
        const float value = hil_image.output_scale * (float)(output[i] - hil_image.output_zero);
        const float difference = value - sent(i);
        sum += difference * difference;
    }
    return sum / (float)hil_image.output_bytes;
}
