/* nRF51 and nRF52 flash through the NVMC (nRF51 reference manual, chapter 6): pages, words, bits only fall. */
#include "platform.h"

#define NVMC(offset) (*(volatile uint32_t *)(0x4001e000u + (offset)))
enum { READY = 0x400, CONFIG = 0x504, ERASEPAGE = 0x508 };
enum { READ_ONLY, WRITE_ENABLE, ERASE_ENABLE };

static void wait(void)
{
  while (!NVMC(READY)) continue;
}

void flash_erase(uintptr_t address)
{
  NVMC(CONFIG) = ERASE_ENABLE;
  wait();
  NVMC(ERASEPAGE) = address;
  wait();
  NVMC(CONFIG) = READ_ONLY;
  wait();
}

void flash_write(uintptr_t address, const uint8_t *data, size_t bytes)
{
  NVMC(CONFIG) = WRITE_ENABLE;
  wait();
  for (size_t i = 0; i < bytes; i += 4) {
    uint32_t word;
    memcpy(&word, data + i, 4);
    *(volatile uint32_t *)(address + i) = word;
    wait();
  }
  NVMC(CONFIG) = READ_ONLY;
  wait();
}
