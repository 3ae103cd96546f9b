/*
 * NVMCTRL of the SAM D21 (DS40001882, "NVMCTRL"), as board_start leaves it: pages are written by command. After a change the
 * flash is taken out of the memory until its cache is emptied.
 */
#include "flash-model.h"

#include "board.h"

enum { CTRLA = 0x41004000, INTFLAG = 0x41004014, ADDR = 0x4100401c };
enum { KEY = 0xa500, ERASE_ROW = 0x02, WRITE_PAGE = 0x04, CLEAR_BUFFER = 0x44, EMPTY_CACHE = 0x46 };
enum { ROW = 256, PAGE = 64, PAGE_WORDS = PAGE / 4 };
#define ONES 0xffffffffu

static uint32_t busy, address;
static uint32_t buffer[PAGE_WORDS];

static void clear_buffer(void)
{
  for (uint32_t i = 0; i < PAGE_WORDS; i++) buffer[i] = ONES;
}

void controller_reset(void)
{
  busy = address = 0;
  for (uint32_t i = 0; i < PAGE_WORDS; i++) buffer[i] = 0;
  set_readable(1);
}

uint32_t controller_read(uint32_t at)
{
  if (at != INTFLAG) forbid("a register that the driver has no business with");
  return busy ? (busy--, 0) : 1;
}

static void write_page(void)
{
  const uint32_t page = 2 * address / PAGE * PAGE;
  for (uint32_t i = 0; i < PAGE_WORDS; i++)
    if (buffer[i] != ONES && *cell(page + 4 * i) != ONES) forbid("a word is written twice, or into another page");
  /* The row would have to count: eight halves of pages are the eight writes that it bears. */
  if (FLASH_WRITE_BYTES < ROW / 8) forbid("more writes of a row than it bears");
  program_cells(page, buffer, PAGE_WORDS);
}

static void execute(uint32_t command)
{
  switch (command) {
  case ERASE_ROW:
    set_readable(0);
    if (2 * address % ROW) forbid("an erasure of no row");
    erase_cells(2 * address, ROW);
    break;
  case WRITE_PAGE:
    set_readable(0);
    write_page();
    break;
  case CLEAR_BUFFER: clear_buffer(); break;
  case EMPTY_CACHE: set_readable(1); break;
  default: forbid("a command that the driver has no business with");
  }
}

void controller_write(uint32_t at, uint32_t value)
{
  if (busy) forbid("a request while it is busy");
  if (at == ADDR) address = value;
  else if (at == CTRLA && (value & 0xff00) == KEY) {
    execute(value & 0xff);
    busy = 3;
  } else forbid("a command without its key");
}

/* Zeros of what the buffer held before stay. */
void controller_program(uint32_t at, uint32_t value)
{
  if (busy) forbid("a write while it is busy");
  buffer[at % PAGE / 4] &= value;
  address = at / 2;
}

void raise_checksum_error(void) {}

int has_checksum_error(void) { return 0; }
