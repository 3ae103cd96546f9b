#include "frame.h"

#include "crc32.h"
#include "platform.h"

_Alignas(4) uint8_t frame_body[FRAME_BODY_BYTES];

/* The decoder: what it has written, and what is left of the block that it is in. */
static size_t length;
static uint8_t code, left;
static uint8_t is_delimited, is_too_long;

uint32_t load_word(const uint8_t *bytes)
{
  return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

void store_word(uint8_t *bytes, uint32_t word)
{
  for (int i = 0; i < 4; i++, word >>= 8) bytes[i] = (uint8_t)word;
}

static void put(uint8_t byte)
{
  if (length < sizeof frame_body) frame_body[length++] = byte;
  else is_too_long = 1;
}

static enum received finish(size_t *payload_bytes)
{
  /* Text that a frame ends is no damaged frame. */
  if (length == 0 || frame_body[FRAME_TYPE] >= ' ') return RECEIVED_NOTHING;
  if (left || is_too_long || length < FRAME_PAYLOAD + FRAME_CRC_BYTES) return RECEIVED_DAMAGED;
  size_t covered = length - FRAME_CRC_BYTES;
  if (crc32(0, frame_body, covered) != load_word(frame_body + covered)) return RECEIVED_DAMAGED;
  *payload_bytes = covered - FRAME_PAYLOAD;
  return RECEIVED_FRAME;
}

enum received frame_receive(uint8_t byte, size_t *payload_bytes)
{
  enum received result = RECEIVED_NOTHING;
  if (byte == 0) {
    if (is_delimited && code) result = finish(payload_bytes);
    is_delimited = 1;
    length = 0;
    code = left = is_too_long = 0;
  } else if (is_delimited) {
    if (left == 0) {
      if (code && code != 0xff) put(0);
      code = byte;
      left = byte - 1;
    } else {
      put(byte);
      left--;
    }
  }
  return result;
}

int frame_is_open(void)
{
  /* A frame's first byte is its type; text has none below a space. */
  return is_delimited && length > 0 && frame_body[FRAME_TYPE] < ' ';
}

/* The encoder: a block of up to 254 bytes without zeros is sent behind its length. */
static uint8_t block[254];
static uint8_t block_length;

static void send_block(uint8_t length_code)
{
  uart_send(length_code);
  for (uint8_t i = 0; i < block_length; i++) uart_send(block[i]);
  block_length = 0;
}

static void send_encoded(const uint8_t *bytes, size_t count)
{
  for (; count--; bytes++) {
    if (*bytes == 0) {
      send_block(block_length + 1);
      continue;
    }
    block[block_length++] = *bytes;
    if (block_length == sizeof block) send_block(0xff);
  }
}

void frame_send(uint8_t type, uint8_t status, uint16_t sequence, uint32_t session, const uint8_t *first, size_t first_bytes,
                const uint8_t *second, size_t second_bytes)
{
  uint8_t header[FRAME_PAYLOAD] = { type, status, (uint8_t)sequence, (uint8_t)(sequence >> 8) };
  uint8_t crc_bytes[FRAME_CRC_BYTES];
  store_word(header + FRAME_SESSION, session);
  uint32_t crc = crc32(0, header, sizeof header);
  crc = crc32(crc, first, first_bytes);
  store_word(crc_bytes, crc32(crc, second, second_bytes));

  uart_send(0);
  block_length = 0;
  send_encoded(header, sizeof header);
  send_encoded(first, first_bytes);
  send_encoded(second, second_bytes);
  send_encoded(crc_bytes, sizeof crc_bytes);
  send_block(block_length + 1);
  uart_send(0);
  uart_send(0);
}
