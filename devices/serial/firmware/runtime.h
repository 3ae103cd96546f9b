/* The kernels, translated from runtime-as/. */
#ifndef WHITTLE_RUNTIME_H
#define WHITTLE_RUNTIME_H

#include <stdint.h>

/* Whether the firmware has the kernel of an opcode. */
int runtime_includes(uint32_t opcode);
/* Runs one step: addresses of its record, of the context and of its prepared weights. */
void runtime_run(uint32_t record, uint32_t context, uint32_t prepared);

#endif
