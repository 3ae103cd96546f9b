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
 * Macros that a build may define:
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

#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "whittle: big-endian cores are not supported"
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

#endif
