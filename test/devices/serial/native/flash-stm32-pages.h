/*
 * What the flash interfaces of the STM32L4, L4+ (RM0351, RM0394, RM0432) and U5 (RM0456) share: pages in one bank or two, units with
 * a checksum that are written once. A model defines registers, ERRORS, WRITE_WORDS, PAGE and BANK, includes a model of the caches and then this.
 */
#ifndef FLASH_STM32_PAGES_H
#define FLASH_STM32_PAGES_H

#include "flash-model.h"

enum { ORIGIN = 0x08000000 };
#define PROGRAMMING (1u << 3)
#define ALIGNMENT (1u << 5)
#define PROGRAMMING_SEQUENCE (1u << 7)
#define END_OF_OPERATION (1u << 0)
#define BUSY (1u << 16)
#define PG (1u << 0)
#define PER (1u << 1)
#define START (1u << 16)
#define LOCK (1u << 31)
#define TWO_BITS_WRONG (1u << 31)

static uint32_t control, status, busy, keys;
/* The unit that is being written, and how many of its words have come. */
static uint32_t unit, words[WRITE_WORDS], word_count;
static uint32_t checksum;

void controller_reset(void)
{
  caches_reset();
  control = LOCK;
  status = busy = keys = word_count = 0;
}

/* A whole unit waits in the buffer for a moment, then it is written. */
uint32_t controller_read(uint32_t address)
{
  if (address == CR) return control;
  if (address == ECCR) return checksum;
  if (is_cache(address)) return cache_read(address);
  if (address != SR) forbid("a register that the driver has no business with");
  if (word_count) forbid("a wait for a unit that is not whole");
  if (!busy) return status;
  return status | (busy-- == WRITE_BUSY ? BUFFERED : BUSY);
}

static void fail(uint32_t flag, const char *what)
{
  status |= flag;
  word_count = 0;
  forbid(what);
}

static void erase_page(void)
{
  const uint32_t number = control >> 3 & 0xffu, bank = control >> 11 & 1u;
  if (control & PG || status & ERRORS || number >= BANK / PAGE || (bank + 1) * BANK > FLASH_BYTES) {
    fail(PROGRAMMING_SEQUENCE, "an erasure of no page, or after an error");
    return;
  }
  busy = 3;
  erase_cells(ORIGIN + bank * BANK + number * PAGE, PAGE);
}

void controller_write(uint32_t address, uint32_t value)
{
  if (busy) forbid("a request while it is busy");
  if (is_cache(address)) {
    cache_write(address, value);
    return;
  }
  if (word_count && address != ECCR) fail(PROGRAMMING_SEQUENCE, "a request while a unit is not whole");
  if (address == KEYR) {
    keys = keys == 0 && value == 0x45670123u ? 1 : keys == 1 && value == 0xcdef89abu ? 2 : 3;
    if (keys == 2) control &= ~LOCK;
    if (keys == 3) forbid("a wrong key");
  } else if (address == SR) {
    status &= ~(value & (ERRORS | END_OF_OPERATION));
  } else if (address == ECCR) {
    checksum &= ~(value & TWO_BITS_WRONG);
  } else if (address == CR && control & LOCK) {
    forbid("a command while it is locked");
  } else if (address == CR) {
    control = value & ~START;
    if (value & LOCK) keys = 0;
    if (value & (START | PG)) cache_must_be_off();
    if (value & START) {
      if (value & PER) erase_page();
      else forbid("a start of nothing");
    }
  } else forbid("a register that the driver has no business with");
}

static void program_unit(void)
{
  const uint32_t *old = cell(unit);
  uint32_t erased = 0xffffffffu, any = 0;
  for (int i = 0; i < WRITE_WORDS; i++) erased &= old[i], any |= words[i];
  word_count = 0;
  if (erased != 0xffffffffu && any) {
    fail(PROGRAMMING, "a unit that is not erased");
    return;
  }
  status |= END_OF_OPERATION;
  busy = WRITE_BUSY;
  program_cells(unit, words, WRITE_WORDS);
}

void controller_program(uint32_t address, uint32_t value)
{
  if (busy) forbid("a write while it is busy");
  else if (control & LOCK || !(control & PG) || status & ERRORS) fail(PROGRAMMING_SEQUENCE, "a write that is not enabled");
  else if (!word_count && address % (4 * WRITE_WORDS)) fail(ALIGNMENT, "a unit that does not begin with its first word");
  else if (word_count && address != unit + 4 * word_count) fail(ALIGNMENT, "words of two units");
  else {
    if (!word_count) unit = address;
    words[word_count++] = value;
    if (word_count == WRITE_WORDS) program_unit();
  }
}

void raise_checksum_error(void) { checksum |= TWO_BITS_WRONG; }

int has_checksum_error(void) { return (checksum & TWO_BITS_WRONG) != 0; }

#endif
