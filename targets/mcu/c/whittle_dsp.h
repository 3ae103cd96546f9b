/*
 * whittle_dsp.h: the vocabulary of the DSP extension (ARMv7E-M, ARMv8-M with DSP), runtime-as/microkernels/dsp.ts.
 *
 * One instruction each where the core has it, and plain C with the same results elsewhere: a package for a Cortex-M4 can be
 * tested on a workstation.
 */
#ifndef WHITTLE_DSP_H
#define WHITTLE_DSP_H

#include "whittle_board.h"

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP && (defined(__GNUC__) || defined(__clang__))
#define WHITTLE_DSP_1(name, instruction)                                              \
  WHITTLE_INLINE uint32_t dsp_##name(uint32_t bytes) {                                \
    uint32_t result;                                                                  \
    __asm__(instruction : "=r"(result) : "r"(bytes));                                 \
    return result;                                                                    \
  }
#define WHITTLE_DSP_3(name)                                                           \
  WHITTLE_INLINE uint32_t dsp_##name(uint32_t a, uint32_t b, uint32_t sum) {          \
    __asm__(#name " %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));                    \
    return sum;                                                                       \
  }
WHITTLE_DSP_1(sxtb16, "sxtb16 %0, %1")
/* No intrinsic gives the rotation within the instruction. */
WHITTLE_DSP_1(sxtb16_ror8, "sxtb16 %0, %1, ror #8")
#define WHITTLE_DSP_ADD(name, instruction)                                            \
  WHITTLE_INLINE uint32_t dsp_##name(uint32_t sums, uint32_t bytes) {                 \
    __asm__(instruction : "+r"(sums) : "r"(bytes));                                   \
    return sums;                                                                      \
  }
WHITTLE_DSP_ADD(sxtab16, "sxtab16 %0, %0, %1")
WHITTLE_DSP_ADD(sxtab16_ror8, "sxtab16 %0, %0, %1, ror #8")
WHITTLE_DSP_3(smlad)
WHITTLE_DSP_3(smlabb)
WHITTLE_DSP_3(smlatt)
WHITTLE_INLINE uint32_t whittle_ssat8(uint32_t x) {
  __asm__("ssat %0, #8, %0" : "+r"(x));
  return x;
}
WHITTLE_INLINE uint32_t dsp_pack_saturated8(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  uint32_t even, odd;
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(even) : "r"(whittle_ssat8(a)), "r"(whittle_ssat8(c)));
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(odd) : "r"(whittle_ssat8(b)), "r"(whittle_ssat8(d)));
  return (even & 0x00ff00ffu) | (odd & 0x00ff00ffu) << 8;
}
/* The flags of the comparison pass from one instruction to the next. */
WHITTLE_INLINE uint32_t dsp_max8(uint32_t a, uint32_t b) {
  uint32_t result;
  __asm__("ssub8 %0, %1, %2\n\tsel %0, %1, %2" : "=&r"(result) : "r"(a), "r"(b));
  return result;
}
WHITTLE_INLINE uint32_t dsp_min8(uint32_t a, uint32_t b) {
  uint32_t result;
  __asm__("ssub8 %0, %1, %2\n\tsel %0, %2, %1" : "=&r"(result) : "r"(a), "r"(b));
  return result;
}
#else
/** Bytes 0 and 2, sign-extended to 16 bits each. */
WHITTLE_INLINE uint32_t dsp_sxtb16(uint32_t bytes) {
  return ((uint32_t)(int8_t)bytes & 0xffffu) | (uint32_t)(int8_t)(bytes >> 16) << 16;
}
/** Bytes 1 and 3, sign-extended to 16 bits each. */
WHITTLE_INLINE uint32_t dsp_sxtb16_ror8(uint32_t bytes) {
  return dsp_sxtb16(bytes >> 8);
}
/** Adds bytes 0 and 2 to two int16. */
WHITTLE_INLINE uint32_t dsp_sxtab16(uint32_t sums, uint32_t bytes) {
  const uint32_t values = dsp_sxtb16(bytes);
  return ((sums + values) & 0xffffu) | ((sums & 0xffff0000u) + (values & 0xffff0000u));
}
/** Adds bytes 1 and 3 to two int16. */
WHITTLE_INLINE uint32_t dsp_sxtab16_ror8(uint32_t sums, uint32_t bytes) {
  return dsp_sxtab16(sums, bytes >> 8);
}
/** sum + a.low * b.low */
WHITTLE_INLINE uint32_t dsp_smlabb(uint32_t a, uint32_t b, uint32_t sum) {
  return sum + (uint32_t)(int16_t)a * (uint32_t)(int16_t)b;
}
/** sum + a.high * b.high */
WHITTLE_INLINE uint32_t dsp_smlatt(uint32_t a, uint32_t b, uint32_t sum) {
  return dsp_smlabb(a >> 16, b >> 16, sum);
}
/** sum + a.low * b.low + a.high * b.high */
WHITTLE_INLINE uint32_t dsp_smlad(uint32_t a, uint32_t b, uint32_t sum) {
  return dsp_smlatt(a, b, dsp_smlabb(a, b, sum));
}
WHITTLE_INLINE uint32_t whittle_saturated8(uint32_t x) {
  const int32_t value = (int32_t)x;
  return (value > 127 ? 127u : value < -128 ? 0x80u : x) & 0xffu;
}
/** Four integers, each saturated to int8, in one word. */
WHITTLE_INLINE uint32_t dsp_pack_saturated8(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return whittle_saturated8(a) | whittle_saturated8(b) << 8 | whittle_saturated8(c) << 16 | whittle_saturated8(d) << 24;
}
/** The byte at `shift` of the one of a and b in which it is larger. */
WHITTLE_INLINE uint32_t whittle_larger8(uint32_t a, uint32_t b, uint32_t shift) {
  return ((int8_t)(a >> shift) > (int8_t)(b >> shift) ? a : b) & (uint32_t)0xff << shift;
}
/** The larger of each of four int8. */
WHITTLE_INLINE uint32_t dsp_max8(uint32_t a, uint32_t b) {
  return whittle_larger8(a, b, 0) | whittle_larger8(a, b, 8) | whittle_larger8(a, b, 16) | whittle_larger8(a, b, 24);
}
/** The smaller of each of four int8. */
WHITTLE_INLINE uint32_t dsp_min8(uint32_t a, uint32_t b) {
  return ~dsp_max8(~a, ~b);
}
#endif

#endif
