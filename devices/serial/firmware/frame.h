/* Frames of protocol.h on the UART, and the text between them. */
#ifndef WHITTLE_FRAME_H
#define WHITTLE_FRAME_H

#include <stddef.h>
#include <stdint.h>

#include "board.h"
#include "protocol.h"

enum { FRAME_BODY_BYTES = FRAME_PAYLOAD + BOARD_PAYLOAD_BYTES + FRAME_CRC_BYTES };

/* The frame that was received last; word-aligned, so that a payload can be read in words. */
extern uint8_t frame_body[FRAME_BODY_BYTES];

enum received { RECEIVED_NOTHING, RECEIVED_FRAME, RECEIVED_DAMAGED };

/* Takes one byte from the line; `*payload_bytes` is set for RECEIVED_FRAME. */
enum received frame_receive(uint8_t byte, size_t *payload_bytes);
/* Whether the bytes that come now belong to a frame rather than to text. */
int frame_is_open(void);

/* Sends a frame whose payload consists of two pieces. */
void frame_send(uint8_t type, uint8_t status, uint16_t sequence, uint32_t session, const uint8_t *first, size_t first_bytes,
                const uint8_t *second, size_t second_bytes);

uint32_t load_word(const uint8_t *bytes);
void store_word(uint8_t *bytes, uint32_t word);

#endif
