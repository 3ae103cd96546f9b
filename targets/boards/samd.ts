/** Microchip SAMD21 (Cortex-M0+) and SAMD51 (Cortex-M4 with FPU and DSP), with a UF2 boot loader. */
import { type Board, KB, MHz } from './board.ts';

export const samdBoards: readonly Board[] = [
  {
    name: 'feather-m0',
    title: 'Adafruit Feather M0 Express (SAMD21G18)',
    chip: 'ATSAMD21G18A',
    core: 'cortex-m0plus',
    fpu: 'none',
    vocabulary: 'scalar',
    clockHz: 48 * MHz,
    flash: { origin: 0, bytes: 256 * KB },
    ram: { origin: 0x20000000, bytes: 32 * KB },
    uart: { name: 'SERCOM0', driver: 'sercom', base: 0x42000800, tx: 'PA10', rx: 'PA11' },
    usb: [
      { vendorId: 0x239a, productId: 0x801b, of: 'board' },
      { vendorId: 0x239a, productId: 0x001b, of: 'bootloader' },
    ],
    flashers: [{ kind: 'uf2', familyId: 0x68ed2b88, boardId: 'SAMD21', origin: 0x2000 }],
  },
  {
    name: 'feather-m4',
    title: 'Adafruit Feather M4 Express (SAMD51J19)',
    chip: 'ATSAMD51J19A',
    core: 'cortex-m4',
    fpu: 'single',
    vocabulary: 'dsp',
    clockHz: 120 * MHz,
    flash: { origin: 0, bytes: 512 * KB },
    ram: { origin: 0x20000000, bytes: 192 * KB },
    uart: { name: 'SERCOM5', driver: 'sercom', base: 0x43000400, tx: 'PB16', rx: 'PB17' },
    usb: [
      { vendorId: 0x239a, productId: 0x8022, of: 'board' },
      { vendorId: 0x239a, productId: 0x0022, of: 'bootloader' },
    ],
    flashers: [{ kind: 'uf2', familyId: 0x55114460, boardId: 'SAMD51', origin: 0x4000 }],
  },
];
