/*
 * Flash of an ESP32-C3: a chip of its own, read through the cache where flash_start maps it, written by functions of the boot ROM
 * (ESP-IDF's esp32c3/rom/spi_flash.h and cache.h), during which the cache is off; nothing runs from it.
 */
#include "platform.h"

enum { PAGE_BYTES = 256, BLOCK_BYTES = 0x10000, STATUS_MASK = 0xffff, MMU_PAGE_KB = 64, FROM_FLASH = 0, GROWING = 0 };
/* EXTMEM_ICACHE_CTRL1: bit 1 keeps data off the cache. */
#define ICACHE_CTRL1 (*(volatile uint32_t *)0x600c4004)
#define SHUT_DATA_BUS 2u

int esp_rom_spiflash_erase_sector(uint32_t sector);
int esp_rom_spiflash_write(uint32_t offset, const uint32_t *words, int32_t bytes);
int esp_rom_spiflash_config_param(uint32_t id, uint32_t chip, uint32_t block, uint32_t sector, uint32_t page, uint32_t status_mask);
/* Empties the cache, too. */
uint32_t Cache_Disable_ICache(void);
void Cache_Enable_ICache(uint32_t autoload);
void Cache_MMU_Init(void);
int Cache_Dbus_MMU_Set(uint32_t memory, uint32_t virtual_address, uint32_t offset, uint32_t page_kb, uint32_t pages, uint32_t fixed);
void ets_update_cpu_frequency(uint32_t mhz);

void flash_start(void)
{
  /* The ROM's delays count cycles. */
  ets_update_cpu_frequency(BOARD_CLOCK_HZ / 1000000);
  Cache_Disable_ICache();
  esp_rom_spiflash_config_param(0, BOARD_FLASH_BYTES, BLOCK_BYTES, FLASH_ERASE_BYTES, PAGE_BYTES, STATUS_MASK);
  Cache_MMU_Init();
  Cache_Dbus_MMU_Set(FROM_FLASH, BOARD_FLASH_ADDRESS, 0, MMU_PAGE_KB, BOARD_FLASH_BYTES / (MMU_PAGE_KB * 1024), GROWING);
  ICACHE_CTRL1 &= ~SHUT_DATA_BUS;
  Cache_Enable_ICache(0);
}

uint32_t flash_erase(uintptr_t address)
{
  Cache_Disable_ICache();
  esp_rom_spiflash_erase_sector((address - BOARD_FLASH_ADDRESS) / FLASH_ERASE_BYTES);
  Cache_Enable_ICache(0);
  return FLASH_ERASE_BYTES;
}

void flash_write(uintptr_t address, const uint8_t *data, size_t bytes)
{
  /* The ROM takes whole words from aligned RAM. */
  uint32_t words[PAGE_BYTES / 4];
  for (size_t i = 0, count; i < bytes; i += count) {
    count = bytes - i < sizeof words ? bytes - i : sizeof words;
    memcpy(words, data + i, count);
    Cache_Disable_ICache();
    esp_rom_spiflash_write(address + i - BOARD_FLASH_ADDRESS, words, (int32_t)count);
    Cache_Enable_ICache(0);
  }
}
