/* Input as real numbers; only in images of networks that reconstruct it. */
#ifndef HIL_FLOAT_INPUT_H
#define HIL_FLOAT_INPUT_H

#include <stdint.h>

typedef struct {
    float input_scale;
    int32_t input_zero;
} hil_float_facts;

/* In image.c. */
extern const hil_float_facts hil_float;

/* The network's input, from the numbers that were loaded. */
void hil_quantise_input(void);
/* Mean of the squared differences between the output and the numbers that were loaded. */
float hil_reconstruction_error(void);

#endif
