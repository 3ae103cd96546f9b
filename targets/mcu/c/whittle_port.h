/*
 * whittle_port.h: what the translated kernels need of a core and its compiler. C99, and C++ from C++11 on.
 *
 * Addresses. A kernel's address is a uint32_t. Where pointers have 32 bits it is the pointer. On 64-bit hosts (tests with
 * sanitizers) it is the distance to `whittle_anchor` plus 2^31: static objects of one program lie within 2 GB of each other,
 * so model, arena and context must be static there; whittle_address stops the program when they are not.
 *
 * Bytes. Every load and store says how far its address is aligned; loads that may be unaligned go byte by byte where the
 * core has no unaligned access. Little-endian only. No function of the C library is called but memmove and memset, which
 * every C compiler needs anyway.
 *
 * Floats are IEEE: each operation is rounded by itself, whatever the compiler's flags. A product never becomes part of a
 * fused multiply-add, and -ffast-math is refused.
 *
 * Macros that a build may define:
 *   WHITTLE_INTEGER_REQUANTIZE  1: requantize with integers, 0: with float; default: float where the core has an FPU
 *   WHITTLE_KEEP_FLAGS          the kernels are optimized as the build's flags say, not for speed
 *   WHITTLE_UNALIGNED           1: the core loads words from any address; default: what the compiler says
 */
#ifndef WHITTLE_PORT_H
#define WHITTLE_PORT_H

/*
 * The kernels are fast in any build, also one for size (-Os). Reassociation would split multiply-accumulates into
 * multiplications and trees of additions; scheduling, hoisting addresses out of loops and deriving one pointer from
 * another would need more registers and instructions; copies of loops and functions for special cases are code that
 * hardly runs.
 */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3", "no-tree-reassoc", "no-fast-math")
#pragma GCC optimize("no-schedule-insns", "no-tree-pre", "no-gcse", "no-tree-loop-im", "no-move-loop-invariants", "no-ivopts")
#pragma GCC optimize("no-unswitch-loops", "no-split-loops", "no-ipa-cp-clone")
#if __GNUC__ >= 9
#pragma GCC optimize("no-version-loops-for-strides")
#endif
#endif

#include <float.h>
#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "whittle: big-endian cores are not supported"
#endif
#if defined(__FAST_MATH__) && (!defined(__GNUC__) || defined(__clang__) || defined(WHITTLE_KEEP_FLAGS))
#error "whittle: compile without -ffast-math, its results are not those of IEEE float32"
#endif
#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16
#error "whittle: float operations must be rounded to float (on x86: -msse2 -mfpmath=sse)"
#endif

#if defined(__GNUC__) || defined(__clang__)
#define WHITTLE_INLINE static inline __attribute__((always_inline, unused))
#define WHITTLE_NOINLINE __attribute__((noinline))
#define WHITTLE_COLD __attribute__((noinline, cold, unused))
#define WHITTLE_WEAK __attribute__((weak))
#define WHITTLE_MAY_ALIAS __attribute__((may_alias))
#define whittle_trap() __builtin_trap()
#define whittle_memcpy __builtin_memcpy
#define whittle_memmove __builtin_memmove
#define whittle_memset __builtin_memset
#else
#include <string.h>
#define whittle_memcpy memcpy
#define whittle_memmove memmove
#define whittle_memset memset
#define WHITTLE_INLINE static inline
#define WHITTLE_NOINLINE
#define WHITTLE_COLD
#define WHITTLE_WEAK
#define whittle_trap() \
  for (;;)             \
  {                    \
  }
#endif

#ifndef WHITTLE_UNALIGNED
#if defined(__ARM_FEATURE_UNALIGNED) || defined(__x86_64__) || defined(__i386__) || defined(__aarch64__)
#define WHITTLE_UNALIGNED 1
#else
#define WHITTLE_UNALIGNED 0
#endif
#endif

#ifndef WHITTLE_INTEGER_REQUANTIZE
#if (defined(__arm__) && !(defined(__ARM_FP) && (__ARM_FP & 4))) || (defined(__riscv) && !defined(__riscv_flen)) || \
    defined(__AVR__) || (defined(__XTENSA__) && defined(__XTENSA_SOFT_FLOAT__))
#define WHITTLE_INTEGER_REQUANTIZE 1
#else
#define WHITTLE_INTEGER_REQUANTIZE 0
#endif
#endif

/* Addresses */

#if UINTPTR_MAX > 0xffffffffu
#ifdef __cplusplus
extern "C" unsigned char whittle_anchor[16];
#else
extern unsigned char whittle_anchor[16];
#endif

WHITTLE_INLINE uintptr_t whittle_origin(void) {
  return (uintptr_t)whittle_anchor - 0x80000000u;
}

WHITTLE_INLINE unsigned char *whittle_pointer(uint32_t address) {
  return (unsigned char *)(whittle_origin() + address);
}

/** The kernels' address of a static object. */
WHITTLE_INLINE uint32_t whittle_address(const void *object) {
  const uintptr_t distance = (uintptr_t)object - whittle_origin();
  if (distance > 0xffffffffu) whittle_trap();
  return (uint32_t)distance;
}
#else
WHITTLE_INLINE unsigned char *whittle_pointer(uint32_t address) {
  return (unsigned char *)(uintptr_t)address;
}

/** The kernels' address of an object. */
WHITTLE_INLINE uint32_t whittle_address(const void *object) {
  return (uint32_t)(uintptr_t)object;
}
#endif

/* Loads and stores */

#if defined(WHITTLE_MAY_ALIAS)
typedef uint16_t WHITTLE_MAY_ALIAS whittle_u16;
typedef int16_t WHITTLE_MAY_ALIAS whittle_s16;
typedef uint32_t WHITTLE_MAY_ALIAS whittle_u32;
typedef uint64_t WHITTLE_MAY_ALIAS whittle_u64;
typedef float WHITTLE_MAY_ALIAS whittle_f32;
typedef double WHITTLE_MAY_ALIAS whittle_f64;
#define WHITTLE_ALIGNED(name, type, content)                          \
  WHITTLE_INLINE type load_##name(uint32_t address) {                 \
    return *(const content *)(const void *)whittle_pointer(address);  \
  }
#define WHITTLE_ALIGNED_STORE(name, type, content, kept)              \
  WHITTLE_INLINE void store_##name(uint32_t address, type value) {    \
    *(content *)(void *)whittle_pointer(address) = (kept)value;       \
  }
#else
#define WHITTLE_ALIGNED(name, type, content)                          \
  WHITTLE_INLINE type load_##name(uint32_t address) {                 \
    content value;                                                    \
    whittle_memcpy(&value, whittle_pointer(address), sizeof value);           \
    return value;                                                     \
  }
#define WHITTLE_ALIGNED_STORE(name, type, content, kept)              \
  WHITTLE_INLINE void store_##name(uint32_t address, type value) {    \
    const content stored = (content)value;                            \
    whittle_memcpy(whittle_pointer(address), &stored, sizeof stored);         \
  }
typedef uint16_t whittle_u16;
typedef int16_t whittle_s16;
typedef uint32_t whittle_u32;
typedef uint64_t whittle_u64;
typedef float whittle_f32;
typedef double whittle_f64;
#endif

WHITTLE_INLINE uint32_t load_u8(uint32_t address) {
  return *whittle_pointer(address);
}
WHITTLE_INLINE int32_t load_s8(uint32_t address) {
  return (int8_t)*whittle_pointer(address);
}
WHITTLE_INLINE void store_u8(uint32_t address, uint32_t value) {
  *whittle_pointer(address) = (uint8_t)value;
}
WHITTLE_ALIGNED(u16, uint32_t, whittle_u16)
WHITTLE_ALIGNED(s16, int32_t, whittle_s16)
WHITTLE_ALIGNED(u32, uint32_t, whittle_u32)
WHITTLE_ALIGNED(u64, uint64_t, whittle_u64)
WHITTLE_ALIGNED(f32, float, whittle_f32)
WHITTLE_ALIGNED(f64, double, whittle_f64)
WHITTLE_ALIGNED_STORE(u16, uint32_t, whittle_u16, uint16_t)
WHITTLE_ALIGNED_STORE(u32, uint32_t, whittle_u32, uint32_t)
WHITTLE_ALIGNED_STORE(u64, uint64_t, whittle_u64, uint64_t)
WHITTLE_ALIGNED_STORE(f32, float, whittle_f32, float)
WHITTLE_ALIGNED_STORE(f64, double, whittle_f64, double)

/* Less aligned than their size. memcpy of a constant size is one instruction where the core allows it. */

WHITTLE_INLINE uint32_t load_u16_align1(uint32_t address) {
#if WHITTLE_UNALIGNED
  uint16_t value;
  whittle_memcpy(&value, whittle_pointer(address), sizeof value);
  return value;
#else
  return load_u8(address) | load_u8(address + 1u) << 8;
#endif
}
WHITTLE_INLINE int32_t load_s16_align1(uint32_t address) {
  return (int16_t)load_u16_align1(address);
}
WHITTLE_INLINE uint32_t load_u32_align1(uint32_t address) {
#if WHITTLE_UNALIGNED
  uint32_t value;
  whittle_memcpy(&value, whittle_pointer(address), sizeof value);
  return value;
#else
  return load_u16_align1(address) | load_u16_align1(address + 2u) << 16;
#endif
}
WHITTLE_INLINE uint32_t load_u32_align2(uint32_t address) {
#if WHITTLE_UNALIGNED
  return load_u32_align1(address);
#else
  return load_u16(address) | load_u16(address + 2u) << 16;
#endif
}
WHITTLE_INLINE uint64_t load_u64_align1(uint32_t address) {
  return load_u32_align1(address) | (uint64_t)load_u32_align1(address + 4u) << 32;
}
WHITTLE_INLINE uint64_t load_u64_align2(uint32_t address) {
  return load_u32_align2(address) | (uint64_t)load_u32_align2(address + 4u) << 32;
}
WHITTLE_INLINE uint64_t load_u64_align4(uint32_t address) {
  return load_u32(address) | (uint64_t)load_u32(address + 4u) << 32;
}
WHITTLE_INLINE void store_u16_align1(uint32_t address, uint32_t value) {
#if WHITTLE_UNALIGNED
  const uint16_t stored = (uint16_t)value;
  whittle_memcpy(whittle_pointer(address), &stored, sizeof stored);
#else
  store_u8(address, value);
  store_u8(address + 1u, value >> 8);
#endif
}
WHITTLE_INLINE void store_u32_align1(uint32_t address, uint32_t value) {
#if WHITTLE_UNALIGNED
  whittle_memcpy(whittle_pointer(address), &value, sizeof value);
#else
  store_u16_align1(address, value);
  store_u16_align1(address + 2u, value >> 16);
#endif
}
WHITTLE_INLINE void store_u32_align2(uint32_t address, uint32_t value) {
#if WHITTLE_UNALIGNED
  store_u32_align1(address, value);
#else
  store_u16(address, value);
  store_u16(address + 2u, value >> 16);
#endif
}
WHITTLE_INLINE void store_u64_align1(uint32_t address, uint64_t value) {
  store_u32_align1(address, (uint32_t)value);
  store_u32_align1(address + 4u, (uint32_t)(value >> 32));
}
WHITTLE_INLINE void store_u64_align2(uint32_t address, uint64_t value) {
  store_u32_align2(address, (uint32_t)value);
  store_u32_align2(address + 4u, (uint32_t)(value >> 32));
}
WHITTLE_INLINE void store_u64_align4(uint32_t address, uint64_t value) {
  store_u32(address, (uint32_t)value);
  store_u32(address + 4u, (uint32_t)(value >> 32));
}

/** memory.copy of WASM: the ranges may overlap. */
WHITTLE_INLINE void copy_memory(uint32_t to, uint32_t from, uint32_t bytes) {
  whittle_memmove(whittle_pointer(to), whittle_pointer(from), bytes);
}
/** memory.fill of WASM. */
WHITTLE_INLINE void fill_memory(uint32_t to, uint32_t value, uint32_t bytes) {
  whittle_memset(whittle_pointer(to), (int)(uint8_t)value, bytes);
}

/* Integers */

WHITTLE_INLINE uint32_t clz_u32(uint32_t x) {
#if defined(__GNUC__) || defined(__clang__)
  return x == 0u ? 32u : (uint32_t)__builtin_clzl((unsigned long)x) - 8u * (uint32_t)(sizeof(unsigned long) - 4u);
#else
  uint32_t count = 32u;
  for (; x != 0u; x >>= 1) count--;
  return count;
#endif
}
WHITTLE_INLINE uint32_t ctz_u32(uint32_t x) {
  return x == 0u ? 32u : 31u - clz_u32(x & (0u - x));
}
WHITTLE_INLINE uint32_t popcnt_u32(uint32_t x) {
  x -= (x >> 1) & 0x55555555u;
  x = (x & 0x33333333u) + ((x >> 2) & 0x33333333u);
  return (((x + (x >> 4)) & 0x0f0f0f0fu) * 0x01010101u) >> 24;
}
WHITTLE_INLINE uint64_t clz_u64(uint64_t x) {
  return x >> 32 != 0u ? clz_u32((uint32_t)(x >> 32)) : 32u + clz_u32((uint32_t)x);
}
WHITTLE_INLINE uint64_t ctz_u64(uint64_t x) {
  return (uint32_t)x != 0u ? ctz_u32((uint32_t)x) : 32u + ctz_u32((uint32_t)(x >> 32));
}
WHITTLE_INLINE uint64_t popcnt_u64(uint64_t x) {
  return popcnt_u32((uint32_t)x) + popcnt_u32((uint32_t)(x >> 32));
}
WHITTLE_INLINE int32_t s32_from_low8(uint32_t x) {
  return (int8_t)x;
}
WHITTLE_INLINE int32_t s32_from_low16(uint32_t x) {
  return (int16_t)x;
}
WHITTLE_INLINE int64_t s64_from_low8(uint64_t x) {
  return (int8_t)x;
}
WHITTLE_INLINE int64_t s64_from_low16(uint64_t x) {
  return (int16_t)x;
}
WHITTLE_INLINE int32_t remainder_s32(int32_t a, int32_t b) {
  return b == -1 ? 0 : a % b;
}
WHITTLE_INLINE int64_t remainder_s64(int64_t a, int64_t b) {
  return b == -1 ? 0 : a % b;
}
WHITTLE_INLINE uint32_t rotate_left_u32(uint32_t x, uint32_t count) {
  return x << (count & 31u) | x >> ((0u - count) & 31u);
}
WHITTLE_INLINE uint32_t rotate_right_u32(uint32_t x, uint32_t count) {
  return x >> (count & 31u) | x << ((0u - count) & 31u);
}
WHITTLE_INLINE uint64_t rotate_left_u64(uint64_t x, uint64_t count) {
  return x << (count & 63u) | x >> ((0u - count) & 63u);
}
WHITTLE_INLINE uint64_t rotate_right_u64(uint64_t x, uint64_t count) {
  return x >> (count & 63u) | x << ((0u - count) & 63u);
}

/* Floats: the operations of WASM, to the bit */

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

/* The vocabulary of every board (runtime-as/microkernels/board.ts) */

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
