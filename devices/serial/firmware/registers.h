/* Registers and flash as the core sees them; a test puts a model of the flash controller in their place. */
#ifndef WHITTLE_REGISTERS_H
#define WHITTLE_REGISTERS_H

#include <stdint.h>

static inline uint32_t read_register(uintptr_t address) { return *(volatile uint32_t *)address; }

static inline uint16_t read_half(uintptr_t address) { return *(volatile uint16_t *)address; }

static inline void write_register(uintptr_t address, uint32_t value) { *(volatile uint32_t *)address = value; }

static inline void write_half(uintptr_t address, uint16_t value) { *(volatile uint16_t *)address = value; }

#ifdef __arm__
/* What was written has arrived. */
static inline void write_barrier(void) { __asm__ volatile("dsb" ::: "memory"); }

/* What a core's data cache holds of this is what was there before it was changed: its lines of 32 bytes are dropped (DCIMVAC). */
static inline void forget_cached(uintptr_t address, uint32_t bytes)
{
  for (uint32_t i = 0; i < bytes; i += 32) write_register(0xe000ef5c, (uint32_t)address + i);
  __asm__ volatile("dsb\n isb" ::: "memory");
}

/* Reads a word, even if the bus answers with an error: at the priority of FAULTMASK such a fault can be ignored (Armv7-M, B3.2.8). */
static inline void read_despite_fault(uintptr_t address)
{
  enum { CCR = 0xe000ed14, BFHFNMIGN = 1 << 8 };
  __asm__ volatile("cpsid f" ::: "memory");
  write_register(CCR, read_register(CCR) | BFHFNMIGN);
  __asm__ volatile("dsb\n isb" ::: "memory");
  read_register(address);
  __asm__ volatile("dsb\n isb" ::: "memory");
  write_register(CCR, read_register(CCR) & ~(uint32_t)BFHFNMIGN);
  __asm__ volatile("dsb\n isb\n cpsie f" ::: "memory");
}
#endif

#endif
