/*
 * The boot ROMs of the RP2040 (datasheet, 2.8.3) and the RP2350 (5.4.1): functions that are found by two letters. A test puts
 * a model in their place.
 */
#ifndef WHITTLE_ROM_RP2_H
#define WHITTLE_ROM_RP2_H

#include <stdint.h>

#define RAM_CODE __attribute__((long_call, noinline, section(".ramcode")))

/* An address that lies in the ROM, at a place that compilers take for a null pointer's. */
static inline uintptr_t rom_pointer(uintptr_t place)
{
  __asm__("" : "+r"(place));
  return *(const uint16_t *)place;
}

#if defined(__ARM_ARCH_6M__)

/* Code that makes the flash readable again: the second stage (boot_rp2040.c), which returns when it is called. */
#define XIP_SETUP 0x10000000u

static inline void *rom_function(uint32_t code)
{
  typedef void *lookup(const uint16_t *table, uint32_t code);
  return ((lookup *)rom_pointer(0x18))((const uint16_t *)rom_pointer(0x14), code);
}

#else

/* The first 256 bytes of the boot RAM, not executable there: reads as the ROM found it possible when it started (5.4.8.18). */
#define XIP_SETUP 0x400e0000u

static inline void *rom_function(uint32_t code)
{
  enum { FUNCTION_ARM_SECURE = 4 };
  typedef void *lookup(uint32_t code, uint32_t mask);
  return ((lookup *)rom_pointer(0x16))(code, FUNCTION_ARM_SECURE);
}

#endif

/* `code`: a copy of what lies at XIP_SETUP. */
static inline void start_xip(const uint32_t *code) { ((void (*)(void))((uintptr_t)code | 1))(); }

#endif
