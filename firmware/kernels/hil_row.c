/* The parts of hil_row.h that layers share. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2", "omit-frame-pointer")
#endif

#include "hil_row.h"

#if HIL_ASM
#define HIL_GROUP \
    "ldmia %[w]!, {r4, r5, r6, r8}\n ldrd %[x0], %[x1], [%[x]], #8\n" \
    "smlad %[s0], r4, %[x0], %[s0]\n sxtb16 r4, r4\n smlad %[s1], r6, %[x0], %[s1]\n sxtb16 r6, r6\n" \
    "smlad %[s0], r5, %[x1], %[s0]\n sxtb16 r5, r5\n smlad %[s1], r8, %[x1], %[s1]\n sxtb16 r8, r8\n" \
    "smlad %[a0], r4, %[x0], %[a0]\n smlad %[a1], r6, %[x0], %[a1]\n" \
    "smlad %[a0], r5, %[x1], %[a0]\n smlad %[a1], r8, %[x1], %[a1]\n"
#endif

void hil_row_dot4(const hil_word *columns, const uint32_t *weights, int32_t depth, hil_row_sums *r)
{
#if HIL_ASM
    const hil_word *x = columns;
    const uint32_t *w = weights;
    const hil_word *const end = &columns[depth / 2];
    uint32_t x0, x1;
    int32_t a0 = 0;
    int32_t s0 = 0;
    int32_t a1 = 0;
    int32_t s1 = 0;
#define HIL_ROW_OPERANDS \
    [a0] "+r"(a0), [s0] "+r"(s0), [a1] "+r"(a1), [s1] "+r"(s1), [w] "+r"(w), [x] "+r"(x), \
        [x0] "=&r"(x0), [x1] "=&r"(x1)
    if ((depth & 4) != 0) {
        __asm__ volatile(HIL_GROUP : HIL_ROW_OPERANDS : : "r4", "r5", "r6", "r8", "memory");
    }
    if ((depth & 8) != 0) {
        __asm__ volatile(HIL_GROUP HIL_GROUP : HIL_ROW_OPERANDS : : "r4", "r5", "r6", "r8", "memory");
    }
    if (depth >= 16) {
        __asm__ volatile("1:\n" HIL_GROUP HIL_GROUP HIL_GROUP HIL_GROUP "ldr %[x0], %[end]\n cmp %[x], %[x0]\n bne 1b\n"
                : HIL_ROW_OPERANDS
                : [end] "m"(end)
                : "r4", "r5", "r6", "r8", "memory", "cc");
    }
#undef HIL_ROW_OPERANDS
    *r = (hil_row_sums){a0, s0, a1, s1};
#else
    *r = (hil_row_sums){0, 0, 0, 0};
    for (int32_t i = 0; i < (depth / 2); i++) {
        const uint32_t first = weights[(4 * (i / 2)) + (i % 2)];
        const uint32_t second = weights[(4 * (i / 2)) + 2 + (i % 2)];
        r->s0 = hil_mla_both(first, columns[i], r->s0);
        r->a0 = hil_mla_both(hil_even(first), columns[i], r->a0);
        r->s1 = hil_mla_both(second, columns[i], r->s1);
        r->a1 = hil_mla_both(hil_even(second), columns[i], r->a1);
    }
#endif
}

void hil_row_dot2(const hil_word *columns, const uint32_t *weights, int32_t depth, hil_row_sums *r)
{
    int32_t a = 0;
    int32_t s = 0;
    for (int32_t i = 0; i < (depth / 2); i++) {
        s = hil_mla_both(weights[i], columns[i], s);
        a = hil_mla_both(hil_even(weights[i]), columns[i], a);
    }
    *r = (hil_row_sums){a, s, 0, 0};
}
