/* Shared by the kernels; not for callers. */
#ifndef HIL_INTERNAL_H
#define HIL_INTERNAL_H

#include <string.h>

#include "hil_kernels.h"

#if defined(HIL_DSP_EMULATED)
#define HIL_DSP 1
#include "host/hil_dsp_emulated.h"
#elif defined(__ARM_FEATURE_DSP)
#define HIL_DSP 1
#include <arm_acle.h>
/* ACLE has no rotated form, and compilers do not fold a rotation into the unrotated one. */
static inline int16x2_t hil_sxtb16_ror8(int8x4_t x)
{
    int16x2_t r;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(r) : "r"(x));
    return r;
}
static inline int16x2_t hil_sxtab16_ror8(int16x2_t a, int8x4_t x)
{
    int16x2_t r;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(r) : "r"(a), "r"(x));
    return r;
}
#else
#define HIL_DSP 0
#endif

static inline int32_t hil_min(int32_t a, int32_t b)
{
    return (a < b) ? a : b;
}

static inline int32_t hil_max(int32_t a, int32_t b)
{
    return (a > b) ? a : b;
}

static inline int32_t hil_clamp(int32_t x, int32_t low, int32_t high)
{
    return hil_min(hil_max(x, low), high);
}

/* Wraps: the reference shifts without saturation. */
static inline int32_t hil_shl(int32_t x, int32_t bits)
{
    return (int32_t)((uint32_t)x << (uint32_t)bits);
}

/* Files hold biases near the ends of int32, where the accumulators of the reference wrap. */
static inline int32_t hil_add_wrapping(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

/* High 32 bits of 2ab, halves upwards. The reference rounds with a nudge that depends on the sign, then truncates,
 * which comes to the same floor. Not for a = b = INT32_MIN, the only case that saturates. */
static inline int32_t hil_mul_high(int32_t a, int32_t b)
{
    return (int32_t)((((int64_t)a * b) + ((int64_t)1 << 30)) >> 31);
}

/* x / 2^exponent, halves away from zero; exponent in [0, 31]. */
static inline int32_t hil_rounding_shr(int32_t x, int32_t exponent)
{
    const int32_t mask = (int32_t)(((uint32_t)1 << (uint32_t)exponent) - 1u);
    const int32_t threshold = (mask >> 1) + ((x < 0) ? 1 : 0);
    /* With exponent 0 the remainder is 0 and never above the threshold: no case of its own is needed. */
    return (x >> exponent) + (((x & mask) > threshold) ? 1 : 0);
}

static inline int32_t hil_requantize(int32_t x, const hil_requant *q)
{
    const int32_t left = (q->shift > 0) ? q->shift : 0;
    const int32_t right = (q->shift > 0) ? 0 : -q->shift;
    return hil_rounding_shr(hil_mul_high(hil_shl(x, left), q->multiplier), right);
}

/* Limits first: a large scaled value plus the offset may leave int32. */
static inline int8_t hil_finish(int32_t scaled, int32_t offset, int32_t low, int32_t high)
{
    const int32_t limited = hil_clamp(scaled, INT32_MIN + 256, INT32_MAX - 256);
    return (int8_t)hil_clamp(limited + offset, low, high);
}

/* The taps of a window whose position start + tap * dilation is inside [0, size) are [first, end); none if
 * end <= first. */
static inline int32_t hil_first_tap(int32_t start, int32_t dilation)
{
    return (start >= 0) ? 0 : ((dilation - 1 - start) / dilation);
}

static inline int32_t hil_end_tap(int32_t start, int32_t dilation, int32_t size, int32_t taps)
{
    return (start >= size) ? 0 : hil_min(taps, (size - start + dilation - 1) / dilation);
}

#if HIL_DSP
/* Inner loops are functions of their own, and GCC may not hoist their loads: either makes registers spill, which costs
 * a tenth of the speed. */
#if defined(__GNUC__) && !defined(__clang__)
#define HIL_INNER __attribute__((noinline, optimize("no-schedule-insns")))
#else
#define HIL_INNER __attribute__((noinline))
#endif

/* Unaligned: the core reads any address in one instruction. */
static inline int8x4_t hil_read4(const int8_t *p)
{
    int8x4_t x;
    (void)memcpy(&x, p, sizeof x);
    return x;
}

static inline int16x2_t hil_read2(const int16_t *p)
{
    int16x2_t x;
    (void)memcpy(&x, p, sizeof x);
    return x;
}

static inline void hil_write2(int16_t *p, int16x2_t x)
{
    (void)memcpy(p, &x, sizeof x);
}

static inline int16x2_t hil_pair(int32_t x)
{
    return (int16x2_t)(((uint32_t)x & 0xffffu) | ((uint32_t)x << 16));
}

/* Elements of int16 that a widened vector of n elements takes. */
static inline int32_t hil_widened(int32_t n)
{
    return (n + 3) & ~3;
}

/* Adds the offset and widens. Elements 0 1 2 3 of a full group of 4 land in the order 0 2 1 3, since that is how
 * SXTB16 and its rotated form split a word of weights; the n % 4 last elements keep their order. */
static inline void hil_widen(const int8_t *x, int32_t n, int32_t offset, int16_t *to)
{
    const int16x2_t pair = hil_pair(offset);
    int32_t i = 0;
    for (; (i + 4) <= n; i += 4) {
        const int8x4_t word = hil_read4(&x[i]);
        hil_write2(&to[i], __sxtab16(pair, word));
        hil_write2(&to[i + 2], hil_sxtab16_ror8(pair, word));
    }
    for (; i < n; i++) {
        to[i] = (int16_t)(x[i] + offset);
    }
}

/* One or two widened pixels of k elements times the output channels [from, end). For a single pixel `a1` and `out1`
 * equal `a0` and `out0`: it is then computed twice, which happens once per image at most. */
void hil_dot_pixels(const hil_window *w, int32_t k, const int16_t *a0, const int16_t *a1, const int8_t *filter,
                    const int32_t *bias, const hil_requant *requant, int32_t from, int32_t end, int8_t *out0,
                    int8_t *out1);
#endif

#endif
