/*
 * NVMCTRL and CMCC of the SAM D51 (DS60001507, 25 and 11), as board_start leaves them: pages are written by command, the cache
 * is on. From a change until the cache is emptied the flash is taken out of the memory.
 */
#include "flash-model.h"

#include "board.h"

enum { CTRLB = 0x41004004, STATUS = 0x41004012, ADDR = 0x41004014 };
enum { CACHE_CTRL = 0x41006008, CACHE_STATUS = 0x4100600c, CACHE_EMPTY = 0x41006020 };
enum { KEY = 0xa500, ERASE_BLOCK = 0x01, WRITE_QUAD_WORD = 0x04, CLEAR_BUFFER = 0x15 };
enum { BLOCK = 8192, PAGE = 512, PAGE_WORDS = PAGE / 4, QUAD = 16 };
#define ONES 0xffffffffu

static uint32_t busy, address, stopping;
static int has_cache, is_stale;
static uint32_t buffer[PAGE_WORDS];

void controller_reset(void)
{
  busy = address = stopping = 0;
  has_cache = 1;
  is_stale = 0;
  for (uint32_t i = 0; i < PAGE_WORDS; i++) buffer[i] = 0;
  set_readable(1);
}

uint32_t controller_read(uint32_t at)
{
  if (at == CACHE_STATUS) return stopping ? (stopping--, 1) : (uint32_t)has_cache;
  if (at != STATUS) forbid("a register that the driver has no business with");
  return busy ? (busy--, 0) : 1;
}

static void begin_change(void)
{
  if (has_cache || stopping) forbid("a change behind the cache");
  is_stale = 1;
  set_readable(0);
}

static void write_quad_word(void)
{
  const uint32_t *words = buffer + address % PAGE / 4;
  if (address % QUAD) forbid("a write of no quad word");
  for (uint32_t i = 0; i < QUAD / 4; i++)
    if (*cell(address + 4 * i) != ONES) forbid("a quad word is written twice");
  program_cells(address, words, QUAD / 4);
}

static void execute(uint32_t command)
{
  switch (command) {
  case ERASE_BLOCK:
    begin_change();
    if (address % BLOCK) forbid("an erasure of no block");
    erase_cells(address, BLOCK);
    break;
  case WRITE_QUAD_WORD:
    begin_change();
    write_quad_word();
    break;
  case CLEAR_BUFFER:
    for (uint32_t i = 0; i < PAGE_WORDS; i++) buffer[i] = ONES;
    break;
  default: forbid("a command that the driver has no business with");
  }
}

static void write_cache(uint32_t at, uint32_t value)
{
  if (at == CACHE_EMPTY && value == 1) {
    if (has_cache || stopping) forbid("a cache that is on is not emptied");
    is_stale = 0;
  } else if (at == CACHE_CTRL && value <= 1) {
    if (value && is_stale) forbid("a cache of what the flash held");
    stopping = has_cache && !value ? 2 : 0;
    has_cache = (int)value;
    if (value) set_readable(1);
  } else forbid("a register that the driver has no business with");
}

void controller_write(uint32_t at, uint32_t value)
{
  if (at == CACHE_CTRL || at == CACHE_EMPTY) {
    write_cache(at, value);
    return;
  }
  if (busy) forbid("a request while it is busy");
  if (at == ADDR) address = value;
  else if (at == CTRLB && (value & 0xff00) == KEY) {
    execute(value & 0xff);
    busy = 3;
  } else forbid("a command without its key");
}

/* Zeros of what the buffer held before stay. */
void controller_program(uint32_t at, uint32_t value)
{
  if (busy) forbid("a write while it is busy");
  buffer[at % PAGE / 4] &= value;
  address = at;
}

void raise_checksum_error(void) {}

int has_checksum_error(void) { return 0; }
