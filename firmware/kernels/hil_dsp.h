/*
 * The instructions that the kernels for specialised layers are written in: those of the DSP extension (Armv7-M
 * Architecture Reference Manual, A7.7) where the core has them, otherwise the same in C for any little-endian target.
 */
#ifndef HIL_DSP_H
#define HIL_DSP_H

#include <stdint.h>
#include <string.h>

#if defined(__ARM_FEATURE_DSP) && defined(__GNUC__) && !defined(HIL_DSP_EMULATED)
#define HIL_ASM 1
#else
#define HIL_ASM 0
#endif

/* Whether the core issues two instructions a cycle, as Cortex-M7 does: loads are then interleaved with multiplications
 * instead of grouped. No macro of the compiler tells; it is given as -DHIL_DUAL_ISSUE=1. */
#ifndef HIL_DUAL_ISSUE
#define HIL_DUAL_ISSUE 0
#endif

/* Scratch memory is read and written as what a kernel needs there. */
#if defined(__GNUC__)
typedef uint32_t __attribute__((may_alias)) hil_word;
typedef int16_t __attribute__((may_alias)) hil_half;
#else
typedef uint32_t hil_word;
typedef int16_t hil_half;
#endif

/* What is specialised by constant parameters must be inlined whatever the level of optimisation. */
#define HIL_SPECIALISED static inline __attribute__((always_inline))
/* Of one layer, and yet not a part of its caller. */
#define HIL_APART __attribute__((noinline))

HIL_SPECIALISED int32_t hil_low16(uint32_t x)
{
    return (int16_t)(uint16_t)(x & 0xffffu);
}

HIL_SPECIALISED int32_t hil_high16(uint32_t x)
{
    return (int16_t)(uint16_t)(x >> 16);
}

HIL_SPECIALISED uint32_t hil_halves(int32_t low, int32_t high)
{
    return ((uint32_t)low & 0xffffu) | ((uint32_t)high << 16);
}

HIL_SPECIALISED int32_t hil_plus(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

HIL_SPECIALISED int32_t hil_less(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a - (uint32_t)b);
}

/* Any address. */
HIL_SPECIALISED uint32_t hil_load4(const int8_t *p)
{
    uint32_t x;
    (void)memcpy(&x, p, sizeof x);
    return x;
}

/* Bytes 0 and 2 of a word, widened. */
HIL_SPECIALISED uint32_t hil_even(uint32_t x)
{
#if HIL_ASM
    uint32_t r;
    __asm__("sxtb16 %0, %1" : "=r"(r) : "r"(x));
    return r;
#else
    return hil_halves((int8_t)(uint8_t)(x & 0xffu), (int8_t)(uint8_t)((x >> 16) & 0xffu));
#endif
}

/* Bytes 1 and 3. */
HIL_SPECIALISED uint32_t hil_odd(uint32_t x)
{
#if HIL_ASM
    uint32_t r;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(x));
    return r;
#else
    return hil_even(x >> 8);
#endif
}

/* Low halves of a and b. */
HIL_SPECIALISED uint32_t hil_pack_low(uint32_t a, uint32_t b)
{
#if HIL_ASM
    uint32_t r;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(r) : "r"(a), "r"(b));
    return r;
#else
    return (a & 0xffffu) | (b << 16);
#endif
}

/* High halves of a and b. */
HIL_SPECIALISED uint32_t hil_pack_high(uint32_t a, uint32_t b)
{
#if HIL_ASM
    uint32_t r;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(r) : "r"(b), "r"(a));
    return r;
#else
    return (a >> 16) | (b & 0xffff0000u);
#endif
}

/* Low half of a, high half of b. */
HIL_SPECIALISED uint32_t hil_pack_apart(uint32_t a, uint32_t b)
{
#if HIL_ASM
    uint32_t r;
    __asm__("pkhbt %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
    return r;
#else
    return (a & 0xffffu) | (b & 0xffff0000u);
#endif
}

/* Sums of halves; they must not overflow. */
HIL_SPECIALISED uint32_t hil_plus_both(uint32_t a, uint32_t b)
{
#if HIL_ASM
    uint32_t r;
    __asm__("sadd16 %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
    return r;
#else
    return hil_halves(hil_low16(a) + hil_low16(b), hil_high16(a) + hil_high16(b));
#endif
}

/* Differences of halves; they must not overflow. */
HIL_SPECIALISED uint32_t hil_minus_both(uint32_t a, uint32_t b)
{
#if HIL_ASM
    uint32_t r;
    __asm__("ssub16 %0, %1, %2" : "=r"(r) : "r"(a), "r"(b));
    return r;
#else
    return hil_halves(hil_low16(a) - hil_low16(b), hil_high16(a) - hil_high16(b));
#endif
}

/* The greater of each two bytes, as signed numbers. */
HIL_SPECIALISED uint32_t hil_max_bytes(uint32_t a, uint32_t b)
{
#if HIL_ASM
    uint32_t r;
    __asm__("ssub8 %0, %1, %2\n sel %0, %1, %2" : "=&r"(r) : "r"(a), "r"(b));
    return r;
#else
    uint32_t r = 0;
    for (uint32_t at = 0; at < 32u; at += 8u) {
        const int8_t x = (int8_t)(uint8_t)((a >> at) & 0xffu);
        const int8_t y = (int8_t)(uint8_t)((b >> at) & 0xffu);
        r |= (uint32_t)(uint8_t)((x > y) ? x : y) << at;
    }
    return r;
#endif
}

/* Both halves doubled; they must not overflow. */
HIL_SPECIALISED uint32_t hil_double(uint32_t x)
{
#if HIL_ASM
    uint32_t r;
    __asm__("sadd16 %0, %1, %1" : "=r"(r) : "r"(x));
    return r;
#else
    return hil_halves(2 * hil_low16(x), 2 * hil_high16(x));
#endif
}

HIL_SPECIALISED int32_t hil_mla_both(uint32_t a, uint32_t b, int32_t acc)
{
#if HIL_ASM
    int32_t r;
    __asm__("smlad %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(acc));
    return r;
#else
    const uint32_t low = (uint32_t)(hil_low16(a) * hil_low16(b));
    return (int32_t)((uint32_t)acc + low + (uint32_t)(hil_high16(a) * hil_high16(b)));
#endif
}

HIL_SPECIALISED int32_t hil_mla_low_low(uint32_t a, uint32_t b, int32_t acc)
{
#if HIL_ASM
    int32_t r;
    __asm__("smlabb %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(acc));
    return r;
#else
    return hil_plus(acc, hil_low16(a) * hil_low16(b));
#endif
}

HIL_SPECIALISED int32_t hil_mla_low_high(uint32_t a, uint32_t b, int32_t acc)
{
#if HIL_ASM
    int32_t r;
    __asm__("smlabt %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(acc));
    return r;
#else
    return hil_plus(acc, hil_low16(a) * hil_high16(b));
#endif
}

HIL_SPECIALISED int32_t hil_mla_high_low(uint32_t a, uint32_t b, int32_t acc)
{
    return hil_mla_low_high(b, a, acc);
}

HIL_SPECIALISED int32_t hil_mla_high_high(uint32_t a, uint32_t b, int32_t acc)
{
#if HIL_ASM
    int32_t r;
    __asm__("smlatt %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(acc));
    return r;
#else
    return hil_plus(acc, hil_high16(a) * hil_high16(b));
#endif
}

/* add + a * b / 2^32, rounded, halves upwards. */
HIL_SPECIALISED int32_t hil_mul_high_add(int32_t a, int32_t b, int32_t add)
{
#if HIL_ASM
    int32_t r;
    __asm__("smmlar %0, %1, %2, %3" : "=r"(r) : "r"(a), "r"(b), "r"(add));
    return r;
#else
    return hil_plus(add, (int32_t)((((int64_t)a * b) + ((int64_t)1 << 31)) >> 32));
#endif
}

/* Half of x, downwards, saturated to int8. */
HIL_SPECIALISED int32_t hil_half_saturated(int32_t x)
{
#if HIL_ASM
    int32_t r;
    __asm__("ssat %0, #8, %1, asr #1" : "=r"(r) : "r"(x));
    return r;
#else
    const int32_t half = x >> 1;
    return (half < INT8_MIN) ? INT8_MIN : ((half > INT8_MAX) ? INT8_MAX : half);
#endif
}

#endif
