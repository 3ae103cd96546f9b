/*
 * SAM D51 flash (DS60001507, 25): blocks of 8 KB; words of 16 bytes with a checksum, which are written once. The words wait in
 * the page buffer for WRITE_QUAD_WORD (CTRLA.WMODE, board_start). Whatever reads the flash while it changes is made to wait;
 * the cache before it (CMCC, 11) knows nothing of a change. A word whose write lost the power reads as something else, no more
 * (INTFLAG.ECCDE): the CRC tells.
 */
#include "platform.h"
#include "registers.h"

enum { CTRLB = 0x41004004, STATUS = 0x41004012, ADDR = 0x41004014 };
enum { ERASE_BLOCK = 0xa501, WRITE_QUAD_WORD = 0xa504, CLEAR_BUFFER = 0xa515, READY = 1 };
enum { CACHE_CTRL = 0x41006008, CACHE_STATUS = 0x4100600c, CACHE_EMPTY = 0x41006020 };

static void cache_off(void)
{
  write_register(CACHE_CTRL, 0);
  while (read_register(CACHE_STATUS) & 1) continue;
}

static void cache_on(void)
{
  /* Only one that is off is emptied. */
  write_register(CACHE_EMPTY, 1);
  write_register(CACHE_CTRL, 1);
}

static void request(uint16_t command)
{
  write_half(CTRLB, command);
  while (!(read_half(STATUS) & READY)) continue;
}

uint32_t flash_erase(uintptr_t address)
{
  cache_off();
  write_register(ADDR, (uint32_t)address);
  request(ERASE_BLOCK);
  cache_on();
  return FLASH_ERASE_BYTES;
}

void flash_write(uintptr_t address, const uint8_t *data, size_t bytes)
{
  cache_off();
  for (size_t i = 0; i < bytes; i += FLASH_WRITE_BYTES) {
    request(CLEAR_BUFFER);
    for (size_t at = i; at < i + FLASH_WRITE_BYTES; at += 4) {
      uint32_t word;
      memcpy(&word, data + at, 4);
      write_register(address + at, word);
    }
    /* The words have set it to the last of them. */
    write_register(ADDR, (uint32_t)(address + i));
    request(WRITE_QUAD_WORD);
  }
  cache_on();
}
