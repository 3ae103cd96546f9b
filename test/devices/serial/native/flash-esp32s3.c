/*
 * SPI1 with a flash chip behind it, MMU and data cache of the ESP32-S3 (TRM, "System and Memory", "SPI Controller"; ESP-IDF's
 * soc/esp32s3: spi_mem_reg.h, extmem_reg.h, ext_mem_defs.h), as the boot ROM leaves them: nothing mapped, reading by two lines.
 * The flash can be read while all of it is mapped, the cache on, the chip idle, and no line of what it held before in the cache.
 */
#include "flash-model.h"

#include "board.h"

enum { COMMAND = 0x60002000, ADDRESS = 0x60002004, CONTROL = 0x60002008, USER = 0x60002018, USER1 = 0x6000201c, USER2 = 0x60002020 };
enum { MOSI_DLEN = 0x60002024, MISO_DLEN = 0x60002028, CACHE_FCTRL = 0x6000203c, W0 = 0x60002058, W15 = 0x60002094 };
enum { DCACHE_CTRL = 0x600c4000, DCACHE_CTRL1 = 0x600c4004, SYNC_CTRL = 0x600c4028, SYNC_ADDR = 0x600c402c, SYNC_SIZE = 0x600c4030 };
enum { CACHE_STATE = 0x600c4130, MMU_TABLE = 0x600c5000, MMU_ENTRIES = 512, MMU_INVALID = 1 << 14 };
enum { SECTOR = 4096, PAGE = 256, LINE = 32 };

/* Registers of SPI1 up to W15, of the cache up to SYNC_SIZE. */
static uint32_t spi[(W15 - COMMAND) / 4 + 1], cache[(SYNC_SIZE - DCACHE_CTRL) / 4 + 1], mmu[MMU_ENTRIES];
#define SPI(at) spi[((at) - COMMAND) / 4]
#define CACHE(at) cache[((at) - DCACHE_CTRL) / 4]
static uint32_t running, busy, stopping, syncing, is_write_enabled;
/* Bytes of the flash that the cache may hold as they were. */
static uint32_t stale_from, stale_to;

static uint32_t is_mapped(void)
{
  for (uint32_t page = 0; page < FLASH_BYTES >> 16; page++)
    if (mmu[page] != page) return 0;
  return 1;
}

static void update(void)
{
  static int was_readable = 1;
  const int is_open = (CACHE(DCACHE_CTRL) & 1) && !(CACHE(DCACHE_CTRL1) & 3);
  const int is_readable = is_open && !busy && !running && stale_from >= stale_to && is_mapped();
  if (is_readable != was_readable) set_readable(is_readable);
  was_readable = is_readable;
}

void controller_reset(void)
{
  for (uint32_t i = 0; i < sizeof spi / sizeof *spi; i++) spi[i] = 0;
  for (uint32_t i = 0; i < sizeof cache / sizeof *cache; i++) cache[i] = 0;
  for (uint32_t i = 0; i < MMU_ENTRIES; i++) mmu[i] = MMU_INVALID;
  SPI(CONTROL) = 1u << 23 | 1u << 21 | 1u << 13;
  SPI(USER) = 1u << 31 | 1u << 7 | 1u << 6;
  CACHE(DCACHE_CTRL) = 1u << 3 | 1;
  CACHE(DCACHE_CTRL1) = 3;
  running = busy = stopping = syncing = is_write_enabled = 0;
  stale_from = 0, stale_to = FLASH_BYTES;
  update();
}

static uint32_t count_down(uint32_t *left) { return *left ? (*left)--, 1 : 0; }

uint32_t controller_read(uint32_t at)
{
  if (at == COMMAND) {
    const uint32_t is_running = count_down(&running);
    update();
    return is_running ? 1u << 18 : 0;
  }
  if (at >= COMMAND && at <= W15 && at % 4 == 0) return SPI(at);
  if (at == SYNC_CTRL) return count_down(&syncing) ? 1 : 8;
  if (at == CACHE_STATE) return count_down(&stopping) ? 2u << 12 | 1 : 1u << 12 | 1;
  if (at >= DCACHE_CTRL && at <= SYNC_SIZE && at % 4 == 0) return CACHE(at);
  forbid("a register that the driver has no business with");
  return 0;
}

/* The bytes from here on are others than the cache may hold. */
static void change(uint32_t offset, uint32_t bytes)
{
  if (!is_write_enabled) forbid("a change without a write enable");
  is_write_enabled = 0;
  busy = 3;
  if (stale_from >= stale_to) stale_from = offset, stale_to = offset + bytes;
  if (offset < stale_from) stale_from = offset;
  if (offset + bytes > stale_to) stale_to = offset + bytes;
  update();
}

static uint32_t address(void)
{
  if (!(SPI(USER) & 1u << 30) || SPI(USER1) >> 26 != 23) forbid("a command without its 24 bits of address");
  return SPI(ADDRESS);
}

static void program(void)
{
  const uint32_t offset = address(), bits = SPI(MOSI_DLEN) + 1;
  if (!(SPI(USER) & 1u << 27) || bits % 32 || bits > 512) forbid("data that the buffer has not");
  if (offset % 4 || offset % PAGE + bits / 8 > PAGE) forbid("a write across the end of a page");
  change(offset, bits / 8);
  program_cells(FLASH_ORIGIN + offset, &SPI(W0), bits / 32);
}

static void erase(void)
{
  const uint32_t offset = address();
  if (offset % SECTOR) forbid("an erasure of no sector");
  if (SPI(USER) & 3u << 27) forbid("an erasure with data");
  change(offset, SECTOR);
  erase_cells(FLASH_ORIGIN + offset, SECTOR);
}

static void run(void)
{
  const uint32_t command = SPI(USER2) & 0xffff;
  if (running) forbid("a command before the last one is out");
  if (SPI(CONTROL) & 0x019043f0u || SPI(CACHE_FCTRL) & 0x1fau) forbid("a command by more than one line");
  if (!(SPI(CONTROL) & 1u << 21)) forbid("a low level at the pin of WP");
  if ((SPI(USER) & 0xa000f2c0u) != (1u << 31 | 1u << 7 | 1u << 6) || SPI(USER2) >> 28 != 7) forbid("no command of 8 bits");
  if (busy && command != 0x05) forbid("a command while the chip is busy");
  running = 2;
  switch (command) {
  case 0x05:
    if ((SPI(USER) & 7u << 27) >> 27 != 2 || SPI(MISO_DLEN) != 7) forbid("no 8 bits of status");
    SPI(W0) = count_down(&busy) | is_write_enabled << 1;
    break;
  case 0x06:
    if (SPI(USER) & 0xfu << 27) forbid("a write enable with more behind it");
    is_write_enabled = 1;
    break;
  case 0x02: program(); break;
  case 0x20: erase(); break;
  default: forbid("a command that the driver has no business with");
  }
  update();
}

static void synchronize(uint32_t value)
{
  const uint32_t from = CACHE(SYNC_ADDR) - FLASH_ORIGIN, bytes = CACHE(SYNC_SIZE) * LINE;
  if (value != 1 || from % LINE || !bytes || from + bytes > FLASH_BYTES) forbid("no lines to invalidate");
  if (!(CACHE(DCACHE_CTRL) & 1) || busy || running) forbid("lines are invalidated that are read again too early");
  syncing = 2;
  if (from <= stale_from && from + bytes >= stale_to) stale_from = stale_to = 0;
}

void controller_write(uint32_t at, uint32_t value)
{
  if (syncing) forbid("a register while lines are invalidated");
  if (at >= MMU_TABLE && at < MMU_TABLE + 4 * MMU_ENTRIES && at % 4 == 0) {
    if (CACHE(DCACHE_CTRL) & 1 || stopping) forbid("a mapping behind the cache");
    mmu[(at - MMU_TABLE) / 4] = value;
  } else if (at == COMMAND && value == 1u << 18) run();
  else if (at > COMMAND && at <= W15 && at % 4 == 0) {
    if (running) forbid("a register of a command that is running");
    SPI(at) = value;
  } else if (at == SYNC_CTRL) synchronize(value);
  else if (at >= DCACHE_CTRL && at <= SYNC_SIZE && at % 4 == 0) {
    if (at == DCACHE_CTRL && (CACHE(at) & ~value & 1)) stopping = 2;
    if (at == DCACHE_CTRL && !(CACHE(DCACHE_CTRL1) & 1)) forbid("a cache that is switched while the core may read it");
    CACHE(at) = value;
  } else forbid("a register that the driver has no business with");
  update();
}

void controller_program(uint32_t at, uint32_t value)
{
  (void)at, (void)value;
  forbid("a write into the memory of the flash");
}

void raise_checksum_error(void) {}

int has_checksum_error(void) { return 0; }
