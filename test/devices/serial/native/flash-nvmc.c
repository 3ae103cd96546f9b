/* NVMC of the nRF51 and nRF52 (nRF51 reference manual, 6; nRF52840 product specification, 4.3). */
#include "flash-model.h"

#include "board.h"

enum { READY = 0x4001e400, CONFIG = 0x4001e504, ERASEPAGE = 0x4001e508 };
enum { READ_ONLY, WRITE_ENABLE, ERASE_ENABLE };

static uint32_t mode, busy;

void controller_reset(void)
{
  mode = READ_ONLY;
  busy = 0;
}

uint32_t controller_read(uint32_t address)
{
  if (address == CONFIG) return mode;
  if (address != READY) forbid("a register that the NVMC does not have");
  return busy ? (busy--, 0) : 1;
}

void controller_write(uint32_t address, uint32_t value)
{
  if (busy) forbid("a request while it is busy");
  else if (address == CONFIG && value <= ERASE_ENABLE) mode = value;
  else if (address == ERASEPAGE && mode == ERASE_ENABLE && value % FLASH_ERASE_BYTES == 0) {
    busy = 3;
    erase_cells(value, FLASH_ERASE_BYTES);
  } else forbid("an erasure that is not enabled, or of no page");
}

void controller_program(uint32_t address, uint32_t value)
{
  if (busy) forbid("a write while it is busy");
  else if (mode != WRITE_ENABLE) forbid("a write that is not enabled");
  else {
    busy = 2;
    program_cells(address, &value, 1);
  }
}

void raise_checksum_error(void) {}

int has_checksum_error(void) { return 0; }
