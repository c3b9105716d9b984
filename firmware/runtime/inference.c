/* The input, and inferences of it. */
#include <string.h>

#include "board_config.h"
#include "hil_core.h"
#include "hil_image.h"
#include "hil_runtime.h"
#ifdef HIL_FLOAT_INPUT
#include "hil_float_input.h"
#endif

static uint32_t expected; /* bytes, as announced */
static uint32_t loaded;   /* bytes so far */
static int consumed;      /* an inference has overwritten the input */
static int has_output;

/* Where the input is loaded to. */
static uint8_t *destination(void)
{
    return (hil_image.input_buffer != 0) ? hil_image.input_buffer : (uint8_t *)hil_image.input();
}

void hil_load_begin(uint32_t bytes)
{
    expected = bytes;
    loaded = 0;
    consumed = 0;
    if (hil_image.input_buffer == 0) {
        has_output = 0;
    }
}

int hil_load_has_room(void)
{
    return (loaded < expected) && !consumed;
}

int hil_load_byte(uint8_t byte)
{
    destination()[loaded++] = byte ^ hil_image.input_flip;
    return loaded == expected;
}

uint32_t hil_loaded_bytes(void)
{
    return consumed ? 0u : loaded;
}

uint8_t hil_loaded_byte(uint32_t index)
{
    return destination()[index] ^ hil_image.input_flip;
}

int hil_can_infer(uint32_t count)
{
    if (consumed) {
        hil_error("input consumed");
        return 0;
    }
    if (loaded != hil_image.input_bytes) {
        hil_put("e-[Input db has ");
        hil_put_unsigned(loaded);
        hil_put(" bytes, expected ");
        hil_put_unsigned(hil_image.input_bytes);
        hil_put("]\r\n");
        return 0;
    }
    if ((hil_image.input_buffer == 0) && (count > 1u)) {
        hil_error("input consumed: it is not buffered, one inference per load");
        return 0;
    }
    return 1;
}

static void before(void)
{
#ifdef HIL_FLOAT_INPUT
    hil_quantise_input();
#else
    if (hil_image.input_buffer != 0) {
        (void)memcpy(hil_image.input(), hil_image.input_buffer, hil_image.input_bytes);
    }
#endif
}

static void after(void)
{
    consumed = (hil_image.input_buffer == 0);
    has_output = 1;
}

/* Noinline, so that every inference runs the same instructions at the same addresses. */
__attribute__((noinline)) uint32_t hil_infer_timed(void)
{
    before();
    hil_mask_interrupts();
    const uint32_t start = hil_cycles();
    hil_image.run();
    const uint32_t cycles = hil_cycles() - start;
    hil_unmask_interrupts();
    after();
    return cycles;
}

__attribute__((noinline)) void hil_infer_steps(void)
{
    before();
    hil_mask_interrupts();
    hil_image.run_timed();
    hil_unmask_interrupts();
    after();
}

int hil_has_output(void)
{
    return has_output;
}
