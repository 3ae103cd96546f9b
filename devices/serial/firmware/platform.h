/* What the monitor needs of a board: one uart_*.c, one cpu_*.c and one flash_*.c each, chosen by the board's data. */
#ifndef WHITTLE_PLATFORM_H
#define WHITTLE_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

#include "board.h"

/* uart_*.c */
void uart_start(void);
/* Whether uart_receive would return at once. */
int uart_has_received(void);
uint8_t uart_receive(void);
void uart_send(uint8_t byte);

/* cpu_*.c, clock_*.c */

/* Chooses a clock that advances. */
void clock_start(void);
extern const char *clock_name;
/* Ticks may be counted between these two; other interrupts are off meanwhile. */
void clock_begin(void);
uint64_t clock_end(void);
/* Ticks since clock_begin, without ending it. */
uint64_t clock_elapsed(void);
/* Sleeps until the UART has received something. */
void cpu_wait_for_byte(void);
/* Never returns. */
void cpu_restart(void);
/* Where the running code's stack ends now. */
uintptr_t cpu_stack_pointer(void);

/* On a Cortex-M: the non-maskable interrupt; a crash, unless the flash's driver knows better. */
void nmi(void);

/* start.c */

/* Address of the last crash since power-on, 0: none. Survives a restart, as does its complement that tells it from noise. */
extern volatile uint32_t crash_address, crash_check;
/* Restarts. */
void record_crash(uint32_t address);
/* Copies and clears what main needs, and runs it. */
void start_program(void);

/* flash_*.c; what fails is seen by reading it back. */

/* Where BOARD_FLASH_IS_MAPPED: makes the flash readable. */
void flash_start(void);

/* Erases the unit that begins at `address`; returns its bytes. */
uint32_t flash_erase(uintptr_t address);
/* `address` and `bytes` are multiples of FLASH_WRITE_BYTES. */
void flash_write(uintptr_t address, const uint8_t *data, size_t bytes);
/* Whether reading these bytes is no crash, what a power cut left of them being anything; yes, unless the driver knows better. */
int flash_is_readable(uintptr_t address, size_t bytes);

/* From the linker script. */
extern uint32_t _data_load[], _data_start[], _data_end[], _bss_start[], _bss_end[];
extern uint8_t _heap_start[], _heap_end[], _stack_top[];

void *memcpy(void *restrict target, const void *restrict source, size_t bytes);
void *memmove(void *target, const void *source, size_t bytes);
void *memset(void *target, int value, size_t bytes);
int memcmp(const void *left, const void *right, size_t bytes);

#endif
