#include "hil_internal.h"

void hil_copy_blocks(int32_t count, int32_t bytes, int32_t pitch, const void *input, int8_t *output)
{
    const int8_t *from = input;
    for (int32_t i = 0; i < count; i++) {
        (void)memcpy(output, from, (size_t)bytes);
        from = &from[bytes];
        output = &output[pitch];
    }
}

/* The innermost loop. */
static void gather_row(int32_t n, int32_t step, const int8_t *input, int8_t *output)
{
    if (step == 1) {
        (void)memcpy(output, input, (size_t)n);
    } else {
        for (int32_t i = 0; i < n; i++) {
            output[i] = *input;
            input += step;
        }
    }
}

void hil_gather(const hil_gather_params *p, const int8_t *input, int8_t *output)
{
    const hil_gather_params g = *p;
    for (int32_t h = 0; h < g.size[0]; h++) {
        for (int32_t i = 0; i < g.size[1]; i++) {
            for (int32_t j = 0; j < g.size[2]; j++) {
                for (int32_t k = 0; k < g.size[3]; k++) {
                    const int8_t *from =
                        input + (h * g.step[0]) + (i * g.step[1]) + (j * g.step[2]) + (k * g.step[3]);
                    for (int32_t l = 0; l < g.size[4]; l++) {
                        gather_row(g.size[5], g.step[5], from, output);
                        from += g.step[4];
                        output = &output[g.size[5]];
                    }
                }
            }
        }
    }
}

/* A row that is the same as the one before is copied as a whole. */
void hil_nearest(const hil_nearest_params *p, const int8_t *input, int8_t *output)
{
    const int32_t row_bytes = p->out_w * p->pixel;
    for (int32_t y = 0; y < p->out_h; y++) {
        if ((y > 0) && (p->rows[y] == p->rows[y - 1])) {
            (void)memcpy(output, output - row_bytes, (size_t)row_bytes);
            output = &output[row_bytes];
            continue;
        }
        const int8_t *row = &input[(int32_t)p->rows[y] * p->in_w * p->pixel];
        for (int32_t x = 0; x < p->out_w; x++) {
            (void)memcpy(output, &row[(int32_t)p->columns[x] * p->pixel], (size_t)p->pixel);
            output = &output[p->pixel];
        }
    }
}

/* What lies between two pixels. */
typedef struct {
    int32_t lower, upper; /* pixels */
    int32_t fraction;     /* of the distance, in 1/1024 */
} between;

static between place(int32_t at, int32_t first, int32_t step, int32_t size)
{
    const int32_t scaled = first + (at * step);
    const int32_t lower = hil_max(scaled / 1024, 0);
    const int32_t upper = hil_min((scaled + 1023) / 1024, size - 1);
    const between found = {hil_min(lower, size - 1), upper, scaled - (1024 * lower)};
    return found;
}

/* Weights of all four pixels come to 2^20, so that sums of int8 fit into 32 bits; halves round away from zero. */
void hil_bilinear(const hil_bilinear_params *p, const int8_t *input, int8_t *output)
{
    const int32_t n = p->channels;
    for (int32_t y = 0; y < p->out_h; y++) {
        const between v = place(y, p->row_first, p->row_step, p->in_h);
        const int8_t *upper = &input[v.lower * p->in_w * n];
        const int8_t *lower = &input[v.upper * p->in_w * n];
        for (int32_t x = 0; x < p->out_w; x++) {
            const between h = place(x, p->column_first, p->column_step, p->in_w);
            const int32_t a = (1024 - v.fraction) * (1024 - h.fraction);
            const int32_t b = (1024 - v.fraction) * h.fraction;
            const int32_t c = v.fraction * (1024 - h.fraction);
            const int32_t d = v.fraction * h.fraction;
            const int32_t left = h.lower * n;
            const int32_t right = h.upper * n;
            for (int32_t i = 0; i < n; i++) {
                const int32_t sum =
                    (upper[left + i] * a) + (upper[right + i] * b) + (lower[left + i] * c) + (lower[right + i] * d);
                output[i] = (int8_t)((sum + ((sum > 0) ? (1 << 19) : -(1 << 19))) / (1 << 20));
            }
            output = &output[n];
        }
    }
}
