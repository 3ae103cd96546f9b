/*
 * Where models live. A slot is RECORD_BYTES of commit record and the image behind it. A new image goes into the slot that
 * is not in use; the record is written last, so a power cut leaves either no record (the old model stays) or a whole one.
 */
#ifndef WHITTLE_SLOTS_H
#define WHITTLE_SLOTS_H

#include <stdint.h>

#include "model.h"

/* Loads the newest model that is whole and runs on this firmware. */
void slots_start(void);

struct slots_state {
  uint8_t active;
  uint32_t generation;
  uint32_t image_crc32;
  /* IMAGE_FAULT_… or 0: why a newer model than the loaded one was not taken. */
  uint32_t refused;
};
extern struct slots_state slots_state;

/* Bytes of an image that fit into the largest writable slot. */
uint32_t slots_limit(void);

/* Each gives a RESULT_…; `busy` is called before something that takes long. */
uint8_t slots_begin(uint32_t image_bytes, uint32_t *slot);
uint8_t slots_write(uint32_t offset, const uint8_t *data, uint32_t bytes, uint32_t *detail, void (*busy)(void));
struct refusal slots_commit(uint32_t image_crc32);
/* The image that is being written, as far as it is: NULL when none was begun. */
const uint8_t *slots_new_image(uint32_t *bytes);

#endif
