/*
 * What the flash controllers of the STM32 have in common: keys, lock, and the order of an operation. A driver defines KEYR, SR,
 * CR and EVENTS, where they differ from the F4's and the L4's also CLEAR and the bits below, and then includes this. What caches
 * hold of the flash is neither used nor kept while it changes.
 */
#ifndef WHITTLE_FLASH_STM32_H
#define WHITTLE_FLASH_STM32_H

#include "platform.h"
#include "registers.h"

#define KEY1 0x45670123u
#define KEY2 0xcdef89abu

/* Where events are cleared by writing ones. */
#ifndef CLEAR
#define CLEAR SR
#endif
#ifndef BUSY
#define BUSY (1u << 16)
#endif
#ifndef PROGRAM
#define PROGRAM (1u << 0)
#define START (1u << 16)
#define LOCK (1u << 31)
#endif

static void caches_off(void);
/* Empty. */
static void caches_on(void);

static void wait(void)
{
  while (read_register(SR) & BUSY) continue;
}

static void unlock(void)
{
  wait();
  caches_off();
  if (read_register(CR) & LOCK) {
    write_register(KEYR, KEY1);
    write_register(KEYR, KEY2);
  }
  write_register(CLEAR, read_register(SR) & EVENTS);
}

static void lock(void)
{
  write_register(CR, LOCK);
  caches_on();
}

/* One unit of FLASH_WRITE_BYTES. */
static void write_unit(uintptr_t address, const uint8_t *data)
{
  for (size_t i = 0; i < FLASH_WRITE_BYTES; i += 4) {
    uint32_t word;
    memcpy(&word, data + i, 4);
    write_register(address + i, word);
  }
}

/* `command` names the unit. */
static void erase(uint32_t command)
{
  unlock();
  write_register(CR, command);
  write_register(CR, command | START);
  wait();
  lock();
}

#endif
