/*
 * whittle_dsp.h: the vocabulary of the DSP extension (ARMv7E-M, ARMv8-M with DSP), runtime-as/microkernels/dsp.ts.
 *
 * One instruction each where the core has it, and plain C with the same results elsewhere: a package for a Cortex-M4 can be
 * tested on a workstation.
 */
#ifndef WHITTLE_DSP_H
#define WHITTLE_DSP_H

#include "whittle_port.h"

#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP && (defined(__GNUC__) || defined(__clang__))
#define WHITTLE_DSP_1(name, instruction)                                              \
  WHITTLE_INLINE uint32_t dsp_##name(uint32_t bytes) {                                \
    uint32_t result;                                                                  \
    __asm__(instruction : "=r"(result) : "r"(bytes));                                 \
    return result;                                                                    \
  }
#define WHITTLE_DSP_3(name)                                                           \
  WHITTLE_INLINE uint32_t dsp_##name(uint32_t a, uint32_t b, uint32_t sum) {          \
    uint32_t result;                                                                  \
    __asm__(#name " %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));       \
    return result;                                                                    \
  }
WHITTLE_DSP_1(sxtb16, "sxtb16 %0, %1")
/* No intrinsic gives the rotation within the instruction. */
WHITTLE_DSP_1(sxtb16_ror8, "sxtb16 %0, %1, ror #8")
WHITTLE_DSP_3(smlad)
WHITTLE_DSP_3(smlabb)
WHITTLE_DSP_3(smlatt)
#else
/** Bytes 0 and 2, sign-extended to 16 bits each. */
WHITTLE_INLINE uint32_t dsp_sxtb16(uint32_t bytes) {
  return ((uint32_t)(int8_t)bytes & 0xffffu) | (uint32_t)(int8_t)(bytes >> 16) << 16;
}
/** Bytes 1 and 3, sign-extended to 16 bits each. */
WHITTLE_INLINE uint32_t dsp_sxtb16_ror8(uint32_t bytes) {
  return dsp_sxtb16(bytes >> 8);
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
#endif

#endif
