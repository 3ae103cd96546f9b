/*
 * whittle_mve.h: the vocabulary of MVE with float (Cortex-M55, M85), runtime-as/microkernels/mve.ts.
 *
 * A few instructions each where the core has them, and plain C with the same results elsewhere: a package for a Cortex-M55 can
 * be tested on a workstation.
 */
#ifndef WHITTLE_MVE_H
#define WHITTLE_MVE_H

#include "whittle_dsp.h"

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 2)
#include <arm_mve.h>

typedef int8x16_t v128;

#define WHITTLE_MVE_LOAD(name)                                               \
  WHITTLE_INLINE v128 load_v128##name(uint32_t address) {                    \
    return vldrbq_s8((const int8_t *)(const void *)whittle_pointer(address)); \
  }                                                                          \
  WHITTLE_INLINE void store_v128##name(uint32_t address, v128 value) {       \
    vstrbq_s8((int8_t *)(void *)whittle_pointer(address), value);            \
  }
WHITTLE_MVE_LOAD()
WHITTLE_MVE_LOAD(_align1)
WHITTLE_MVE_LOAD(_align4)

#if defined(__clang__)
WHITTLE_INLINE v128 mve_load_first(uint32_t address, uint32_t count) {
  return vldrbq_z_s8((const int8_t *)(const void *)whittle_pointer(address), vctp8q(count));
}
WHITTLE_INLINE void mve_store_first(uint32_t address, v128 bytes, uint32_t count) {
  vstrbq_p_s8((int8_t *)(void *)whittle_pointer(address), bytes, vctp8q(count));
}
WHITTLE_INLINE void mve_store_low8(uint32_t address, v128 x, uint32_t count) {
  vstrbq_p_s32((int8_t *)(void *)whittle_pointer(address), vreinterpretq_s32_s8(x), vctp32q(count));
}
#else
/* GCC carries every predicate through a register for integers. */
typedef struct {
  int8_t byte[16];
} whittle_bytes;
WHITTLE_INLINE v128 mve_load_first(uint32_t address, uint32_t count) {
  const whittle_bytes *from = (const whittle_bytes *)(const void *)whittle_pointer(address);
  v128 bytes;
  __asm__("vctp.8 %1\n\tvpst\n\tvldrbt.8 %q0, [%2]" : "=w"(bytes) : "r"(count), "r"(from), "m"(*from) : "p0");
  return bytes;
}
WHITTLE_INLINE void mve_store_first(uint32_t address, v128 bytes, uint32_t count) {
  unsigned char *to = whittle_pointer(address);
  __asm__ volatile("vctp.8 %1\n\tvpst\n\tvstrbt.8 %q0, [%2]" : : "w"(bytes), "r"(count), "r"(to) : "p0", "memory");
}
WHITTLE_INLINE void mve_store_low8(uint32_t address, v128 x, uint32_t count) {
  unsigned char *to = whittle_pointer(address);
  __asm__ volatile("vctp.32 %1\n\tvpst\n\tvstrbt.32 %q0, [%2]" : : "w"(x), "r"(count), "l"(to) : "p0", "memory");
}
#endif
WHITTLE_INLINE uint32_t mve_dot8(v128 a, v128 b, uint32_t sum) {
  return (uint32_t)vmladavaq_s8((int32_t)sum, a, b);
}
WHITTLE_INLINE v128 mve_make32(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  int32x4_t words;
  __asm__("vmov %q0[2], %q0[0], %1, %3\n\tvmov %q0[3], %q0[1], %2, %4" : "=&w"(words) : "r"(a), "r"(b), "r"(c), "r"(d));
  return vreinterpretq_s8_s32(words);
}
WHITTLE_INLINE v128 mve_splat8(uint32_t value) {
  return vdupq_n_s8((int8_t)value);
}
WHITTLE_INLINE v128 mve_splat32(uint32_t value) {
  return vreinterpretq_s8_s32(vdupq_n_s32((int32_t)value));
}
WHITTLE_INLINE v128 mve_add32(v128 a, v128 b) {
  return vreinterpretq_s8_s32(vaddq_s32(vreinterpretq_s32_s8(a), vreinterpretq_s32_s8(b)));
}
WHITTLE_INLINE v128 mve_clamp32(v128 x, v128 low, v128 high) {
  const int32x4_t raised = vmaxq_s32(vreinterpretq_s32_s8(x), vreinterpretq_s32_s8(low));
  return vreinterpretq_s8_s32(vminq_s32(raised, vreinterpretq_s32_s8(high)));
}
/* To nearest even: VCVTN. */
WHITTLE_INLINE v128 mve_round_product(v128 accumulators, v128 multipliers, uint32_t zero_point) {
  const float32x4_t product = vmulq_f32(vcvtq_f32_s32(vreinterpretq_s32_s8(accumulators)), vreinterpretq_f32_s8(multipliers));
  return vreinterpretq_s8_s32(vaddq_n_s32(vcvtnq_s32_f32(product), (int32_t)zero_point));
}
WHITTLE_INLINE v128 mve_multiply8_even(v128 a, v128 b) {
  return vreinterpretq_s8_s16(vmullbq_int_s8(a, b));
}
WHITTLE_INLINE v128 mve_multiply8_odd(v128 a, v128 b) {
  return vreinterpretq_s8_s16(vmulltq_int_s8(a, b));
}
WHITTLE_INLINE v128 mve_add16(v128 a, v128 b) {
  return vreinterpretq_s8_s16(vaddq_s16(vreinterpretq_s16_s8(a), vreinterpretq_s16_s8(b)));
}
WHITTLE_INLINE v128 mve_add_even16(v128 sums, v128 a) {
  return vreinterpretq_s8_s32(vaddq_s32(vreinterpretq_s32_s8(sums), vmovlbq_s16(vreinterpretq_s16_s8(a))));
}
WHITTLE_INLINE v128 mve_add_odd16(v128 sums, v128 a) {
  return vreinterpretq_s8_s32(vaddq_s32(vreinterpretq_s32_s8(sums), vmovltq_s16(vreinterpretq_s16_s8(a))));
}
WHITTLE_INLINE v128 mve_pack_saturated8(v128 a, v128 b, v128 c, v128 d) {
  const int16x8_t ac = vqmovntq_s32(vqmovnbq_s32(vreinterpretq_s16_s8(a), vreinterpretq_s32_s8(a)), vreinterpretq_s32_s8(c));
  const int16x8_t bd = vqmovntq_s32(vqmovnbq_s32(vreinterpretq_s16_s8(b), vreinterpretq_s32_s8(b)), vreinterpretq_s32_s8(d));
  return vqmovntq_s16(vqmovnbq_s16(vreinterpretq_s8_s16(ac), ac), bd);
}
WHITTLE_INLINE v128 mve_clamp8(v128 x, v128 low, v128 high) {
  return vminq_s8(vmaxq_s8(x, low), high);
}
#else
/** Sixteen bytes, as four words. */
typedef struct {
  uint32_t word[4];
} v128;

WHITTLE_INLINE v128 load_v128_align1(uint32_t address) {
  v128 value;
  whittle_memcpy(&value, whittle_pointer(address), sizeof value);
  return value;
}
WHITTLE_INLINE v128 load_v128_align4(uint32_t address) {
  return load_v128_align1(address);
}
WHITTLE_INLINE void store_v128_align4(uint32_t address, v128 value) {
  whittle_memcpy(whittle_pointer(address), &value, sizeof value);
}
WHITTLE_INLINE int32_t whittle_lane8(v128 x, uint32_t lane) {
  return (int8_t)(x.word[lane >> 2] >> ((lane & 3u) << 3));
}
WHITTLE_INLINE int32_t whittle_lane16(v128 x, uint32_t lane) {
  return (int16_t)(x.word[lane >> 1] >> ((lane & 1u) << 4));
}
WHITTLE_INLINE int32_t whittle_within(int32_t x, int32_t low, int32_t high) {
  return x < low ? low : x > high ? high : x;
}
/** The first `count` bytes, the others 0; what lies behind them is not touched. */
WHITTLE_INLINE v128 mve_load_first(uint32_t address, uint32_t count) {
  v128 value = {{0, 0, 0, 0}};
  uint32_t i;
  for (i = 0; i < 16u && i < count; i++) value.word[i >> 2] |= load_u8(address + i) << ((i & 3u) << 3);
  return value;
}
/** Stores the first `count` bytes. */
WHITTLE_INLINE void mve_store_first(uint32_t address, v128 bytes, uint32_t count) {
  uint32_t i;
  for (i = 0; i < 16u && i < count; i++) store_u8(address + i, (uint32_t)whittle_lane8(bytes, i));
}
/** Stores the low bytes of the first `count` int32. */
WHITTLE_INLINE void mve_store_low8(uint32_t address, v128 x, uint32_t count) {
  uint32_t i;
  for (i = 0; i < 4u && i < count; i++) store_u8(address + i, x.word[i]);
}
/** The sum and that of sixteen products of int8. */
WHITTLE_INLINE uint32_t mve_dot8(v128 a, v128 b, uint32_t sum) {
  uint32_t i;
  for (i = 0; i < 16u; i++) sum += (uint32_t)(whittle_lane8(a, i) * whittle_lane8(b, i));
  return sum;
}
WHITTLE_INLINE v128 mve_make32(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  v128 value;
  value.word[0] = a;
  value.word[1] = b;
  value.word[2] = c;
  value.word[3] = d;
  return value;
}
WHITTLE_INLINE v128 mve_splat32(uint32_t value) {
  return mve_make32(value, value, value, value);
}
WHITTLE_INLINE v128 mve_splat8(uint32_t value) {
  return mve_splat32((value & 0xffu) * 0x01010101u);
}
WHITTLE_INLINE v128 mve_add32(v128 a, v128 b) {
  uint32_t i;
  for (i = 0; i < 4u; i++) a.word[i] += b.word[i];
  return a;
}
WHITTLE_INLINE v128 mve_clamp32(v128 x, v128 low, v128 high) {
  uint32_t i;
  for (i = 0; i < 4u; i++)
    x.word[i] = (uint32_t)whittle_within((int32_t)x.word[i], (int32_t)low.word[i], (int32_t)high.word[i]);
  return x;
}
/** Four times board_round_product; the multipliers are float32. */
WHITTLE_INLINE v128 mve_round_product(v128 accumulators, v128 multipliers, uint32_t zero_point) {
  uint32_t i;
  for (i = 0; i < 4u; i++)
    accumulators.word[i] = board_round_product(accumulators.word[i], f32_of_bits(multipliers.word[i]), zero_point);
  return accumulators;
}
/** Products of the int8 in the even lanes (`odd` is 0) or the odd ones (1), as int16. */
WHITTLE_INLINE v128 whittle_multiply8(v128 a, v128 b, uint32_t odd) {
  v128 products = {{0, 0, 0, 0}};
  uint32_t i;
  for (i = 0; i < 8u; i++) {
    const int32_t product = whittle_lane8(a, 2u * i + odd) * whittle_lane8(b, 2u * i + odd);
    products.word[i >> 1] |= ((uint32_t)product & 0xffffu) << ((i & 1u) << 4);
  }
  return products;
}
WHITTLE_INLINE v128 mve_multiply8_even(v128 a, v128 b) {
  return whittle_multiply8(a, b, 0);
}
WHITTLE_INLINE v128 mve_multiply8_odd(v128 a, v128 b) {
  return whittle_multiply8(a, b, 1);
}
WHITTLE_INLINE v128 mve_add16(v128 a, v128 b) {
  uint32_t i;
  for (i = 0; i < 4u; i++) a.word[i] = ((a.word[i] + b.word[i]) & 0xffffu) | ((a.word[i] >> 16) + (b.word[i] >> 16)) << 16;
  return a;
}
/** Adds the int16 of the even lanes to int32. */
WHITTLE_INLINE v128 mve_add_even16(v128 sums, v128 a) {
  uint32_t i;
  for (i = 0; i < 4u; i++) sums.word[i] += (uint32_t)whittle_lane16(a, 2u * i);
  return sums;
}
WHITTLE_INLINE v128 mve_add_odd16(v128 sums, v128 a) {
  uint32_t i;
  for (i = 0; i < 4u; i++) sums.word[i] += (uint32_t)whittle_lane16(a, 2u * i + 1u);
  return sums;
}
WHITTLE_INLINE uint32_t whittle_narrow8(uint32_t x) {
  return (uint32_t)whittle_within((int32_t)x, -128, 127) & 0xffu;
}
/** int32 saturated to int8: a0 b0 c0 d0 a1 ... */
WHITTLE_INLINE v128 mve_pack_saturated8(v128 a, v128 b, v128 c, v128 d) {
  uint32_t i;
  for (i = 0; i < 4u; i++)
    a.word[i] = whittle_narrow8(a.word[i]) | whittle_narrow8(b.word[i]) << 8 | whittle_narrow8(c.word[i]) << 16 |
                whittle_narrow8(d.word[i]) << 24;
  return a;
}
WHITTLE_INLINE v128 mve_clamp8(v128 x, v128 low, v128 high) {
  v128 result = {{0, 0, 0, 0}};
  uint32_t i;
  for (i = 0; i < 16u; i++) {
    const int32_t byte = whittle_within(whittle_lane8(x, i), whittle_lane8(low, i), whittle_lane8(high, i));
    result.word[i >> 2] |= ((uint32_t)byte & 0xffu) << ((i & 3u) << 3);
  }
  return result;
}
#endif

#endif
