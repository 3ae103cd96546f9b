/*
 * What Debian's compiler for the ESP8266 calls and does not bring, because that chip has it in its ROM: division, and products of
 * 64 bits (names and types: GCC internals, "Routines for integer arithmetic"). Dividing by 0 gives 0, and the dividend as rest.
 */
#include <stdint.h>

uint32_t __udivsi3(uint32_t dividend, uint32_t divisor);
uint32_t __umodsi3(uint32_t dividend, uint32_t divisor);
int32_t __divsi3(int32_t dividend, int32_t divisor);
int32_t __modsi3(int32_t dividend, int32_t divisor);
uint64_t __udivdi3(uint64_t dividend, uint64_t divisor);
uint64_t __umoddi3(uint64_t dividend, uint64_t divisor);
int64_t __muldi3(int64_t left, int64_t right);

static uint32_t magnitude(int32_t value) { return value < 0 ? -(uint32_t)value : (uint32_t)value; }

/* Bit by bit, from the divisor's highest multiple that is not above the dividend. */
uint32_t __udivsi3(uint32_t dividend, uint32_t divisor)
{
  uint32_t quotient = 0, bit = 1;
  if (!divisor) return 0;
  while (divisor < dividend && !(divisor >> 31)) {
    divisor <<= 1;
    bit <<= 1;
  }
  for (; bit; bit >>= 1, divisor >>= 1) {
    if (dividend < divisor) continue;
    dividend -= divisor;
    quotient |= bit;
  }
  return quotient;
}

uint32_t __umodsi3(uint32_t dividend, uint32_t divisor) { return dividend - __udivsi3(dividend, divisor) * divisor; }

/* Towards zero. */
int32_t __divsi3(int32_t dividend, int32_t divisor)
{
  const uint32_t quotient = __udivsi3(magnitude(dividend), magnitude(divisor));
  return (int32_t)((dividend < 0) != (divisor < 0) ? -quotient : quotient);
}

int32_t __modsi3(int32_t dividend, int32_t divisor)
{
  const uint32_t rest = __umodsi3(magnitude(dividend), magnitude(divisor));
  return (int32_t)(dividend < 0 ? -rest : rest);
}

uint64_t __udivdi3(uint64_t dividend, uint64_t divisor)
{
  uint64_t quotient = 0, bit = 1;
  if (!divisor) return 0;
  while (divisor < dividend && !(divisor >> 63)) {
    divisor <<= 1;
    bit <<= 1;
  }
  for (; bit; bit >>= 1, divisor >>= 1) {
    if (dividend < divisor) continue;
    dividend -= divisor;
    quotient |= bit;
  }
  return quotient;
}

uint64_t __umoddi3(uint64_t dividend, uint64_t divisor)
{
  return dividend - (uint64_t)__muldi3((int64_t)__udivdi3(dividend, divisor), (int64_t)divisor);
}

/* The low 64 bits of the product, from products of 16-bit halves. */
int64_t __muldi3(int64_t left, int64_t right)
{
  const uint32_t a = (uint32_t)left, b = (uint32_t)right;
  const uint32_t a_low = a & 0xffff, a_high = a >> 16, b_low = b & 0xffff, b_high = b >> 16;
  const uint32_t lowest = a_low * b_low;
  const uint32_t middle = a_high * b_low + (lowest >> 16);
  const uint32_t other = a_low * b_high + (middle & 0xffff);
  const uint32_t high = a_high * b_high + (middle >> 16) + (other >> 16);
  const uint32_t crossed = a * (uint32_t)((uint64_t)right >> 32) + b * (uint32_t)((uint64_t)left >> 32);
  return (int64_t)((uint64_t)(high + crossed) << 32 | (other << 16 | (lowest & 0xffff)));
}
