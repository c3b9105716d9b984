/* The parts of hil_row.h that layers share. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2", "omit-frame-pointer")
#endif

#include "hil_row.h"

#if HIL_ASM

/* What a run of whole quads is computed from. Offsets in the code are those of this. */
typedef struct {
    const hil_word *columns;
    const hil_channel *channels;
    int8_t *output;
    int32_t zero2; /* twice the output's zero point, plus 1 */
    int32_t quads;
    int32_t skip; /* bytes of code that the first round of groups leaves out; then where it begins */
    const hil_word *end; /* of the columns */
    const uint32_t *filter;
} hil_row_job;

_Static_assert(sizeof(hil_row_job) == 32u, "eight words");

/* r0 columns, r1 weights; r8 and r10 sums of the first of a pair, r9 and r11 of the mixture; r2 and r3 input, r4-r7
 * weights. */
#if HIL_DUAL_ISSUE
/* Several words loaded at once take a cycle for two and nothing beside them, but one instruction. The last two
 * multiplications of a group, whose operands lr and r12 keep, stand in the next one until its input is there. SXTB16 shares
 * a cycle only with what comes after it. */
#define HIL_REST_FIRST "smlad r8, lr, r3, r8\n"
#define HIL_REST_SECOND "smlad r10, r12, r3, r10\n"
#define HIL_GROUP \
    "ldmia.w r1!, {r4-r7}\n" HIL_REST_FIRST "ldr r2, [r0], #4\n" HIL_REST_SECOND "ldr r3, [r0], #4\n" \
    "smlad r9, r4, r2, r9\n sxtb16 r4, r4\n smlad r11, r6, r2, r11\n sxtb16 r6, r6\n smlad r9, r5, r3, r9\n" \
    "sxtb16 lr, r5\n smlad r8, r4, r2, r8\n sxtb16 r12, r7\n smlad r10, r6, r2, r10\n smlad r11, r7, r3, r11\n"
#define HIL_GROUP_BYTES 60
#define HIL_BEFORE_GROUPS "mov r12, #0\n mov lr, #0\n"
#define HIL_AFTER_ROUND "ldr r2, [sp, #24]\n cmp r0, r2\n"
#define HIL_AFTER_GROUPS HIL_REST_FIRST HIL_REST_SECOND
#else
#define HIL_GROUP \
    "ldmia.w r1!, {r4-r7}\n ldrd r2, r3, [r0], #8\n" \
    "smlad r9, r4, r2, r9\n sxtb16 r4, r4\n smlad r11, r6, r2, r11\n sxtb16 r6, r6\n" \
    "smlad r9, r5, r3, r9\n sxtb16 r5, r5\n smlad r11, r7, r3, r11\n sxtb16 r7, r7\n" \
    "smlad r8, r4, r2, r8\n smlad r10, r6, r2, r10\n smlad r8, r5, r3, r8\n smlad r10, r7, r3, r10\n"
#define HIL_GROUP_BYTES 56
#define HIL_BEFORE_GROUPS ""
#define HIL_AFTER_ROUND "cmp r0, r12\n"
#define HIL_AFTER_GROUPS ""
#endif
#define HIL_GROUPS HIL_GROUP HIL_GROUP HIL_GROUP HIL_GROUP HIL_GROUP HIL_GROUP HIL_GROUP HIL_GROUP
#define HIL_ROUND 8

#define HIL_ENTER \
    "push {r4-r11, lr}\n ldmia r0, {r2-r9}\n push {r2-r8}\n mov r1, r9\n mov r12, r8\n" \
    "adr r4, 2f\n add r4, r4, r7\n orr r4, r4, #1\n str r4, [sp, #20]\n"
#define HIL_DOT \
    "ldr r0, [sp]\n mov r8, #0\n mov r9, #0\n mov r10, #0\n mov r11, #0\n" HIL_BEFORE_GROUPS \
    "ldr pc, [sp, #20]\n .balign 4\n 2:\n" HIL_GROUPS HIL_AFTER_ROUND "bne.w 2b\n" HIL_AFTER_GROUPS

/* r5 twice the zero point, plus 1; r0 channels. */
#define HIL_OUTPUT(r, half, correct) \
    "ldmia r0!, {r2-r4}\n add " r ", r2, " r ", " half "\n lsl r6, r5, r4\n" correct(r) \
    "smmlar " r ", " r ", r3, r6\n asr " r ", " r ", r4\n ssat " r ", #8, " r ", asr #1\n"
#define HIL_CORRECT_NONE(r) ""
#define HIL_CORRECT_SIGN(r) "add r6, r6, " r ", asr #31\n"
#define HIL_QUADS(correct) \
    HIL_ENTER "3:\n" HIL_DOT "ldr r0, [sp, #4]\n ldr r5, [sp, #12]\n sub r9, r9, r8\n sub r11, r11, r10\n" \
    HIL_OUTPUT("r8", "lsl #1", correct) HIL_OUTPUT("r9", "asr #7", correct) \
    HIL_OUTPUT("r10", "lsl #1", correct) HIL_OUTPUT("r11", "asr #7", correct) \
    "str r0, [sp, #4]\n ldr r2, [sp, #8]\n ldr r3, [sp, #16]\n" \
    "bfi r8, r9, #8, #8\n bfi r10, r11, #8, #8\n pkhbt r8, r8, r10, lsl #16\n" \
    "str r8, [r2], #4\n str r2, [sp, #8]\n subs r3, #1\n str r3, [sp, #16]\n bne.w 3b\n" \
    "add sp, #28\n pop {r4-r11, pc}\n"

#define HIL_NAKED __attribute__((naked, noinline, aligned(4)))

HIL_NAKED static void quads_plain(const hil_row_job *job __attribute__((unused)))
{
    __asm__(HIL_QUADS(HIL_CORRECT_NONE));
}

HIL_NAKED static void quads_signed(const hil_row_job *job __attribute__((unused)))
{
    __asm__(HIL_QUADS(HIL_CORRECT_SIGN));
}

/* The sums of one quad, to the output. */
HIL_NAKED static void dot(const hil_row_job *job __attribute__((unused)))
{
    __asm__(HIL_ENTER HIL_DOT "ldr r0, [sp, #8]\n stmia r0, {r8-r11}\n add sp, #28\n pop {r4-r11, pc}\n");
}

static hil_row_job hil_row_plan(const hil_word *columns, const uint32_t *filter, int32_t depth)
{
    const int32_t left_out = (HIL_ROUND - ((depth / 4) % HIL_ROUND)) % HIL_ROUND;
    hil_row_job job = {columns, NULL, NULL, 0, 1, left_out * HIL_GROUP_BYTES, &columns[depth / 2], filter};
    return job;
}

#endif

int32_t hil_row_quads(const hil_dense *d, hil_range range, const hil_word *columns, const uint32_t *filter,
                      const hil_channel *channels, int8_t *output)
{
#if HIL_ASM
    const int32_t quads = d->out_c / 4;
    if (!range.general && (range.clamp_min == INT8_MIN) && (range.clamp_max == INT8_MAX) && (quads > 0)) {
        hil_row_job job = hil_row_plan(columns, filter, hil_row_depth(d));
        job.channels = channels;
        job.output = output;
        job.zero2 = (2 * range.zero) + 1;
        job.quads = quads;
        if (range.clamp_min >= range.zero) {
            quads_plain(&job);
        } else {
            quads_signed(&job);
        }
        return 4 * quads;
    }
#else
    (void)d;
    (void)range;
    (void)columns;
    (void)filter;
    (void)channels;
    (void)output;
#endif
    return 0;
}

void hil_row_dot4(const hil_word *columns, const uint32_t *weights, int32_t depth, hil_row_sums *r)
{
#if HIL_ASM
    hil_row_job job = hil_row_plan(columns, weights, depth);
    job.output = (int8_t *)r;
    dot(&job);
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
