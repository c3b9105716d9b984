/*
 * Commands of the MLPerf Tiny device API. The texts are those that its runner reads, mistakes included:
 * https://github.com/mlcommons/tiny, benchmark/api/internally_implemented.cpp.
 */
#include "hil_image.h"
#include "hil_port.h"
#include "hil_runtime.h"

#define FIRMWARE_VERSION "ULPMark for tinyML Firmware V0.0.1"
#define DEFAULT_WARMUPS 10u

static void put_lap(uint32_t microseconds)
{
    hil_put("m-lap-us-");
    hil_put_unsigned(microseconds);
    hil_put("\r\n");
}

void hil_put_timestamp(void)
{
    put_lap(hil_port_microseconds());
}

static void put_help(void)
{
    hil_put(FIRMWARE_VERSION "\r\n"
            "\r\n"
            "help         : Print this information\r\n"
            "name         : Print the name of the device\r\n"
            "timestsamp   : Generate a timetsamp\r\n"
            "db SUBCMD    : Manipulate a generic byte buffer\r\n"
            "  load N     : Allocate N bytes and set load counter\r\n"
            "  db HH[HH]* : Load 8-bit hex byte(s) until N bytes\r\n"
            "  print [N=16] [offset=0]\r\n"
            "             : Print N bytes at offset as hex\r\n"
            "infer N [W=0]: Load input, execute N inferences after W warmup loops\r\n"
            "results      : Return the result fp32 vector\r\n"
            "hil SUBCMD   : info, cycles N [W=0], steps, output, memory, input\r\n");
}

/* The marker's first edge comes before the inferences, its last after them, as close as the marker allows. */
HIL_APART static void begin_window(void)
{
    /* Both times are sent afterwards: sending the first would be timed too. */
    hil_port_flush();
    hil_port_mark();
}

HIL_APART static uint32_t end_window(void)
{
    const uint32_t end = hil_port_microseconds();
    hil_port_mark();
    return end;
}

static void infer(void)
{
    uint32_t count = 1;
    uint32_t warmups = DEFAULT_WARMUPS;
    const char *word = hil_next_word(0);
    if (word != 0) {
        if (!hil_parse_count(word, &count) || (count == 0u)) {
            hil_error("Inference iterations must be >0");
            return;
        }
        word = hil_next_word(0);
        if ((word != 0) && !hil_parse_count(word, &warmups)) {
            hil_error("Inference warmup must be >=0");
            return;
        }
    }
    if (!hil_can_infer(count + warmups)) {
        return;
    }
    hil_put("m-warmup-start-");
    hil_put_unsigned(warmups);
    hil_put("\r\n");
    for (uint32_t i = 0; i < warmups; i++) {
        (void)hil_infer_timed();
    }
    hil_put("m-warmup-done\r\nm-infer-start-");
    hil_put_unsigned(count);
    hil_put("\r\n");
    begin_window();
    const uint32_t start = hil_port_microseconds();
    for (uint32_t i = 0; i < count; i++) {
        (void)hil_infer_timed();
    }
    const uint32_t end = end_window();
    put_lap(start);
    put_lap(end);
    hil_put("m-infer-done\r\n");
    hil_put_results();
}

int hil_mlperf_command(const char *name)
{
    if (hil_same(name, "name")) {
        hil_put("m-name-dut-[hil]\r\n");
    } else if (hil_same(name, "timestamp")) {
        hil_put_timestamp();
    } else if (hil_same(name, "profile")) {
        hil_put("m-profile-[" FIRMWARE_VERSION "]\r\nm-model-[");
        hil_put(hil_image.model);
        hil_put("]\r\n");
    } else if (hil_same(name, "help")) {
        put_help();
    } else if (hil_same(name, "infer")) {
        infer();
    } else if (hil_same(name, "results")) {
        if (hil_has_output()) {
            hil_put_results();
        } else {
            hil_error("no output yet");
        }
    } else {
        return 0;
    }
    return 1;
}
