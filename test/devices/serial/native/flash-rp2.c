/*
 * The boot ROM's functions for the flash of an RP2040 or RP2350 (RP2040 datasheet, 2.8.3.1.3; RP2350, 5.4.8). From exit_xip to
 * start_xip the flash is taken out of the memory, so that reading it fails as it does on the chip.
 */
#include "flash-model.h"

#include <string.h>

#include "rom_rp2.h"

enum { SECTOR_BYTES = 4096, PAGE_BYTES = 256 };

static uint32_t is_connected, is_serial, is_flushed;

void controller_reset(void)
{
  is_connected = is_serial = 0;
  is_flushed = 1;
  set_readable(1);
}

uint32_t controller_read(uint32_t address)
{
  (void)address;
  forbid("a register that the driver has no business with");
  return 0;
}

void controller_write(uint32_t address, uint32_t value)
{
  (void)address, (void)value;
  forbid("a register that the driver has no business with");
}

void controller_program(uint32_t address, uint32_t value)
{
  (void)address, (void)value;
  forbid("a write into the memory of the flash");
}

static void connect(void) { is_connected = 1; }

static void exit_xip(void)
{
  if (!is_connected) forbid("commands for a flash that is not connected");
  is_serial = 1;
  set_readable(0);
}

static void erase(uint32_t offset, size_t bytes, uint32_t block_bytes, uint8_t block_command)
{
  if (!is_serial) forbid("an erasure while the flash is read");
  if (offset % SECTOR_BYTES || bytes % SECTOR_BYTES) forbid("an erasure of no sector");
  if (block_bytes != SECTOR_BYTES || block_command != 0x20) forbid("a command that erases something else");
  is_flushed = 0;
  for (size_t at = 0; at < bytes; at += SECTOR_BYTES) erase_cells(FLASH_ORIGIN + offset + (uint32_t)at, SECTOR_BYTES);
}

static void program(uint32_t offset, const uint8_t *data, size_t bytes)
{
  if (!is_serial) forbid("a write while the flash is read");
  if (offset % PAGE_BYTES || bytes % PAGE_BYTES) forbid("a write of no page");
  is_flushed = 0;
  for (size_t at = 0; at < bytes; at += PAGE_BYTES) {
    uint32_t page[PAGE_BYTES / 4];
    memcpy(page, data + at, sizeof page);
    program_cells(FLASH_ORIGIN + offset + (uint32_t)at, page, PAGE_BYTES / 4);
  }
}

static void flush_cache(void) { is_flushed = 1; }

void *rom_function(uint32_t code)
{
  switch (code) {
  case 'I' | 'F' << 8: return (void *)connect;
  case 'E' | 'X' << 8: return (void *)exit_xip;
  case 'R' | 'E' << 8: return (void *)erase;
  case 'R' | 'P' << 8: return (void *)program;
  case 'F' | 'C' << 8: return (void *)flush_cache;
  default: return NULL;
  }
}

void start_xip(const uint32_t *code)
{
  if (!is_serial) forbid("the flash is read already");
  if (!is_flushed) forbid("the flash is read through a cache of what it held");
  is_serial = is_connected = 0;
  set_readable(1);
  if (memcmp(code, (const void *)XIP_SETUP, 256) != 0) forbid("another routine than the second stage");
}

void raise_checksum_error(void) {}

int has_checksum_error(void) { return 0; }
