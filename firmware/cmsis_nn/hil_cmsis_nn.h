/* The library's declarations, and what a generated network does with the status that its functions return. */
#ifndef HIL_CMSIS_NN_H
#define HIL_CMSIS_NN_H

#include "cmsis_nn/arm_nnfunctions.h"

/* A refusal depends on parameters alone, which are constant: it is a fault of whoever printed them. */
static inline void expect_success(arm_cmsis_nn_status status)
{
    if (status != ARM_CMSIS_NN_SUCCESS) {
        __builtin_trap();
    }
}

#endif
