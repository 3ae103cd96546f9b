/* Cortex-M: vectors, start, crash, the two counters, sleep. No interrupt but SysTick ever runs its handler. */
#include "platform.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define SYST_CSR REGISTER(0xe000e010)
#define SYST_RVR REGISTER(0xe000e014)
#define SYST_CVR REGISTER(0xe000e018)
#define SCB_VTOR REGISTER(0xe000ed08)
#define SCB_AIRCR REGISTER(0xe000ed0c)
#define SCB_CCR REGISTER(0xe000ed14)
#define SCB_CCSIDR REGISTER(0xe000ed80)
#define SCB_CSSELR REGISTER(0xe000ed84)
#define SCB_CPACR REGISTER(0xe000ed88)
#define SCB_ICIALLU REGISTER(0xe000ef50)
#define SCB_DCISW REGISTER(0xe000ef60)
#define SCB_DCCMVAC REGISTER(0xe000ef68)
#define SCB_DEMCR REGISTER(0xe000edfc)
#define DWT_CTRL REGISTER(0xe0001000)
#define DWT_CYCCNT REGISTER(0xe0001004)
#define DWT_LAR REGISTER(0xe0001fb0)
#define NVIC_ISER(irq) REGISTER(0xe000e100 + 4 * ((irq) / 32))
#define NVIC_ICER(irq) REGISTER(0xe000e180 + 4 * ((irq) / 32))
#define NVIC_ICPR(irq) REGISTER(0xe000e280 + 4 * ((irq) / 32))

#define SYSTICK_LIMIT 0xffffffu

void reset(void);

static volatile uint32_t systick_wraps;
static uint32_t cycles_at_begin;
static uint8_t has_cycle_counter;
const char *clock_name = "SysTick";

static void systick(void) { systick_wraps++; }

/* `frame` is what the core pushed; word 6 is the address of the instruction that failed. */
__attribute__((used)) static void record_frame(const uint32_t *frame) { record_crash(frame[6]); }

__attribute__((naked)) static void crash(void) { __asm__ volatile("mov r0, sp\n ldr r1, =record_frame\n bx r1"); }

__attribute__((weak, alias("crash"))) void nmi(void);

__attribute__((section(".vectors"), used)) static void *const vectors[16 + BOARD_INTERRUPTS] = {
  _stack_top, reset, nmi, crash, crash, crash, crash, crash, 0, 0, 0, crash, crash, 0, crash, systick,
};

/* What caches hold after power-on is anything: every line is invalidated, by set and way (Armv7-M, B2.2). */
static inline void caches_start(void)
{
#if BOARD_HAS_CACHES
  SCB_CSSELR = 0;
  __asm__ volatile("dsb");
  const uint32_t last_set = SCB_CCSIDR >> 13 & 0x7fff, last_way = SCB_CCSIDR >> 3 & 0x3ff;
  for (uint32_t set = 0; set <= last_set; set++)
    for (uint32_t way = 0; way <= last_way; way++) SCB_DCISW = set << 5 | way << __builtin_clz(last_way);
  SCB_ICIALLU = 0;
  __asm__ volatile("dsb\n isb");
  SCB_CCR |= 3u << 16;
  __asm__ volatile("dsb\n isb");
#endif
}

void reset(void)
{
  board_power();
  caches_start();
#if BOARD_HAS_FPU
  SCB_CPACR |= 0xfu << 20;
  __asm__ volatile("dsb\n isb");
#endif
  /* A boot ROM that jumps here leaves its own. */
  SYST_CSR = 0;
  for (uint32_t first = 0; first < 32 * BOARD_NVIC_WORDS; first += 32) NVIC_ICER(first) = 0xffffffffu;
#if BOARD_HAS_VTOR
  SCB_VTOR = (uint32_t)vectors;
#endif
  start_program();
}

void cpu_restart(void)
{
#if BOARD_HAS_CACHES
  /* The restart forgets what is not in memory yet. */
  __asm__ volatile("dsb");
  SCB_DCCMVAC = (uint32_t)&crash_address;
  SCB_DCCMVAC = (uint32_t)&crash_check;
#endif
  __asm__ volatile("dsb");
  SCB_AIRCR = 0x05fa0004;
  for (;;) __asm__ volatile("wfi");
}

void clock_start(void)
{
  SYST_RVR = SYSTICK_LIMIT;
#if BOARD_HAS_DWT
  /* Emulators answer with zeros, some parts lack the counter; a Cortex-M7 may have it locked, others ignore the key. */
  SCB_DEMCR |= 1u << 24;
  DWT_LAR = 0xc5acce55u;
  DWT_CYCCNT = 0;
  DWT_CTRL |= 1;
  uint32_t before = DWT_CYCCNT;
  for (volatile int i = 0; i < 16; i++) continue;
  has_cycle_counter = DWT_CYCCNT != before;
  if (has_cycle_counter) clock_name = "DWT CYCCNT";
#endif
}

void clock_begin(void)
{
  systick_wraps = 0;
  if (has_cycle_counter) {
    cycles_at_begin = DWT_CYCCNT;
    return;
  }
  SYST_CVR = 0;
  /* From the core's clock, with an interrupt at every wrap. */
  SYST_CSR = 7;
}

uint64_t clock_elapsed(void)
{
  if (has_cycle_counter) return DWT_CYCCNT - cycles_at_begin;
  uint32_t wraps, value;
  do {
    wraps = systick_wraps;
    value = SYST_CVR;
  } while (wraps != systick_wraps);
  return (uint64_t)wraps * (SYSTICK_LIMIT + 1) + (value ? SYSTICK_LIMIT + 1 - value : 0);
}

uint64_t clock_end(void)
{
  uint64_t ticks = clock_elapsed();
  SYST_CSR = 0;
  return ticks;
}

void cpu_wait_for_byte(void)
{
  /* With interrupts masked an enabled one still ends the sleep, and no handler is needed. */
  __asm__ volatile("cpsid i" ::: "memory");
  NVIC_ICPR(BOARD_UART_IRQ) = 1u << (BOARD_UART_IRQ % 32);
  NVIC_ISER(BOARD_UART_IRQ) = 1u << (BOARD_UART_IRQ % 32);
  if (!uart_has_received()) __asm__ volatile("dsb\n wfi" ::: "memory");
  NVIC_ICER(BOARD_UART_IRQ) = 1u << (BOARD_UART_IRQ % 32);
  __asm__ volatile("cpsie i" ::: "memory");
}

uintptr_t cpu_stack_pointer(void)
{
  uintptr_t pointer;
  __asm__("mov %0, sp" : "=r"(pointer));
  return pointer;
}
