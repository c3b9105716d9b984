/* The DSP intrinsics the kernels use, in plain C, so that the DSP paths run on a little-endian host
 * (Arm C Language Extensions; Armv7-M Architecture Reference Manual, A7.7). */
#ifndef HIL_DSP_EMULATED_H
#define HIL_DSP_EMULATED_H

#include <stdint.h>

typedef uint32_t int8x4_t;
typedef uint32_t int16x2_t;

static inline int32_t hil_low(int16x2_t x)
{
    return (int16_t)(uint16_t)(x & 0xffffu);
}

static inline int32_t hil_high(int16x2_t x)
{
    return (int16_t)(uint16_t)(x >> 16);
}

static inline int16x2_t hil_join(int32_t low, int32_t high)
{
    return ((uint32_t)low & 0xffffu) | ((uint32_t)high << 16);
}

static inline int32_t hil_byte(int8x4_t x, uint32_t index)
{
    return (int8_t)(uint8_t)((x >> (8u * index)) & 0xffu);
}

static inline int16x2_t __sxtb16(int8x4_t x)
{
    return hil_join(hil_byte(x, 0), hil_byte(x, 2));
}

static inline int16x2_t hil_sxtb16_ror8(int8x4_t x)
{
    return hil_join(hil_byte(x, 1), hil_byte(x, 3));
}

static inline int16x2_t __sxtab16(int16x2_t a, int8x4_t x)
{
    return hil_join(hil_low(a) + hil_byte(x, 0), hil_high(a) + hil_byte(x, 2));
}

static inline int16x2_t hil_sxtab16_ror8(int16x2_t a, int8x4_t x)
{
    return hil_join(hil_low(a) + hil_byte(x, 1), hil_high(a) + hil_byte(x, 3));
}

/* The accumulating instructions wrap (Armv7-M ARM, A7.7: only the Q flag tells). */
static inline int32_t __smlad(int16x2_t a, int16x2_t b, int32_t acc)
{
    return (int32_t)((uint32_t)acc + (uint32_t)(hil_low(a) * hil_low(b)) + (uint32_t)(hil_high(a) * hil_high(b)));
}

static inline int32_t __smlabb(int32_t a, int32_t b, int32_t acc)
{
    return (int32_t)((uint32_t)acc + (uint32_t)(hil_low((uint32_t)a) * hil_low((uint32_t)b)));
}

static inline int32_t __smlatt(int32_t a, int32_t b, int32_t acc)
{
    return (int32_t)((uint32_t)acc + (uint32_t)(hil_high((uint32_t)a) * hil_high((uint32_t)b)));
}

#endif
