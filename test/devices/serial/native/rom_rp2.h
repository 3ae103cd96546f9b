/* In place of devices/serial/firmware/rom_rp2.h: the boot ROM's functions are those of flash-rp2.c. */
#ifndef WHITTLE_ROM_RP2_H
#define WHITTLE_ROM_RP2_H

#include <stdint.h>

#define RAM_CODE __attribute__((noinline))
/* The second stage is part of the firmware, at the start of the flash. */
#define XIP_SETUP FLASH_ORIGIN

void *rom_function(uint32_t code);
void start_xip(const uint32_t *code);

#endif
