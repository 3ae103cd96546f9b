/* RV32 with a platform-level interrupt controller (PLIC): start, crash, mcycle, sleep. No interrupt is ever taken. */
#include "platform.h"

/* The counters and CSRs are an extension of their own to the assembler. */
__asm__(".option arch, +zicsr");

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define PLIC_PRIORITY(irq) REGISTER(BOARD_PLIC_ADDRESS + 4 * (irq))
#define PLIC_ENABLE(irq) REGISTER(BOARD_PLIC_ADDRESS + 0x2000 + 4 * ((irq) / 32))
#define PLIC_THRESHOLD REGISTER(BOARD_PLIC_ADDRESS + 0x200000)
#define PLIC_CLAIM REGISTER(BOARD_PLIC_ADDRESS + 0x200004)

int main(void);
void reset(void);

/* Not cleared at the start: it has to survive the restart after a crash. */
__attribute__((section(".noinit"))) volatile uint32_t crash_address;
__attribute__((section(".noinit"))) static volatile uint32_t crash_check;

static uint64_t cycles_at_begin;
const char *clock_name = "mcycle";

__attribute__((naked, section(".vectors"), used)) void _start(void)
{
  __asm__ volatile(".option push\n .option norelax\n la sp, _stack_top\n .option pop\n csrw mie, zero\n j reset");
}

__attribute__((aligned(4), used)) static void crash(void)
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

void clock_start(void)
{
  PLIC_PRIORITY(BOARD_UART_IRQ) = 1;
  PLIC_ENABLE(BOARD_UART_IRQ) = 1u << (BOARD_UART_IRQ % 32);
  PLIC_THRESHOLD = 0;
  /* External interrupts end a sleep; mstatus.MIE stays 0, so they are not taken. */
  __asm__ volatile("csrs mie, %0" ::"r"(1u << 11));
}

static uint64_t cycles(void)
{
  uint32_t high, low, again;
  do {
    __asm__ volatile("csrr %0, mcycleh\n csrr %1, mcycle\n csrr %2, mcycleh" : "=&r"(high), "=&r"(low), "=&r"(again));
  } while (high != again);
  return (uint64_t)high << 32 | low;
}

void clock_begin(void) { cycles_at_begin = cycles(); }

uint64_t clock_elapsed(void) { return cycles() - cycles_at_begin; }

uint64_t clock_end(void) { return clock_elapsed(); }

void cpu_wait_for_byte(void)
{
  PLIC_CLAIM = PLIC_CLAIM;
  if (!uart_has_received()) __asm__ volatile("wfi" ::: "memory");
}

uintptr_t cpu_stack_pointer(void)
{
  uintptr_t pointer;
  __asm__("mv %0, sp" : "=r"(pointer));
  return pointer;
}
