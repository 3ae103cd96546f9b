/* Registers and flash as the core sees them; a test puts a model of the flash controller in their place. */
#ifndef WHITTLE_REGISTERS_H
#define WHITTLE_REGISTERS_H

#include <stdint.h>

static inline uint32_t read_register(uintptr_t address) { return *(volatile uint32_t *)address; }

static inline void write_register(uintptr_t address, uint32_t value) { *(volatile uint32_t *)address = value; }

#endif
