/*
 * Flash interface of the STM32H7 (RM0433, RM0468: "Embedded Flash memory"). Stores to the flash wait in a buffer of the core until a
 * barrier, and neither they nor the registers keep the order among each other; its data cache has read everything before.
 */
#include "flash-model.h"

#include <sanitizer/asan_interface.h>

enum { REGISTERS = 0x52002000, KEYR = 0x04, CR = 0x0c, SR = 0x10, CCR = 0x14, ORIGIN = 0x08000000 };
enum { WORDS = 8, SECTOR = 0x20000, BANK = 0x100000 };
#define BANKS ((FLASH_BYTES + BANK - 1) / BANK)
#define LOCK (1u << 0)
#define PG (1u << 1)
#define SER (1u << 2)
#define MASS_ERASE (1u << 3)
#define FORCE_WRITE (1u << 6)
#define START (1u << 7)
#define BUSY (1u << 0)
#define BUFFER_NOT_EMPTY (1u << 1)
#define QUEUED (1u << 2)
#define END_OF_OPERATION (1u << 16)
#define PROGRAMMING_SEQUENCE (1u << 18)
#define INCONSISTENCY (1u << 21)
#define TWO_BITS_WRONG (1u << 26)
#define ERRORS 0x0dee0000u

struct bank {
  uint32_t control, status, busy, keys;
};
static struct bank banks[2];

/* Words that the core has stored, and whether a register was written after the last barrier. */
static struct {
  uint32_t address, value;
} stored[WORDS];
static int stored_count, is_register_late;

/* Of each word: its checksum does not hold, or the cache holds what it was. The sanitizer raises the fault of a read of either. */
enum { DAMAGED = 1, STALE = 2 };
static uint8_t state[FLASH_BYTES / 32];

static void set_state(uint32_t address, uint32_t bytes, uint8_t flag, int is_set)
{
  for (uint32_t i = 0; i < bytes; i += 32) {
    uint8_t *word = &state[(address + i - ORIGIN) / 32];
    const uint8_t before = *word;
    *word = is_set ? before | flag : before & ~flag;
    if (!before == !*word) continue;
    if (*word) __asan_poison_memory_region((void *)(uintptr_t)(address + i), 32);
    else __asan_unpoison_memory_region((void *)(uintptr_t)(address + i), 32);
  }
}

void set_damage(uint32_t address, uint32_t bytes, int is_damaged) { set_state(address, bytes, DAMAGED, is_damaged); }

void controller_forget_cached(uint32_t address, uint32_t bytes)
{
  if (stored_count) forbid("a cache line before the words have arrived");
  set_state(address, bytes, STALE, 0);
}

void controller_reset(void)
{
  set_state(ORIGIN, FLASH_BYTES, STALE, 0);
  for (int i = 0; i < 2; i++) banks[i] = (struct bank){ .control = LOCK | 3u << 4 };
  stored_count = is_register_late = 0;
}

static struct bank *bank_of(uint32_t address, uint32_t *offset)
{
  const uint32_t number = (address - REGISTERS) / 0x100u;
  if (number >= BANKS) forbid("a register of no bank");
  *offset = (address - REGISTERS) % 0x100u;
  return &banks[number];
}

uint32_t controller_read(uint32_t address)
{
  uint32_t offset;
  struct bank *bank = bank_of(address, &offset);
  if (stored_count) forbid("a register before the words have arrived");
  if (offset == CR) return bank->control;
  if (offset != SR) forbid("a register that the driver has no business with");
  /* The queue comes first. */
  if (bank->busy) return bank->status | (bank->busy-- > 2 ? QUEUED : BUSY);
  return bank->status;
}

static void fail(struct bank *bank, uint32_t flag, const char *what)
{
  bank->status |= flag;
  forbid(what);
}

static void erase_sector(struct bank *bank)
{
  if (bank->control & (PG | MASS_ERASE) || bank->status & ERRORS || bank->control >> 11) {
    fail(bank, PROGRAMMING_SEQUENCE, "an erasure of no sector, or after an error");
    return;
  }
  bank->busy = 5;
  const uint32_t at = ORIGIN + (uint32_t)(bank - banks) * BANK + (bank->control >> 8 & 7u) * SECTOR;
  set_state(at, SECTOR, STALE, 1);
  erase_cells(at, SECTOR);
}

static void command(struct bank *bank, uint32_t value)
{
  if (bank->control & LOCK) {
    forbid("a command while it is locked");
    return;
  }
  if (value & LOCK) {
    bank->keys = 0;
    bank->control = LOCK;
    return;
  }
  if (value & FORCE_WRITE) forbid("a word that is not whole");
  if ((value >> 4 & 3u) != 3) forbid("another parallelism than the reset chooses");
  bank->control = value & ~START;
  if (value & START) {
    if (value & SER) erase_sector(bank);
    else forbid("a start of nothing");
  }
}

void controller_write(uint32_t address, uint32_t value)
{
  uint32_t offset;
  struct bank *bank = bank_of(address, &offset);
  if (stored_count) forbid("a register before the words have arrived");
  if (bank->busy) forbid("a request while it is busy");
  is_register_late = 1;
  if (offset == KEYR) {
    bank->keys = bank->keys == 0 && value == 0x45670123u ? 1 : bank->keys == 1 && value == 0xcdef89abu ? 2 : 3;
    if (bank->keys == 2) bank->control &= ~LOCK;
    if (bank->keys == 3) forbid("a wrong key");
  } else if (offset == CCR) {
    bank->status &= ~(value & (ERRORS | END_OF_OPERATION));
  } else if (offset == CR) {
    command(bank, value);
  } else forbid("a register that the driver has no business with");
}

void controller_program(uint32_t address, uint32_t value)
{
  if (is_register_late) forbid("a word that may come before the register that enables it");
  if (stored_count == WORDS) forbid("more words than the buffer takes");
  stored[stored_count].address = address;
  stored[stored_count++].value = value;
}

void controller_barrier(void)
{
  is_register_late = 0;
  if (!stored_count) return;
  const uint32_t at = stored[0].address;
  struct bank *bank = &banks[(at - ORIGIN) / BANK];
  const int count = stored_count;
  stored_count = 0;
  if (bank->busy) forbid("a write while it is busy");
  if (bank->control & LOCK || !(bank->control & PG) || bank->status & ERRORS) {
    fail(bank, PROGRAMMING_SEQUENCE, "a write that is not enabled");
    return;
  }
  if (at % (4 * WORDS) || count != WORDS) {
    bank->status |= BUFFER_NOT_EMPTY;
    fail(bank, INCONSISTENCY, "a word that is not whole");
    return;
  }
  uint32_t words[WORDS];
  for (int i = 0; i < WORDS; i++) {
    if (stored[i].address != at + 4 * (uint32_t)i) fail(bank, INCONSISTENCY, "parts of two words");
    /* The manual allows it, but the checksum then holds for neither content. */
    if (*cell(at + 4 * (uint32_t)i) != 0xffffffffu) forbid("a word that is not erased");
    words[i] = stored[i].value;
  }
  bank->status |= END_OF_OPERATION;
  bank->busy = 4;
  set_state(at, 4 * WORDS, STALE, 1);
  program_cells(at, words, WORDS);
}

void controller_read_despite_fault(uint32_t address)
{
  if (stored_count) forbid("a word before the others have arrived");
  struct bank *bank = &banks[(address - ORIGIN) / BANK];
  const uint8_t word = state[(address - ORIGIN) / 32];
  if (word & STALE) forbid("a word that the cache holds as it was");
  if (word & DAMAGED) bank->status |= TWO_BITS_WRONG;
}

void raise_checksum_error(void) {}

int has_checksum_error(void) { return 0; }
