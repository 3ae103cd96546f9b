/** Espressif ESP32-C3 (RISC-V) and ESP32-S3 (Xtensa). Flash is a chip of its own, mapped through a cache. */
import { type Board, KB, MB, MHz } from './board.ts';

export const esp32Boards: readonly Board[] = [
  {
    name: 'esp32-c3-devkitm-1',
    title: 'Espressif ESP32-C3-DevKitM-1',
    chip: 'ESP32-C3',
    core: 'rv32imc',
    fpu: 'none',
    vocabulary: 'scalar',
    clockHz: 160 * MHz,
    flash: { origin: 0x3c000000, bytes: 4 * MB },
    // 400 KB of SRAM without the 16 KB of cache; the boot ROM and ESP-IDF use a part of it.
    ram: { origin: 0x3fc80000, bytes: 384 * KB },
    uart: { name: 'UART0', driver: 'esp32', base: 0x60000000, tx: 'GPIO21', rx: 'GPIO20' },
    usb: [
      { vendorId: 0x10c4, productId: 0xea60, of: 'probe' },
      { vendorId: 0x303a, productId: 0x1001, of: 'bootloader' },
    ],
    flashers: [
      { kind: 'esp', chip: 'esp32c3' },
      { kind: 'probe', openocd: ['board/esp32c3-builtin.cfg'], probeRs: 'esp32c3', espFlash: true },
    ],
  },
  {
    name: 'esp32-s3-devkitc-1',
    title: 'Espressif ESP32-S3-DevKitC-1 (N8)',
    chip: 'ESP32-S3',
    core: 'xtensa-lx7',
    fpu: 'single',
    vocabulary: 'scalar',
    clockHz: 240 * MHz,
    flash: { origin: 0x3c000000, bytes: 8 * MB },
    // 512 KB of SRAM without 32 KB that only carry instructions; caches, the boot ROM and ESP-IDF use a part of it.
    ram: { origin: 0x3fc88000, bytes: 480 * KB },
    uart: { name: 'UART0', driver: 'esp32', base: 0x60000000, tx: 'GPIO43', rx: 'GPIO44' },
    usb: [
      { vendorId: 0x10c4, productId: 0xea60, of: 'probe' },
      { vendorId: 0x303a, productId: 0x1001, of: 'bootloader' },
    ],
    flashers: [
      { kind: 'esp', chip: 'esp32s3' },
      { kind: 'probe', openocd: ['board/esp32s3-builtin.cfg'], probeRs: 'esp32s3', espFlash: true },
    ],
  },
];
