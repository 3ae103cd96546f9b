/* Flash interface of the STM32L4 (RM0351, RM0394: "Embedded Flash memory"). */
#include "flash-model.h"

enum { KEYR = 0x40022008, SR = 0x40022010, CR = 0x40022014, ECCR = 0x40022018, ORIGIN = 0x08000000, PAGE = 2048 };
#define PROGRAMMING (1u << 3)
#define ALIGNMENT (1u << 5)
#define PROGRAMMING_SEQUENCE (1u << 7)
#define ERRORS 0xc3fau
#define EVENTS 0xc3fbu
#define BUSY (1u << 16)
#define PG (1u << 0)
#define PER (1u << 1)
#define START (1u << 16)
#define LOCK (1u << 31)
#define TWO_BITS_WRONG (1u << 31)

static uint32_t control, status, busy, keys;
static uint32_t double_word[2];
/* Address of the first half of a double word whose second half has not come; 0: none. */
static uint32_t half;
static uint32_t checksum;

void controller_reset(void)
{
  control = LOCK;
  status = busy = keys = half = 0;
}

uint32_t controller_read(uint32_t address)
{
  if (address == CR) return control;
  if (address == ECCR) return checksum;
  if (address != SR) forbid("a register that the driver has no business with");
  return status | (busy ? (busy--, BUSY) : 0);
}

static void fail(uint32_t flag, const char *what)
{
  status |= flag;
  half = 0;
  forbid(what);
}

/* Two banks of 256 pages; parts of up to 256 KB have one. */
static void erase_page(void)
{
  const uint32_t page = (control >> 3 & 0xffu) | (control >> 11 & 1u) << 8;
  if (control & PG || status & ERRORS || (page + 1) * PAGE > FLASH_BYTES) {
    fail(PROGRAMMING_SEQUENCE, "an erasure of no page, or after an error");
    return;
  }
  busy = 3;
  erase_cells(ORIGIN + page * PAGE, PAGE);
}

void controller_write(uint32_t address, uint32_t value)
{
  if (busy) forbid("a request while it is busy");
  if (half && address != ECCR) fail(PROGRAMMING_SEQUENCE, "a request between two halves");
  if (address == KEYR) {
    keys = keys == 0 && value == 0x45670123u ? 1 : keys == 1 && value == 0xcdef89abu ? 2 : 3;
    if (keys == 2) control &= ~LOCK;
    if (keys == 3) forbid("a wrong key");
  } else if (address == SR) {
    status &= ~(value & EVENTS);
  } else if (address == ECCR) {
    checksum &= ~(value & TWO_BITS_WRONG);
  } else if (address == CR && control & LOCK) {
    forbid("a command while it is locked");
  } else if (address == CR) {
    control = value & ~START;
    if (value & LOCK) keys = 0;
    if (value & START) {
      if (value & PER) erase_page();
      else forbid("a start of nothing");
    }
  } else forbid("a register that the driver has no business with");
}

void controller_program(uint32_t address, uint32_t value)
{
  if (busy) forbid("a write while it is busy");
  else if (control & LOCK || !(control & PG) || status & ERRORS) fail(PROGRAMMING_SEQUENCE, "a write that is not enabled");
  else if (!half && address % 8) fail(ALIGNMENT, "a double word that begins with its second half");
  else if (!half) {
    half = address;
    double_word[0] = value;
  } else if (address != half + 4) fail(ALIGNMENT, "halves of two double words");
  else {
    double_word[1] = value;
    const uint32_t *old = cell(half);
    const uint32_t at = half;
    half = 0;
    if ((old[0] & old[1]) != 0xffffffffu && (double_word[0] | double_word[1])) {
      fail(PROGRAMMING, "a double word that is not erased");
      return;
    }
    busy = 2;
    program_cells(at, double_word, 2);
  }
}

void raise_checksum_error(void) { checksum |= TWO_BITS_WRONG; }

int has_checksum_error(void) { return (checksum & TWO_BITS_WRONG) != 0; }
