/*
 * A flash controller as its reference manual describes it, by registers: flash-nvmc.c, flash-stm32….c.
 * A request that the manual forbids sets the error flags of the hardware, changes no cell, and is reported.
 */
#ifndef FLASH_MODEL_H
#define FLASH_MODEL_H

#include <stdint.h>

/* Registers as after a reset; the cells stay. */
void controller_reset(void);
uint32_t controller_read(uint32_t address);
void controller_write(uint32_t address, uint32_t value);
/* A write into the flash. */
void controller_program(uint32_t address, uint32_t value);
/* Everything that was written has arrived. */
void controller_barrier(void);
/* A data cache drops what it holds of these bytes. */
void controller_forget_cached(uint32_t address, uint32_t bytes);
/* A word is read whose fault would be ignored. */
void controller_read_despite_fault(uint32_t address);
/* Whether the checksums of these bytes hold, where a read of others is a bus fault. */
void set_damage(uint32_t address, uint32_t bytes, int is_damaged);
/* A word that was read had a wrong checksum; nothing where the flash has none. */
void raise_checksum_error(void);
int has_checksum_error(void);

/* For the controllers, from power-cut.c */

/* Where the cell of an address is kept. */
uint32_t *cell(uint32_t address);
/* Whether the flash can be read where the board has it. */
void set_readable(int is_readable);
/* The manual forbids what was asked. */
void forbid(const char *what);
/* The power fails during one of these; what they began is then left in between. */
void erase_cells(uint32_t address, uint32_t bytes);
void program_cells(uint32_t address, const uint32_t *words, uint32_t count);

#endif
