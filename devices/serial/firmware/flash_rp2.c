/*
 * The flash chip of an RP2040 or RP2350 board, by the functions of the boot ROM (RP2040 datasheet, 2.8.3.1.3; RP2350, 5.4.8):
 * sectors of 4 KB, pages of 256 bytes whose bits only fall, as often as one likes. Program and models are read out of the same
 * chip, so that nothing else runs meanwhile: the monitor has no interrupt but that of a counter which stands still.
 */
#include "platform.h"
#include "rom_rp2.h"

enum { ORIGIN = 0x10000000, PAGE_BYTES = 256, SECTOR_ERASE = 0x20 };

#define CODE(first, second) ((first) | (second) << 8)

struct rom {
  void (*connect)(void);
  void (*exit_xip)(void);
  void (*erase)(uint32_t offset, size_t bytes, uint32_t block_bytes, uint8_t block_command);
  void (*program)(uint32_t offset, const uint8_t *data, size_t bytes);
  void (*flush_cache)(void);
};

static uint32_t xip_setup[64];

/* From exit_xip to start_xip the flash cannot be read. */
RAM_CODE static void change(const struct rom *rom, uint32_t offset, const uint8_t *page)
{
  rom->connect();
  rom->exit_xip();
  if (page) rom->program(offset, page, PAGE_BYTES);
  else rom->erase(offset, FLASH_ERASE_BYTES, FLASH_ERASE_BYTES, SECTOR_ERASE);
  rom->flush_cache();
  start_xip(xip_setup);
}

/* `page` lies in RAM; NULL: an erasure. */
static void change_flash(uint32_t offset, const uint8_t *page)
{
  const struct rom rom = {
    .connect = (void (*)(void))rom_function(CODE('I', 'F')),
    .exit_xip = (void (*)(void))rom_function(CODE('E', 'X')),
    .erase = (void (*)(uint32_t, size_t, uint32_t, uint8_t))rom_function(CODE('R', 'E')),
    .program = (void (*)(uint32_t, const uint8_t *, size_t))rom_function(CODE('R', 'P')),
    .flush_cache = (void (*)(void))rom_function(CODE('F', 'C')),
  };
  memcpy(xip_setup, (const void *)XIP_SETUP, sizeof xip_setup);
  change(&rom, offset, page);
}

uint32_t flash_erase(uintptr_t address)
{
  change_flash((uint32_t)address - ORIGIN, NULL);
  return FLASH_ERASE_BYTES;
}

void flash_write(uintptr_t address, const uint8_t *data, size_t bytes)
{
  uint8_t page[PAGE_BYTES];
  while (bytes) {
    const size_t before = address % PAGE_BYTES;
    const size_t count = bytes < PAGE_BYTES - before ? bytes : PAGE_BYTES - before;
    /* Ones leave a cell as it is. */
    memset(page, 0xff, sizeof page);
    memcpy(page + before, data, count);
    change_flash((uint32_t)(address - before) - ORIGIN, page);
    address += count;
    data += count;
    bytes -= count;
  }
}
