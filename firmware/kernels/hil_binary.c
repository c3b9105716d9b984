#include "hil_internal.h"
#include "hil_requant.h"

/* One element, by parameters of its own. */
typedef int8_t (*hil_element)(const void *p, int32_t a, int32_t b);

/* A row is the innermost dimension; where an operand is repeated along it, it is read once. */
HIL_SPECIALISED void row(hil_element f, const void *p, int32_t n, const int8_t *a, int32_t a_step, const int8_t *b,
                         int32_t b_step, int8_t *out)
{
    if (a_step == 0) {
        const int32_t value = *a;
        for (int32_t i = 0; i < n; i++) {
            out[i] = f(p, value, b[i]);
        }
    } else if (b_step == 0) {
        const int32_t value = *b;
        for (int32_t i = 0; i < n; i++) {
            out[i] = f(p, a[i], value);
        }
    } else {
        for (int32_t i = 0; i < n; i++) {
            out[i] = f(p, a[i], b[i]);
        }
    }
}

/* `p` points to a copy of the caller's own: what is written could otherwise be taken for a change of it. */
HIL_SPECIALISED void walk(const hil_grid *grid, hil_element f, const void *p, const int8_t *lhs, const int8_t *rhs,
                          int8_t *out)
{
    const hil_grid g = *grid;
    for (int32_t i = 0; i < g.size[0]; i++) {
        for (int32_t j = 0; j < g.size[1]; j++) {
            const int8_t *a = &lhs[(i * g.lhs_step[0]) + (j * g.lhs_step[1])];
            const int8_t *b = &rhs[(i * g.rhs_step[0]) + (j * g.rhs_step[1])];
            for (int32_t k = 0; k < g.size[2]; k++) {
                row(f, p, g.size[3], a, g.lhs_step[3], b, g.rhs_step[3], out);
                a = &a[g.lhs_step[2]];
                b = &b[g.rhs_step[2]];
                out = &out[g.size[3]];
            }
        }
    }
}

HIL_SPECIALISED int8_t sum(const hil_add_params *p, int32_t x, int32_t y, int subtracts)
{
    const int32_t a = hil_requantize(hil_shl(x + p->lhs_offset, p->left_shift), &p->lhs);
    const int32_t b = hil_requantize(hil_shl(y + p->rhs_offset, p->left_shift), &p->rhs);
    /* Wraps, as the reference does. */
    const uint32_t sum = subtracts ? ((uint32_t)a - (uint32_t)b) : ((uint32_t)a + (uint32_t)b);
    return hil_finish(hil_requantize((int32_t)sum, &p->output), p->output_offset, p->clamp_min, p->clamp_max);
}

HIL_SPECIALISED int8_t add(const void *p, int32_t a, int32_t b)
{
    return sum(p, a, b, 0);
}

HIL_SPECIALISED int8_t subtract(const void *p, int32_t a, int32_t b)
{
    return sum(p, a, b, 1);
}

void hil_broadcast_add(const hil_grid *g, const hil_add_params *p, const int8_t *lhs, const int8_t *rhs, int8_t *output)
{
    const hil_add_params own = *p;
    walk(g, add, &own, lhs, rhs, output);
}

void hil_subtract(const hil_grid *g, const hil_add_params *p, const int8_t *lhs, const int8_t *rhs, int8_t *output)
{
    const hil_add_params own = *p;
    walk(g, subtract, &own, lhs, rhs, output);
}

/* The operands are scaled down by half at least, so that the square stays in 32 bits. */
HIL_SPECIALISED int8_t square(const void *params, int32_t x, int32_t y)
{
    const hil_add_params *p = params;
    const int32_t a = hil_requantize(hil_shl(x + p->lhs_offset, p->left_shift), &p->lhs);
    const int32_t b = hil_requantize(hil_shl(y + p->rhs_offset, p->left_shift), &p->rhs);
    const int32_t squared = (a - b) * (a - b);
    return hil_finish(hil_requantize(squared, &p->output), p->output_offset, p->clamp_min, p->clamp_max);
}

void hil_squared_difference(const hil_grid *g, const hil_add_params *p, const int8_t *lhs, const int8_t *rhs,
                            int8_t *output)
{
    const hil_add_params own = *p;
    walk(g, square, &own, lhs, rhs, output);
}

HIL_SPECIALISED int8_t multiply(const void *params, int32_t a, int32_t b)
{
    const hil_multiply_params *p = params;
    const int32_t product = (a + p->lhs_offset) * (b + p->rhs_offset);
    return hil_finish(hil_requantize(product, &p->requant), p->output_offset, p->clamp_min, p->clamp_max);
}

/* Where the shift is to the right, as nearly always: hil_requant.h. */
typedef struct {
    int32_t lhs_offset, rhs_offset;
    hil_range range;
    int32_t multiplier, addend, shift;
} quick_product;

HIL_SPECIALISED int8_t multiply_quickly(const void *params, int32_t a, int32_t b)
{
    const quick_product *p = params;
    const int32_t twice = 2 * (a + p->lhs_offset) * (b + p->rhs_offset);
    return hil_output(p->range, twice, p->multiplier, p->addend, p->shift);
}

void hil_multiply(const hil_grid *g, const hil_multiply_params *p, const int8_t *lhs, const int8_t *rhs, int8_t *output)
{
    const hil_requant q = p->requant;
    if ((q.multiplier >= (1 << 30)) && (q.shift < 0) && (q.shift >= -22)) {
        const hil_range range = {p->output_offset, p->clamp_min, p->clamp_max, 0};
        const int32_t shift = -q.shift - 1;
        const quick_product own = {p->lhs_offset, p->rhs_offset, range, q.multiplier, hil_addend(range, shift), shift};
        walk(g, multiply_quickly, &own, lhs, rhs, output);
    } else {
        const hil_multiply_params own = *p;
        walk(g, multiply, &own, lhs, rhs, output);
    }
}

HIL_SPECIALISED int8_t prelu(const void *params, int32_t a, int32_t b)
{
    const hil_prelu_params *p = params;
    const int32_t x = a + p->lhs_offset;
    const int32_t scaled =
        (x >= 0) ? hil_requantize(x, &p->positive) : hil_requantize(x * (b + p->rhs_offset), &p->negative);
    return hil_finish(scaled, p->output_offset, INT8_MIN, INT8_MAX);
}

void hil_prelu(const hil_grid *g, const hil_prelu_params *p, const int8_t *lhs, const int8_t *rhs, int8_t *output)
{
    const hil_prelu_params own = *p;
    walk(g, prelu, &own, lhs, rhs, output);
}

HIL_SPECIALISED int8_t maximum(const void *p, int32_t a, int32_t b)
{
    (void)p;
    return (int8_t)hil_max(a, b);
}

HIL_SPECIALISED int8_t minimum(const void *p, int32_t a, int32_t b)
{
    (void)p;
    return (int8_t)hil_min(a, b);
}

void hil_maximum(const hil_grid *g, const int8_t *lhs, const int8_t *rhs, int8_t *output)
{
    walk(g, maximum, NULL, lhs, rhs, output);
}

void hil_minimum(const hil_grid *g, const int8_t *lhs, const int8_t *rhs, int8_t *output)
{
    walk(g, minimum, NULL, lhs, rhs, output);
}
