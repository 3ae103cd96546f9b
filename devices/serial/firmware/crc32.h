#ifndef WHITTLE_CRC32_H
#define WHITTLE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32 (ISO-HDLC, as zlib) of the bytes; `crc` is that of the bytes before them, or 0. */
uint32_t crc32(uint32_t crc, const uint8_t *bytes, size_t count);

#endif
