/* The model region is RAM, or memory that can be written as such. */
#include "platform.h"

uint32_t flash_erase(uintptr_t address)
{
  memset((void *)address, 0xff, FLASH_ERASE_BYTES);
  return FLASH_ERASE_BYTES;
}

void flash_write(uintptr_t address, const uint8_t *data, size_t bytes) { memcpy((void *)address, data, bytes); }
