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

/* From one quantised domain to another. */
typedef struct {
    hil_requant requant;
    int32_t offset, zero;
    int32_t is_signed; /* whether the input is */
    uint8_t flip;      /* of the output */
} rescaling;

static uint8_t rescaled(const rescaling *r, uint8_t byte)
{
    const int32_t value = r->is_signed ? (int32_t)(int8_t)byte : (int32_t)byte;
    const int8_t out = hil_finish(hil_requantize(value + r->offset, &r->requant), r->zero, INT8_MIN, INT8_MAX);
    return (uint8_t)((uint8_t)out ^ r->flip);
}

/* `output` may be `input`, and so it may in what follows. */
static void flip(int32_t count, uint8_t mask, const uint8_t *input, uint8_t *output)
{
    int32_t i = 0;
    for (; (i + 4) <= count; i += 4) {
        uint32_t word;
        (void)memcpy(&word, &input[i], sizeof word);
        word ^= mask * 0x01010101u;
        (void)memcpy(&output[i], &word, sizeof word);
    }
    for (; i < count; i++) {
        output[i] = (uint8_t)(input[i] ^ mask);
    }
}

static void rescale(const rescaling *r, int32_t count, const void *from, void *to)
{
    const uint8_t *const input = (const uint8_t *)from;
    uint8_t *const output = (uint8_t *)to;
    uint8_t table[256];
    /* A scale of one: an unsigned input is a signed one with its top bit flipped, 128 higher. */
    if ((r->requant.multiplier == (1 << 30)) && (r->requant.shift == 1) &&
        ((r->offset + r->zero) == (r->is_signed ? 0 : -128))) {
        flip(count, (uint8_t)((r->is_signed ? 0u : 0x80u) ^ r->flip), input, output);
        return;
    }
    /* Of a large map each value is rescaled once. */
    const int large = count > (int32_t)sizeof table;
    for (int32_t i = 0; large && (i < (int32_t)sizeof table); i++) {
        table[i] = rescaled(r, (uint8_t)i);
    }
    for (int32_t i = 0; i < count; i++) {
        output[i] = large ? table[input[i]] : rescaled(r, input[i]);
    }
}

void hil_requantize_i8(int32_t count, hil_requant requant, int32_t offset, int32_t zero, const int8_t *input,
                       int8_t *output)
{
    const rescaling r = {requant, offset, zero, 1, 0};
    rescale(&r, count, input, output);
}

void hil_requantize_u8(int32_t count, hil_requant requant, int32_t offset, int32_t zero, const uint8_t *input,
                       int8_t *output)
{
    const rescaling r = {requant, offset, zero, 0, 0};
    rescale(&r, count, input, output);
}

void hil_requantize_i8_u8(int32_t count, hil_requant requant, int32_t offset, int32_t zero, const int8_t *input,
                          uint8_t *output)
{
    const rescaling r = {requant, offset, zero - 128, 1, 0x80};
    rescale(&r, count, input, output);
}

void hil_requantize_u8_u8(int32_t count, hil_requant requant, int32_t offset, int32_t zero, const uint8_t *input,
                          uint8_t *output)
{
    const rescaling r = {requant, offset, zero - 128, 0, 0x80};
    rescale(&r, count, input, output);
}
