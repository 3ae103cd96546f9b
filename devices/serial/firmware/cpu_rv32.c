/* RV32: start, crash, restart. No interrupt is ever taken. The clock and the sleep are in clock_*.c. */
#include "platform.h"

/* The CSRs are an extension of their own to the assembler. */
__asm__(".option arch, +zicsr");

#define REGISTER(address) (*(volatile uint32_t *)(address))

void reset(void);

__attribute__((naked, section(".vectors"), used)) void _start(void)
{
  __asm__ volatile(".option push\n .option norelax\n la sp, _stack_top\n .option pop\n csrci mstatus, 8\n j reset");
}

/* Aligned as an ESP32-C3 wants the base of its vectors, the first of which is for exceptions. */
__attribute__((aligned(256), used)) static void crash(void)
{
  uint32_t address;
  __asm__ volatile("csrr %0, mepc" : "=r"(address));
  record_crash(address);
}

void reset(void)
{
  __asm__ volatile("csrw mtvec, %0" ::"r"(crash));
#if BOARD_HAS_FPU
  __asm__ volatile("csrs mstatus, %0" ::"r"(1u << 13));
#endif
  start_program();
}

void cpu_restart(void)
{
  REGISTER(BOARD_RESET_ADDRESS) |= BOARD_RESET_VALUE;
  for (;;) __asm__ volatile("wfi");
}

uintptr_t cpu_stack_pointer(void)
{
  uintptr_t pointer;
  __asm__("mv %0, sp" : "=r"(pointer));
  return pointer;
}
