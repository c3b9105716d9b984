/* What an image knows of its network; image.c is generated for each. */
#ifndef HIL_IMAGE_H
#define HIL_IMAGE_H

#include <stdint.h>

typedef enum { HIL_OUTPUT_I8, HIL_OUTPUT_U8, HIL_OUTPUT_F32 } hil_output_type;

typedef struct {
    const char *engine;
    const char *network;
    const char *model; /* as the MLPerf Tiny runner knows it */
    const char *board;
    uint32_t input_bytes, output_bytes, arena_bytes;
    uint32_t steps;
    uint8_t *arena;
    /* An own copy of the input, outside the arena; null where it does not fit. */
    uint8_t *input_buffer;
    /* What is combined by exclusive or with each byte of input: the top bit where a host sends unsigned bytes to a network
     * that takes signed ones. */
    uint8_t input_flip;
    const char *const *step_names;
    const uint32_t *step_cycles; /* one per step: what it took in the last `run_timed` */
    void (*run_timed)(void);     /* as `run`, and times each step */
    void *(*input)(void);
    const void *(*output)(void);
    void (*run)(void);
    hil_output_type output_type;
    float output_scale;
    int32_t output_zero;
} hil_image_facts;

extern const hil_image_facts hil_image;

#endif
