/* The firmware monitor: answers the requests of protocol.h, and text as MLPerf Tiny's runner sends it. */
#include "crc32.h"
#include "frame.h"
#include "mlperf.h"
#include "model.h"
#include "platform.h"
#include "runtime.h"
#include "slots.h"

/* The request that is being executed, or was last, and its answer: repeated when the request comes again. */
static uint32_t session;
static uint16_t last_sequence;
static uint8_t has_session;
static struct {
  uint8_t type, status;
  uint8_t bytes;
  _Alignas(4) uint8_t payload[32];
} answer;

struct request {
  uint8_t type;
  uint16_t sequence;
  const uint8_t *payload;
  size_t bytes;
};
static struct request request;

static void answer_words(const uint32_t *words, uint8_t count)
{
  memcpy(answer.payload, words, count * 4);
  answer.bytes = count * 4;
}

static void send_answer(uint8_t status)
{
  answer.status = status;
  frame_send(ANSWER | request.type, status, request.sequence, session, answer.payload, answer.bytes, NULL, 0);
}

static void send_busy(void) { frame_send(ANSWER | request.type, RESULT_BUSY, request.sequence, session, NULL, 0, NULL, 0); }

static uint32_t word(uint8_t index) { return load_word(request.payload + 4 * index); }

/* The bytes of an area of READ, WRITE and CRC; NULL where it does not exist. */
static const uint8_t *find_area(uint32_t area, uint32_t *bytes)
{
  *bytes = model.arena_bytes;
  if (area == AREA_ARENA) return model.image ? model.arena : NULL;
  if (area == AREA_NEW_IMAGE) return slots_new_image(bytes);
  *bytes = model.image_bytes;
  return area == AREA_IMAGE ? model.image : NULL;
}

static uint8_t find_range(const uint8_t **data)
{
  uint32_t area_bytes;
  const uint8_t *area = find_area(word(0), &area_bytes);
  if (!area) return RESULT_NO_MODEL;
  if ((uint64_t)word(1) + word(2) > area_bytes) return RESULT_BAD_RANGE;
  *data = area + word(1);
  return RESULT_OK;
}

static uint8_t do_write(void)
{
  const uint8_t *data = request.payload + 8;
  const uint32_t offset = word(1), bytes = (uint32_t)request.bytes - 8;
  if (word(0) == AREA_NEW_IMAGE) {
    uint32_t detail;
    const uint8_t status = slots_write(offset, data, bytes, &detail, send_busy);
    if (status != RESULT_OK) answer_words(&detail, 1);
    return status;
  }
  if (word(0) != AREA_ARENA) return RESULT_BAD_RANGE;
  if (!model.image) return RESULT_NO_MODEL;
  if ((uint64_t)offset + bytes > model.arena_bytes) return RESULT_BAD_RANGE;
  memcpy(model.arena + offset, data, bytes);
  return RESULT_OK;
}

static uint8_t do_crc(void)
{
  const uint8_t *data;
  const uint8_t status = find_range(&data);
  if (status != RESULT_OK) return status;
  const uint32_t crc = crc32(0, data, word(2));
  answer_words(&crc, 1);
  return RESULT_OK;
}

static uint8_t do_begin(void)
{
  uint32_t slot;
  send_busy();
  const uint8_t status = slots_begin(word(0), &slot);
  if (status == RESULT_TOO_LARGE) slot = slots_limit();
  answer_words(&slot, 1);
  return status;
}

static uint8_t do_commit(void)
{
  send_busy();
  const struct refusal result = slots_commit(word(0));
  if (result.status == RESULT_OK) answer_words(&slots_state.generation, 1);
  else answer_words(result.detail, 2);
  return result.status;
}

/* Runs `count` steps so many times, each time after `prepare`, and leaves the ticks in the answer. */
static void time_steps(uint32_t first, uint32_t count, uint32_t runs, void (*prepare)(void))
{
  const uint32_t *step = model_step(first);
  uint64_t ticks = 0, told = 0;
  send_busy();
  for (uint32_t run = 0; run < runs; run++) {
    if (prepare) prepare();
    clock_begin();
    model_run(step, count);
    ticks += clock_end();
    /* Not so often that it costs time, often enough for the host's patience. */
    if (ticks - told >= BOARD_CLOCK_HZ / 10) {
      send_busy();
      told = ticks;
    }
  }
  const uint32_t halves[] = { (uint32_t)ticks, (uint32_t)(ticks >> 32) };
  answer_words(halves, 2);
}

/* Copies the inputs to the memory behind the arena, or back, where there is room for that: a run may overwrite them. */
static void copy_inputs(int back)
{
  uint8_t *saved = model.arena + model.arena_bytes;
  for (uint32_t i = 0; i < model_input_count(); i++) {
    const struct tensor input = model_port(i).tensor;
    if (input.bytes > (size_t)(_heap_end - saved)) return;
    if (back) memcpy(model.arena + (input.data - model.arena), saved, input.bytes);
    else memcpy(saved, input.data, input.bytes);
    saved += input.bytes;
  }
}

static void restore_inputs(void) { copy_inputs(1); }

static uint8_t do_run(void)
{
  if (!model.image) return RESULT_NO_MODEL;
  if (word(0) > 1) copy_inputs(0);
  time_steps(0, model.step_count, word(0), word(0) > 1 ? restore_inputs : NULL);
  return RESULT_OK;
}

static uint8_t do_step(void)
{
  if (!model.image) return RESULT_NO_MODEL;
  if (word(0) >= model.step_count) return RESULT_BAD_RANGE;
  time_steps(word(0), 1, word(1), NULL);
  const struct tensor output = model_step_output(word(0));
  store_word(answer.payload + 8, crc32(0, output.data, output.bytes));
  answer.bytes = 12;
  return RESULT_OK;
}

/* Bytes of [start, end) up to the last one that is not `pattern`. */
static uint32_t used_from_start(const uint8_t *start, const uint8_t *end, uint8_t pattern)
{
  while (end > start && end[-1] == pattern) end--;
  return (uint32_t)(end - start);
}

static uint32_t used_from_end(const uint8_t *start, const uint8_t *end, uint8_t pattern)
{
  while (start < end && *start == pattern) start++;
  return (uint32_t)(end - start);
}

static uint8_t do_high_water(void)
{
  /* Below the frames of this function and of memset. */
  enum { STACK_MARGIN = 128 };
  static const uint8_t patterns[] = { 0xc5, 0x3a };
  uint32_t used[2] = { 0, 0 };
  if (!model.image) return RESULT_NO_MODEL;
  /* A byte that is written with the pattern itself is not seen; with the other pattern it is. */
  for (uint8_t i = 0; i < sizeof patterns; i++) {
    send_busy();
    memset(_heap_start, patterns[i], (size_t)(_heap_end - _heap_start));
    memset(_heap_end, patterns[i], cpu_stack_pointer() - STACK_MARGIN - (uintptr_t)_heap_end);
    model_run(model_step(0), model.step_count);
    const uint32_t arena = used_from_start(_heap_start, _heap_end, patterns[i]);
    const uint32_t stack = used_from_end(_heap_end, _stack_top, patterns[i]);
    if (arena > used[0]) used[0] = arena;
    if (stack > used[1]) used[1] = stack;
  }
  answer_words(used, 2);
  return RESULT_OK;
}

static uint8_t do_opcodes(void)
{
  memset(answer.payload, 0, sizeof answer.payload);
  for (uint32_t opcode = 0; opcode < 8 * sizeof answer.payload; opcode++)
    if (runtime_includes(opcode)) answer.payload[opcode / 8] |= (uint8_t)(1 << opcode % 8);
  answer.bytes = sizeof answer.payload;
  return RESULT_OK;
}

/* What a request needs at least, and what executes it. READ, HELLO and RESTART are not here: they have no answer to keep. */
static const struct {
  uint8_t type, words;
  uint8_t (*execute)(void);
} requests[] = {
  { REQUEST_WRITE, 2, do_write },
  { REQUEST_CRC, 3, do_crc },
  { REQUEST_BEGIN, 1, do_begin },
  { REQUEST_COMMIT, 1, do_commit },
  { REQUEST_RUN, 1, do_run },
  { REQUEST_STEP, 2, do_step },
  { REQUEST_HIGH_WATER, 0, do_high_water },
  { REQUEST_OPCODES, 0, do_opcodes },
};

static uint8_t execute(void)
{
  for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
    if (requests[i].type != request.type) continue;
    return request.bytes < 4u * requests[i].words ? RESULT_BAD_RANGE : requests[i].execute();
  }
  return RESULT_UNKNOWN_REQUEST;
}

static void send_info(void)
{
  /* In the order of INFO_STRING_…; the clock's name follows. */
  static const char strings[] = BOARD_NAME "\0" BOARD_CORE "\0" WHITTLE_VERSION;
  _Alignas(4) uint8_t text[BOARD_INFO_BYTES];
  const uint32_t info[INFO_WORDS] = {
    [INFO_PROTOCOL_VERSION] = PROTOCOL_VERSION,
    [INFO_PAYLOAD_BYTES] = BOARD_PAYLOAD_BYTES,
    [INFO_CLOCK_HZ] = BOARD_CLOCK_HZ,
    [INFO_VOCABULARY] = BOARD_VOCABULARY,
    [INFO_ARENA_LIMIT_BYTES] = model_arena_limit(),
    [INFO_SLOT_COUNT] = BOARD_SLOT_COUNT,
    [INFO_SLOT_BYTES] = slots_limit(),
    [INFO_ACTIVE_SLOT] = slots_state.active,
    [INFO_GENERATION] = slots_state.generation,
    [INFO_IMAGE_BYTES] = model.image_bytes,
    [INFO_IMAGE_CRC32] = slots_state.image_crc32,
    [INFO_STEP_COUNT] = model.step_count,
    [INFO_CRASH_ADDRESS] = crash_address,
    [INFO_PERSISTENT] = BOARD_PERSISTENT,
    [INFO_REFUSED] = slots_state.refused,
  };
  size_t length = 0;
  while (clock_name[length]) length++;
  memcpy(text, strings, sizeof strings);
  memcpy(text + sizeof strings, clock_name, length + 1);
  frame_send(ANSWER | REQUEST_HELLO, RESULT_OK, request.sequence, session, (const uint8_t *)info, sizeof info, text, sizeof strings + length + 1);
}

static void send_read(void)
{
  const uint8_t *data = NULL;
  uint8_t status = request.bytes < 12 ? RESULT_BAD_RANGE : find_range(&data);
  if (status == RESULT_OK && word(2) > BOARD_PAYLOAD_BYTES) status = RESULT_BAD_RANGE;
  frame_send(ANSWER | REQUEST_READ, status, request.sequence, session, data, status == RESULT_OK ? word(2) : 0, NULL, 0);
}

static void answer_request(size_t payload_bytes)
{
  const uint32_t of_session = load_word(frame_body + FRAME_SESSION);
  request.type = frame_body[FRAME_TYPE];
  request.sequence = (uint16_t)(frame_body[FRAME_SEQUENCE] | frame_body[FRAME_SEQUENCE + 1] << 8);
  request.payload = frame_body + FRAME_PAYLOAD;
  request.bytes = payload_bytes;
  if (request.type == REQUEST_HELLO) {
    session = of_session;
    has_session = 1;
    last_sequence = request.sequence;
    send_info();
  } else if (!has_session || of_session != session) {
    frame_send(ANSWER | request.type, RESULT_UNKNOWN_SESSION, request.sequence, of_session, NULL, 0, NULL, 0);
  } else if (request.type == REQUEST_READ) {
    last_sequence = request.sequence;
    send_read();
  } else if (request.type == REQUEST_RESTART) {
    frame_send(ANSWER | REQUEST_RESTART, RESULT_OK, request.sequence, session, NULL, 0, NULL, 0);
    /* A UART holds two bytes that are not out yet. */
    uart_send(0);
    uart_send(0);
    cpu_restart();
  } else if (request.sequence == last_sequence && request.type == answer.type) {
    send_answer(answer.status);
  } else if ((uint16_t)(request.sequence - last_sequence) - 1u < 0x7fffu) {
    last_sequence = request.sequence;
    answer.type = request.type;
    answer.bytes = 0;
    send_answer(execute());
  }
}

int main(void)
{
  uart_start();
  clock_start();
#if BOARD_FLASH_IS_MAPPED
  flash_start();
#endif
  slots_start();
  mlperf_start();
  for (;;) {
    size_t payload_bytes;
    const uint8_t byte = uart_receive();
    switch (frame_receive(byte, &payload_bytes)) {
    case RECEIVED_FRAME: answer_request(payload_bytes); break;
    case RECEIVED_DAMAGED: frame_send(ANSWER_DAMAGED, RESULT_OK, 0, 0, NULL, 0, NULL, 0); break;
    case RECEIVED_NOTHING:
      if (!frame_is_open()) mlperf_receive((char)byte);
    }
  }
}
