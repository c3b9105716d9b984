#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O2", "omit-frame-pointer")
#endif

#include "hil_small.h"

#include "hil_matrix.h"
#include "hil_plane.h"
#include "hil_row.h"

static hil_window window_of(const hil_small *s)
{
    const hil_window w = {
        .in_h = s->in_h, .in_w = s->in_w, .in_c = s->in_c,
        .out_h = s->out_h, .out_w = s->out_w, .out_c = s->out_c,
        .filter_h = s->filter_h, .filter_w = s->filter_w,
        .stride_h = s->stride_h, .stride_w = s->stride_w,
        .dilation_h = s->dilation_h, .dilation_w = s->dilation_w,
        .pad_top = s->pad_top, .pad_left = s->pad_left,
        .input_offset = s->input_offset, .output_offset = s->output_offset,
        .clamp_min = s->clamp_min, .clamp_max = s->clamp_max,
    };
    return w;
}

static hil_dense dense_of(const hil_small *s)
{
    const hil_dense d = {
        .rows = s->out_h, .in_c = s->in_c, .out_c = s->out_c,
        .input_offset = s->input_offset, .output_offset = s->output_offset,
        .clamp_min = s->clamp_min, .clamp_max = s->clamp_max,
    };
    return d;
}

static hil_channel channel_of(const hil_small *s, const hil_small_channel *from)
{
    /* The last byte of the multiplier comes again below the three of the bias. */
    uint32_t scale, bias;
    (void)memcpy(&scale, &from->bytes[0], sizeof scale);
    (void)memcpy(&bias, &from->bytes[3], sizeof bias);
    const uint32_t shift = (scale & 3u) | ((bias >> 6) & 12u);
    const hil_channel channel = {
        .bias2 = ((int32_t)bias >> 9) & ~1,
        .multiplier = (int32_t)((scale >> 2) | 0x40000000u),
        .shift = (int32_t)(s->shift + shift),
    };
    return channel;
}

/* Channels by twos, as the kernels ask; to the end of the scratch memory. */
static const hil_channel *channels_of(const hil_small *s, size_t before)
{
    hil_channel *const to = (hil_channel *)(void *)&((uint8_t *)s->scratch)[before];
    const int32_t count = (s->out_c + 1) & ~1;
    for (int32_t c = 0; c < count; c++) {
        to[c] = channel_of(s, &s->channels[c]);
    }
    return to;
}

static size_t channels_bytes(const hil_small *s)
{
    return sizeof(hil_channel) * (((size_t)s->out_c + 1u) & ~(size_t)1);
}

size_t hil_small_conv_scratch_bytes(const hil_small *s)
{
    const hil_window w = window_of(s);
    return hil_matrix_scratch_bytes(&w) + channels_bytes(s);
}

void hil_small_conv(const hil_small *s)
{
    const hil_window w = window_of(s);
    const hil_channel *const channels = channels_of(s, hil_matrix_scratch_bytes(&w));
    hil_matrix_conv(&w, 0, (const int8_t *)s->input, (const uint32_t *)s->filter, channels, (int8_t *)s->output, s->scratch);
}

void hil_small_pixels(const hil_small *s)
{
    const hil_window w = window_of(s);
    const hil_channel *const channels = channels_of(s, hil_matrix_scratch_bytes(&w));
    hil_matrix_pixels(&w, 0, s->backwards, (const int8_t *)s->input, (const uint32_t *)s->filter, channels,
                      (int8_t *)s->output, s->scratch);
}

size_t hil_small_dense_scratch_bytes(const hil_small *s)
{
    const hil_dense d = dense_of(s);
    return hil_row_scratch_bytes(&d) + channels_bytes(s);
}

void hil_small_dense(const hil_small *s)
{
    const hil_dense d = dense_of(s);
    const hil_channel *const channels = channels_of(s, hil_row_scratch_bytes(&d));
    hil_row_dense(&d, 0, (const int8_t *)s->input, (const uint32_t *)s->filter, channels, (int8_t *)s->output, s->scratch);
}

size_t hil_small_plane_scratch_bytes(const hil_small *s)
{
    const hil_window w = window_of(s);
    return hil_plane_scratch_bytes(&w);
}

/* The weights of a channel in rows of whole words. */
HIL_SPECIALISED void padded_weights(const hil_window *w, const int8_t *from, uint32_t *to)
{
    const int32_t words = hil_plane_filter_words(w);
    int8_t *row = (int8_t *)to;
    (void)memset(to, 0, sizeof *to * (size_t)(w->filter_h * words));
    for (int32_t ky = 0; ky < w->filter_h; ky++) {
        for (int32_t kx = 0; kx < w->filter_w; kx++) {
            row[kx] = *from++;
        }
        row = &row[4 * words];
    }
}

/* `words` and `pairs` have room for a channel's weights, as they are padded and as they are multiplied. */
HIL_SPECIALISED void planes(const hil_small *s, const hil_window *w, uint32_t *words, uint32_t *pairs)
{
    const hil_range range = {w->output_offset, w->clamp_min, w->clamp_max, 0};
    const int32_t pixels = hil_plane_pitch(w) * hil_plane_rows(w);
    const int32_t taps = w->filter_h * w->filter_w;
    const int8_t *const input = (const int8_t *)s->input;
    const int8_t *weights = (const int8_t *)s->filter;
    int8_t *const output = (int8_t *)s->output;
    hil_half *const plane = (hil_half *)s->scratch;
    for (int32_t i = 0; i < pixels; i++) {
        plane[i] = (hil_half)-w->input_offset;
    }
    int32_t copies = 0;
    int32_t from = 0;
    for (int32_t c = 0; c < w->out_c; c++) {
        if (copies == 0) {
            hil_plane_spread(w, &input[from++], plane);
            copies = w->out_c / w->in_c;
        }
        copies--;
        const hil_channel channel = channel_of(s, &s->channels[c]);
        padded_weights(w, weights, words);
        weights = &weights[taps];
        hil_plane_channel(w, range, plane, words, &channel, pairs, &output[c]);
    }
}

void hil_small_plane(const hil_small *s)
{
    uint32_t words[64];
    uint32_t pairs[256];
    const hil_window w = window_of(s);
    planes(s, &w, words, pairs);
}

/* With the filter known, its loops are unrolled. */
#define HIL_SMALL_PLANE(taps, stride) \
    void hil_small_plane_##taps##_##stride(const hil_small *s) \
    { \
        uint32_t words[taps * ((taps + 3) / 4)]; \
        uint32_t pairs[4 * taps * ((taps + 3) / 4)]; \
        hil_window w = window_of(s); \
        w.filter_h = taps; \
        w.filter_w = taps; \
        w.stride_h = stride; \
        w.stride_w = stride; \
        planes(s, &w, words, pairs); \
    }

HIL_SMALL_PLANE(3, 1)
HIL_SMALL_PLANE(3, 2)
HIL_SMALL_PLANE(5, 1)
HIL_SMALL_PLANE(5, 2)
HIL_SMALL_PLANE(7, 1)
HIL_SMALL_PLANE(7, 2)

void hil_small_sum(const hil_add_params *p, const int8_t *lhs, const int8_t *rhs, int8_t *output)
{
    /* The operand of the larger scale is halved and no more; of the other a second rounding follows where it is shifted. */
    const int swapped = (p->lhs.shift != 0) || (p->lhs.multiplier != (1 << 30));
    const int8_t *halved = swapped ? rhs : lhs;
    const int8_t *other = swapped ? lhs : rhs;
    const hil_requant *const q = swapped ? &p->lhs : &p->rhs;
    const int32_t halved_offset = (swapped ? p->rhs_offset : p->lhs_offset) * (1 << 20);
    const int32_t other_offset = (swapped ? p->lhs_offset : p->rhs_offset) * (1 << 21);
    const int32_t multiplier = q->multiplier;
    const int32_t right = -q->shift;
    const int32_t round = (right > 0) ? (1 << (right - 1)) : 0;
    const int32_t rounds = (right > 0) ? -1 : 0;
    const hil_range range = {p->output_offset, p->clamp_min, p->clamp_max, 0};
    const int32_t shift = -p->output.shift - 1;
    const int32_t addend = hil_addend(range, shift);
    const int32_t scale = p->output.multiplier;
    const int8_t *const end = &output[p->count];
    while (output != end) {
        const int32_t twice = hil_plus(other_offset, *other++ * (1 << 21));
        const int32_t scaled = hil_mul_high_add(twice, multiplier, hil_plus(round, (twice >> 31) & rounds)) >> right;
        const int32_t acc2 = hil_plus(hil_plus(halved_offset, *halved++ * (1 << 20)), 2 * scaled);
        const int32_t out = hil_half_saturated(hil_mul_high_add(acc2, scale, hil_plus(addend, acc2 >> 31)) >> shift);
        *output++ = (int8_t)hil_clamp(out, range.clamp_min, range.clamp_max);
    }
}
