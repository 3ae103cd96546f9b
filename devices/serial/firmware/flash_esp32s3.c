/*
 * Flash of an ESP32-S3: a chip of its own, read through the data cache where flash_start maps it, written by commands over SPI1
 * (ESP32-S3 TRM, "System and Memory" and "SPI Controller"; ESP-IDF's soc/esp32s3: spi_mem_reg.h, extmem_reg.h, ext_mem_defs.h;
 * commands: JEDEC JESD216). The boot ROM's functions for that want register windows, which this firmware has not. Clock, pins
 * and the mode of reading are as the ROM left them. Nothing runs from the flash, and nothing reads it meanwhile.
 */
#include "platform.h"
#include "registers.h"

enum { COMMAND = 0x60002000, ADDRESS = 0x60002004, CONTROL = 0x60002008, USER = 0x60002018, USER1 = 0x6000201c, USER2 = 0x60002020 };
enum { SENT_BITS = 0x60002024, RECEIVED_BITS = 0x60002028, CACHE_CONTROL = 0x6000203c, BUFFER = 0x60002058, BUFFER_BYTES = 64 };
enum { DCACHE = 0x600c4000, DCACHE_BUSES = 0x600c4004, SYNC = 0x600c4028, SYNC_ADDRESS = 0x600c402c, SYNC_LINES = 0x600c4030 };
enum { CACHE_STATE = 0x600c4130, MMU_TABLE = 0x600c5000, MMU_PAGE_BYTES = 0x10000 };
#define RUN (1u << 18)
/* CONTROL, CACHE_CONTROL: more than one line for command, address or data; addresses of 32 bits. */
#define WIDE 0x019043f0u
#define CACHE_WIDE 0x1fau
/* USER: the phases of a transfer; what the ROM set for the chip-select stays. */
#define WITH_COMMAND (1u << 31)
#define WITH_ADDRESS (1u << 30)
#define RECEIVING (1u << 28)
#define SENDING (1u << 27)
#define CHIP_SELECT 0x2c0u
#define ADDRESS_BITS (23u << 26)
#define COMMAND_BITS (7u << 28)
/* DCACHE: bit 0 enables it, bits 4:3 are the size of a line: 16 << that. DCACHE_BUSES: shuts those of both cores. */
enum { ENABLED = 1, BOTH_CORES = 3, INVALIDATE = 1, SYNC_DONE = 8 };
#define IDLE(state) (((state) >> 12 & 0xfff) == 1)

enum { WRITE_ENABLE = 0x06, READ_STATUS = 0x05, PROGRAM_PAGE = 0x02, ERASE_SECTOR = 0x20, WRITE_IN_PROGRESS = 1 };

static void transfer(uint32_t command, uint32_t phases)
{
  write_register(USER, (read_register(USER) & CHIP_SELECT) | WITH_COMMAND | phases);
  write_register(USER2, COMMAND_BITS | command);
  write_register(COMMAND, RUN);
  while (read_register(COMMAND)) continue;
}

static void wait_for_flash(void)
{
  do {
    write_register(RECEIVED_BITS, 7);
    transfer(READ_STATUS, RECEIVING);
  } while (read_register(BUFFER) & WRITE_IN_PROGRESS);
}

/* The cache drops what it holds of these bytes. */
static void forget(uintptr_t address, uint32_t bytes)
{
  const uint32_t line = 16u << (read_register(DCACHE) >> 3 & 3), first = (uint32_t)address & -line;
  write_register(SYNC_ADDRESS, first);
  write_register(SYNC_LINES, ((uint32_t)address + bytes - first + line - 1) / line);
  write_register(SYNC, INVALIDATE);
  while (!(read_register(SYNC) & SYNC_DONE)) continue;
}

/* A command that changes the flash. */
static void change(uint32_t command, uintptr_t address, uint32_t phases)
{
  transfer(WRITE_ENABLE, 0);
  write_register(ADDRESS, (uint32_t)address - BOARD_FLASH_ADDRESS);
  write_register(USER1, ADDRESS_BITS);
  transfer(command, WITH_ADDRESS | phases);
  wait_for_flash();
}

void flash_start(void)
{
  write_register(CONTROL, read_register(CONTROL) & ~WIDE);
  write_register(CACHE_CONTROL, read_register(CACHE_CONTROL) & ~CACHE_WIDE);
  write_register(DCACHE_BUSES, read_register(DCACHE_BUSES) | BOTH_CORES);
  write_register(DCACHE, read_register(DCACHE) & ~(uint32_t)ENABLED);
  while (!IDLE(read_register(CACHE_STATE))) continue;
  /* Page by page from its start; the table's entries begin with the address that the flash is mapped to. */
  for (uint32_t page = 0; page < BOARD_FLASH_BYTES / MMU_PAGE_BYTES; page++) write_register(MMU_TABLE + 4 * page, page);
  write_register(DCACHE, read_register(DCACHE) | ENABLED);
  write_register(DCACHE_BUSES, read_register(DCACHE_BUSES) & ~(uint32_t)BOTH_CORES);
  forget(BOARD_FLASH_ADDRESS, BOARD_FLASH_BYTES);
}

uint32_t flash_erase(uintptr_t address)
{
  change(ERASE_SECTOR, address, 0);
  forget(address, FLASH_ERASE_BYTES);
  return FLASH_ERASE_BYTES;
}

void flash_write(uintptr_t address, const uint8_t *data, size_t bytes)
{
  if (!bytes) return;
  for (uint32_t i = 0, count; i < bytes; i += count) {
    /* A page of 256 bytes is not left, since it is a multiple of the buffer. */
    const uint32_t fits = BUFFER_BYTES - (uint32_t)(address + i) % BUFFER_BYTES;
    uint32_t words[BUFFER_BYTES / 4];
    count = bytes - i < fits ? (uint32_t)bytes - i : fits;
    memcpy(words, data + i, count);
    for (uint32_t at = 0; at < count; at += 4) write_register(BUFFER + at, words[at / 4]);
    write_register(SENT_BITS, 8 * count - 1);
    change(PROGRAM_PAGE, address + i, SENDING);
  }
  forget(address, (uint32_t)bytes);
}
