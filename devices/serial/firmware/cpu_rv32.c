/* RV32: start, crash, restart. No interrupt is ever taken. The clock and the sleep are in clock_*.c. */
#include "platform.h"

/* The CSRs are an extension of their own to the assembler. */
__asm__(".option arch, +zicsr");

#define REGISTER(address) (*(volatile uint32_t *)(address))

int main(void);
void reset(void);

/* Not cleared at the start: it has to survive the restart after a crash. */
__attribute__((section(".noinit"))) volatile uint32_t crash_address;
__attribute__((section(".noinit"))) static volatile uint32_t crash_check;

__attribute__((naked, section(".vectors"), used)) void _start(void)
{
  __asm__ volatile(".option push\n .option norelax\n la sp, _stack_top\n .option pop\n csrci mstatus, 8\n j reset");
}

/* Aligned as an ESP32-C3 wants the base of its vectors, the first of which is for exceptions. */
__attribute__((aligned(256), used)) static void crash(void)
{
  uint32_t address;
  __asm__ volatile("csrr %0, mepc" : "=r"(address));
  crash_address = address;
  crash_check = ~address;
  cpu_restart();
}

void reset(void)
{
  __asm__ volatile("csrw mtvec, %0" ::"r"(crash));
#if BOARD_HAS_FPU
  __asm__ volatile("csrs mstatus, %0" ::"r"(1u << 13));
#endif
  memcpy(_data_start, _data_load, (uintptr_t)_data_end - (uintptr_t)_data_start);
  memset(_bss_start, 0, (uintptr_t)_bss_end - (uintptr_t)_bss_start);
  if (crash_check != ~crash_address) crash_address = 0;
  main();
  cpu_restart();
}

void cpu_restart(void)
{
  REGISTER(BOARD_RESET_ADDRESS) = BOARD_RESET_VALUE;
  for (;;) __asm__ volatile("wfi");
}

uintptr_t cpu_stack_pointer(void)
{
  uintptr_t pointer;
  __asm__("mv %0, sp" : "=r"(pointer));
  return pointer;
}
