/* The command loop: collects a command up to `%`, answers it, says that it is ready. */
#include "hil_runtime.h"

#define END '%'

static char line[HIL_LINE_BYTES + 1] HIL_HARNESS;

/* Whether a whole command was received; if not, the error has been sent. Line ends between commands are no part of
 * them. */
static int receive_command(void)
{
    uint32_t length = 0;
    int too_long = 0;
    for (;;) {
        const char c = (char)hil_next_byte();
        if (c == END) {
            break;
        }
        if ((c == '\r') || (c == '\n') || (c == '\0')) {
            continue;
        }
        if (length == HIL_LINE_BYTES) {
            too_long = 1;
            continue;
        }
        line[length++] = ((c >= ' ') && (c <= '~')) ? c : '?';
    }
    line[length] = '\0';
    /* A command that lost bytes may still look like one. */
    if (hil_take_lost()) {
        hil_error("Received bytes were lost");
        return 0;
    }
    if (too_long) {
        hil_error("Command is too long");
        return 0;
    }
    return 1;
}

static void answer(void)
{
    const char *name = hil_next_word(line);
    if (name == 0) {
        return;
    }
    if (hil_mlperf_command(name) || hil_buffer_command(name) || hil_extension_command(name)) {
        return;
    }
    hil_put("e-[Unknown command: ");
    hil_put(name);
    hil_put("]\r\n");
}

void hil_serve(void)
{
    for (;;) {
        hil_put("m-ready\r\n");
        if (receive_command()) {
            answer();
        }
    }
}
