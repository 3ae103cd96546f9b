/**
 * The monitor on the ESP32-C3 and S3: the boot ROM loads it from the start of the flash into RAM, without ESP-IDF and its boot loader.
 * Registers: Technical Reference Manuals (chapters "Reset and Clock", "Watchdog Timers", "UART Controller", "IO MUX") and ESP-IDF's
 * soc/esp32c3 and soc/esp32s3; RAM: TRM, "System and Memory", and the S3's bootloader.ld; functions of the ROM: esp32c3.rom.ld.
 */
import { KB, MB, MHz } from '../../targets/boards/board.ts';
import { change, type RegisterStep, until, write } from './register-steps.ts';
import type { Wiring } from './wiring.ts';

/** What the image for a chip's boot ROM says of it, and what the firmware finds in it. */
export interface EspChip {
  /** As in the header of an image (esp_chip_id_t). */
  readonly id: number;
  /** Added to the data bus's address of a byte of RAM, its address on the instruction bus. */
  readonly instructionBus: number;
  /** Functions of the ROM that the firmware calls → their addresses. */
  readonly rom: Readonly<Record<string, number>>;
  /** The ROM's stack and variables from here on: nothing that it loads may reach them. */
  readonly romRam: number;
}

/** What unlocks the RTC's watchdog and those of the timer groups, and what unlocks the super watchdog. */
const WATCHDOG_KEY = 0x50d83aa1;
const SUPER_WATCHDOG_KEY = 0x8f1d312a;

/**
 * The ROM leaves two watchdogs running ("flash boot protection"): that of the RTC and that of timer group 0.
 * @param rtc RTC_CNTL_WDTCONFIG0; its key is taken 0x18 behind it, SWD_CONF and SWD_WPROTECT follow
 * @param update bit of TIMG_WDTCONFIG0 that makes a change take effect; the S3 needs none
 */
const watchdogsOff = (rtc: number, update: number): readonly RegisterStep[] => [
  write(rtc + 0x18, WATCHDOG_KEY),
  write(rtc, 0),
  write(rtc + 0x18, 0),
  // The super watchdog feeds itself.
  write(rtc + 0x20, SUPER_WATCHDOG_KEY),
  change(rtc + 0x1c, 0x80000000, 0x80000000),
  write(rtc + 0x20, 0),
  write(0x6001f064, WATCHDOG_KEY),
  write(0x6001f048, update),
  write(0x6001f064, 0),
];

/** The crystal's 40 MHz, divided by one, then chosen. The ROM's last words must be out before. @param sysclk SYSTEM_SYSCLK_CONF */
const crystal = (sysclk: number): readonly RegisterStep[] => [
  until(0x6000001c, 0x03ff0000, 0),
  until(0x6000006c, 0xf0, 0),
  change(sysclk, 0x3ff, 0),
  change(sysclk, 0xc00, 0),
];

/** IO MUX: the pins' first function is UART0's; the input with a pull-up. @param tx, rx numbers of GPIOs */
const pins = (tx: number, rx: number): readonly RegisterStep[] => [
  change(0x60009004 + 4 * tx, 0x7000, 0),
  change(0x60009004 + 4 * rx, 0x7380, 0x0300),
];

const FIRMWARE_BYTES = 256 * KB;
const FLASH_ORIGIN = 0x3c000000;

/** The firmware in front, two slots of the rest. */
function flashParts(driver: 'esp32' | 'esp32s3', flashBytes: number): Pick<Wiring, 'firmware' | 'memory'> {
  const bytes = (flashBytes - FIRMWARE_BYTES) / 2;
  const slots = [0, 1].map((index) => ({ origin: FLASH_ORIGIN + FIRMWARE_BYTES + index * bytes, bytes, writable: true }));
  return {
    firmware: { origin: FLASH_ORIGIN, bytes: FIRMWARE_BYTES },
    memory: { driver, eraseBytes: 4 * KB, writeBytes: 4, persistent: true, slots },
  };
}

/** RTC_CNTL_OPTIONS0: a reset of the system by software. */
const reset = { address: 0x60008000, value: 0x80000000 };

export const espWirings: Readonly<Record<string, Wiring>> = {
  'esp32-c3-devkitm-1': {
    clockHz: 40 * MHz,
    start: [...watchdogsOff(0x60008090, 1 << 22), ...crystal(0x600c0058), ...pins(21, 20)],
    // The ROM's stack and variables lie above; its functions want the variables.
    ramBytes: 0x5c710,
    ...flashParts('esp32', 4 * MB),
    reset,
    esp: {
      id: 5,
      instructionBus: 0x700000,
      romRam: 0x3fcdc710,
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
  'esp32-s3-devkitc-1': {
    clockHz: 40 * MHz,
    start: [...watchdogsOff(0x60008098, 0), ...crystal(0x600c0060), ...pins(43, 44)],
    // Up to the data cache, which may take 64 KB. Nothing of the ROM is called.
    ramBytes: 0x68000,
    ...flashParts('esp32s3', 8 * MB),
    reset,
    esp: { id: 9, instructionBus: 0x6f0000, romRam: 0x3fcd8000, rom: {} },
  },
};
