/* Xtensa: CCOUNT, which counts the core's cycles. The UART is polled. */
#include "platform.h"

static uint32_t cycles_at_begin;
const char *clock_name = "ccount";

static uint32_t cycles(void)
{
  uint32_t count;
  __asm__ volatile("rsr.ccount %0" : "=r"(count));
  return count;
}

void clock_start(void) {}

void clock_begin(void) { cycles_at_begin = cycles(); }

uint64_t clock_elapsed(void) { return cycles() - cycles_at_begin; }

uint64_t clock_end(void) { return clock_elapsed(); }

void cpu_wait_for_byte(void) {}
