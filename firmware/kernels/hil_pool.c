#include "hil_internal.h"

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

void hil_average_pool(const hil_window *w, const int8_t *input, int8_t *output)
{
    int8_t *out = output;
    for (int32_t oy = 0; oy < w->out_h; oy++) {
        for (int32_t ox = 0; ox < w->out_w; ox++) {
            const rectangle r = under(w, oy, ox);
            const int32_t count = hil_max(r.y1 - r.y0, 0) * hil_max(r.x1 - r.x0, 0);
            for (int32_t c = 0; c < w->out_c; c++) {
                int32_t sum = 0;
                for (int32_t ky = r.y0; ky < r.y1; ky++) {
                    for (int32_t kx = r.x0; kx < r.x1; kx++) {
                        sum += value(w, &r, ky, kx, input, c);
                    }
                }
                const int32_t half = (sum > 0) ? (count / 2) : -(count / 2);
                const int32_t mean = (count == 0) ? 0 : ((sum + half) / count);
                *out = (int8_t)hil_clamp(mean, w->clamp_min, w->clamp_max);
                out++;
            }
        }
    }
}

void hil_max_pool(const hil_window *w, const int8_t *input, int8_t *output)
{
    int8_t *out = output;
    for (int32_t oy = 0; oy < w->out_h; oy++) {
        for (int32_t ox = 0; ox < w->out_w; ox++) {
            const rectangle r = under(w, oy, ox);
            for (int32_t c = 0; c < w->out_c; c++) {
                int32_t best = INT8_MIN;
                for (int32_t ky = r.y0; ky < r.y1; ky++) {
                    for (int32_t kx = r.x0; kx < r.x1; kx++) {
                        best = hil_max(best, value(w, &r, ky, kx, input, c));
                    }
                }
                *out = (int8_t)hil_clamp(best, w->clamp_min, w->clamp_max);
                out++;
            }
        }
    }
}
