/*
 * whittle_float.h: the float operations of WASM, to the bit.
 *
 * Floats are IEEE: each operation is rounded by itself, whatever the compiler's flags. A product never becomes part of a
 * fused multiply-add, and -ffast-math is refused.
 */
#ifndef WHITTLE_FLOAT_H
#define WHITTLE_FLOAT_H

#include "whittle_port.h"

#include <float.h>

#if defined(__FAST_MATH__) && (!defined(__GNUC__) || defined(__clang__) || defined(WHITTLE_KEEP_FLAGS))
#error "whittle: compile without -ffast-math, its results are not those of IEEE float32"
#endif
#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16
#error "whittle: float operations must be rounded to float (on x86: -msse2 -mfpmath=sse)"
#endif

WHITTLE_INLINE uint32_t bits_of_f32(float x) {
  uint32_t bits;
  whittle_memcpy(&bits, &x, sizeof bits);
  return bits;
}
WHITTLE_INLINE float f32_of_bits(uint32_t bits) {
  float x;
  whittle_memcpy(&x, &bits, sizeof x);
  return x;
}
WHITTLE_INLINE uint64_t bits_of_f64(double x) {
  uint64_t bits;
  whittle_memcpy(&bits, &x, sizeof bits);
  return bits;
}
WHITTLE_INLINE double f64_of_bits(uint64_t bits) {
  double x;
  whittle_memcpy(&x, &bits, sizeof x);
  return x;
}

/* Hides where a value comes from, so that a product cannot be fused with the sum that takes it. */
#if !(defined(__GNUC__) || defined(__clang__))
#define WHITTLE_ROUND_F32(x) (void)(*(volatile float *)&(x) = (x))
#define WHITTLE_ROUND_F64(x) (void)(*(volatile double *)&(x) = (x))
#elif defined(__x86_64__) || defined(__i386__)
#define WHITTLE_ROUND_F32(x) __asm__("" : "+x"(x))
#define WHITTLE_ROUND_F64(x) __asm__("" : "+x"(x))
#elif defined(__aarch64__)
#define WHITTLE_ROUND_F32(x) __asm__("" : "+w"(x))
#define WHITTLE_ROUND_F64(x) __asm__("" : "+w"(x))
#elif defined(__arm__) && defined(__ARM_FP) && (__ARM_FP & 4)
#define WHITTLE_ROUND_F32(x) __asm__("" : "+t"(x))
#if __ARM_FP & 8
#define WHITTLE_ROUND_F64(x) __asm__("" : "+w"(x))
#endif
#elif defined(__riscv_flen) || defined(__XTENSA__)
#if !defined(__XTENSA_SOFT_FLOAT__)
#define WHITTLE_ROUND_F32(x) __asm__("" : "+f"(x))
#endif
#if defined(__riscv_flen) && __riscv_flen >= 64
#define WHITTLE_ROUND_F64(x) __asm__("" : "+f"(x))
#endif
#elif !defined(__arm__) && !defined(__riscv)
#define WHITTLE_ROUND_F32(x) __asm__("" : "+m"(x))
#define WHITTLE_ROUND_F64(x) __asm__("" : "+m"(x))
#endif
/* Without an instruction for it nothing fuses. */
#ifndef WHITTLE_ROUND_F32
#define WHITTLE_ROUND_F32(x) (void)(x)
#endif
#ifndef WHITTLE_ROUND_F64
#define WHITTLE_ROUND_F64(x) (void)(x)
#endif

WHITTLE_INLINE float multiply_f32(float a, float b) {
  float product = a * b;
  WHITTLE_ROUND_F32(product);
  return product;
}
WHITTLE_INLINE double multiply_f64(double a, double b) {
  double product = a * b;
  WHITTLE_ROUND_F64(product);
  return product;
}
WHITTLE_INLINE float neg_f32(float x) {
  return f32_of_bits(bits_of_f32(x) ^ 0x80000000u);
}
WHITTLE_INLINE float abs_f32(float x) {
  return f32_of_bits(bits_of_f32(x) & 0x7fffffffu);
}
WHITTLE_INLINE float copysign_f32(float x, float sign) {
  return f32_of_bits((bits_of_f32(x) & 0x7fffffffu) | (bits_of_f32(sign) & 0x80000000u));
}
WHITTLE_INLINE double neg_f64(double x) {
  return f64_of_bits(bits_of_f64(x) ^ (uint64_t)1 << 63);
}
WHITTLE_INLINE double abs_f64(double x) {
  return f64_of_bits(bits_of_f64(x) & ~((uint64_t)1 << 63));
}
WHITTLE_INLINE double copysign_f64(double x, double sign) {
  const uint64_t mask = (uint64_t)1 << 63;
  return f64_of_bits((bits_of_f64(x) & ~mask) | (bits_of_f64(sign) & mask));
}
/* A NaN wins, and -0 is less than 0. */
WHITTLE_INLINE float min_f32(float a, float b) {
  if (a < b) return a;
  if (b < a) return b;
  if (a == b) return f32_of_bits(bits_of_f32(a) | bits_of_f32(b));
  return a + b;
}
WHITTLE_INLINE float max_f32(float a, float b) {
  if (a > b) return a;
  if (b > a) return b;
  if (a == b) return f32_of_bits(bits_of_f32(a) & bits_of_f32(b));
  return a + b;
}
WHITTLE_INLINE double min_f64(double a, double b) {
  if (a < b) return a;
  if (b < a) return b;
  if (a == b) return f64_of_bits(bits_of_f64(a) | bits_of_f64(b));
  return a + b;
}
WHITTLE_INLINE double max_f64(double a, double b) {
  if (a > b) return a;
  if (b > a) return b;
  if (a == b) return f64_of_bits(bits_of_f64(a) & bits_of_f64(b));
  return a + b;
}
/* From 2^23 (2^52) on every float is an integer; below, adding it rounds to nearest even. */
WHITTLE_INLINE float nearest_f32(float x) {
  float sum = abs_f32(x);
  if (!(sum < 8388608.0f)) return x + 0.0f;
  sum += 8388608.0f;
  WHITTLE_ROUND_F32(sum);
  return copysign_f32(sum - 8388608.0f, x);
}
WHITTLE_INLINE float trunc_f32(float x) {
  if (!(abs_f32(x) < 8388608.0f)) return x + 0.0f;
  return copysign_f32((float)(int32_t)x, x);
}
WHITTLE_INLINE float floor_f32(float x) {
  const float whole = trunc_f32(x);
  return whole > x ? whole - 1.0f : whole;
}
WHITTLE_INLINE float ceil_f32(float x) {
  const float whole = trunc_f32(x);
  return copysign_f32(whole < x ? whole + 1.0f : whole, x);
}
WHITTLE_INLINE double nearest_f64(double x) {
  double sum = abs_f64(x);
  if (!(sum < 4503599627370496.0)) return x + 0.0;
  sum += 4503599627370496.0;
  WHITTLE_ROUND_F64(sum);
  return copysign_f64(sum - 4503599627370496.0, x);
}
WHITTLE_INLINE double trunc_f64(double x) {
  if (!(abs_f64(x) < 4503599627370496.0)) return x + 0.0;
  return copysign_f64((double)(int64_t)x, x);
}
WHITTLE_INLINE double floor_f64(double x) {
  const double whole = trunc_f64(x);
  return whole > x ? whole - 1.0 : whole;
}
WHITTLE_INLINE double ceil_f64(double x) {
  const double whole = trunc_f64(x);
  return copysign_f64(whole < x ? whole + 1.0 : whole, x);
}
/* Saturating conversions; NaN gives 0. */
WHITTLE_INLINE int32_t s32_from_f32(float x) {
  if (x >= 2147483648.0f) return 0x7fffffff;
  if (x > -2147483648.0f) return (int32_t)x;
  return x <= -2147483648.0f ? -0x7fffffff - 1 : 0;
}
WHITTLE_INLINE uint32_t u32_from_f32(float x) {
  if (x >= 4294967296.0f) return 0xffffffffu;
  return x > -1.0f ? (uint32_t)x : 0u;
}
WHITTLE_INLINE int32_t s32_from_f64(double x) {
  if (x >= 2147483647.0) return 0x7fffffff;
  if (x > -2147483649.0) return (int32_t)x;
  return x <= -2147483649.0 ? -0x7fffffff - 1 : 0;
}
WHITTLE_INLINE uint32_t u32_from_f64(double x) {
  if (x >= 4294967295.0) return 0xffffffffu;
  return x > -1.0 ? (uint32_t)x : 0u;
}
WHITTLE_INLINE int64_t s64_from_f64(double x) {
  if (x >= 9223372036854775808.0) return INT64_MAX;
  if (x > -9223372036854775808.0) return (int64_t)x;
  return x <= -9223372036854775808.0 ? INT64_MIN : 0;
}
WHITTLE_INLINE uint64_t u64_from_f64(double x) {
  if (x >= 18446744073709551615.0) return UINT64_MAX;
  return x > -1.0 ? (uint64_t)x : 0u;
}
WHITTLE_INLINE int64_t s64_from_f32(float x) {
  return s64_from_f64((double)x);
}
WHITTLE_INLINE uint64_t u64_from_f32(float x) {
  return u64_from_f64((double)x);
}

/* Square roots bit by bit: exact, and without a mathematics library. */
WHITTLE_COLD static double sqrt_f64(double x) {
  const uint64_t bits = bits_of_f64(x);
  int32_t exponent = (int32_t)(bits >> 52) - 1023;
  uint64_t fraction = bits & (((uint64_t)1 << 52) - 1u);
  uint64_t root = 0, rest, bit;
  if (x != x || bits << 1 == 0u || bits == (uint64_t)0x7ff << 52) return x;
  if (bits >> 63) return f64_of_bits((uint64_t)0x7ff8 << 48);
  if (exponent == -1023) {
    exponent = -1022;
    while (fraction >> 52 == 0u) {
      fraction <<= 1;
      exponent--;
    }
  } else {
    fraction |= (uint64_t)1 << 52;
  }
  if (exponent & 1) {
    fraction <<= 1;
    exponent--;
  }
  /* root = floor(sqrt(fraction * 2^54)): 54 bits, the last one for rounding; a rest decides the ties */
  rest = 0;
  for (bit = 0; bit < 54u; bit++) {
    /* the next two bits of fraction * 2^54, which has 108 bits */
    const uint32_t at = 106u - 2u * (uint32_t)bit;
    const uint64_t next = at >= 54u ? (fraction >> (at - 54u)) & 3u : 0u;
    const uint64_t trial = root << 2 | 1u;
    rest = rest << 2 | next;
    root <<= 1;
    if (rest >= trial) {
      rest -= trial;
      root |= 1u;
    }
  }
  root = (root >> 1) + (root & 1u & (uint64_t)(rest != 0u || (root >> 1 & 1u)));
  return f64_of_bits((root & (((uint64_t)1 << 52) - 1u)) | (uint64_t)(exponent / 2 + 1023 + (int32_t)(root >> 53)) << 52);
}
/* The root of a float rounds the same from double: 53 >= 2 * 24 + 2 bits. */
WHITTLE_INLINE float sqrt_f32(float x) {
#if defined(__ARM_FP) && defined(__GNUC__) && (__ARM_FP & 4)
  float root;
  __asm__("vsqrt.f32 %0, %1" : "=t"(root) : "t"(x));
  return root;
#else
  return (float)sqrt_f64((double)x);
#endif
}

#endif
