#include "hil_dsp.h"
#include "hil_internal.h"

/* Taps whose sum fits in 16 bits. */
#define MOST_TAPS 255

/* Taps [y0, y1) x [x0, x1) of a window that starts at (top, left): those inside the input. */
typedef struct {
    int32_t top, left;
    int32_t y0, y1, x0, x1;
} rectangle;

static rectangle under(const hil_window *w, int32_t oy, int32_t ox)
{
    rectangle r;
    r.top = (oy * w->stride_h) - w->pad_top;
    r.left = (ox * w->stride_w) - w->pad_left;
    r.y0 = hil_first_tap(r.top, w->dilation_h);
    r.y1 = hil_end_tap(r.top, w->dilation_h, w->in_h, w->filter_h);
    r.x0 = hil_first_tap(r.left, w->dilation_w);
    r.x1 = hil_end_tap(r.left, w->dilation_w, w->in_w, w->filter_w);
    return r;
}

static int32_t value(const hil_window *w, const rectangle *r, int32_t ky, int32_t kx, const int8_t *input, int32_t c)
{
    const int32_t y = r->top + (ky * w->dilation_h);
    const int32_t x = r->left + (kx * w->dilation_w);
    return input[(((y * w->in_w) + x) * w->in_c) + c];
}

/* The first tap, channel 0. */
static const int8_t *corner(const hil_window *w, const rectangle *r, const int8_t *input)
{
    const int32_t y = r->top + (r->y0 * w->dilation_h);
    const int32_t x = r->left + (r->x0 * w->dilation_w);
    return &input[((y * w->in_w) + x) * w->in_c];
}

static int8_t mean(const hil_window *w, int32_t sum, int32_t count)
{
    const int32_t half = (sum > 0) ? (count / 2) : -(count / 2);
    return (int8_t)hil_clamp((count == 0) ? 0 : ((sum + half) / count), w->clamp_min, w->clamp_max);
}

/* Channels [c, c + 4), which are read before they are written. */
static void mean4(const hil_window *w, const rectangle *r, const int8_t *first, int32_t count, int8_t *out)
{
    const int32_t row = w->dilation_h * w->in_w * w->in_c;
    const int32_t column = w->dilation_w * w->in_c;
    uint32_t even = 0;
    uint32_t odd = 0;
    for (int32_t ky = r->y0; ky < r->y1; ky++) {
        const int8_t *from = &first[(ky - r->y0) * row];
        for (int32_t left = r->x1 - r->x0; left > 0; left--) {
            const uint32_t x = hil_load4(from);
            even = hil_plus_both(even, hil_even(x));
            odd = hil_plus_both(odd, hil_odd(x));
            from = &from[column];
        }
    }
    out[0] = mean(w, hil_low16(even), count);
    out[1] = mean(w, hil_low16(odd), count);
    out[2] = mean(w, hil_high16(even), count);
    out[3] = mean(w, hil_high16(odd), count);
}

void hil_average_pool(const hil_window *w, const int8_t *input, int8_t *output)
{
    int8_t *out = output;
    for (int32_t oy = 0; oy < w->out_h; oy++) {
        for (int32_t ox = 0; ox < w->out_w; ox++) {
            const rectangle r = under(w, oy, ox);
            const int32_t count = hil_max(r.y1 - r.y0, 0) * hil_max(r.x1 - r.x0, 0);
            int32_t c = 0;
            if ((count > 0) && (count <= MOST_TAPS)) {
                const int8_t *const first = corner(w, &r, input);
                for (; (c + 4) <= w->out_c; c += 4) {
                    mean4(w, &r, &first[c], count, &out[c]);
                }
            }
            for (; c < w->out_c; c++) {
                int32_t sum = 0;
                for (int32_t ky = r.y0; ky < r.y1; ky++) {
                    for (int32_t kx = r.x0; kx < r.x1; kx++) {
                        sum += value(w, &r, ky, kx, input, c);
                    }
                }
                out[c] = mean(w, sum, count);
            }
            out = &out[w->out_c];
        }
    }
}

/* Channels [c, c + 4), as above. */
static void best4(const hil_window *w, const rectangle *r, const int8_t *first, int8_t *out)
{
    const int32_t row = w->dilation_h * w->in_w * w->in_c;
    const int32_t column = w->dilation_w * w->in_c;
    uint32_t best = 0x80808080u;
    for (int32_t ky = r->y0; ky < r->y1; ky++) {
        const int8_t *from = &first[(ky - r->y0) * row];
        for (int32_t left = r->x1 - r->x0; left > 0; left--) {
            best = hil_max_bytes(best, hil_load4(from));
            from = &from[column];
        }
    }
    for (int32_t i = 0; i < 4; i++) {
        const int8_t x = (int8_t)(uint8_t)((best >> (8u * (uint32_t)i)) & 0xffu);
        out[i] = (int8_t)hil_clamp(x, w->clamp_min, w->clamp_max);
    }
}

void hil_max_pool(const hil_window *w, const int8_t *input, int8_t *output)
{
    int8_t *out = output;
    for (int32_t oy = 0; oy < w->out_h; oy++) {
        for (int32_t ox = 0; ox < w->out_w; ox++) {
            const rectangle r = under(w, oy, ox);
            int32_t c = 0;
            if ((r.y1 > r.y0) && (r.x1 > r.x0)) {
                const int8_t *const first = corner(w, &r, input);
                for (; (c + 4) <= w->out_c; c += 4) {
                    best4(w, &r, &first[c], &out[c]);
                }
            }
            for (; c < w->out_c; c++) {
                int32_t best = INT8_MIN;
                for (int32_t ky = r.y0; ky < r.y1; ky++) {
                    for (int32_t kx = r.x0; kx < r.x1; kx++) {
                        best = hil_max(best, value(w, &r, ky, kx, input, c));
                    }
                }
                out[c] = (int8_t)hil_clamp(best, w->clamp_min, w->clamp_max);
            }
            out = &out[w->out_c];
        }
    }
}
