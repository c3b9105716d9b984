/* Commands under the prefix `hil`: what the MLPerf Tiny device API does not tell. */
#include "board_config.h"
#include "hil_core.h"
#include "hil_image.h"
#include "hil_layout.h"
#include "hil_port.h"
#include "hil_runtime.h"

/* ELF note: three words, the name "GNU" padded to 4 bytes, then the SHA-1. */
#define NOTE_HEADER_BYTES 16

static void put_build_id(void)
{
    const uint8_t *id = &hil_build_id_note[NOTE_HEADER_BYTES];
    hil_put("m-hil-build-[");
    if (hil_build_id_note_end > id) {
        hil_put_hex_bytes(id, (size_t)(hil_build_id_note_end - id));
    }
    hil_put("]\r\n");
}

static void info(void)
{
    put_build_id();
    hil_fact_unsigned("protocol", HIL_PROTOCOL);
    hil_fact("engine", hil_image.engine);
    hil_fact("network", hil_image.network);
    hil_fact("board", hil_image.board);
    hil_fact_unsigned("arena-bytes", hil_image.arena_bytes);
    hil_fact_unsigned("input-bytes", hil_image.input_bytes);
    hil_fact_unsigned("output-bytes", hil_image.output_bytes);
    hil_fact_unsigned("input-buffered", (hil_image.input_buffer != 0) ? 1u : 0u);
    hil_fact_unsigned("steps", hil_image.steps);
    hil_fact_unsigned("line-bytes", HIL_LINE_BYTES);
    hil_fact_unsigned("clock-hz", hil_port_core_hz());
    hil_fact_unsigned("wait-states", hil_port_wait_states());
    hil_fact_hex("flash-control", hil_port_flash_control());
    hil_fact_hex("cpuid", HIL_CPUID);
    hil_fact_hex("ccr", HIL_CCR);
}

static void cycles(void)
{
    uint32_t count = 1;
    uint32_t warmups = 0;
    const char *word = hil_next_word(0);
    if ((word != 0) && (!hil_parse_count(word, &count) || (count == 0u))) {
        hil_error("number of inferences must be >0");
        return;
    }
    word = (word != 0) ? hil_next_word(0) : 0;
    if ((word != 0) && !hil_parse_count(word, &warmups)) {
        hil_error("number of warm-ups must be >=0");
        return;
    }
    if (!hil_can_infer(count + warmups)) {
        return;
    }
    hil_put("m-hil-cycles-[");
    hil_port_flush();
    for (uint32_t i = 0; i < warmups; i++) {
        (void)hil_infer_timed();
    }
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t spent = hil_infer_timed();
        if (i > 0u) {
            hil_put(",");
        }
        hil_put_unsigned(spent);
        hil_port_flush();
    }
    hil_put("]\r\n");
}

static void steps(void)
{
    if (!hil_can_infer(1)) {
        return;
    }
    hil_infer_steps();
    for (uint32_t i = 0; i < hil_image.steps; i++) {
        hil_put("m-hil-step-[");
        hil_put_unsigned(i);
        hil_put(",");
        hil_put(hil_image.step_names[i]);
        hil_put(",");
        hil_put_unsigned(hil_image.step_cycles[i]);
        hil_put("]\r\n");
    }
}

/* CRC-32 of IEEE 802.3, bit by bit: a damaged line is noticed, and no table is held. */
static uint32_t crc32(uint8_t (*byte)(uint32_t index), uint32_t count)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (uint32_t i = 0; i < count; i++) {
        crc ^= byte(i);
        for (uint32_t bit = 0; bit < 8u; bit++) {
            crc = (crc >> 1) ^ (((crc & 1u) != 0u) ? 0xEDB88320u : 0u);
        }
    }
    return ~crc;
}

static uint8_t output_byte(uint32_t index)
{
    return ((const uint8_t *)hil_image.output())[index];
}

static void output(void)
{
    if (!hil_has_output()) {
        hil_error("no output yet");
        return;
    }
    hil_put("m-hil-output-[");
    hil_put_hex_bytes((const uint8_t *)hil_image.output(), hil_image.output_bytes);
    hil_put("]\r\n");
    hil_fact_hex("output-crc32", crc32(output_byte, hil_image.output_bytes));
}

static void input(void)
{
    hil_fact_unsigned("input-loaded", hil_loaded_bytes());
    hil_fact_hex("input-crc32", crc32(hil_loaded_byte, hil_loaded_bytes()));
}

/* Of engines that size their arena on the board. */
extern uint32_t hil_network_arena_used(void) __attribute__((weak));

static void memory(void)
{
    if (hil_network_arena_used != 0) {
        hil_fact_unsigned("arena-used", hil_network_arena_used());
    }
    hil_fact_unsigned("stack", hil_stack_used());
    hil_fact_unsigned("stack-size", hil_stack_size());
    hil_fact_unsigned("arena", hil_image.arena_bytes);
    hil_fact_unsigned("arena-touched", hil_arena_touched());
    hil_fact_unsigned("data", hil_data_bytes());
    hil_fact_unsigned("bss", hil_bss_bytes());
    hil_fact_unsigned("harness", hil_harness_bytes());
}

int hil_extension_command(const char *name)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } commands[] = {
        {"info", info}, {"cycles", cycles}, {"steps", steps}, {"output", output}, {"input", input}, {"memory", memory},
    };
    if (!hil_same(name, "hil")) {
        return 0;
    }
    const char *word = hil_next_word(0);
    for (uint32_t i = 0; (word != 0) && (i < (sizeof commands / sizeof commands[0])); i++) {
        if (hil_same(word, commands[i].name)) {
            commands[i].run();
            return 1;
        }
    }
    hil_error("Unknown subcommand of hil");
    return 1;
}
