/* What every core does between its vectors and main: memory, and the record of a crash, which survives the restart after it. */
#include "platform.h"

int main(void);

/* Neither is cleared at the start. */
__attribute__((section(".noinit"))) volatile uint32_t crash_address;
__attribute__((section(".noinit"))) volatile uint32_t crash_check;

void record_crash(uint32_t address)
{
  crash_address = address;
  crash_check = ~address;
  cpu_restart();
}

void start_program(void)
{
  memcpy(_data_start, _data_load, (uintptr_t)_data_end - (uintptr_t)_data_start);
  memset(_bss_start, 0, (uintptr_t)_bss_end - (uintptr_t)_bss_start);
  if (crash_check != ~crash_address) crash_address = 0;
  main();
  cpu_restart();
}
