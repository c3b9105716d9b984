/* The parts of hil_matrix.h that layers share. In assembly since sums, pointers and operands take every register that
 * there is. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2", "omit-frame-pointer")
#endif

#include "hil_matrix.h"

#if HIL_ASM

/* What a block is computed from. */
typedef struct {
    const hil_word *columns;
    const hil_word *end; /* of the columns */
    const uint32_t *filter;
    const hil_channel *channels;
    int8_t *output;
    int32_t stride; /* bytes from pixel to pixel */
    int32_t zero2;  /* twice the output's zero point, plus 1 */
    int32_t pairs;  /* of channels */
    int32_t skip;   /* bytes of code that the first round of eight words leaves out */
} hil_matrix_job;

/* r0 columns, r1 weights; r4-r7 sums of channel A, r8-r11 of the mixture; r2, r3, r12, lr operands. */
#if HIL_DUAL_ISSUE
/* What comes before the first word, and what a word loads for the next: an operand is loaded two cycles before its use,
 * each load in the cycle of a multiplication. SXTB16 shares a cycle only with what comes after it. */
#define HIL_LEAD(when) "ldr" when " r2, [r1], #4\n ldr" when " r12, [r0], #4\n ldr" when " lr, [r0], #4\n"
#define HIL_NEXT_WEIGHTS "ldr r2, [r1], #4\n"
#define HIL_NEXT_FIRST "ldr r12, [r0], #4\n"
#define HIL_NEXT_SECOND "ldr lr, [r0], #4\n"
#define HIL_FIRST \
    "smuad r8, r2, r12\n sxtb16 r3, r2\n smuad r9, r2, lr\n smuad r4, r3, r12\n ldr r12, [r0], #4\n" \
    "smuad r5, r3, lr\n ldr lr, [r0], #4\n smuad r10, r2, r12\n smuad r11, r2, lr\n" HIL_NEXT_WEIGHTS \
    "smuad r6, r3, r12\n" HIL_NEXT_FIRST "smuad r7, r3, lr\n" HIL_NEXT_SECOND
#define HIL_WORD_BEFORE(weights, first, second) \
    "smlad r8, r2, r12, r8\n sxtb16 r3, r2\n smlad r9, r2, lr, r9\n smlad r4, r3, r12, r4\n ldr r12, [r0], #4\n" \
    "smlad r5, r3, lr, r5\n ldr lr, [r0], #4\n smlad r10, r2, r12, r10\n smlad r11, r2, lr, r11\n" weights \
    "smlad r6, r3, r12, r6\n" first "smlad r7, r3, lr, r7\n" second
#define HIL_WORD HIL_WORD_BEFORE(HIL_NEXT_WEIGHTS, HIL_NEXT_FIRST, HIL_NEXT_SECOND)
/* The last of a round. */
#define HIL_WORD_END HIL_WORD_BEFORE("", "", "")
/* Bytes of code, 4 of each instruction. */
#define HIL_WORD_BYTES 56
#define HIL_WORD_END_BYTES 44
#else
#define HIL_LEAD(when) ""
#define HIL_FIRST \
    "ldr r2, [r1], #4\n ldrd r12, lr, [r0], #8\n sxtb16 r3, r2\n" \
    "smuad r8, r2, r12\n smuad r4, r3, r12\n smuad r9, r2, lr\n smuad r5, r3, lr\n" \
    "ldrd r12, lr, [r0], #8\n" \
    "smuad r10, r2, r12\n smuad r6, r3, r12\n smuad r11, r2, lr\n smuad r7, r3, lr\n"
#define HIL_WORD \
    "ldr r2, [r1], #4\n ldrd r12, lr, [r0], #8\n sxtb16 r3, r2\n" \
    "smlad r8, r2, r12, r8\n smlad r4, r3, r12, r4\n smlad r9, r2, lr, r9\n smlad r5, r3, lr, r5\n" \
    "ldrd r12, lr, [r0], #8\n" \
    "smlad r10, r2, r12, r10\n smlad r6, r3, r12, r6\n smlad r11, r2, lr, r11\n smlad r7, r3, lr, r7\n"
#define HIL_WORD_END HIL_WORD
#define HIL_WORD_BYTES 48
#define HIL_WORD_END_BYTES 48
#endif

/* Saves registers, copies the job (columns, end, filter, channels, output, stride, zero2, pairs, skip) to the stack, and
 * makes the last the address in the round of eight words at which the first, shorter one begins. */
#define HIL_ENTER \
    "push {r4-r11, lr}\n ldmia r0, {r2-r10}\n push {r2-r10}\n" \
    "adr r1, 2f\n add r1, r1, r10\n orr r1, r1, #1\n str r1, [sp, #32]\n"
/* Words lead to the next, if there is one. */
#define HIL_GO_ON "ldr r2, [sp, #4]\n cmp r0, r2\n" HIL_LEAD_ON
#if HIL_DUAL_ISSUE
#define HIL_LEAD_ON "ittt ne\n" HIL_LEAD("ne")
#else
#define HIL_LEAD_ON ""
#endif
#define HIL_DOT \
    "ldr r0, [sp]\n ldr r1, [sp, #8]\n" HIL_LEAD("") HIL_FIRST HIL_WORD_END HIL_ENTRY "ldr pc, [sp, #32]\n" \
    ".balign 4\n 2:\n" HIL_WORD HIL_WORD HIL_WORD HIL_WORD HIL_WORD HIL_WORD HIL_WORD HIL_WORD_END \
    HIL_GO_ON "bne 2b\n"
#if HIL_DUAL_ISSUE
#define HIL_ENTRY HIL_GO_ON
#else
#define HIL_ENTRY ""
#endif

/* Two words of weights come before the rounds of eight. */
static hil_matrix_job hil_matrix_plan(const hil_word *columns, int32_t depth)
{
    const int32_t rest = (depth / 2) - 2;
    hil_matrix_job job = {columns, &columns[2 * depth], NULL, NULL, NULL, 0, 0, 0, 0};
    if (rest == 0) {
        job.skip = (7 * HIL_WORD_BYTES) + HIL_WORD_END_BYTES;
    } else {
        job.skip = ((8 - (rest % 8)) % 8) * HIL_WORD_BYTES;
    }
    return job;
}

#define HIL_EACH(op, a, b, c, d) op(a) op(b) op(c) op(d)

/* Requantises four pixels of two channels and stores them: twice the sum and bias, SMMLAR, the rest of the shift. */
#if HIL_DUAL_ISSUE
/* Two to a line share a cycle. SSAT and BFI come first of two, a shifted operand neither second to those nor to a shift, and
 * a multiplication alone or with what is none. */
#define HIL_SCALE_A \
    "smmlar r4, r4, r2, lr\n add r6, r1, r6, lsl #1\n" \
    "smmlar r5, r5, r2, lr\n add r7, r1, r7, lsl #1\n" \
    "smmlar r6, r6, r2, lr\n ldr r1, [r0, #12]\n" \
    "smmlar r7, r7, r2, lr\n asr r4, r4, r3\n"
#define HIL_SCALE_A_SIGNED \
    "add r6, r1, r6, lsl #1\n" \
    "add r7, r1, r7, lsl #1\n" \
    "add r1, lr, r4, asr #31\n" \
    "smmlar r4, r4, r2, r1\n add r1, lr, r5, asr #31\n" \
    "smmlar r5, r5, r2, r1\n add r1, lr, r6, asr #31\n" \
    "smmlar r6, r6, r2, r1\n add r1, lr, r7, asr #31\n" \
    "smmlar r7, r7, r2, r1\n ldr r1, [r0, #12]\n" \
    "asr r4, r4, r3\n"
#define HIL_SCALE_B \
    "ssat r4, #8, r4, asr #1\n lsl lr, r12, r3\n" \
    "ssat r5, #8, r5, asr #1\n smmlar r8, r8, r2, lr\n" \
    "ssat r6, #8, r6, asr #1\n smmlar r9, r9, r2, lr\n" \
    "ssat r7, #8, r7, asr #1\n smmlar r10, r10, r2, lr\n" \
    "smmlar r11, r11, r2, lr\n asr r8, r8, r3\n"
#define HIL_SCALE_B_SIGNED \
    "ssat r4, #8, r4, asr #1\n lsl lr, r12, r3\n" \
    "add r1, lr, r8, asr #31\n" \
    "smmlar r8, r8, r2, r1\n add r1, lr, r9, asr #31\n" \
    "smmlar r9, r9, r2, r1\n add r1, lr, r10, asr #31\n" \
    "smmlar r10, r10, r2, r1\n add r1, lr, r11, asr #31\n" \
    "ssat r5, #8, r5, asr #1\n smmlar r11, r11, r2, r1\n" \
    "ssat r6, #8, r6, asr #1\n asr r8, r8, r3\n" \
    "ssat r7, #8, r7, asr #1\n"
#define HIL_FINISH(sign) \
    "ldr r0, [sp, #12]\n ldr.w r12, [sp, #24]\n" \
    "str r1, [sp, #8]\n sub r8, r8, r4\n" \
    "ldr r1, [r0]\n ldr r2, [r0, #4]\n" \
    "ldr r3, [r0, #8]\n sub r9, r9, r5\n" \
    "add r4, r1, r4, lsl #1\n sub r10, r10, r6\n" \
    "add r5, r1, r5, lsl #1\n lsl lr, r12, r3\n" \
    "sub r11, r11, r7\n" \
    HIL_SCALE_A##sign \
    "asr r5, r5, r3\n ldr r2, [r0, #16]\n" \
    "add r8, r1, r8, asr #7\n asr r6, r6, r3\n" \
    "add r9, r1, r9, asr #7\n asr r7, r7, r3\n" \
    "add r10, r1, r10, asr #7\n ldr r3, [r0, #20]\n" \
    "add r11, r1, r11, asr #7\n adds r0, #24\n" \
    HIL_SCALE_B##sign \
    "str r0, [sp, #12]\n asr r9, r9, r3\n" \
    "ldr r0, [sp, #16]\n asr r10, r10, r3\n" \
    "ssat r8, #8, r8, asr #1\n asr r11, r11, r3\n" \
    "ssat r9, #8, r9, asr #1\n ldr r1, [sp, #20]\n" \
    "ssat r10, #8, r10, asr #1\n adds r3, r0, #2\n" \
    "ssat r11, #8, r11, asr #1\n str r3, [sp, #16]\n" \
    "bfi r4, r8, #8, #8\n ldr r2, [sp, #28]\n" \
    "bfi r5, r9, #8, #8\n strh r4, [r0]\n" \
    "add r3, r0, r1, lsl #1\n strh r5, [r0, r1]\n" \
    "bfi r6, r10, #8, #8\n subs r2, #1\n" \
    "bfi r7, r11, #8, #8\n strh r6, [r3]\n" \
    "strh r7, [r3, r1]\n str r2, [sp, #28]\n"
#define HIL_NEXT_PAIR ""
#else
#define HIL_SCALE(r) "smmlar " r ", " r ", r2, lr\n"
#define HIL_SCALE_SIGNED(r) "add r1, lr, " r ", asr #31\n smmlar " r ", " r ", r2, r1\n"
#define HIL_ROUND(r) "asr " r ", " r ", r3\n ssat " r ", #8, " r ", asr #1\n"
#define HIL_BIAS_A(r) "add " r ", r1, " r ", lsl #1\n"
#define HIL_BIAS_B(r) "add " r ", r1, " r ", asr #7\n"
#define HIL_FINISH(sign) \
    "str r1, [sp, #8]\n ldr r0, [sp, #12]\n ldmia r0!, {r1-r3}\n" \
    "sub r8, r8, r4\n sub r9, r9, r5\n sub r10, r10, r6\n sub r11, r11, r7\n" \
    HIL_EACH(HIL_BIAS_A, "r4", "r5", "r6", "r7") "ldr r12, [sp, #24]\n lsl lr, r12, r3\n" \
    HIL_EACH(HIL_SCALE##sign, "r4", "r5", "r6", "r7") HIL_EACH(HIL_ROUND, "r4", "r5", "r6", "r7") \
    "ldmia r0!, {r1-r3}\n str r0, [sp, #12]\n" \
    HIL_EACH(HIL_BIAS_B, "r8", "r9", "r10", "r11") "lsl lr, r12, r3\n" \
    HIL_EACH(HIL_SCALE##sign, "r8", "r9", "r10", "r11") HIL_EACH(HIL_ROUND, "r8", "r9", "r10", "r11") \
    "bfi r4, r8, #8, #8\n bfi r5, r9, #8, #8\n bfi r6, r10, #8, #8\n bfi r7, r11, #8, #8\n" \
    "ldr r0, [sp, #16]\n ldr r1, [sp, #20]\n strh r4, [r0]\n strh r5, [r0, r1]\n strh r6, [r0, r1, lsl #1]\n" \
    "add r2, r0, r1, lsl #1\n strh r7, [r2, r1]\n adds r0, #2\n str r0, [sp, #16]\n"
#define HIL_NEXT_PAIR "ldr r2, [sp, #28]\n subs r2, #1\n str r2, [sp, #28]\n"
#endif
#define HIL_BLOCK(sign) \
    HIL_ENTER "1:\n" HIL_DOT HIL_FINISH(sign) HIL_NEXT_PAIR "bne.w 1b\n" \
    "add sp, #36\n pop {r4-r11, pc}\n"

/* Offsets above are those of the job. */
_Static_assert(sizeof(hil_matrix_job) == 36u, "nine words");

#define HIL_NAKED __attribute__((naked, noinline, aligned(4)))

HIL_NAKED static void block_plain(const hil_matrix_job *job __attribute__((unused)))
{
    __asm__(HIL_BLOCK());
}

HIL_NAKED static void block_signed(const hil_matrix_job *job __attribute__((unused)))
{
    __asm__(HIL_BLOCK(_SIGNED));
}

/* The sums of one pair of channels, to the output. */
HIL_NAKED static void dot(const hil_matrix_job *job __attribute__((unused)))
{
    __asm__(HIL_ENTER HIL_DOT "ldr r0, [sp, #16]\n stmia r0, {r4-r11}\n add sp, #36\n pop {r4-r11, pc}\n");
}

static void pair_sums(const hil_word *columns, const uint32_t *weights, int32_t depth, int32_t *sums)
{
    hil_matrix_job job = hil_matrix_plan(columns, depth);
    job.filter = weights;
    job.output = (int8_t *)sums;
    dot(&job);
}

#else

static void pair_sums(const hil_word *columns, const uint32_t *weights, int32_t depth, int32_t *sums)
{
    (void)memset(sums, 0, 8u * sizeof *sums);
    for (int32_t i = 0; i < (depth / 2); i++) {
        const uint32_t even = hil_even(weights[i]);
        for (int32_t j = 0; j < 4; j++) {
            sums[j] = hil_mla_both(even, columns[(4 * i) + j], sums[j]);
            sums[j + 4] = hil_mla_both(weights[i], columns[(4 * i) + j], sums[j + 4]);
        }
    }
}

#endif

/* Twice the accumulators of channels A and B. */
static int32_t twice_a(const hil_channel *channel, int32_t a)
{
    return hil_plus(channel->bias2, (int32_t)((uint32_t)a << 1));
}

static int32_t twice_b(const hil_channel *channel, int32_t a, int32_t s)
{
    return hil_plus(channel->bias2, (int32_t)((uint32_t)s - (uint32_t)a) >> 7);
}

static int8_t finish(hil_range range, const hil_channel *channel, int32_t acc2)
{
    return hil_output(range, acc2, channel->multiplier, hil_addend(range, channel->shift), channel->shift);
}

void hil_matrix_block(const hil_window *w, hil_range range, const hil_word *columns, const uint32_t *filter,
                      const hil_channel *channels, int8_t *output)
{
    const int32_t depth = hil_matrix_depth(w);
    int32_t c = 0;
#if HIL_ASM
    if (!range.general && (range.clamp_min == INT8_MIN) && (range.clamp_max == INT8_MAX) && (w->out_c > 1)) {
        hil_matrix_job job = hil_matrix_plan(columns, depth);
        job.filter = filter;
        job.channels = channels;
        job.output = output;
        job.stride = w->out_c;
        job.zero2 = (2 * range.zero) + 1;
        job.pairs = w->out_c / 2;
        if (range.clamp_min >= range.zero) {
            block_plain(&job);
        } else {
            block_signed(&job);
        }
        c = w->out_c & ~1;
    }
#endif
    for (; c < w->out_c; c += 2) {
        int32_t sums[8];
        pair_sums(columns, &filter[(c / 2) * (depth / 2)], depth, sums);
        for (int32_t j = 0; j < 4; j++) {
            int8_t *const out = &output[(j * w->out_c) + c];
            out[0] = finish(range, &channels[c], twice_a(&channels[c], sums[j]));
            if ((c + 1) < w->out_c) {
                out[1] = finish(range, &channels[c + 1], twice_b(&channels[c + 1], sums[j], sums[j + 4]));
            }
        }
    }
}

/* Of one pixel and two pairs of channels: sums of their first and of their mixture. */
typedef struct {
    int32_t a[2], s[2];
} pixel_sums;

static pixel_sums pixel_pairs(const hil_word *x, const uint32_t *weights, const uint32_t *others, int32_t words)
{
    int32_t a0 = 0, a1 = 0, s0 = 0, s1 = 0;
    for (const uint32_t *const end = &weights[words]; weights != end; weights += 2) {
        s0 = hil_mla_both(weights[0], x[0], s0);
        a0 = hil_mla_both(hil_even(weights[0]), x[0], a0);
        s1 = hil_mla_both(others[0], x[0], s1);
        a1 = hil_mla_both(hil_even(others[0]), x[0], a1);
        s0 = hil_mla_both(weights[1], x[4], s0);
        a0 = hil_mla_both(hil_even(weights[1]), x[4], a0);
        s1 = hil_mla_both(others[1], x[4], s1);
        a1 = hil_mla_both(hil_even(others[1]), x[4], a1);
        others = &others[2];
        x = &x[8];
    }
    const pixel_sums sums = {{a0, a1}, {s0, s1}};
    return sums;
}

void hil_matrix_pixel(const hil_window *w, hil_range range, const hil_word *column, const uint32_t *filter,
                      const hil_channel *channels, int8_t *output)
{
    const int32_t words = hil_matrix_depth(w) / 2;
    const uint32_t *weights = filter;
    for (int32_t c = 0; c < w->out_c; c += 4) {
        /* A last pair alone is computed twice. */
        const uint32_t *const others = ((c + 2) < w->out_c) ? &weights[words] : weights;
        const pixel_sums sums = pixel_pairs(column, weights, others, words);
        for (int32_t i = 0; (i < 4) && ((c + i) < w->out_c); i++) {
            const hil_channel *const channel = &channels[c + i];
            const int32_t a = sums.a[i / 2];
            const int32_t acc2 = ((i % 2) == 0) ? twice_a(channel, a) : twice_b(channel, a, sums.s[i / 2]);
            output[c + i] = finish(range, channel, acc2);
        }
        weights = &others[words];
    }
}
