/*
 * The caches for instructions and data in the flash interface of the STM32F4 and the L4 (RM0090, RM0351: "Adaptive real-time memory
 * accelerator"); they can only be emptied while they are off. A driver defines ACR and then includes this.
 */
#ifndef WHITTLE_FLASH_STM32_ART_H
#define WHITTLE_FLASH_STM32_ART_H

#include "flash_stm32.h"

#define CACHES_ENABLED (3u << 9)
#define CACHES_RESET (3u << 11)

static void caches_off(void) { write_register(ACR, read_register(ACR) & ~CACHES_ENABLED); }

static void caches_on(void)
{
  const uint32_t off = read_register(ACR);
  write_register(ACR, off | CACHES_RESET);
  write_register(ACR, off);
  write_register(ACR, off | CACHES_ENABLED);
}

#endif
