/* STM32U5 flash without TrustZone (RM0456: "Embedded flash memory"): quad words. Registers are those of the non-secure side. */
enum { KEYR = 0x40022008, SR = 0x40022020, CR = 0x40022028, ECCR = 0x40022030 };
/* End of operation, and every error. One that stays forbids the next operation. */
#define EVENTS 0x20fbu
/* An operation is going on, or the write buffer waits for it. */
#define BUSY (3u << 16)

#include "flash_stm32_pages.h"

/* ICACHE keeps data of the flash, too. */
enum { ICACHE_CR = 0x40030400, ICACHE_SR = 0x40030404 };
#define CACHE_ENABLED (1u << 0)
#define CACHE_INVALIDATE (1u << 1)
#define CACHE_BUSY (1u << 0)

static void caches_off(void)
{
  write_register(ICACHE_CR, read_register(ICACHE_CR) & ~CACHE_ENABLED);
  while (read_register(ICACHE_CR) & CACHE_ENABLED) continue;
}

static void caches_on(void)
{
  const uint32_t off = read_register(ICACHE_CR);
  write_register(ICACHE_CR, off | CACHE_INVALIDATE);
  while (read_register(ICACHE_SR) & CACHE_BUSY) continue;
  write_register(ICACHE_CR, off | CACHE_ENABLED);
}
