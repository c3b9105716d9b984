/* The part of hil_winograd.h that layers share. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2", "omit-frame-pointer")
#endif

#include "hil_winograd.h"

#if HIL_ASM

/* What a call works on. Offsets in the code are those of this. */
typedef struct {
    const hil_word *end; /* of the element's input */
    int32_t *sums;
    int32_t step;       /* bytes of an element's input */
    int32_t *last;      /* end of the sums */
    int32_t skip;       /* bytes of code that the first round of eight words leaves out; then where it begins */
    const hil_word *input;
    const uint32_t *filter;
} hil_winograd_job;

_Static_assert(sizeof(hil_winograd_job) == 28u, "seven words");

/* r0 input, r1 filter; r4-r7 sums of channel A, r8-r11 of B; r2, r3, r12, lr operands. */
#if HIL_DUAL_ISSUE
/* An operand is loaded two cycles before its use, each load in the cycle of a multiplication; even words begin with
 * channel A and odd ones with B, so that the weights of the next find their registers free. */
#define HIL_LEAD(when) "ldr" when " r2, [r1], #4\n ldr" when " r12, [r0], #4\n ldr" when " r3, [r1], #4\n"
#define HIL_LEAD_ON "ittt ne\n" HIL_LEAD("ne")
#define HIL_ELEMENT_FIRST \
    "smuad r4, r2, r12\n ldr lr, [r0], #4\n smuad r8, r3, r12\n ldr r12, [r0], #4\n smuad r9, r3, lr\n" \
    "smuad r5, r2, lr\n ldr lr, [r0], #4\n smuad r6, r2, r12\n smuad r10, r3, r12\n ldr r12, [r0], #4\n" \
    "smuad r11, r3, lr\n ldr.w r3, [r1, #4]\n smuad r7, r2, lr\n ldr r2, [r1], #8\n"
#define HIL_ELEMENT_EVEN \
    "smlad r4, r2, r12, r4\n ldr lr, [r0], #4\n smlad r8, r3, r12, r8\n ldr r12, [r0], #4\n smlad r9, r3, lr, r9\n" \
    "smlad r5, r2, lr, r5\n ldr lr, [r0], #4\n smlad r6, r2, r12, r6\n smlad r10, r3, r12, r10\n" \
    "ldr r12, [r0], #4\n smlad r11, r3, lr, r11\n ldr.w r3, [r1, #4]\n smlad r7, r2, lr, r7\n ldr r2, [r1], #8\n"
#define HIL_ELEMENT_ODD_BEFORE(input, a, b) \
    "smlad r8, r3, r12, r8\n ldr lr, [r0], #4\n smlad r4, r2, r12, r4\n ldr r12, [r0], #4\n smlad r5, r2, lr, r5\n" \
    "smlad r9, r3, lr, r9\n ldr lr, [r0], #4\n smlad r10, r3, r12, r10\n smlad r6, r2, r12, r6\n" input \
    "smlad r7, r2, lr, r7\n" a "smlad r11, r3, lr, r11\n" b
#define HIL_ELEMENT_ODD \
    HIL_ELEMENT_ODD_BEFORE("ldr r12, [r0], #4\n", "ldr r2, [r1], #4\n", "ldr r3, [r1], #4\n")
/* The last of a round. */
#define HIL_ELEMENT_END HIL_ELEMENT_ODD_BEFORE("", "", "")
#define HIL_WORD_END_BYTES 44
#else
#define HIL_LEAD(when) ""
#define HIL_LEAD_ON ""
/* Loads in a row take a cycle each after the first, as long as none needs the address that the one before wrote. */
#define HIL_ELEMENT_FIRST \
    "ldr.w r3, [r1, #4]\n ldr r2, [r1], #8\n ldr lr, [r0, #4]\n ldr r12, [r0], #8\n" \
    "smuad r4, r2, r12\n smuad r8, r3, r12\n smuad r5, r2, lr\n smuad r9, r3, lr\n" \
    "ldr lr, [r0, #4]\n ldr r12, [r0], #8\n" \
    "smuad r6, r2, r12\n smuad r10, r3, r12\n smuad r7, r2, lr\n smuad r11, r3, lr\n"
#define HIL_ELEMENT_EVEN \
    "ldr.w r3, [r1, #4]\n ldr r2, [r1], #8\n ldr lr, [r0, #4]\n ldr r12, [r0], #8\n" \
    "smlad r4, r2, r12, r4\n smlad r8, r3, r12, r8\n smlad r5, r2, lr, r5\n smlad r9, r3, lr, r9\n" \
    "ldr lr, [r0, #4]\n ldr r12, [r0], #8\n" \
    "smlad r6, r2, r12, r6\n smlad r10, r3, r12, r10\n smlad r7, r2, lr, r7\n smlad r11, r3, lr, r11\n"
#define HIL_ELEMENT_ODD HIL_ELEMENT_EVEN
#define HIL_ELEMENT_END HIL_ELEMENT_EVEN
#define HIL_WORD_END_BYTES HIL_WORD_BYTES
#endif
/* Bytes of code of a word: 14 instructions of 4. */
#define HIL_WORD_BYTES 56

__attribute__((naked, noinline, aligned(4))) static void elements(const hil_winograd_job *job __attribute__((unused)))
{
    __asm__("push {r4-r11, lr}\n ldmia r0, {r2-r8}\n push {r2-r6}\n mov r0, r7\n"
            "adr r1, 2f\n add r1, r1, r6\n orr r1, r1, #1\n str r1, [sp, #16]\n mov r1, r8\n"
            ".balign 4\n 1:\n" HIL_LEAD("") HIL_ELEMENT_FIRST HIL_ELEMENT_END
            "ldr r2, [sp]\n cmp r0, r2\n" HIL_LEAD_ON "ldr pc, [sp, #16]\n"
            ".balign 4\n 2:\n" HIL_ELEMENT_EVEN HIL_ELEMENT_ODD HIL_ELEMENT_EVEN HIL_ELEMENT_ODD HIL_ELEMENT_EVEN
            HIL_ELEMENT_ODD HIL_ELEMENT_EVEN HIL_ELEMENT_END
            "ldr r2, [sp]\n cmp r0, r2\n" HIL_LEAD_ON "bne 2b\n"
            "ldr r3, [sp, #4]\n ldr r12, [sp, #8]\n ldr lr, [sp, #12]\n stmia r3!, {r4-r11}\n"
            "add r2, r2, r12\n str r2, [sp]\n str r3, [sp, #4]\n cmp r3, lr\n bne.w 1b\n"
            "add sp, #20\n pop {r4-r11, pc}\n");
}

void hil_winograd_sums(const hil_word *input, const uint32_t *filter, int32_t words, int32_t *sums)
{
    const int32_t rest = words - 2;
    const int32_t skip =
        (rest == 0) ? ((7 * HIL_WORD_BYTES) + HIL_WORD_END_BYTES) : (((8 - (rest % 8)) % 8) * HIL_WORD_BYTES);
    const hil_winograd_job job = {
        &input[HIL_WINOGRAD_TILES * words],
        sums,
        4 * HIL_WINOGRAD_TILES * words,
        &sums[HIL_WINOGRAD_ELEMENTS * HIL_WINOGRAD_SUMS],
        skip,
        input,
        filter,
    };
    elements(&job);
}

#else

void hil_winograd_sums(const hil_word *input, const uint32_t *filter, int32_t words, int32_t *sums)
{
    for (int32_t e = 0; e < HIL_WINOGRAD_ELEMENTS; e++) {
        const hil_word *const x = &input[e * HIL_WINOGRAD_TILES * words];
        const uint32_t *const f = &filter[2 * e * words];
        int32_t *const m = &sums[HIL_WINOGRAD_SUMS * e];
        (void)memset(m, 0, HIL_WINOGRAD_SUMS * sizeof *m);
        for (int32_t i = 0; i < words; i++) {
            for (int32_t j = 0; j < HIL_WINOGRAD_TILES; j++) {
                m[j] = hil_mla_both(f[2 * i], x[(4 * i) + j], m[j]);
                m[j + 4] = hil_mla_both(f[(2 * i) + 1], x[(4 * i) + j], m[j + 4]);
            }
        }
    }
}

#endif
