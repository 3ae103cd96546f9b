#include "slots.h"

#include "crc32.h"
#include "frame.h"
#include "platform.h"
#include "protocol.h"

struct slot {
  uintptr_t address;
  uint32_t bytes;
  uint8_t is_writable;
};
static const struct slot slots[BOARD_SLOT_COUNT] = BOARD_SLOTS;

struct slots_state slots_state = { NO_SLOT, 0, 0, 0 };

/* The image that is being written. */
static uint8_t new_slot = NO_SLOT;
static uint32_t new_bytes, written, erased;

static const uint8_t *image_of(uint8_t slot) { return (const uint8_t *)slots[slot].address + RECORD_BYTES; }

static uint32_t capacity(uint8_t slot) { return slots[slot].bytes - RECORD_BYTES; }

__attribute__((weak)) int flash_is_readable(uintptr_t address, size_t bytes)
{
  (void)address, (void)bytes;
  return 1;
}

/* The slot's commit record, or NULL when it has none. */
static const uint32_t *record_of(uint8_t slot)
{
  if (!flash_is_readable(slots[slot].address, RECORD_BYTES)) return NULL;
  const uint32_t *record = (const uint32_t *)slots[slot].address;
  if (record[RECORD_MAGIC] != RECORD_MAGIC_VALUE) return NULL;
  if (crc32(0, (const uint8_t *)record, RECORD_CRC32 * 4) != record[RECORD_CRC32]) return NULL;
  return record[RECORD_IMAGE_BYTES] <= capacity(slot) ? record : NULL;
}

static int is_whole(uint8_t slot)
{
  const uint32_t *record = record_of(slot);
  if (!record || !flash_is_readable((uintptr_t)image_of(slot), record[RECORD_IMAGE_BYTES])) return 0;
  return crc32(0, image_of(slot), record[RECORD_IMAGE_BYTES]) == record[RECORD_IMAGE_CRC32];
}

static void load(uint8_t slot)
{
  const uint32_t *record = record_of(slot);
  model_load(image_of(slot), record[RECORD_IMAGE_BYTES]);
  slots_state = (struct slots_state){ slot, record[RECORD_GENERATION], record[RECORD_IMAGE_CRC32], 0 };
}

void slots_start(void)
{
  uint32_t refused = 0;
  uint32_t limit = UINT32_MAX;
  for (;;) {
    uint8_t newest = NO_SLOT;
    for (uint8_t slot = 0; slot < BOARD_SLOT_COUNT; slot++) {
      const uint32_t *record = record_of(slot);
      if (!record || record[RECORD_GENERATION] >= limit) continue;
      if (newest == NO_SLOT || record[RECORD_GENERATION] > record_of(newest)[RECORD_GENERATION]) newest = slot;
    }
    if (newest == NO_SLOT) break;
    limit = record_of(newest)[RECORD_GENERATION];
    if (!is_whole(newest)) continue;
    const struct refusal result = model_check(image_of(newest), record_of(newest)[RECORD_IMAGE_BYTES]);
    if (result.status == RESULT_OK) {
      load(newest);
      break;
    }
    if (!refused) refused = result.status == RESULT_BAD_IMAGE ? result.detail[0] : IMAGE_FAULT_SIZE;
  }
  slots_state.refused = refused;
}

uint32_t slots_limit(void)
{
  uint32_t limit = 0;
  for (uint8_t slot = 0; slot < BOARD_SLOT_COUNT; slot++)
    if (slots[slot].is_writable && capacity(slot) > limit) limit = capacity(slot);
  return limit;
}

/* The slot for a new image: not the one in use, unless the board has no other and loses it at a power cut anyway. */
static uint8_t choose_slot(uint32_t image_bytes)
{
  uint8_t in_use = NO_SLOT;
  for (uint8_t slot = 0; slot < BOARD_SLOT_COUNT; slot++) {
    if (!slots[slot].is_writable || capacity(slot) < image_bytes) continue;
    if (slot != slots_state.active) return slot;
    in_use = slot;
  }
  return BOARD_PERSISTENT ? NO_SLOT : in_use;
}

uint8_t slots_begin(uint32_t image_bytes, uint32_t *slot)
{
  const uint8_t chosen = choose_slot(image_bytes);
  if (chosen == NO_SLOT) return RESULT_TOO_LARGE;
  if (chosen == slots_state.active) {
    model_unload();
    slots_state.active = NO_SLOT;
  }
  new_slot = chosen;
  new_bytes = image_bytes;
  written = 0;
  /* The first unit holds the record: from here on the slot is empty. */
  erased = flash_erase(slots[chosen].address);
  *slot = chosen;
  return RESULT_OK;
}

/* `bytes` may be any number at the end of the image: the rest of the last write unit stays erased. */
static int write_flash(uintptr_t address, const uint8_t *data, uint32_t bytes)
{
  const uint32_t whole = bytes - bytes % FLASH_WRITE_BYTES;
  flash_write(address, data, whole);
  if (whole < bytes) {
    uint8_t last[FLASH_WRITE_BYTES];
    memset(last, 0xff, sizeof last);
    memcpy(last, data + whole, bytes - whole);
    flash_write(address + whole, last, sizeof last);
  }
  return flash_is_readable(address, bytes) && memcmp((const void *)address, data, bytes) == 0;
}

uint8_t slots_write(uint32_t offset, const uint8_t *data, uint32_t bytes, uint32_t *detail, void (*busy)(void))
{
  *detail = written;
  if (new_slot == NO_SLOT || offset != written) return RESULT_BAD_ORDER;
  if (bytes > new_bytes - written) return RESULT_BAD_RANGE;
  if (bytes % FLASH_WRITE_BYTES && written + bytes != new_bytes) return RESULT_BAD_RANGE;
  const uintptr_t slot = slots[new_slot].address;
  while (erased < RECORD_BYTES + offset + bytes) {
    busy();
    erased += flash_erase(slot + erased);
  }
  if (!write_flash(slot + RECORD_BYTES + offset, data, bytes)) return RESULT_FLASH_FAILED;
  written += bytes;
  return RESULT_OK;
}

struct refusal slots_commit(uint32_t image_crc32)
{
  if (new_slot == NO_SLOT || written != new_bytes) return (struct refusal){ RESULT_BAD_ORDER, { written, 0 } };
  const uint8_t slot = new_slot;
  if (crc32(0, image_of(slot), new_bytes) != image_crc32) return (struct refusal){ RESULT_FLASH_FAILED, { 0, 0 } };
  const struct refusal result = model_check(image_of(slot), new_bytes);
  if (result.status != RESULT_OK) return result;

  uint32_t generation = slots_state.generation;
  for (uint8_t other = 0; other < BOARD_SLOT_COUNT; other++) {
    const uint32_t *record = record_of(other);
    if (record && record[RECORD_GENERATION] > generation) generation = record[RECORD_GENERATION];
  }
  _Alignas(4) uint8_t record[RECORD_BYTES];
  memset(record, 0xff, sizeof record);
  store_word(record + RECORD_MAGIC * 4, RECORD_MAGIC_VALUE);
  store_word(record + RECORD_GENERATION * 4, generation + 1);
  store_word(record + RECORD_IMAGE_BYTES * 4, new_bytes);
  store_word(record + RECORD_IMAGE_CRC32 * 4, image_crc32);
  store_word(record + RECORD_CRC32 * 4, crc32(0, record, RECORD_CRC32 * 4));
  if (!write_flash(slots[slot].address, record, sizeof record)) return (struct refusal){ RESULT_FLASH_FAILED, { 0, 0 } };
  new_slot = NO_SLOT;
  load(slot);
  return result;
}

const uint8_t *slots_new_image(uint32_t *bytes)
{
  *bytes = written;
  return new_slot == NO_SLOT ? NULL : image_of(new_slot);
}
