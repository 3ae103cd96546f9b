/*
 * STM32L4 flash (RM0351, RM0394: "Embedded Flash memory"): pages of 2 KB in banks of 512 KB, double words with a checksum that
 * are written once. Caches stay off (board_start), or they would have to be emptied after each change.
 */
#include "platform.h"

enum { KEYR = 0x40022008, SR = 0x40022010, CR = 0x40022014, ECCR = 0x40022018 };
#define ORIGIN 0x08000000u
/* Cleared by writing ones: end of operation, and every error. One that stays forbids the next operation. */
#define EVENTS 0xc3fbu
#define ERASE_PAGE (1u << 1)
#define PAGE_SHIFT 3
#define BANK_SHIFT 11
#define TWO_BITS_WRONG (1u << 31)

#include "flash_stm32.h"

uint32_t flash_erase(uintptr_t address)
{
  const uint32_t page = ((uint32_t)address - ORIGIN) / FLASH_ERASE_BYTES;
  erase(ERASE_PAGE | (page & 0xffu) << PAGE_SHIFT | (page >> 8) << BANK_SHIFT);
  return FLASH_ERASE_BYTES;
}

void flash_write(uintptr_t address, const uint8_t *data, size_t bytes)
{
  unlock();
  write_register(CR, PROGRAM);
  for (size_t i = 0; i < bytes; i += 8) {
    uint32_t words[2];
    memcpy(words, data + i, 8);
    write_register(address + i, words[0]);
    write_register(address + i + 4, words[1]);
    wait();
  }
  write_register(CR, LOCK);
}

/* Reading a double word whose write or erasure lost the power: what was read is no record, the CRC tells. */
void nmi(void)
{
  if (!(read_register(ECCR) & TWO_BITS_WRONG)) cpu_restart();
  write_register(ECCR, TWO_BITS_WRONG);
}
