/**
 * The monitor on the ESP32-C3: the boot ROM loads it from the start of the flash into RAM, without ESP-IDF and its boot loader.
 * Registers: ESP32-C3 Technical Reference Manual (chapters "Reset and Clock", "Watchdog Timers", "UART Controller", "IO MUX")
 * and ESP-IDF's soc/esp32c3; functions of the ROM: its esp32c3.rom.ld.
 */
import { KB, MB, MHz } from '../../targets/boards/board.ts';
import type { RegisterStep, Wiring } from './wiring.ts';

/** What the image for a chip's boot ROM says of it, and what the firmware finds in it. */
export interface EspChip {
  /** As in the header of an image (esp_chip_id_t). */
  readonly id: number;
  /** Added to the data bus's address of a byte of RAM, its address on the instruction bus. */
  readonly instructionBus: number;
  /** Functions of the ROM → their addresses. */
  readonly rom: Readonly<Record<string, number>>;
}

const change = (address: number, mask: number, value: number): RegisterStep => ({ address, mask, value });
const write = (address: number, value: number): RegisterStep => change(address, 0xffffffff, value);
const until = (address: number, mask: number, value: number): RegisterStep => ({ address, mask, value, waits: true });

/** What unlocks the RTC's watchdog and those of the timer groups, and what unlocks the super watchdog. */
const WATCHDOG_KEY = 0x50d83aa1;
const SUPER_WATCHDOG_KEY = 0x8f1d312a;

/** The ROM leaves two watchdogs running ("flash boot protection"): RTC_CNTL_WDTCONFIG0, TIMG_WDTCONFIG0 of group 0 with its update bit. */
const watchdogsOff = [
  write(0x600080a8, WATCHDOG_KEY),
  write(0x60008090, 0),
  write(0x600080a8, 0),
  // The super watchdog feeds itself: RTC_CNTL_SWD_CONF.
  write(0x600080b0, SUPER_WATCHDOG_KEY),
  change(0x600080ac, 0x80000000, 0x80000000),
  write(0x600080b0, 0),
  write(0x6001f064, WATCHDOG_KEY),
  write(0x6001f048, 1 << 22),
  write(0x6001f064, 0),
];

/** SYSTEM_SYSCLK_CONF: the crystal's 40 MHz, divided by one, then chosen. The ROM's last words must be out before. */
const crystal = [until(0x6000001c, 0x03ff0000, 0), until(0x6000006c, 0xf0, 0), change(0x600c0058, 0x3ff, 0), change(0x600c0058, 0xc00, 0)];

/** IO MUX: the pins' first function is UART0's; the input with a pull-up. */
const pins = [change(0x60009058, 0x7000, 0), change(0x60009054, 0x7380, 0x0300)];

const FIRMWARE_BYTES = 256 * KB;
const FLASH_ORIGIN = 0x3c000000;
const SLOT_BYTES = (4 * MB - FIRMWARE_BYTES) / 2;

export const espWirings: Readonly<Record<string, Wiring>> = {
  'esp32-c3-devkitm-1': {
    resetClockHz: 40 * MHz,
    start: [...watchdogsOff, ...crystal, ...pins],
    // The ROM's stack and variables lie above; its functions want the variables.
    ramBytes: 0x5c710,
    firmware: { origin: FLASH_ORIGIN, bytes: FIRMWARE_BYTES },
    memory: {
      driver: 'esp32',
      eraseBytes: 4 * KB,
      writeBytes: 4,
      persistent: true,
      slots: [0, 1].map((index) => ({ origin: FLASH_ORIGIN + FIRMWARE_BYTES + index * SLOT_BYTES, bytes: SLOT_BYTES, writable: true })),
    },
    // RTC_CNTL_OPTIONS0: a reset of the system by software.
    reset: { address: 0x60008000, value: 0x80000000 },
    esp: {
      id: 5,
      instructionBus: 0x700000,
      rom: {
        esp_rom_spiflash_erase_sector: 0x40000128,
        esp_rom_spiflash_write: 0x4000012c,
        esp_rom_spiflash_config_param: 0x40000134,
        Cache_Disable_ICache: 0x4000051c,
        Cache_Enable_ICache: 0x40000520,
        Cache_MMU_Init: 0x4000055c,
        Cache_Dbus_MMU_Set: 0x40000564,
        ets_update_cpu_frequency: 0x40000588,
      },
    },
  },
};
