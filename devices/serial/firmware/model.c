#include "model.h"

#include "board_image.h"
#include "crc32.h"
#include "format.h"
#include "platform.h"
#include "protocol.h"
#include "runtime.h"

struct model model;
static uint32_t context[CONTEXT_WORKSPACE + 1];

static const uint32_t *words(const uint8_t *image, uint32_t offset) { return (const uint32_t *)(image + offset); }

static uint32_t tensors_offset(void) { return IMAGE_HEADER_WORDS * 4; }

static uint32_t ports_offset(const uint8_t *image)
{
  return tensors_offset() + words(image, 0)[IMAGE_TENSOR_COUNT] * TENSOR_WORDS * 4;
}

static uint32_t steps_offset(const uint8_t *image)
{
  const uint32_t *header = words(image, 0);
  return ports_offset(image) + (header[IMAGE_INPUT_COUNT] + header[IMAGE_OUTPUT_COUNT]) * PORT_WORDS * 4;
}

/* Of the record that follows a step's prefix. */
static uint32_t operand_count(const uint32_t *record) { return (*record >> 8) & 0xff; }

static uint32_t parameter_count(const uint32_t *record) { return *record >> 16; }

static uint32_t record_words(const uint32_t *record) { return 1 + parameter_count(record) + operand_count(record); }

static uint32_t operand_of(const uint32_t *record, uint32_t index) { return record[1 + parameter_count(record) + index]; }

uint32_t model_arena_limit(void) { return (uint32_t)(_heap_end - _heap_start); }

static struct refusal refuse(uint32_t fault, uint32_t index)
{
  return (struct refusal){ RESULT_BAD_IMAGE, { fault, index } };
}

static int is_tensor_inside(const uint32_t *header, const uint32_t *record)
{
  const uint32_t region = record[TENSOR_KIND] >> 8, offset = record[TENSOR_OFFSET];
  if ((record[TENSOR_KIND] & 0xff) > DTYPE_INT16 || region > REGION_ARENA || offset & 3) return 0;
  return (uint64_t)offset + record[TENSOR_BYTES] <= header[region == REGION_ARENA ? IMAGE_ARENA_BYTES : IMAGE_BYTES];
}

static int is_in_arena(const uint8_t *image, uint32_t index)
{
  return words(image, tensors_offset())[index * TENSOR_WORDS + TENSOR_KIND] >> 8 == REGION_ARENA;
}

static struct refusal check_header(const uint8_t *image, uint32_t bytes)
{
  const uint32_t *header = words(image, 0);
  const uint32_t covered = (IMAGE_CRC32 + 1) * 4;
  if (bytes < IMAGE_HEADER_WORDS * 4) return refuse(IMAGE_FAULT_SIZE, 0);
  if (header[IMAGE_HEADER_MAGIC] != IMAGE_MAGIC) return refuse(IMAGE_FAULT_MAGIC, 0);
  if (header[IMAGE_HEADER_VERSION] != IMAGE_VERSION) return refuse(IMAGE_FAULT_VERSION, header[IMAGE_HEADER_VERSION]);
  if (header[IMAGE_BYTES] != bytes) return refuse(IMAGE_FAULT_SIZE, header[IMAGE_BYTES]);
  if (crc32(0, image + covered, bytes - covered) != header[IMAGE_CRC32]) return refuse(IMAGE_FAULT_CRC, 0);
  if (header[IMAGE_VOCABULARY] != BOARD_VOCABULARY) return refuse(IMAGE_FAULT_VOCABULARY, header[IMAGE_VOCABULARY]);
  const uint64_t records = (uint64_t)header[IMAGE_TENSOR_COUNT] * (TENSOR_WORDS * 4) +
                           ((uint64_t)header[IMAGE_INPUT_COUNT] + header[IMAGE_OUTPUT_COUNT]) * (PORT_WORDS * 4);
  if (tensors_offset() + records > bytes) return refuse(IMAGE_FAULT_SECTION, 0);
  const uint64_t needed = (uint64_t)header[IMAGE_ARENA_BYTES] + header[IMAGE_WORKSPACE_BYTES];
  if (needed > model_arena_limit()) {
    const uint32_t shown = needed > UINT32_MAX ? UINT32_MAX : (uint32_t)needed;
    return (struct refusal){ RESULT_NO_MEMORY, { shown, model_arena_limit() } };
  }
  return (struct refusal){ RESULT_OK, { 0, 0 } };
}

static int check_step(const uint8_t *image, uint32_t prepared, const uint32_t *record)
{
  const uint32_t *header = words(image, 0);
  const uint32_t operands = operand_count(record);
  if (operands == 0 || prepared & 3 || prepared >= header[IMAGE_BYTES]) return 0;
  for (uint32_t i = 0; i < operands; i++)
    if (operand_of(record, i) >= header[IMAGE_TENSOR_COUNT]) return 0;
  return is_in_arena(image, operand_of(record, operands - 1));
}

static struct refusal check_steps(const uint8_t *image, uint32_t bytes)
{
  uint32_t offset = steps_offset(image);
  for (uint32_t i = 0; i < words(image, 0)[IMAGE_STEP_COUNT]; i++) {
    const uint32_t *step = words(image, offset);
    const uint32_t *record = step + STEP_PREFIX_WORDS;
    if (bytes - offset < (STEP_PREFIX_WORDS + 1) * 4) return refuse(IMAGE_FAULT_STEP, i);
    if (bytes - offset < (STEP_PREFIX_WORDS + record_words(record)) * 4) return refuse(IMAGE_FAULT_STEP, i);
    if (!runtime_includes(*record & 0xff)) return refuse(IMAGE_FAULT_OPCODE, i);
    if (!check_step(image, step[STEP_PREPARED], record)) return refuse(IMAGE_FAULT_STEP, i);
    offset += (STEP_PREFIX_WORDS + record_words(record)) * 4;
  }
  return (struct refusal){ RESULT_OK, { 0, 0 } };
}

struct refusal model_check(const uint8_t *image, uint32_t bytes)
{
  const struct refusal result = check_header(image, bytes);
  if (result.status != RESULT_OK) return result;
  const uint32_t *header = words(image, 0);
  for (uint32_t i = 0; i < header[IMAGE_TENSOR_COUNT]; i++)
    if (!is_tensor_inside(header, words(image, tensors_offset()) + i * TENSOR_WORDS)) return refuse(IMAGE_FAULT_TENSOR, i);
  for (uint32_t i = 0; i < header[IMAGE_INPUT_COUNT] + header[IMAGE_OUTPUT_COUNT]; i++) {
    const uint32_t tensor = words(image, ports_offset(image))[i * PORT_WORDS + PORT_TENSOR];
    if (tensor >= header[IMAGE_TENSOR_COUNT]) return refuse(IMAGE_FAULT_PORT, i);
    if (i < header[IMAGE_INPUT_COUNT] && !is_in_arena(image, tensor)) return refuse(IMAGE_FAULT_PORT, i);
  }
  return check_steps(image, bytes);
}

void model_load(const uint8_t *image, uint32_t bytes)
{
  const uint32_t *header = words(image, 0);
  model = (struct model){ image, bytes, _heap_start, header[IMAGE_ARENA_BYTES] + header[IMAGE_WORKSPACE_BYTES], header[IMAGE_STEP_COUNT] };
  context[CONTEXT_CONSTANTS] = (uint32_t)(uintptr_t)image;
  context[CONTEXT_TENSORS] = (uint32_t)(uintptr_t)(image + tensors_offset());
  context[CONTEXT_ARENA] = (uint32_t)(uintptr_t)model.arena;
  context[CONTEXT_WORKSPACE] = (uint32_t)(uintptr_t)(model.arena + header[IMAGE_ARENA_BYTES]);
}

void model_unload(void) { model = (struct model){ 0 }; }

const uint32_t *model_step(uint32_t index)
{
  const uint32_t *step = words(model.image, steps_offset(model.image));
  while (index--) step += STEP_PREFIX_WORDS + record_words(step + STEP_PREFIX_WORDS);
  return step;
}

void model_run(const uint32_t *step, uint32_t count)
{
  while (count--) {
    const uint32_t *record = step + STEP_PREFIX_WORDS;
    runtime_run((uint32_t)(uintptr_t)record, (uint32_t)(uintptr_t)context, context[CONTEXT_CONSTANTS] + step[STEP_PREPARED]);
    step = record + record_words(record);
  }
}

static struct tensor tensor_of(uint32_t index)
{
  const uint32_t *record = words(model.image, tensors_offset()) + index * TENSOR_WORDS;
  const uint8_t *base = record[TENSOR_KIND] >> 8 == REGION_ARENA ? model.arena : model.image;
  return (struct tensor){ (uint8_t)record[TENSOR_KIND], base + record[TENSOR_OFFSET], record[TENSOR_BYTES] };
}

struct tensor model_step_output(uint32_t step)
{
  const uint32_t *record = model_step(step) + STEP_PREFIX_WORDS;
  return tensor_of(operand_of(record, operand_count(record) - 1));
}

struct port model_port(uint32_t index)
{
  const uint32_t *record = words(model.image, ports_offset(model.image)) + index * PORT_WORDS;
  struct port port = { tensor_of(record[PORT_TENSOR]), 0, (int32_t)record[PORT_ZERO_POINT] };
  memcpy(&port.scale, &record[PORT_SCALE_F32], 4);
  return port;
}

uint32_t model_input_count(void) { return words(model.image, 0)[IMAGE_INPUT_COUNT]; }

uint32_t model_output_count(void) { return words(model.image, 0)[IMAGE_OUTPUT_COUNT]; }
