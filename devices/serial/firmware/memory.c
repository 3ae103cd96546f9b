/* The four functions that a compiler may call without being asked; there is no libc. */
#include "platform.h"

void *memcpy(void *restrict target, const void *restrict source, size_t bytes)
{
  uint8_t *to = target;
  const uint8_t *from = source;
  if ((((uintptr_t)to | (uintptr_t)from) & 3) == 0) {
    for (; bytes >= 4; bytes -= 4, to += 4, from += 4) *(uint32_t *)to = *(const uint32_t *)from;
  }
  while (bytes--) *to++ = *from++;
  return target;
}

void *memmove(void *target, const void *source, size_t bytes)
{
  uint8_t *to = target;
  const uint8_t *from = source;
  if (to <= from) return memcpy(target, source, bytes);
  while (bytes--) to[bytes] = from[bytes];
  return target;
}

void *memset(void *target, int value, size_t bytes)
{
  uint8_t *to = target;
  while (bytes--) *to++ = (uint8_t)value;
  return target;
}

int memcmp(const void *left, const void *right, size_t bytes)
{
  const uint8_t *a = left;
  const uint8_t *b = right;
  for (; bytes--; a++, b++)
    if (*a != *b) return *a - *b;
  return 0;
}
