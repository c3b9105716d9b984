/*
 * Addition, specialised by constant parameters. The planner takes this form only where both operands are scaled down
 * (which they are, by TFLite's choice of scales) and the output as hil_requant.h can.
 */
#ifndef HIL_SUM_H
#define HIL_SUM_H

#include "hil_kernels.h"
#include "hil_requant.h"

/* What is kept in registers: as parts of instructions constants cannot be shifted operands. */
#if HIL_ASM
#define HIL_IN_REGISTER(x) __asm__("" : "+r"(x))
#else
#define HIL_IN_REGISTER(x)
#endif

/* Neither goes on before the other has come as far: where results take cycles, compilers else compute one after the other. */
#if HIL_ASM && HIL_DUAL_ISSUE
#define HIL_TOGETHER(x, y) __asm__("" : "+r"(x), "+r"(y))
#else
#define HIL_TOGETHER(x, y)
#endif

/* Whether an operand is halved and no more. */
HIL_SPECIALISED int hil_sum_halves(hil_requant q)
{
    return (q.multiplier == (1 << 30)) && (q.shift == 0);
}

/* What is added to a shifted operand, and to its product. */
typedef struct {
    int32_t base, rounding;
} hil_sum_side;

HIL_SPECIALISED hil_sum_side hil_sum_side_of(int32_t offset, int32_t left_shift, hil_requant q)
{
    const int32_t bits = left_shift + (hil_sum_halves(q) ? 0 : 1);
    const hil_sum_side side = {(int32_t)((uint32_t)offset << bits), (q.shift == 0) ? 0 : (1 << (-q.shift - 1))};
    return side;
}

/* Of an operand that is halved, what is added can be left to the product of the other. */
HIL_SPECIALISED int hil_sum_moves(hil_requant halved, hil_requant other)
{
    return hil_sum_halves(halved) && (other.shift < 0) && (other.shift >= -3);
}

HIL_SPECIALISED void hil_sum_move(hil_sum_side *halved, hil_sum_side *other, hil_requant q)
{
    other->rounding = hil_plus(other->rounding, (halved->base / 2) * (1 << -q.shift));
    halved->base = 0;
}

/* (x + offset) * 2^left_shift, requantised by q but for its shift; rounded twice as the reference does. An operand that is
 * halved is left to hil_sum_shifted. */
HIL_SPECIALISED int32_t hil_sum_operand(int32_t x, hil_sum_side side, int32_t left_shift, hil_requant q)
{
    if (hil_sum_halves(q)) {
        return x;
    }
    const int32_t twice = hil_plus(side.base, (int32_t)((uint32_t)x << (left_shift + 1)));
    const int32_t correction = (q.shift == 0) ? 0 : (twice >> 31);
    return hil_mul_high_add(twice, q.multiplier, hil_plus(side.rounding, correction));
}

/* Twice the operand. */
HIL_SPECIALISED int32_t hil_sum_shifted(int32_t x, hil_sum_side side, int32_t left_shift, hil_requant q)
{
    return hil_sum_halves(q) ? hil_plus(side.base, (int32_t)((uint32_t)x << left_shift)) : (2 * (x >> -q.shift));
}

/* hil_output in two parts, with a shift that is known. */
HIL_SPECIALISED int32_t hil_sum_scaled(hil_range range, int32_t acc2, int32_t multiplier, int32_t addend)
{
    const int32_t correction = (range.clamp_min >= range.zero) ? 0 : (acc2 >> 31);
    return hil_mul_high_add(acc2, multiplier, hil_plus(addend, correction));
}

HIL_SPECIALISED int8_t hil_sum_output(hil_range range, int32_t scaled, int32_t shift)
{
    int32_t out;
#if HIL_ASM && !defined(__clang__)
    if (__builtin_constant_p(shift)) {
        __asm__("ssat %0, #8, %1, asr %2" : "=r"(out) : "r"(scaled), "i"(shift + 1));
    } else
#endif
    {
        out = hil_half_saturated(scaled >> shift);
    }
    if (range.clamp_min > INT8_MIN) {
        out = (out < range.clamp_min) ? range.clamp_min : out;
    }
    if (range.clamp_max < INT8_MAX) {
        out = (out > range.clamp_max) ? range.clamp_max : out;
    }
    return (int8_t)out;
}

/* `output` may be either operand. */
HIL_SPECIALISED void hil_sum(const hil_add_params *p, const int8_t *lhs, const int8_t *rhs, int8_t *output)
{
    const hil_range range = {p->output_offset, p->clamp_min, p->clamp_max, 0};
    const int32_t shift = -p->output.shift - 1;
    int32_t addend = hil_addend(range, shift);
    hil_sum_side left = hil_sum_side_of(p->lhs_offset, p->left_shift, p->lhs);
    hil_sum_side right = hil_sum_side_of(p->rhs_offset, p->left_shift, p->rhs);
    if (hil_sum_moves(p->lhs, p->rhs)) {
        hil_sum_move(&left, &right, p->rhs);
        HIL_IN_REGISTER(right.base);
    } else if (hil_sum_moves(p->rhs, p->lhs)) {
        hil_sum_move(&right, &left, p->lhs);
        HIL_IN_REGISTER(left.base);
    } else {
        HIL_IN_REGISTER(left.base);
        HIL_IN_REGISTER(right.base);
    }
    HIL_IN_REGISTER(addend);
    HIL_IN_REGISTER(left.rounding);
    HIL_IN_REGISTER(right.rounding);
    const int8_t *const even = &output[p->count & ~1];
    /* By twos, so that one can go on where the other has to wait. */
#pragma GCC unroll 2
    while (output != even) {
        const int32_t a0 = lhs[0], a1 = lhs[1], b0 = rhs[0], b1 = rhs[1];
        int32_t l0 = hil_sum_operand(a0, left, p->left_shift, p->lhs);
        int32_t l1 = hil_sum_operand(a1, left, p->left_shift, p->lhs);
        int32_t r0 = hil_sum_operand(b0, right, p->left_shift, p->rhs);
        int32_t r1 = hil_sum_operand(b1, right, p->left_shift, p->rhs);
        HIL_TOGETHER(l0, l1);
        HIL_TOGETHER(r0, r1);
        int32_t first = hil_plus(hil_sum_shifted(l0, left, p->left_shift, p->lhs),
                                 hil_sum_shifted(r0, right, p->left_shift, p->rhs));
        int32_t second = hil_plus(hil_sum_shifted(l1, left, p->left_shift, p->lhs),
                                  hil_sum_shifted(r1, right, p->left_shift, p->rhs));
        HIL_TOGETHER(first, second);
        first = hil_sum_scaled(range, first, p->output.multiplier, addend);
        second = hil_sum_scaled(range, second, p->output.multiplier, addend);
        HIL_TOGETHER(first, second);
        first = hil_sum_output(range, first, shift);
        second = hil_sum_output(range, second, shift);
        output[0] = (int8_t)first;
        output[1] = (int8_t)second;
        lhs = &lhs[2];
        rhs = &rhs[2];
        output = &output[2];
    }
    if ((p->count & 1) != 0) {
        const int32_t l = hil_sum_operand(lhs[0], left, p->left_shift, p->lhs);
        const int32_t r = hil_sum_operand(rhs[0], right, p->left_shift, p->rhs);
        const int32_t sum = hil_plus(hil_sum_shifted(l, left, p->left_shift, p->lhs),
                                     hil_sum_shifted(r, right, p->left_shift, p->rhs));
        output[0] = hil_sum_output(range, hil_sum_scaled(range, sum, p->output.multiplier, addend), shift);
    }
}

#endif
