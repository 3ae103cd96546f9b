/* ESP32-C3: its own counter of cycles in place of mcycle (TRM, "ESP-RISC-V CPU", performance counter CSRs). The UART is polled. */
#include "platform.h"

__asm__(".option arch, +zicsr");

static uint32_t cycles_at_begin;
const char *clock_name = "mpccr";

static uint32_t cycles(void)
{
  uint32_t count;
  __asm__ volatile("csrr %0, 0x7e2" : "=r"(count));
  return count;
}

void clock_start(void)
{
  /* mpcer: count cycles. mpcmr: count, and begin anew at the end. */
  __asm__ volatile("csrw 0x7e0, %0\n csrw 0x7e1, %0" ::"r"(1));
}

void clock_begin(void) { cycles_at_begin = cycles(); }

uint64_t clock_elapsed(void) { return cycles() - cycles_at_begin; }

uint64_t clock_end(void) { return clock_elapsed(); }

void cpu_wait_for_byte(void) {}
