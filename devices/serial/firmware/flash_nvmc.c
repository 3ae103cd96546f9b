/* nRF51 and nRF52 flash through the NVMC (nRF51 reference manual, chapter 6; nRF52840 product specification, 4.3): pages, words, bits only fall. */
#include "platform.h"
#include "registers.h"

enum { READY = 0x4001e400, CONFIG = 0x4001e504, ERASEPAGE = 0x4001e508 };
enum { READ_ONLY, WRITE_ENABLE, ERASE_ENABLE };

static void wait(void)
{
  while (!(read_register(READY) & 1)) continue;
}

static void configure(uint32_t mode)
{
  write_register(CONFIG, mode);
  wait();
}

uint32_t flash_erase(uintptr_t address)
{
  configure(ERASE_ENABLE);
  write_register(ERASEPAGE, (uint32_t)address);
  wait();
  configure(READ_ONLY);
  return FLASH_ERASE_BYTES;
}

void flash_write(uintptr_t address, const uint8_t *data, size_t bytes)
{
  configure(WRITE_ENABLE);
  for (size_t i = 0; i < bytes; i += 4) {
    uint32_t word;
    memcpy(&word, data + i, 4);
    write_register(address + i, word);
    wait();
  }
  configure(READ_ONLY);
}
