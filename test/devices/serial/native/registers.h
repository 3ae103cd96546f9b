/* In place of devices/serial/firmware/registers.h: what a driver touches goes to a model of its flash controller. */
#ifndef WHITTLE_REGISTERS_H
#define WHITTLE_REGISTERS_H

#include <stdint.h>

uint32_t read_register(uintptr_t address);
void write_register(uintptr_t address, uint32_t value);
static inline uint16_t read_half(uintptr_t address) { return (uint16_t)read_register(address); }
static inline void write_half(uintptr_t address, uint16_t value) { write_register(address, value); }
void write_barrier(void);
void forget_cached(uintptr_t address, uint32_t bytes);
void read_despite_fault(uintptr_t address);

#endif
