/*
 * whittle_board.h: the vocabulary of every board (runtime-as/microkernels/board.ts), above all requantization.
 *
 * Macro that a build may define:
 *   WHITTLE_INTEGER_REQUANTIZE  1: requantize with integers, 0: with float; default: float where the core has an FPU
 */
#ifndef WHITTLE_BOARD_H
#define WHITTLE_BOARD_H

#include "whittle_float.h"

#ifndef WHITTLE_INTEGER_REQUANTIZE
#if (defined(__arm__) && !(defined(__ARM_FP) && (__ARM_FP & 4))) || (defined(__riscv) && !defined(__riscv_flen)) || \
    defined(__AVR__) || (defined(__XTENSA__) && defined(__XTENSA_SOFT_FLOAT__))
#define WHITTLE_INTEGER_REQUANTIZE 1
#else
#define WHITTLE_INTEGER_REQUANTIZE 0
#endif
#endif

/* Requantization (requantize.ts): rne(f32(accumulator) * multiplier), rounded to float32 twice */

WHITTLE_INLINE uint32_t whittle_round_product_f32(uint32_t accumulator, float multiplier) {
  return bits_of_f32(multiply_f32((float)(int32_t)accumulator, multiplier) + 12582912.0f) - 0x4b400000u;
}

/*
 * 2^22 and more, where adding 1.5 * 2^23 does not round to an integer any more. The compiler promises that no model comes
 * here; the bits are the same all the same. The product is mantissa * 2^exponent, with exponent >= -2.
 */
WHITTLE_COLD static uint32_t whittle_round_far(uint32_t mantissa, int32_t exponent, uint32_t is_negative) {
  /* in quarters; beyond 2^40 the magic number is too small to matter, but for the sticky bit that is never in between */
  const uint32_t shift = exponent > 30 ? 32u : (uint32_t)(exponent + 2);
  const uint64_t product = (uint64_t)mantissa << shift;
  const uint64_t magic = (uint64_t)12582912u << 2;
  const uint32_t sign = is_negative && product > magic ? 0x80000000u : 0u;
  uint64_t sum = !is_negative ? product + magic : product > magic ? product - magic : magic - product;
  int32_t scale = 150 - 2;
  if (sum == 0u) return 0u - 0x4b400000u;
  while (sum >> 24 != 0u) {
    /* One bit at a time would round more than once: take them together. */
    const uint32_t excess = 40u - (uint32_t)clz_u64(sum);
    const uint64_t half = ((uint64_t)1 << (excess - 1u)) - 1u + ((sum >> excess) & 1u);
    sum = (sum + half) >> excess;
    scale += (int32_t)excess;
  }
  while (sum >> 23 == 0u) {
    sum <<= 1;
    scale--;
  }
  if (exponent > 30) scale += exponent - 30;
  if (scale > 254) return (sign | 0x7f800000u) - 0x4b400000u;
  return (sign | (uint32_t)scale << 23 | ((uint32_t)sum & 0x7fffffu)) - 0x4b400000u;
}

WHITTLE_INLINE uint32_t whittle_round_product_integer(uint32_t accumulator, uint32_t multiplier) {
  const uint32_t is_negative = (accumulator ^ multiplier) >> 31;
  uint32_t magnitude = accumulator >> 31 ? 0u - accumulator : accumulator;
  uint32_t mantissa = multiplier & 0x7fffffu;
  int32_t exponent = (int32_t)(multiplier >> 23 & 255u) - 150;
  uint64_t product;
  uint32_t result;
  if (exponent == -150) exponent = -149;
  else mantissa |= 0x800000u;
  /* f32(accumulator): 24 bits, nearest even */
  if (magnitude >> 24 != 0u) {
    const uint32_t excess = 8u - clz_u32(magnitude);
    const uint32_t unit = (uint32_t)1 << excess;
    magnitude = (magnitude + (unit >> 1) - 1u + (magnitude >> excess & 1u)) & (0u - unit);
  }
  product = (uint64_t)magnitude * mantissa;
  /* the product: 24 bits, nearest even */
  result = (uint32_t)product;
  if (product >> 24 != 0u) {
    const uint32_t excess = 40u - (uint32_t)clz_u64(product);
    const uint32_t half = (uint32_t)(((uint64_t)1 << (excess - 1u)) - 1u);
    result = (uint32_t)((product + half + (product >> excess & 1u)) >> excess);
    exponent += (int32_t)excess;
  }
  if (result == 0u || exponent < -25) return 0u;
  if (exponent >= -2) {
    if (exponent > 0 || result >= (uint32_t)1 << (22 - exponent)) return whittle_round_far(result, exponent, is_negative);
  }
  if (exponent < 0) {
    const uint32_t drop = (uint32_t)(0 - exponent);
    result = (result + ((uint32_t)1 << (drop - 1u)) - 1u + (result >> drop & 1u)) >> drop;
  }
  return is_negative ? 0u - result : result;
}

#if WHITTLE_INTEGER_REQUANTIZE
/* Every case, to the bit. */
WHITTLE_COLD static uint32_t whittle_round_product_exact(uint32_t accumulator, uint32_t multiplier) {
  return whittle_round_product_integer(accumulator, multiplier);
}

/*
 * The upper word of (accumulator << 7) * mantissa has 6 to 21 bits of fraction. It decides unless it lies so close to a half
 * that the bits below it, or rounding the product to float32 first, could matter. An accumulator of more than 24 bits is
 * saturated: its output saturates, too.
 */
WHITTLE_INLINE uint32_t whittle_round_product(uint32_t accumulator, uint32_t multiplier) {
  const uint32_t exponent = multiplier >> 23;
  const uint32_t bits = 132u - exponent;
  uint32_t mantissa = (multiplier << 8 | 0x80000000u) >> 1;
  int32_t saturated = (int32_t)accumulator;
  int32_t upper;
#if defined(__GNUC__) && defined(__ARM_FEATURE_SAT)
  __asm__("ssat %0, #25, %0" : "+r"(saturated));
  /* Else the compiler knows that the sign is 0, and makes three instructions of a signed product. */
  __asm__("" : "+r"(mantissa));
#else
  if (saturated > 0xffffff) saturated = 0xffffff;
  if (saturated < -0x1000000) saturated = -0x1000000;
#endif
  upper = (int32_t)((int64_t)(int32_t)((uint32_t)saturated << 7) * (int32_t)mantissa >> 32);
  if (((uint32_t)upper << ((0u - bits) & 31u)) - 0x7c000000u < 0x08000000u || bits - 6u > 15u)
    return whittle_round_product_exact(accumulator, multiplier);
  return (uint32_t)(((upper >> (bits - 1u)) + 1) >> 1);
}
#endif

/** rne(f32(accumulator) * multiplier) + zero_point, to be limited to int8: beyond 2^9 it may be anything as far out. */
WHITTLE_INLINE uint32_t board_round_product(uint32_t accumulator, float multiplier, uint32_t zero_point) {
#if WHITTLE_INTEGER_REQUANTIZE
  return whittle_round_product(accumulator, bits_of_f32(multiplier)) + zero_point;
#elif defined(__ARM_FP) && !defined(__aarch64__) && (__ARM_FP & 4) && defined(__GNUC__)
  float product = multiply_f32((float)(int32_t)accumulator, multiplier);
  /* to nearest even, the core's rounding mode */
  __asm__("vcvtr.s32.f32 %0, %0" : "+t"(product));
  return bits_of_f32(product) + zero_point;
#else
  return whittle_round_product_f32(accumulator, multiplier) + zero_point;
#endif
}

/** sum + a * b, in its place among the others: their order decides whether a loop's values fit the registers. */
WHITTLE_INLINE uint32_t board_multiply_add(uint32_t a, uint32_t b, uint32_t sum) {
  sum += a * b;
#if defined(__GNUC__) || defined(__clang__)
  __asm__("" : "+r"(sum));
#endif
  return sum;
}

#endif
