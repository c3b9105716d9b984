#include "hil_internal.h"

/* Nearest integer, halves away from zero, limited to what any int8 output tells apart. NaN becomes 0. */
static int32_t round_limited(float x)
{
    if (x >= 1024.0f) {
        return 1024;
    }
    if (x <= -1024.0f) {
        return -1024;
    }
    if (!(x == x)) {
        return 0;
    }
    const int32_t whole = (int32_t)x;
    const float rest = x - (float)whole;
    if (rest >= 0.5f) {
        return whole + 1;
    }
    return (rest <= -0.5f) ? (whole - 1) : whole;
}

void hil_quantize_f32(int32_t count, float scale, int32_t zero, const float *input, int8_t *output)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = (int8_t)hil_clamp(round_limited(input[i] / scale) + zero, INT8_MIN, INT8_MAX);
    }
}

/* A product of a float and a 9-bit integer rounds once, exactly as the double of the reference does. */
void hil_dequantize(int32_t count, float scale, int32_t offset, const int8_t *input, float *output)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = scale * (float)(input[i] + offset);
    }
}

/* The kernels for u8 compute as if both zero points were 128 lower, which is int8, and flip the top bit. */
#define FLIP(x) ((uint8_t)((uint8_t)(x) ^ 0x80u))

void hil_quantize_f32_u8(int32_t count, float scale, int32_t zero, const float *input, uint8_t *output)
{
    hil_quantize_f32(count, scale, zero - 128, input, (int8_t *)output);
    for (int32_t i = 0; i < count; i++) {
        output[i] = FLIP(output[i]);
    }
}

void hil_dequantize_u8(int32_t count, float scale, int32_t offset, const uint8_t *input, float *output)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = scale * (float)((int32_t)input[i] + offset);
    }
}

static int8_t rescale(int32_t value, const hil_requant *requant, int32_t zero)
{
    return hil_finish(hil_requantize(value, requant), zero, INT8_MIN, INT8_MAX);
}

void hil_requantize_i8(int32_t count, hil_requant requant, int32_t offset, int32_t zero, const int8_t *input,
                       int8_t *output)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = rescale(input[i] + offset, &requant, zero);
    }
}

void hil_requantize_u8(int32_t count, hil_requant requant, int32_t offset, int32_t zero, const uint8_t *input,
                       int8_t *output)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = rescale((int32_t)input[i] + offset, &requant, zero);
    }
}

void hil_requantize_i8_u8(int32_t count, hil_requant requant, int32_t offset, int32_t zero, const int8_t *input,
                          uint8_t *output)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = FLIP(rescale(input[i] + offset, &requant, zero - 128));
    }
}

void hil_requantize_u8_u8(int32_t count, hil_requant requant, int32_t offset, int32_t zero, const uint8_t *input,
                          uint8_t *output)
{
    for (int32_t i = 0; i < count; i++) {
        output[i] = FLIP(rescale((int32_t)input[i] + offset, &requant, zero - 128));
    }
}
