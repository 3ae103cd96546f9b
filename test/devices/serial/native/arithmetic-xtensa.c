/*
 * The arithmetic of arithmetic_xtensa.c and float_xtensa.c on the workstation, against that of its processor, on random operands.
 * Prints the name of the first function that computes something else; exit code 0: there is none.
 */
#include <stdio.h>
#include <stdlib.h>

#include "platform.h"

uint32_t __udivsi3(uint32_t, uint32_t);
uint32_t __umodsi3(uint32_t, uint32_t);
int32_t __divsi3(int32_t, int32_t);
int32_t __modsi3(int32_t, int32_t);
uint64_t __udivdi3(uint64_t, uint64_t);
uint64_t __umoddi3(uint64_t, uint64_t);
int64_t __muldi3(int64_t, int64_t);
float __addsf3(float, float);
float __subsf3(float, float);
float __mulsf3(float, float);
float __floatsisf(int32_t);
float __floatunsisf(uint32_t);
uint32_t __fixunssfsi(float);

static uint64_t state = 88172645463325252u;

static uint64_t random_word(void)
{
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

/* Of any size, and often at the ends of its range. */
static uint64_t operand(void)
{
  const uint64_t bits = random_word() >> random_word() % 64;
  switch (random_word() % 8) {
  case 0: return bits % 4;
  case 1: return -(bits % 4);
  case 2: return (uint64_t)1 << random_word() % 64;
  case 3: return -bits;
  default: return bits;
  }
}

/* Any bits, numbers of nearly one size, subnormal ones, infinities, powers of two, zeros. */
static float number(void)
{
  uint32_t bits = (uint32_t)random_word();
  switch (random_word() % 8) {
  case 0: bits = (bits & 0x83ffffff) | 0x3c000000; break;
  case 1: bits &= 0x807fffff; break;
  case 2: bits &= 0xff800000; break;
  case 3: bits &= 0x80000001; break;
  case 4: bits |= 0x7f800000; bits &= 0xff800001; break;
  }
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static int is_same(float left, float right)
{
  return memcmp(&left, &right, sizeof left) == 0 || (left != left && right != right);
}

static void check(int is_right, const char *name)
{
  if (is_right) return;
  puts(name);
  exit(1);
}

static void check_words(uint32_t a, uint32_t b)
{
  const int32_t x = (int32_t)a, y = (int32_t)b;
  check(__udivsi3(a, b) == (b ? a / b : 0), "__udivsi3");
  check(__umodsi3(a, b) == (b ? a % b : a), "__umodsi3");
  /* -2^31 / -1 has no quotient. */
  if (y == -1) return;
  check(__divsi3(x, y) == (y ? x / y : 0), "__divsi3");
  check(__modsi3(x, y) == (y ? x % y : x), "__modsi3");
}

static void check_double_words(uint64_t a, uint64_t b)
{
  check(__udivdi3(a, b) == (b ? a / b : 0), "__udivdi3");
  check(__umoddi3(a, b) == (b ? a % b : a), "__umoddi3");
  check((uint64_t)__muldi3((int64_t)a, (int64_t)b) == a * b, "__muldi3");
}

static void check_floats(float x, float y, uint32_t word)
{
  check(is_same(__addsf3(x, y), x + y), "__addsf3");
  check(is_same(__subsf3(x, y), x - y), "__subsf3");
  check(is_same(__mulsf3(x, y), x * y), "__mulsf3");
  check(is_same(__floatsisf((int32_t)word), (float)(int32_t)word), "__floatsisf");
  check(is_same(__floatunsisf(word), (float)word), "__floatunsisf");
  if (x > -1 && x < 4294967296.0f) check(__fixunssfsi(x) == (uint32_t)x, "__fixunssfsi");
}

int main(void)
{
  for (int i = 0; i < 1000000; i++) {
    const uint64_t a = operand(), b = operand();
    check_words((uint32_t)a, (uint32_t)b);
    check_double_words(a, b);
    check_floats(number(), number(), (uint32_t)a);
  }
  return 0;
}
