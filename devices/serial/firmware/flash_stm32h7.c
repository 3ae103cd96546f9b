/*
 * STM32H7 flash (RM0433, RM0468: "Embedded Flash memory"): sectors of 128 KB in banks with registers of their own, words of 256 bits
 * with a checksum, which are written once. A word whose checksum does not hold is no interrupt, but a bus fault.
 */
#include <stdint.h>

/* Registers of the bank that is being changed or read. */
static uintptr_t bank;
#define KEYR (bank + 0x04)
#define CR (bank + 0x0c)
#define SR (bank + 0x10)
#define CLEAR (bank + 0x14)
/* End of operation, and every error. One that stays forbids the next operation. */
#define EVENTS 0x0fef0000u
/* An operation is going on, or in the queue. */
#define BUSY (1u << 0 | 1u << 2)
#define PROGRAM (1u << 1)
#define START (1u << 7)
#define LOCK (1u << 0)
/* Both with the parallelism that the reset chooses: 64 bits at once, for 2.7 V and more. */
#define BY_DOUBLE_WORDS (3u << 4)
#define ERASE_SECTOR (1u << 2)
#define SECTOR_SHIFT 8
#define TWO_BITS_WRONG (1u << 26)

#include "flash_stm32.h"

/* They are the core's, and stay on: forget_cached. */
static void caches_off(void) {}
static void caches_on(void) {}

#define ORIGIN 0x08000000u
#define REGISTERS 0x52002000u
#define BANK_STRIDE 0x100u

/* Returns the offset in the bank. */
static uint32_t choose_bank(uintptr_t address)
{
  const uint32_t offset = (uint32_t)address - ORIGIN;
  bank = REGISTERS + offset / FLASH_BANK_BYTES * BANK_STRIDE;
  return offset % FLASH_BANK_BYTES;
}

uint32_t flash_erase(uintptr_t address)
{
  const uint32_t sector = choose_bank(address) / FLASH_ERASE_BYTES;
  erase(BY_DOUBLE_WORDS | ERASE_SECTOR | sector << SECTOR_SHIFT);
  forget_cached(address, FLASH_ERASE_BYTES);
  return FLASH_ERASE_BYTES;
}

/* The flash is ordinary memory to the core, so that its words may pass the registers' or wait in a buffer: hence the barriers. */
void flash_write(uintptr_t address, const uint8_t *data, size_t bytes)
{
  choose_bank(address);
  unlock();
  write_register(CR, BY_DOUBLE_WORDS | PROGRAM);
  write_barrier();
  for (size_t i = 0; i < bytes; i += FLASH_WRITE_BYTES) {
    write_unit(address + i, data + i);
    write_barrier();
    wait();
  }
  lock();
  forget_cached(address, bytes);
}

int flash_is_readable(uintptr_t address, size_t bytes)
{
  choose_bank(address);
  write_register(CLEAR, TWO_BITS_WRONG);
  for (size_t i = 0; i < bytes; i += FLASH_WRITE_BYTES) read_despite_fault(address + i);
  return !(read_register(SR) & TWO_BITS_WRONG);
}
