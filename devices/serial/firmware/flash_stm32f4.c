/*
 * STM32F4 flash (RM0090, RM0368, RM0383, RM0390: "Embedded Flash memory interface"): sectors of three sizes, words with the
 * parallelism of 2.7 V and more. Caches stay off (board_start), or they would have to be emptied after each change.
 */
#include "platform.h"
#include "registers.h"

enum { KEYR = 0x40023c04, SR = 0x40023c0c, CR = 0x40023c10 };
#define KEY1 0x45670123u
#define KEY2 0xcdef89abu
#define BUSY (1u << 16)
/* Cleared by writing ones: end of operation, and every error. */
#define EVENTS 0x1f3u
#define PROGRAM (1u << 0)
#define ERASE_SECTOR (1u << 1)
#define SECTOR_SHIFT 3
#define BY_WORDS (2u << 8)
#define START (1u << 16)
#define LOCK (1u << 31)

static void wait(void)
{
  while (read_register(SR) & BUSY) continue;
}

static void unlock(void)
{
  wait();
  if (read_register(CR) & LOCK) {
    write_register(KEYR, KEY1);
    write_register(KEYR, KEY2);
  }
  write_register(SR, EVENTS);
}

/* A bank of 1 MB has four sectors of 16 KB, one of 64 KB and seven of 128 KB; the second one's are numbered from 16. */
uint32_t flash_erase(uintptr_t address)
{
  const uint32_t offset = address & 0xfffffu;
  const uint32_t bank = address >> 20 & 1u;
  const uint32_t bytes = offset < 0x10000u ? 0x4000u : offset < 0x20000u ? 0x10000u : 0x20000u;
  const uint32_t sector = offset < 0x10000u ? offset >> 14 : 4u + (offset >> 17);
  unlock();
  const uint32_t command = BY_WORDS | ERASE_SECTOR | (bank << 4 | sector) << SECTOR_SHIFT;
  write_register(CR, command);
  write_register(CR, command | START);
  wait();
  write_register(CR, LOCK);
  return bytes;
}

void flash_write(uintptr_t address, const uint8_t *data, size_t bytes)
{
  unlock();
  write_register(CR, BY_WORDS | PROGRAM);
  for (size_t i = 0; i < bytes; i += 4) {
    uint32_t word;
    memcpy(&word, data + i, 4);
    write_register(address + i, word);
    wait();
  }
  write_register(CR, LOCK);
}
