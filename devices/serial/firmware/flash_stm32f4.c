/*
 * STM32F4 flash (RM0090, RM0368, RM0383, RM0390: "Embedded Flash memory interface"): sectors of three sizes, words with the
 * parallelism of 2.7 V and more.
 */
enum { ACR = 0x40023c00, KEYR = 0x40023c04, SR = 0x40023c0c, CR = 0x40023c10 };
/* Cleared by writing ones: end of operation, and every error. */
#define EVENTS 0x1f3u
#define ERASE_SECTOR (1u << 1)
#define SECTOR_SHIFT 3
#define BY_WORDS (2u << 8)

#include "flash_stm32_art.h"

/* A bank of 1 MB has four sectors of 16 KB, one of 64 KB and seven of 128 KB; the second one's are numbered from 16. */
uint32_t flash_erase(uintptr_t address)
{
  const uint32_t offset = address & 0xfffffu;
  const uint32_t bank = address >> 20 & 1u;
  const uint32_t bytes = offset < 0x10000u ? 0x4000u : offset < 0x20000u ? 0x10000u : 0x20000u;
  const uint32_t sector = offset < 0x10000u ? offset >> 14 : 4u + (offset >> 17);
  erase(BY_WORDS | ERASE_SECTOR | (bank << 4 | sector) << SECTOR_SHIFT);
  return bytes;
}

void flash_write(uintptr_t address, const uint8_t *data, size_t bytes)
{
  unlock();
  write_register(CR, BY_WORDS | PROGRAM);
  for (size_t i = 0; i < bytes; i += FLASH_WRITE_BYTES) {
    write_unit(address + i, data + i);
    wait();
  }
  lock();
}
