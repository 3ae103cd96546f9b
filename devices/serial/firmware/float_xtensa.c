/*
 * The float arithmetic that MLPerf's commands need and Debian's compiler for the ESP8266 does not bring: IEEE 754 single precision,
 * rounded to nearest even, with subnormal numbers; names: GCC internals, "Routines for floating point emulation".
 */
#include "platform.h"

float __addsf3(float left, float right);
float __subsf3(float left, float right);
float __mulsf3(float left, float right);
float __floatsisf(int32_t value);
float __floatunsisf(uint32_t value);
uint32_t __fixunssfsi(float value);

#define SIGN 0x80000000u
#define INFINITE 0x7f800000u
#define NOT_A_NUMBER 0x7fc00000u
enum { BIAS = 127 };

/* mantissa * 2^(exponent - BIAS - 30), where 2^30 <= mantissa < 2^31. */
struct number {
  int32_t exponent;
  uint32_t mantissa;
};

static uint32_t bits_of(float value)
{
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static float float_of(uint32_t bits)
{
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

/* Of a finite number that is not 0. */
static struct number unpack(uint32_t bits)
{
  const int32_t exponent = (int32_t)(bits >> 23 & 255);
  const uint32_t fraction = bits & 0x7fffff;
  if (exponent) return (struct number){ exponent, (fraction | 0x800000) << 7 };
  const int32_t zeros = __builtin_clz(fraction);
  return (struct number){ 9 - zeros, fraction << (zeros - 1) };
}

/* What is shifted out is remembered in the last bit. */
static uint32_t shift_right(uint32_t value, int32_t count)
{
  if (count == 0) return value;
  return count > 31 ? value != 0 : value >> count | (value << (32 - count) != 0);
}

/* The last bit of the mantissa stands for all that are below it. */
static float pack(uint32_t sign, int32_t exponent, uint32_t mantissa)
{
  if (exponent >= 255) return float_of(sign | INFINITE);
  if (exponent < 1) {
    mantissa = shift_right(mantissa, 1 - exponent);
    exponent = 1;
  }
  const uint32_t rest = mantissa & 127;
  uint32_t rounded = (mantissa + 64) >> 7;
  if (rest == 64) rounded &= ~1u;
  /* The leading one is added to the exponent, as what rounding carries into it. */
  return float_of(sign | (((uint32_t)(exponent - 1) << 23) + rounded));
}

float __addsf3(float left, float right)
{
  uint32_t larger = bits_of(left), smaller = bits_of(right);
  if ((larger & ~SIGN) < (smaller & ~SIGN)) {
    const uint32_t first = larger;
    larger = smaller;
    smaller = first;
  }
  const uint32_t sign = larger & SIGN;
  if ((larger & ~SIGN) > INFINITE) return float_of(NOT_A_NUMBER);
  if ((larger & ~SIGN) == INFINITE) return float_of((larger ^ smaller) == SIGN ? NOT_A_NUMBER : larger);
  if (!(smaller & ~SIGN)) return float_of(larger & ~SIGN ? larger : larger & smaller);
  struct number sum = unpack(larger);
  const struct number other = unpack(smaller);
  const uint32_t shifted = shift_right(other.mantissa, sum.exponent - other.exponent);
  if ((larger ^ smaller) & SIGN) {
    sum.mantissa -= shifted;
    if (!sum.mantissa) return 0;
    const int32_t zeros = __builtin_clz(sum.mantissa) - 1;
    return pack(sign, sum.exponent - zeros, sum.mantissa << zeros);
  }
  sum.mantissa += shifted;
  const int32_t carry = (int32_t)(sum.mantissa >> 31);
  return pack(sign, sum.exponent + carry, shift_right(sum.mantissa, carry));
}

float __subsf3(float left, float right) { return __addsf3(left, float_of(bits_of(right) ^ SIGN)); }

float __mulsf3(float left, float right)
{
  const uint32_t a = bits_of(left), b = bits_of(right), sign = (a ^ b) & SIGN;
  const uint32_t larger = (a & ~SIGN) > (b & ~SIGN) ? a & ~SIGN : b & ~SIGN;
  const int has_zero = !(a & ~SIGN) || !(b & ~SIGN);
  if (larger > INFINITE || (larger == INFINITE && has_zero)) return float_of(NOT_A_NUMBER);
  if (larger == INFINITE || has_zero) return float_of(sign | (has_zero ? 0 : INFINITE));
  const struct number x = unpack(a), y = unpack(b);
  const uint64_t product = (uint64_t)x.mantissa * y.mantissa;
  const uint32_t high = (uint32_t)(product >> 30) | ((product & 0x3fffffff) != 0);
  const int32_t carry = (int32_t)(high >> 31);
  return pack(sign, x.exponent + y.exponent - BIAS + carry, shift_right(high, carry));
}

float __floatunsisf(uint32_t value)
{
  if (!value) return 0;
  const int32_t zeros = __builtin_clz(value);
  return pack(0, BIAS + 31 - zeros, zeros ? value << (zeros - 1) : shift_right(value, 1));
}

float __floatsisf(int32_t value)
{
  const float magnitude = __floatunsisf(value < 0 ? -(uint32_t)value : (uint32_t)value);
  return value < 0 ? float_of(bits_of(magnitude) | SIGN) : magnitude;
}

/* Towards zero; what does not fit becomes the nearest that does. */
uint32_t __fixunssfsi(float value)
{
  const uint32_t bits = bits_of(value);
  const int32_t exponent = (int32_t)(bits >> 23 & 255) - BIAS;
  if (bits & SIGN || exponent < 0) return 0;
  if (exponent > 31) return UINT32_MAX;
  const uint32_t mantissa = (bits & 0x7fffff) | 0x800000;
  return exponent < 23 ? mantissa >> (23 - exponent) : mantissa << (exponent - 23);
}
