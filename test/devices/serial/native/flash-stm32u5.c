/* Quad words, and a flag of its own (WDW) for what is in the write buffer; two banks in every part. */
enum { KEYR = 0x40022008, SR = 0x40022020, CR = 0x40022028, ECCR = 0x40022030 };
#define ERRORS 0x20fau
#define WRITE_WORDS 4
#define PAGE 8192u
#define BANK (FLASH_BYTES / 2)
#define BUFFERED (1u << 17)
#define WRITE_BUSY 4

#include "flash-model.h"

/* ICACHE (RM0456): on, as the start leaves it; it takes a while to empty it. */
enum { ICACHE_CR = 0x40030400, ICACHE_SR = 0x40030404 };
#define ENABLED (1u << 0)
#define INVALIDATE (1u << 1)

static uint32_t cache_control, emptying;
static int is_stale;

static void caches_reset(void)
{
  cache_control = ENABLED;
  emptying = 0;
  is_stale = 0;
}

static int is_cache(uint32_t address) { return address == ICACHE_CR || address == ICACHE_SR; }

static uint32_t cache_read(uint32_t address)
{
  if (address == ICACHE_CR) return cache_control;
  return emptying ? (emptying--, 1u) : 2u;
}

static void cache_write(uint32_t address, uint32_t value)
{
  if (address != ICACHE_CR || emptying) forbid("a request to the cache while it is busy");
  if (value & INVALIDATE) {
    if (value & ENABLED) forbid("a cache is emptied while it is on");
    emptying = 3;
    is_stale = 0;
  }
  if (value & ENABLED && is_stale) forbid("a cache that holds what was");
  cache_control = value & ~INVALIDATE;
}

static void cache_must_be_off(void)
{
  if (cache_control & ENABLED) forbid("a change behind a cache");
  is_stale = 1;
}

#include "flash-stm32-pages.h"
