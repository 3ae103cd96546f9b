/*
 * SAM D21 flash (DS40001882, "NVMCTRL"): rows of 256 bytes, pages of 64, and no more than eight writes to a row between two
 * erasures: halves of pages. Words that are written wait in the page buffer for WRITE_PAGE (CTRLB.MANW, board_start). Whatever
 * reads the flash while it changes is made to wait.
 */
#include "platform.h"
#include "registers.h"

enum { CTRLA = 0x41004000, INTFLAG = 0x41004014, ADDR = 0x4100401c };
enum { ERASE_ROW = 0xa502, WRITE_PAGE = 0xa504, CLEAR_BUFFER = 0xa544, EMPTY_CACHE = 0xa546, READY = 1 };

/* `address`: of a row, a page, or of nothing. ADDR counts half words. */
static void request(uint16_t command, uintptr_t address)
{
  write_register(ADDR, (uint32_t)address / 2);
  write_half(CTRLA, command);
  while (!(read_half(INTFLAG) & READY)) continue;
}

uint32_t flash_erase(uintptr_t address)
{
  request(ERASE_ROW, address);
  request(EMPTY_CACHE, 0);
  return FLASH_ERASE_BYTES;
}

void flash_write(uintptr_t address, const uint8_t *data, size_t bytes)
{
  for (size_t i = 0; i < bytes; i += FLASH_WRITE_BYTES) {
    request(CLEAR_BUFFER, 0);
    for (size_t at = i; at < i + FLASH_WRITE_BYTES; at += 4) {
      uint32_t word;
      memcpy(&word, data + at, 4);
      write_register(address + at, word);
    }
    request(WRITE_PAGE, address + i);
  }
  request(EMPTY_CACHE, 0);
}
