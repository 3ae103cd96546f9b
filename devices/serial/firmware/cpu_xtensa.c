/*
 * Xtensa LX7 in the ABI without register windows (call0): start, crash, restart. No interrupt is ever taken.
 * Offsets of the vectors: ESP-IDF's xtensa/esp32s3/include/xtensa/config/core-isa.h; PS, EPC1: Xtensa ISA summary, 3.4 and 4.4.
 */
#include "platform.h"

void reset(void);

/*
 * The vectors are 64 bytes apart, and all of them are crashes. The boot ROM's code has register windows: PS turns them off (WOE),
 * and masks the interrupts (INTLEVEL 15); a crash comes to the vector for user mode (UM).
 */
__asm__(".section .vectors, \"ax\"\n"
        ".begin no-transform\n"
        ".balign 1024\n"
        "vectors:\n"
        ".rept 16\n j crashed\n .balign 64\n .endr\n"
        "stack: .word _stack_top\n"
        "crash_function: .word record_crash\n"
        "reset_function: .word reset\n"
        "crashed: l32r a1, stack\n rsr.epc1 a2\n l32r a0, crash_function\n jx a0\n"
        ".balign 4\n"
        ".global _start\n"
        "_start: movi a2, 0x2f\n wsr.ps a2\n rsync\n l32r a1, stack\n l32r a0, reset_function\n jx a0\n"
        ".end no-transform\n"
        ".text\n");
extern const uint8_t vectors[];

void reset(void)
{
  __asm__ volatile("wsr.vecbase %0\n rsync" ::"r"(vectors));
  start_program();
}

void cpu_restart(void)
{
  *(volatile uint32_t *)BOARD_RESET_ADDRESS |= BOARD_RESET_VALUE;
  for (;;) continue;
}

uintptr_t cpu_stack_pointer(void)
{
  uintptr_t pointer;
  __asm__("mov %0, a1" : "=r"(pointer));
  return pointer;
}
