/* Runs the cases on stdin and writes their outputs to stdout, one after the other. A case is a sequence of
 * little-endian int32: kernel, parameter count, parameters, buffer count, per buffer its bytes (a count, then the
 * buffer padded to 4), output bytes. Every buffer is an allocation of its exact size, so that a sanitizer sees each
 * access outside it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../hil_kernels.h"

#define MAX_PARAMS 32
#define MAX_BUFFERS 4

static void check(int ok, const char *what)
{
    if (!ok) {
        (void)fprintf(stderr, "driver: %s\n", what);
        exit(1);
    }
}

static void *allocate(size_t bytes)
{
    void *p = malloc((bytes == 0u) ? 1u : bytes);
    check(p != NULL, "out of memory");
    return p;
}

static int read_word(int32_t *word)
{
    return fread(word, sizeof *word, 1, stdin) == 1u;
}

static int32_t word(void)
{
    int32_t value = 0;
    check(read_word(&value), "input ends early");
    return value;
}

static void *buffer(void)
{
    char padding[4];
    const size_t bytes = (size_t)word();
    const size_t rest = (4u - (bytes % 4u)) % 4u;
    void *p = allocate(bytes);
    check(fread(p, 1, bytes, stdin) == bytes, "buffer ends early");
    check(fread(padding, 1, rest, stdin) == rest, "padding ends early");
    return p;
}

static float to_float(int32_t bits)
{
    float x;
    (void)memcpy(&x, &bits, sizeof x);
    return x;
}

static void run(int32_t kernel, const int32_t *p, void *const *b, void *out)
{
    hil_window w;
    hil_dense d;
    void *scratch = NULL;
    (void)memcpy(&w, p, sizeof w);
    (void)memcpy(&d, p, sizeof d);
    switch (kernel) {
    case 0:
        scratch = allocate(hil_conv_scratch_bytes(&w, p[18]));
        hil_conv(&w, p[18], b[0], b[1], b[2], b[3], out, scratch);
        break;
    case 1:
        scratch = allocate(hil_conv_1x1_scratch_bytes(&w));
        hil_conv_1x1(&w, b[0], b[1], b[2], b[3], out, scratch);
        break;
    case 2:
        scratch = allocate(hil_depthwise_scratch_bytes(&w));
        hil_depthwise(&w, b[0], b[1], b[2], b[3], out, scratch);
        break;
    case 3:
        scratch = allocate(hil_fully_connected_scratch_bytes(&d));
        hil_fully_connected(&d, b[0], b[1], b[2], b[3], out, scratch);
        break;
    case 4:
        hil_add((const hil_add_params *)p, b[0], b[1], out);
        break;
    case 5:
        hil_average_pool(&w, b[0], out);
        break;
    case 6:
        hil_max_pool(&w, b[0], out);
        break;
    case 7:
        hil_mean((const hil_mean_params *)p, b[0], out);
        break;
    case 8:
        hil_softmax((const hil_softmax_params *)p, b[0], out);
        break;
    case 9:
        hil_pad((const hil_pad_params *)p, b[0], out);
        break;
    case 10:
        hil_quantize_f32(p[0], to_float(p[1]), p[2], b[0], out);
        break;
    case 11:
        hil_dequantize(p[0], to_float(p[1]), p[2], b[0], out);
        break;
    case 12:
        hil_requantize_i8(p[0], (hil_requant){p[1], p[2]}, p[3], p[4], b[0], out);
        break;
    case 13:
        hil_requantize_u8(p[0], (hil_requant){p[1], p[2]}, p[3], p[4], b[0], out);
        break;
    case 14:
        hil_lookup(p[0], b[0], b[1], out);
        break;
    case 15:
        hil_broadcast_add((const hil_grid *)p, (const hil_add_params *)&p[12], b[0], b[1], out);
        break;
    case 16:
        hil_subtract((const hil_grid *)p, (const hil_add_params *)&p[12], b[0], b[1], out);
        break;
    case 17:
        hil_multiply((const hil_grid *)p, (const hil_multiply_params *)&p[12], b[0], b[1], out);
        break;
    case 18:
        hil_prelu((const hil_grid *)p, (const hil_prelu_params *)&p[12], b[0], b[1], out);
        break;
    default:
        check(0, "no such kernel");
        break;
    }
    free(scratch);
}

int main(void)
{
    int32_t kernel;
    while (read_word(&kernel)) {
        int32_t params[MAX_PARAMS] = {0};
        void *buffers[MAX_BUFFERS] = {NULL};
        const int32_t param_count = word();
        check(param_count <= MAX_PARAMS, "too many parameters");
        for (int32_t i = 0; i < param_count; i++) {
            params[i] = word();
        }
        const int32_t buffer_count = word();
        check(buffer_count <= MAX_BUFFERS, "too many buffers");
        for (int32_t i = 0; i < buffer_count; i++) {
            buffers[i] = buffer();
        }
        const size_t bytes = (size_t)word();
        void *out = allocate(bytes);
        run(kernel, params, buffers, out);
        check(fwrite(out, 1, bytes, stdout) == bytes, "output cannot be written");
        free(out);
        for (int32_t i = 0; i < MAX_BUFFERS; i++) {
            free(buffers[i]);
        }
    }
    return 0;
}
