/* Flash interface of the STM32F4 (RM0090, RM0390: "Embedded Flash memory interface"). */
enum { ACR = 0x40023c00 };

#include "flash-stm32-art.h"

enum { KEYR = 0x40023c04, SR = 0x40023c0c, CR = 0x40023c10, ORIGIN = 0x08000000 };
#define PROGRAMMING_SEQUENCE (1u << 7)
#define PARALLELISM (1u << 6)
#define EVENTS 0x1f3u
#define BUSY (1u << 16)
#define PG (1u << 0)
#define SER (1u << 1)
#define MASS_ERASE (1u << 2 | 1u << 15)
#define START (1u << 16)
#define LOCK (1u << 31)

static uint32_t control, status, busy;
/* Keys that came in order; 3: a wrong one, which locks the register until the next reset. */
static uint32_t keys;

void controller_reset(void)
{
  caches_reset();
  control = LOCK;
  status = busy = keys = 0;
}

uint32_t controller_read(uint32_t address)
{
  if (address == CR) return control;
  if (is_cache(address)) return cache_read(address);
  if (address != SR) forbid("a register that the driver has no business with");
  return status | (busy ? (busy--, BUSY) : 0);
}

static void fail(uint32_t flag, const char *what)
{
  status |= flag;
  forbid(what);
}

static void erase_sector(void)
{
  const uint32_t number = control >> 3 & 31u, bank = number >> 4, sector = number & 15u;
  if (control & (PG | MASS_ERASE) || sector > 11 || bank >= (FLASH_BYTES + 0xfffffu) >> 20) {
    fail(PROGRAMMING_SEQUENCE, "an erasure of no sector");
    return;
  }
  const uint32_t at = sector < 4 ? sector << 14 : sector == 4 ? 0x10000u : (sector - 4) << 17;
  busy = 3;
  erase_cells(ORIGIN + (bank << 20) + at, sector < 4 ? 0x4000u : sector == 4 ? 0x10000u : 0x20000u);
}

void controller_write(uint32_t address, uint32_t value)
{
  if (busy) forbid("a request while it is busy");
  if (is_cache(address)) {
    cache_write(address, value);
  } else if (address == KEYR) {
    keys = keys == 0 && value == 0x45670123u ? 1 : keys == 1 && value == 0xcdef89abu ? 2 : 3;
    if (keys == 2) control &= ~LOCK;
    if (keys == 3) forbid("a wrong key");
  } else if (address == SR) {
    status &= ~(value & EVENTS);
  } else if (address == CR && control & LOCK) {
    forbid("a command while it is locked");
  } else if (address == CR) {
    control = value & ~START;
    if (value & LOCK) keys = 0;
    if (value & (START | PG)) cache_must_be_off();
    if (value & START) {
      if (value & SER) erase_sector();
      else forbid("a start of nothing");
    }
  } else forbid("a register that the driver has no business with");
}

void controller_program(uint32_t address, uint32_t value)
{
  if (busy) forbid("a write while it is busy");
  else if (control & LOCK || !(control & PG)) fail(PROGRAMMING_SEQUENCE, "a write that is not enabled");
  else if ((control >> 8 & 3u) != 2) fail(PARALLELISM, "a word at another parallelism");
  else {
    busy = 2;
    program_cells(address, &value, 1);
  }
}

void raise_checksum_error(void) {}

int has_checksum_error(void) { return 0; }
