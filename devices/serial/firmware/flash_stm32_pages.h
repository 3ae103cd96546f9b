/*
 * The flash of the STM32L4, L4+ and U5: pages of FLASH_ERASE_BYTES in banks of FLASH_BANK_BYTES; units of FLASH_WRITE_BYTES with a
 * checksum, which are written once. A driver defines what flash_stm32.h asks for and ECCR, and then includes this.
 */
#ifndef WHITTLE_FLASH_STM32_PAGES_H
#define WHITTLE_FLASH_STM32_PAGES_H

#include "flash_stm32.h"

#define ORIGIN 0x08000000u
#define ERASE_PAGE (1u << 1)
#define PAGE_SHIFT 3
#define BANK_SHIFT 11
#define TWO_BITS_WRONG (1u << 31)

uint32_t flash_erase(uintptr_t address)
{
  const uint32_t offset = (uint32_t)address - ORIGIN;
  const uint32_t page = offset % FLASH_BANK_BYTES / FLASH_ERASE_BYTES;
  erase(ERASE_PAGE | page << PAGE_SHIFT | offset / FLASH_BANK_BYTES << BANK_SHIFT);
  return FLASH_ERASE_BYTES;
}

void flash_write(uintptr_t address, const uint8_t *data, size_t bytes)
{
  unlock();
  write_register(CR, PROGRAM);
  for (size_t i = 0; i < bytes; i += FLASH_WRITE_BYTES) {
    write_unit(address + i, data + i);
    wait();
  }
  lock();
}

/* Reading a unit whose write or erasure lost the power: what was read is no record, the CRC tells. */
void nmi(void)
{
  if (!(read_register(ECCR) & TWO_BITS_WRONG)) cpu_restart();
  write_register(ECCR, TWO_BITS_WRONG);
}

#endif
