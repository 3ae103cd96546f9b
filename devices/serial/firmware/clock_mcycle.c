/* RV32's mcycle; sleep until a platform-level interrupt controller (PLIC) has the UART's interrupt, which is never taken. */
#include "platform.h"

/* The counters and CSRs are an extension of their own to the assembler. */
__asm__(".option arch, +zicsr");

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define PLIC_PRIORITY(irq) REGISTER(BOARD_PLIC_ADDRESS + 4 * (irq))
#define PLIC_ENABLE(irq) REGISTER(BOARD_PLIC_ADDRESS + 0x2000 + 4 * ((irq) / 32))
#define PLIC_THRESHOLD REGISTER(BOARD_PLIC_ADDRESS + 0x200000)
#define PLIC_CLAIM REGISTER(BOARD_PLIC_ADDRESS + 0x200004)

static uint64_t cycles_at_begin;
const char *clock_name = "mcycle";

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
