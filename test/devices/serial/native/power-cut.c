/*
 * The two slots of a board on a model of its flash, on the workstation: slots.c and the board's driver as they are, and a power
 * cut at every erasure and every write of an update. After each the board has the old model or the new one, whole, and takes
 * the next update. Exit code 0: all of that holds, and the driver asked for nothing that the manual forbids.
 *
 * argv: seed, bytes of the old image, bytes of the new one, how many operations lie between two cuts; around erasures and at the
 * end, where the record is written, there are several at every one.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "flash-model.h"
#include "registers.h"
#include "slots.c"

__attribute__((weak)) void nmi(void);
__attribute__((weak)) void flash_start(void);
__attribute__((weak)) void controller_barrier(void);
__attribute__((weak)) void controller_forget_cached(uint32_t address, uint32_t bytes);
__attribute__((weak)) void controller_read_despite_fault(uint32_t address);
__attribute__((weak)) void set_damage(uint32_t address, uint32_t bytes, int is_damaged);

enum { NEVER = -1, ERASURES_MAX = 256, RECORD_OPERATIONS = RECORD_BYTES / FLASH_WRITE_BYTES };

/* The first pages of a process belong to nobody. */
#define HIDDEN (FLASH_ORIGIN < 0x10000u ? 0x10000u - FLASH_ORIGIN : 0u)

static uint8_t *cells;
static uint32_t random_state;
/* Operations until the power fails. */
static int left = NEVER;
static int operations, cuts;
/* Operations that erased. */
static int erasures[ERASURES_MAX], erasure_count;
static jmp_buf power_cut;

/* What model_load was given. */
static const uint8_t *loaded;
static uint32_t loaded_bytes;

static uint32_t random_word(void)
{
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state;
}

static void fail(const char *what)
{
  printf("%s: after %d operations, %d cuts\n", what, operations, cuts);
  exit(1);
}

void forbid(const char *what) { fail(what); }

uint32_t *cell(uint32_t address)
{
  if (address - FLASH_ORIGIN >= FLASH_BYTES || address % 4) fail("an address outside of the flash");
  return (uint32_t *)(void *)(cells + (address - FLASH_ORIGIN));
}

void set_readable(int is_readable)
{
  void *at = (void *)(uintptr_t)(FLASH_ORIGIN + HIDDEN);
  if (mprotect(at, FLASH_BYTES - HIDDEN, is_readable ? PROT_READ : PROT_NONE) != 0) fail("no place for the flash");
}

/* Whether the power fails during the next operation. */
static int fails(void)
{
  operations++;
  return left != NEVER && left-- == 0;
}

static void lose_power(void)
{
  cuts++;
  left = NEVER;
  longjmp(power_cut, 1);
}

/* The checksums of a power cut's units hold for some, by chance or because nothing happened to them. */
static void damage_some(uint32_t address, uint32_t bytes)
{
  if (!set_damage) return;
  for (uint32_t i = 0; i < bytes; i += FLASH_WRITE_BYTES) set_damage(address + i, FLASH_WRITE_BYTES, random_word() >> 7 & 1);
}

void erase_cells(uint32_t address, uint32_t bytes)
{
  if (erasure_count < ERASURES_MAX) erasures[erasure_count++] = operations;
  const int is_cut = fails();
  const uint32_t how = random_word();
  if (set_damage) set_damage(address, bytes, 0);
  for (uint32_t i = 0; i < bytes; i += 4) {
    uint32_t *word = cell(address + i);
    /* Done, nearly done, anything, or as it was. */
    if (!is_cut || how % 4 == 0) *word = 0xffffffffu;
    else if (how % 4 == 1) *word |= random_word();
    else if (how % 4 == 2) *word = random_word();
  }
  if (is_cut && how % 4) damage_some(address, bytes);
  if (is_cut) lose_power();
}

void program_cells(uint32_t address, const uint32_t *words, uint32_t count)
{
  const int is_cut = fails();
  for (uint32_t i = 0; i < count; i++) *cell(address + 4 * i) &= is_cut ? words[i] | random_word() : words[i];
  if (is_cut) damage_some(address, 4 * count);
  if (is_cut) lose_power();
}

uint32_t read_register(uintptr_t address) { return controller_read((uint32_t)address); }

void write_register(uintptr_t address, uint32_t value)
{
  const uint32_t at = (uint32_t)address;
  if (at - FLASH_ORIGIN < FLASH_BYTES) controller_program(at, value);
  else controller_write(at, value);
}

void write_barrier(void) { controller_barrier(); }

void forget_cached(uintptr_t address, uint32_t bytes) { controller_forget_cached((uint32_t)address, bytes); }

void read_despite_fault(uintptr_t address) { controller_read_despite_fault((uint32_t)address); }

/* An image of so many bytes is none for this firmware. */
static uint32_t refused_bytes;

struct refusal model_check(const uint8_t *image, uint32_t bytes)
{
  (void)image;
  return (struct refusal){ bytes == refused_bytes ? RESULT_BAD_IMAGE : RESULT_OK, { IMAGE_FAULT_OPCODE, 0 } };
}

void model_load(const uint8_t *image, uint32_t bytes)
{
  loaded = image;
  loaded_bytes = bytes;
}

void model_unload(void) { loaded = NULL; }

void store_word(uint8_t *bytes, uint32_t word) { memcpy(bytes, &word, 4); }

static int restarts;

void cpu_restart(void) { restarts++; }

static void busy(void) {}

static void power_on(void)
{
  slots_state = (struct slots_state){ NO_SLOT, 0, 0, 0 };
  new_slot = NO_SLOT;
  new_bytes = written = erased = 0;
  loaded = NULL;
  controller_reset();
  if (flash_start) flash_start();
  slots_start();
}

struct image {
  uint8_t *bytes;
  uint32_t count;
};

static struct image random_image(uint32_t count)
{
  const struct image image = { malloc(count), count };
  for (uint32_t i = 0; i < count; i++) image.bytes[i] = (uint8_t)(random_word() >> 7);
  return image;
}

static int has(struct image image)
{
  return loaded && loaded_bytes == image.count && memcmp(loaded, image.bytes, image.count) == 0;
}

static void update(struct image image)
{
  uint32_t slot, detail;
  if (slots_begin(image.count, &slot) != RESULT_OK) fail("no slot");
  for (uint32_t at = 0, count; at < image.count; at += count) {
    count = image.count - at < 96 ? image.count - at : 96;
    if (slots_write(at, image.bytes + at, count, &detail, busy) != RESULT_OK) fail("a write that did not hold");
  }
  if (slots_commit(crc32(0, image.bytes, image.count)).status != RESULT_OK) fail("no commit");
}

static void expect(int is_so, const char *what)
{
  if (!is_so) fail(what);
}

/* A flash with checksums: the exception of a damaged word is taken note of, any other restarts. */
static void raise_nmi(void)
{
  raise_checksum_error();
  nmi();
  expect(!has_checksum_error() && restarts == 0, "a damaged word restarts the board");
  nmi();
  expect(restarts == 1, "an exception of unknown origin goes unnoticed");
}

static int is_near_erasure(int operation)
{
  for (int i = 0; i < erasure_count; i++)
    if (operation >= erasures[i] - 1 && operation <= erasures[i] + 1) return 1;
  return 0;
}

static void restore(const uint8_t *content)
{
  memcpy(cells, content, FLASH_BYTES);
  if (set_damage) set_damage(FLASH_ORIGIN, FLASH_BYTES, 0);
  power_on();
}

/* An update that the power ends before this operation is done. */
static void cut_update(struct image image, int operation)
{
  left = operation;
  if (setjmp(power_cut) == 0) {
    update(image);
    fail("the power did not fail");
  }
  power_on();
}

/* The newest model is none for this firmware, so that the next update erases it and not an older one. */
static void cut_erasure_of_refused(const uint8_t *before, struct image old, struct image new)
{
  restore(before);
  update(new);
  refused_bytes = new.count;
  power_on();
  expect(has(old) && slots_state.refused, "the model that the firmware cannot run");
  cut_update(old, 0);
  expect(has(old), "the old model is lost with one that was refused");
  refused_bytes = 0;
}

int main(int argc, char **argv)
{
  expect(argc == 5, "usage: power-cut SEED OLD NEW STEP");
  random_state = (uint32_t)atoi(argv[1]) * 2654435761u | 1u;
  const int memory = memfd_create("flash", 0);
  expect(ftruncate(memory, FLASH_BYTES) == 0, "no memory");
  cells = mmap(NULL, FLASH_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  /* What reads the flash finds it where the board has it, and cannot write it. */
  void *at = (void *)(uintptr_t)(FLASH_ORIGIN + HIDDEN);
  expect(mmap(at, FLASH_BYTES - HIDDEN, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE, memory, HIDDEN) == at, "no place for the flash");

  for (uint32_t i = 0; i < FLASH_BYTES; i++) cells[i] = (uint8_t)random_word();
  power_on();
  expect(loaded == NULL, "a model in flash that never had one");
  const struct image old = random_image((uint32_t)atoi(argv[2])), new = random_image((uint32_t)atoi(argv[3]));
  update(new);
  update(old);
  power_on();
  expect(has(old), "the last model is not there");
  uint8_t *before = malloc(FLASH_BYTES);
  memcpy(before, cells, FLASH_BYTES);

  operations = erasure_count = 0;
  update(new);
  const int all = operations, unit_count = erasure_count, step = atoi(argv[4]);
  power_on();
  expect(has(new), "the new model is not there");
  for (int cut = 0; cut < all; cut++) {
    erasure_count = unit_count;
    const int is_special = cut >= all - RECORD_OPERATIONS - 2 || is_near_erasure(cut);
    if (cut % step && !is_special) continue;
    /* What is left of a cut operation is random. */
    for (int repetition = 0; repetition < (is_special ? 8 : 1); repetition++) {
      restore(before);
      expect(has(old), "the old model is not there");
      cut_update(new, cut);
      expect(has(old) || has(new), "neither the old model nor the new one");
      if (cut < all - RECORD_OPERATIONS) expect(has(old), "the new model before its record");
      update(new);
      power_on();
      expect(has(new), "an update after the power came back");
    }
  }
  for (int repetition = 0; repetition < 16; repetition++) cut_erasure_of_refused(before, old, new);
  if (nmi) raise_nmi();
  printf("%d cuts in %d operations, %d of them erasures\n", cuts, all, unit_count);
  free(old.bytes), free(new.bytes), free(before);
  return 0;
}
