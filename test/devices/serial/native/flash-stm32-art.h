/*
 * Caches in the flash interface of the STM32F4 and L4 (RM0090, RM0351: FLASH_ACR): on, as the start leaves them. They are emptied
 * while they are off, and what they hold of the flash before a change is wrong after it. A model defines ACR, and then includes this.
 */
#ifndef FLASH_STM32_ART_H
#define FLASH_STM32_ART_H

#include "flash-model.h"

#define CACHES (3u << 9)
#define CACHES_RESET (3u << 11)

static uint32_t access_control, emptied;

static void caches_reset(void)
{
  access_control = CACHES | 4;
  emptied = CACHES_RESET;
}

static int is_cache(uint32_t address) { return address == ACR; }

static uint32_t cache_read(uint32_t address) { return address == ACR ? access_control : 0; }

static void cache_write(uint32_t address, uint32_t value)
{
  if (address != ACR || (value & 15u) != 4) forbid("other wait states");
  if (value & CACHES_RESET && (access_control | value) & CACHES) forbid("a cache is emptied while it is on");
  emptied |= value & CACHES_RESET;
  if (value & CACHES && (emptied != CACHES_RESET || (access_control | value) & CACHES_RESET)) forbid("a cache that holds what was");
  access_control = value;
}

static void cache_must_be_off(void)
{
  if (access_control & CACHES) forbid("a change behind a cache");
  emptied = 0;
}

#endif
